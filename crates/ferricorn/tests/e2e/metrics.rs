//! The metrics endpoint: exact counts over the whole life of the service, probes, limits, and who may read.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::TcpStream,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Address, Builder, Connection, Deployed, PATIENCE, Server, eventually, http, processes, turn,
};
use ferricorn_wire::observation::Observation;
use nix::sys::signal::Signal;

use crate::{PROGRAM, ferricorn, pid1, upgrade};

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

/// Clients that ask for different codes and count what they get, until they are told to stop.
struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<BTreeMap<u16, u64>>>,
}

impl Clients {
    fn start(address: &Address) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |_| {
            let (address, stop) = (address.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut counts = BTreeMap::new();
                let mut connection: Option<Connection> = None;
                for code in [200, 404, 201, 503, 200, 418].into_iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let open =
                        connection.get_or_insert_with(|| Connection::open(&address).expect("a connection"));
                    let response = open.get(&format!("/code/{code}")).expect("an answer");
                    assert_eq!(response.status, code);
                    *counts.entry(code).or_insert(0) += 1;
                    if response.closes() {
                        connection = None;
                    }
                }
                counts
            })
        };
        let threads = (0..3).map(client).collect();
        Self { stop, threads }
    }

    /// What they were answered.
    fn stop(self) -> BTreeMap<u16, u64> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        for client in self.threads {
            for (code, count) in client.join().expect("a client that lost nothing") {
                *all.entry(code).or_insert(0) += count;
            }
        }
        all
    }
}

/// Scrapes ten times a second until it is told to stop: nothing may fall or disappear, no scrape may fail.
fn watch(address: &Address, stop: &Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    let (address, stop) = (address.clone(), Arc::clone(stop));
    thread::spawn(move || {
        let mut scrapes = 0;
        let mut last: BTreeMap<String, f64> = BTreeMap::new();
        while !stop.load(Ordering::Relaxed) {
            let now = scrape(&address);
            for (name, before) in &last {
                // The master's own process is another one after an upgrade.
                let counts = ["_total", "_count", "_bucket", "_sum"].iter().any(|part| name.contains(part));
                if counts && !name.starts_with("process_") {
                    let now = now.get(name).unwrap_or_else(|| panic!("{name} has disappeared"));
                    assert!(now >= before, "{name} fell from {before} to {now}");
                }
            }
            last = now;
            scrapes += 1;
            thread::sleep(Duration::from_millis(100));
        }
        scrapes
    })
}

/// Scrapes as fast as two clients can, until they are told to stop: no scrape may fail.
fn scrape_on(address: &Address, stop: &Arc<AtomicBool>) -> [thread::JoinHandle<usize>; 2] {
    [(); 2].map(|()| {
        let (address, stop) = (address.clone(), Arc::clone(stop));
        thread::spawn(move || {
            let mut scrapes = 0;
            while !stop.load(Ordering::Relaxed) {
                scrape(&address);
                scrapes += 1;
            }
            scrapes
        })
    })
}

#[test]
fn counts_are_exact_through_recycles_reloads_scaling_kills_and_upgrades() {
    let _turn = turn::alone();
    let (builder, metrics) = observed("--workers 2 --max-requests 300 --reload-probation 0.2");
    let server = builder.linked().expect_error("was sent SIGKILL").serve(2);
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(&metrics, &stop);
    let clients = Clients::start(&server.address());
    server.wait_for_count("reason=max-requests", 3, PATIENCE);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker", PATIENCE);
    server.signal(Signal::SIGTTIN);
    server.wait_for_line("Workers: 2 to 3", PATIENCE);
    server.signal(Signal::SIGTTOU);
    server.wait_for_line("Workers: 3 to 2", PATIENCE);
    let mut master = server.pid();
    let upgraded = Arc::new(AtomicBool::new(false));
    let scrapers = scrape_on(&metrics, &upgraded);
    for _ in 0..2 {
        let mark = server.log().mark();
        server.deploy(Deployed::Program(std::path::Path::new(PROGRAM)));
        processes::signal(master, Signal::SIGUSR2);
        let next = upgrade::writer(&server, mark, upgrade::TOOK_OVER);
        eventually(PATIENCE, "the old master has left", || !processes::alive(master));
        master = next;
    }
    upgraded.store(true, Ordering::Relaxed);
    for scraper in scrapers {
        assert!(scraper.join().expect("no scrape failed") > 0);
    }
    let expected = clients.stop();
    // Nobody waits for an answer any more: to kill one loses nothing, and what it has counted remains.
    let victim = processes::children(master)[0].pid;
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_line("was sent SIGKILL", PATIENCE);
    eventually(PATIENCE, "every answer is counted once", || codes(&metrics) == expected);
    stop.store(true, Ordering::Relaxed);
    assert!(watcher.join().expect("nothing fell and nothing failed") > 20);
    let samples = scrape(&metrics);
    let sample = |name: &str| samples.get(name).copied().unwrap_or(-1.0);
    assert!(sample("ferricorn_upgrades_total{outcome=\"committed\"}") >= 2.0);
    assert!(sample("ferricorn_reloads_total{outcome=\"committed\"}") >= 1.0);
    assert!(sample("ferricorn_worker_exits_total{cause=\"killed\"}") >= 1.0);
    processes::signal(master, Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn counts_are_exact_through_upgrades_in_place_and_a_rejected_one() {
    let _turn = turn::alone();
    let Some(namespace) = pid1::namespace() else { return };
    let (builder, metrics) = observed("--workers 2 --max-requests 1000 --reload-probation 0");
    let server = builder.linked().wrapped(namespace).expect_error("Upgrade failed").serve(2);
    let master = pid1::master(&server);
    let clients = Clients::start(&server.address());
    let upgraded = Arc::new(AtomicBool::new(false));
    let scrapers = scrape_on(&metrics, &upgraded);
    for fit in [true, false, true] {
        let mark = server.log().mark();
        let program = if fit { PROGRAM } else { "/bin/false" };
        server.deploy(Deployed::Program(std::path::Path::new(program)));
        processes::signal(master, Signal::SIGUSR2);
        let outcome =
            if fit { "Reloaded: every worker runs" } else { "Upgrade failed, nothing has changed: " };
        server.wait_for_line_after(mark, outcome, PATIENCE);
    }
    upgraded.store(true, Ordering::Relaxed);
    for scraper in scrapers {
        assert!(scraper.join().expect("no scrape failed") > 0);
    }
    let expected = clients.stop();
    eventually(PATIENCE, "every answer is counted once", || codes(&metrics) == expected);
    let samples = scrape(&metrics);
    assert!(samples["ferricorn_upgrades_total{outcome=\"committed\"}"] >= 2.0);
    assert!(samples["ferricorn_upgrades_total{outcome=\"rejected\"}"] >= 1.0);
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn an_upgrade_that_is_rejected_leaves_counts_and_endpoint_as_they_were() {
    let _turn = turn::together();
    let (builder, metrics) = observed("--workers 1 --upgrade-timeout 30");
    let server = builder.linked().expect_error("Upgrade failed").serve(1);
    for _ in 0..5 {
        server.get("/code/201").expect("an answer");
    }
    server.deploy(Deployed::Program(std::path::Path::new("/bin/false")));
    server.signal(Signal::SIGUSR2);
    server.wait_for_line("Upgrade failed", PATIENCE);
    eventually(PATIENCE, "the counts are there", || codes(&metrics) == BTreeMap::from([(201, 5)]));
    let samples = scrape(&metrics);
    assert!(samples["ferricorn_upgrades_total{outcome=\"rejected\"}"] >= 1.0);
    server.finish();
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

/// Gives a text to a program, which is to be content with it.
fn accepted_by(command: &mut Command, text: &str) {
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn both_text_forms_are_read_by_prometheus_own_parsers() {
    const READ: &str = "
import sys
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus
text = sys.stdin.read()
parser = openmetrics if text.endswith('# EOF\\n') else prometheus
assert len(list(parser.text_string_to_metric_families(text))) > 30
";
    let _turn = turn::together();
    let python = ferricorn_test::python();
    let has_client = Command::new(&python).args(["-c", "import prometheus_client.openmetrics"]).output();
    if !has_client.is_ok_and(|output| output.status.success()) {
        return ferricorn_test::skip("prometheus_client");
    }
    let (builder, metrics) = observed("--workers 1");
    let server = builder.serve(1);
    server.get("/code/418").expect("an answer");
    let mut connection = Connection::open(&metrics).expect("a connection");
    let head =
        "GET /metrics HTTP/1.1\r\nHost: h\r\nAccept: application/openmetrics-text;version=1.0.0\r\n\r\n";
    connection.send(head.as_bytes()).expect("sent");
    let texts = [
        http::get(&metrics, "/metrics").expect("metrics").text(),
        http::get(&metrics, "/metrics?resolution=fine").expect("metrics").text(),
        connection.receive().expect("metrics").text(),
    ];
    for text in &texts {
        accepted_by(Command::new(&python).args(["-c", READ]), text);
    }
    server.finish();
}

#[test]
fn the_rules_that_are_shipped_tell_of_what_they_are_for() {
    let folder = ferricorn_test::repository().join("examples/monitoring");
    let promtool = Command::new("promtool").arg("--version").output();
    if promtool.is_err() {
        return ferricorn_test::skip("promtool");
    }
    for words in [["check", "config", "prometheus.yml"], ["test", "rules", "rules.test.yml"]] {
        let output = Command::new("promtool").args(words).current_dir(&folder).output().expect("it runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
