//! The metrics endpoint: exact counts over the whole life of the service, probes, limits, and who may read.

mod counts;
mod prometheus;

use std::{collections::BTreeMap, io::Write as _, net::TcpStream, process::Command, thread, time::Instant};

use ferricorn_test::{Address, Builder, Connection, PATIENCE, Server, eventually, http, processes, turn};
use ferricorn_wire::observation::Observation;
use nix::sys::signal::Signal;

use crate::{PROGRAM, ferricorn};

const APP: &str = r#"
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    _, what, how = (scope["path"] + "//").split("/")[:3]
    if what == "sleep":
        await asyncio.sleep(float(how))
    code = int(how) if what == "code" else 200
    await send({"type": "http.response.start", "status": code, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"#;

/// A service whose metrics are at a unix socket in its folder.
fn observed(line: &str) -> (Builder, Address) {
    let builder = ferricorn();
    let socket = builder.folder().join("metrics.sock");
    let bind = format!("unix:{}", socket.display());
    (builder.app(APP).args(["--metrics-bind", &bind]).line(line), Address::Unix(socket))
}

/// The samples of `/metrics` by their name and labels.
fn scrape(address: &Address) -> BTreeMap<String, f64> {
    let response = http::get(address, "/metrics").expect("metrics");
    assert_eq!(response.status, 200);
    let text = response.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// Requests by code.
fn codes(address: &Address) -> BTreeMap<u16, u64> {
    let code = |name: &str| {
        let rest = name.strip_prefix("ferricorn_http_requests_total{code=\"")?;
        rest.strip_suffix("\"}")?.parse().ok()
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    scrape(address).iter().filter_map(|(name, value)| Some((code(name)?, *value as u64))).collect()
}

#[test]
fn probes_tell_whether_the_service_lives_and_whether_it_is_ready() {
    let _turn = turn::together();
    let (builder, metrics) = observed("--workers 1 --timeout 30 --drain-delay 20");
    let server = builder.serve(1);
    let status = |path: &str| http::get(&metrics, path).expect("an answer");
    assert_eq!((status("/healthz").status, status("/readyz").status), (200, 200));
    let worker = server.workers()[0];
    processes::signal(worker, Signal::SIGSTOP);
    eventually(PATIENCE, "it is not ready", || status("/readyz").status == 503);
    assert!(status("/readyz").text().contains("event loop"));
    assert_eq!(status("/healthz").status, 200);
    processes::signal(worker, Signal::SIGCONT);
    eventually(PATIENCE, "it is ready again", || status("/readyz").status == 200);
    server.signal(Signal::SIGTERM);
    // Announced, and clients are still served.
    eventually(PATIENCE, "it says that it stops", || status("/readyz").status == 503);
    assert!(status("/readyz").text().contains("stopping"));
    assert_eq!(server.get("/code/200").expect("an answer").status, 200);
    server.signal(Signal::SIGQUIT);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn without_the_token_there_are_probes_alone() {
    let _turn = turn::together();
    let builder = ferricorn().app(APP);
    std::fs::write(builder.folder().join("token"), "s3cret\n").expect("written");
    let server = builder.line("--workers 1 --metrics-bind 127.0.0.1:0 --metrics-token-file token").serve(1);
    let line = server.wait_for_line("Metrics at: ", PATIENCE).text;
    let address = Address::parse(line.split("Metrics at: ").nth(1).expect("an address").trim());
    let status = |path: &str| http::get(&address, path).expect("an answer").status;
    assert_eq!(["/healthz", "/readyz", "/metrics", "/status.json"].map(status), [200, 200, 401, 401]);
    let asked = |token: &str| {
        let mut connection = Connection::open(&address).expect("a connection");
        let head = format!("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n");
        connection.send(head.as_bytes()).expect("sent");
        connection.receive().expect("an answer").status
    };
    assert_eq!((asked("s3cret"), asked("s3cret2")), (200, 401));
    server.finish();
}

/// Connects to the endpoint and is no use to it: a third says nothing, a third half a head, and a third asks without end and
/// never reads an answer.
fn stuck(address: &Address, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", address.port())).expect("a connection");
    let words = match number % 3 {
        0 => String::new(),
        1 => "GET /metrics HTT".to_owned(),
        _ => "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n".repeat(200),
    };
    // Whoever came later may have taken its place already.
    let _ = stream.write_all(words.as_bytes());
    stream
}

#[test]
fn hundreds_of_stuck_clients_hold_up_no_scrape_no_request_and_no_ctl() {
    let _turn = turn::alone();
    let server = ferricorn().app(APP).line("--workers 1 --metrics-bind 127.0.0.1:0").serve(1);
    let line = server.wait_for_line("Metrics at: ", PATIENCE).text;
    let address = Address::parse(line.split("Metrics at: ").nth(1).expect("an address").trim());
    let descriptors = processes::descriptors(server.pid()).len();
    let stuck: Vec<TcpStream> = (0..700).map(|number| stuck(&address, number)).collect();
    let samples = scrape(&address);
    assert!(samples["ferricorn_metrics_clients_refused_total"] > 0.0);
    let mut connection = server.connect();
    for _ in 0..200 {
        assert_eq!(connection.get("/code/200").expect("an answer").status, 200);
    }
    assert_eq!(asked(&server, &["ctl", "status"]).0, Some(0));
    drop(stuck);
    eventually(PATIENCE, "descriptors come back", || {
        processes::descriptors(server.pid()).len() <= descriptors + 2
    });
    server.finish();
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let _turn = turn::together();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = taken.local_addr().expect("an address").port().to_string();
    let server = ferricorn()
        .app(APP)
        .line("--workers 1 --metrics-bind")
        .args([&port])
        .expect_error("cannot serve metrics")
        .start();
    server.wait_for_line("cannot serve metrics at", PATIENCE);
    assert_eq!(server.wait_exit(PATIENCE).code(), 1);
    server.finish();
}

#[test]
fn a_reload_can_open_the_endpoint_and_close_it() {
    let _turn = turn::together();
    let builder = ferricorn().app(APP);
    let folder = builder.folder().to_path_buf();
    let socket = folder.join("metrics.sock");
    let configure = |bind: &str| {
        std::fs::write(folder.join("ferricorn.toml"), format!("metrics_bind = \"{bind}\"\n"))
            .expect("written");
    };
    configure("");
    let server = builder.expect_error("Not reloaded").line("--workers 1 --reload-probation 0").serve(1);
    server.get("/code/200").expect("an answer");
    configure(&format!("unix:{}", socket.display()));
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Metrics at: unix:", PATIENCE);
    // What was counted before is there.
    let address = Address::Unix(socket.clone());
    eventually(PATIENCE, "the count is there", || codes(&address) == BTreeMap::from([(200, 1)]));
    std::fs::write(folder.join("ferricorn.toml"), "metrics_bind = 5 5\n").expect("written");
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Not reloaded, nothing changes: ", PATIENCE);
    let reloads =
        |outcome: &str| scrape(&address)[&format!("ferricorn_reloads_total{{outcome=\"{outcome}\"}}")];
    eventually(PATIENCE, "it is counted", || reloads("called_off") >= 1.0);
    eventually(PATIENCE, "only the first was made", || reloads("committed") >= 1.0);
    configure("");
    server.signal(Signal::SIGHUP);
    eventually(PATIENCE, "the endpoint is gone", || !socket.exists());
    server.finish();
}

/// Runs a command of the program about this master: its exit code and what it prints.
fn asked(server: &Server, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.args(words).args(["--pid", &server.pid().to_string()]);
    let output = command.output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn top_probe_and_status_show_what_was_counted() {
    let _turn = turn::together();
    let server = ferricorn().app(APP).line("--workers 2").serve(2);
    for _ in 0..20 {
        server.get("/code/503").expect("an answer");
    }
    let (code, text) = asked(&server, &["top", "--once"]);
    assert_eq!(code, Some(0), "{text}");
    for part in ["SLOT", "P99", "workers 2 of 2", "serving"] {
        assert!(text.contains(part), "`{part}` is missing:\n{text}");
    }
    assert!(!text.contains('\x1b'), "escapes are for terminals:\n{text}");
    let (code, text) = asked(&server, &["top", "--json", "--once"]);
    assert_eq!(code, Some(0));
    let service: Observation = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!((service.traffic.requests(), service.traffic.errors(), service.workers.len()), (20, 20, 2));
    assert!(asked(&server, &["ctl", "status"]).1.contains("20 requests, 20 errors"));
    assert_eq!(asked(&server, &["probe"]), (Some(0), "ready\n".to_owned()));
    assert_eq!(asked(&server, &["probe", "--live"]), (Some(0), "ok\n".to_owned()));
    let pid = server.pid().to_string();
    server.finish();
    let gone = Command::new(PROGRAM).args(["probe", "--live", "--pid", &pid]).output().expect("it runs");
    assert_eq!(gone.status.code(), Some(1));
}

#[test]
fn the_status_page_is_one_small_file_that_asks_nobody_else() {
    let _turn = turn::together();
    let (builder, metrics) = observed("--workers 1");
    let server = builder.serve(1);
    let page = http::get(&metrics, "/status").expect("the page");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").is_some_and(|it| it.contains("default-src 'none'")));
    let text = page.text();
    assert!(text.len() < 40_000 && text.contains("prefers-color-scheme: dark"));
    let foreign = text.matches("http").count() - text.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(foreign, 0, "it names something elsewhere");
    let status = http::get(&metrics, "/status.json").expect("the figures");
    let service: Observation = serde_json::from_str(&status.text()).expect("JSON");
    assert_eq!((service.target, service.not_ready, service.bounds.len()), (1, None, 167));
    server.finish();
}

#[test]
fn the_service_manager_is_told_of_the_service_of_reloads_and_of_life() {
    let _turn = turn::together();
    let builder = ferricorn().app(APP);
    let socket = builder.folder().join("notify");
    let settings = builder.folder().join("ferricorn.toml");
    std::fs::write(&settings, "workers = 1\n").expect("written");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).expect("bound");
    manager.set_read_timeout(Some(PATIENCE)).expect("set");
    let server = builder
        .variable("NOTIFY_SOCKET", &socket)
        .variable("WATCHDOG_USEC", "2000000")
        .expect_error("Not reloaded")
        .line("--reload-probation 0")
        .serve(1);
    let mut heard: Vec<String> = Vec::new();
    let mut wait_for = |what: &str| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut buffer = [0; 1000];
            let length = manager.recv(&mut buffer).expect("the manager is told something");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            heard.push(text.clone());
            if text.contains(what) {
                return text;
            }
            assert!(Instant::now() < deadline, "`{what}` was not told: {heard:?}");
        }
    };
    wait_for("READY=1");
    wait_for("STATUS=1 of 1 workers");
    wait_for("WATCHDOG=1");
    server.signal(Signal::SIGHUP);
    let begun = wait_for("RELOADING=1");
    assert!(begun.contains("\nMONOTONIC_USEC="), "{begun}");
    assert!(wait_for("READY=1").contains("generation 2"));
    // A bad file is no reload, and ends it as well.
    std::fs::write(&settings, "workers = \"many\"\n").expect("written");
    server.signal(Signal::SIGHUP);
    wait_for("RELOADING=1");
    assert!(wait_for("READY=1").contains("not reloaded"));
    server.finish();
}

#[test]
fn a_healthy_worker_tells_what_it_does_and_one_worker_can_be_replaced() {
    let _turn = turn::together();
    let server = ferricorn().app(APP).line("--workers 2").serve(2);
    let address = server.address();
    let slow = thread::spawn(move || http::get(&address, "/sleep/5").expect("an answer").status);
    eventually(PATIENCE, "the request is under way", || {
        ["0", "1"].iter().any(|slot| asked(&server, &["ctl", "dump", slot]).1.contains("/sleep/5"))
    });
    let (code, text) = asked(&server, &["ctl", "dump", "0"]);
    assert!(code == Some(0) && text.contains("slot: 0"), "{text}");
    assert_eq!(asked(&server, &["ctl", "dump", "7"]).0, Some(1));
    let before = server.workers();
    assert_eq!(asked(&server, &["ctl", "recycle", "1"]).0, Some(0));
    server.wait_for_count("Worker ready", 3, PATIENCE);
    assert_eq!(slow.join().expect("no panic"), 200);
    eventually(PATIENCE, "one of them is another one", || {
        let now = server.workers();
        now.len() == 2 && now.iter().filter(|pid| before.contains(pid)).count() == 1
    });
    server.finish();
}

#[test]
fn metrics_can_be_mounted_into_the_application() {
    let _turn = turn::together();
    let mounted = format!(
        "{APP}\ninner = app\n\nfrom ferricorn.metrics import metrics\n\nasync def app(scope, receive, send):\n    \
         shown = scope[\"type\"] == \"http\" and scope[\"path\"] == \"/metrics\"\n    \
         await (metrics if shown else inner)(scope, receive, send)\n"
    );
    let package = ferricorn_test::repository().join("python");
    let server = ferricorn().app(&mounted).variable("PYTHONPATH", package).line("--workers 2").serve(2);
    for _ in 0..3 {
        server.get("/code/404").expect("an answer");
    }
    let shown = || server.get("/metrics").expect("an answer");
    eventually(PATIENCE, "the figures are those of all workers", || {
        shown().status == 200 && shown().text().contains("ferricorn_http_requests_total{code=\"404\"} 3\n")
    });
    server.finish();
}
