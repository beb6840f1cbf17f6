//! `ferricorn ctl`: what it asks is done, what it says is true, and nobody harms the master by its socket.

use std::{
    fs,
    io::Write as _,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ferricorn_test::{
    Deployed, Line, PATIENCE, Server,
    control::{connect, say},
    eventually, processes, turn,
};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    pid1::{master, namespace},
};

/// Runs `ferricorn ctl` with these words; gives the exit code, and what it printed: output, then errors.
fn ctl(words: &[&str]) -> (i32, String) {
    run(Command::new(PROGRAM).arg("ctl").args(words))
}

fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("it can be started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().expect("it exits"), String::from_utf8(text).expect("text"))
}

fn done(text: &str) -> (i32, String) {
    (0, format!("{text}\n"))
}

#[test]
fn every_command_does_what_it_says_and_waits_if_told_to() {
    let _turn = turn::together();
    let server =
        ferricorn().line("--workers 2 --reload-probation 0 --pid app.pid").linked().expect_error("").serve(2);
    let pid = server.pid().to_string();
    let ask = |words: &[&str]| ctl(&[&["--pid", &pid], words].concat());
    server.get("/").expect("an answer");
    let (code, text) = ask(&["status"]);
    assert_eq!(code, 0, "{text}");
    let head =
        format!("ferricorn {}, master {pid}\nlistening at http://127.0.0.1:", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(&head), "{text}");
    assert!(text.contains("\ngeneration 1, 2 workers ready of 2\n"), "{text}");
    for worker in server.workers() {
        assert!(text.contains(&worker.to_string()), "{text}");
    }
    let (code, json) = ask(&["status", "--json"]);
    assert_eq!(code, 0);
    assert!(json.starts_with('{') && json.contains("\"generation\":1"), "{json}");
    assert_eq!(ask(&["scale", "3"]), done("3 workers"));
    server.wait_for_ready(3);
    assert_eq!(ask(&["reload", "--wait"]), done("every worker runs generation 2"));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    let application = fs::read_to_string(server.path("main.py")).expect("it is there");
    server.write_app("raise RuntimeError('a bad deploy')\n");
    let rejected = "Error: generation 3 does not work, the old one keeps serving; the log says why\n";
    assert_eq!(ask(&["reload", "--wait"]), (1, rejected.to_owned()));
    assert!(ask(&["status"]).1.contains("the last reload was rejected"));
    server.deploy(Deployed::Script("exit 7"));
    let failed = "Error: nothing has changed: the new program exited with code 7 before it was ready\n";
    assert_eq!(ask(&["upgrade", "--wait"]), (1, failed.to_owned()));
    server.deploy(Deployed::Program(PROGRAM.as_ref()));
    server.write_app(&application);
    assert_eq!(ask(&["reload"]), done("the reload begins"));
    assert_eq!(ask(&["upgrade", "--wait"]), done("the new program has taken over"));
    let file = server.path("app.pid").display().to_string();
    let new: i32 = fs::read_to_string(&file).expect("it is there").trim().parse().expect("a pid");
    assert_ne!(new, server.pid());
    assert_eq!(ctl(&["--pid-file", &file, "stop"]), done("the service stops"));
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.wait_nobody_left(PATIENCE);
    let (code, text) = ctl(&["--pid", &new.to_string(), "status"]);
    assert_eq!(code, 1);
    assert!(text.starts_with(&format!("Error: no ferricorn runs as pid {new}\n")), "{text}");
    server.finish();
}

/// Logs with each request at several levels, by uvicorn's logger; the last line is always shown.
const TALKS: &str = r#"
import logging

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    log = logging.getLogger("uvicorn.error")
    for level in ("debug", "info", "warning", "critical"):
        getattr(log, level)("said %s at %s", scope["path"], level)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"#;

/// The levels at which [`TALKS`] is heard when it is asked for this path.
fn heard(server: &Server, path: &str) -> Vec<String> {
    server.get(path).expect("an answer");
    server.wait_for_line(&format!("said {path} at critical"), PATIENCE);
    let level = |line: Line| Some(line.text.split_once(&format!("said {path} at "))?.1.to_owned());
    server.log().lines().into_iter().filter_map(level).collect()
}

#[test]
fn the_level_of_the_log_changes_at_once_and_stays_until_the_next_start() {
    let _turn = turn::together();
    let server = ferricorn()
        .app(TALKS)
        .line("--workers 1 --reload-probation 0 --pid app.pid")
        .linked()
        .expect_error("said /")
        .serve(1);
    let file = server.path("app.pid").display().to_string();
    let ask = |words: &[&str]| ctl(&[&["--pid-file", &file], words].concat());
    let everything = ["debug", "info", "warning", "critical"];
    let mut tries = 0;
    // A worker obeys when its event loop comes to it.
    let mut wait_for = |levels: &[&str]| {
        eventually(PATIENCE, "the worker has heard of it", || {
            tries += 1;
            heard(&server, &format!("/{tries}")) == levels
        });
    };
    wait_for(&everything[1..]);
    assert_eq!(ask(&["log-level", "WARNING"]), done("log level warning, it was info"));
    wait_for(&everything[2..]);
    assert_eq!(ask(&["log-level", "debug"]), done("log level debug, it was warning"));
    server.wait_for_line("[INFO] Log level: warning to debug", PATIENCE);
    wait_for(&everything);
    assert_eq!(ask(&["recycle", "0"]).0, 0);
    server.wait_for_count("Worker ready", 2, PATIENCE);
    server.wait_for_workers(1, PATIENCE);
    assert_eq!(heard(&server, "/recycled"), everything);
    assert_eq!(ask(&["reload", "--wait"]).0, 0);
    assert_eq!(heard(&server, "/reloaded"), everything);
    server.deploy(Deployed::Program(PROGRAM.as_ref()));
    assert_eq!(ask(&["upgrade", "--wait"]).0, 0);
    assert_eq!(heard(&server, "/upgraded"), everything);
    assert_eq!(ask(&["log-level", "critical"]), done("log level critical, it was debug"));
    server.wait_for_line("[INFO] Handling command: log-level critical", PATIENCE);
    wait_for(&everything[3..]);
    let mark = server.log().mark();
    assert_eq!(ask(&["log-level", "trace"]), done("log level trace, it was critical"));
    // uvicorn's own lines of that level.
    eventually(PATIENCE, "uvicorn traces", || {
        server.get("/").expect("an answer");
        server.log().lines()[mark..].iter().any(|line| line.text.contains("HTTP connection made"))
    });
    assert_eq!(ask(&["stop", "--wait"]).0, 0);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn an_address_without_a_ready_worker_is_bound_and_not_said_to_listen() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 0").start();
    let pid = server.pid().to_string();
    let status = || ctl(&["--pid", &pid, "status"]).1;
    eventually(PATIENCE, "it answers", || status().contains("0 workers ready of 0"));
    assert!(status().contains("\nbound, not listening yet: http://127.0.0.1:"), "{}", status());
    // Which master it is may be said behind the word as well.
    let json = || ctl(&["status", "--pid", &pid, "--json"]).1;
    assert!(json().contains("\"listening\":false"), "{}", json());
    assert_eq!(ctl(&["--pid", &pid, "scale", "1"]), done("1 workers"));
    server.wait_for_ready(1);
    eventually(PATIENCE, "it listens", || status().contains("\nlistening at http://127.0.0.1:"));
    assert!(json().contains("\"listening\":true"), "{}", json());
    server.finish();
}

#[test]
fn an_upgrade_in_place_tells_who_waits_for_it() {
    let _turn = turn::together();
    let Some(namespace) = namespace() else { return };
    let server = ferricorn()
        .wrapped(namespace)
        .line("--workers 1 --reload-probation 0")
        .expect_error("Exception in worker process")
        .expect_error("exited with code 3")
        .expect_error("Reload rejected")
        .serve(1);
    let master = master(&server);
    let target = master.to_string();
    let as_user = namespace.contains(&"--user");
    let inside = |words: &[&str]| {
        let user: &[&str] = if as_user { &["--user", "--preserve-credentials"] } else { &[] };
        run(Command::new("nsenter")
            .args(["--target", &target, "--pid", "--mount"])
            .args(user)
            .args([PROGRAM, "ctl", "--pid", "1"])
            .args(words))
    };
    assert_eq!(inside(&["upgrade", "--wait"]), done("the new program has taken over"));
    assert!(inside(&["status"]).1.contains("generation 2, 1 workers ready of 1"));
    server.write_app("raise RuntimeError('a bad deploy')\n");
    let (code, text) = inside(&["upgrade", "--wait"]);
    assert_eq!((code, text.contains("the old ones serve on")), (1, true), "{text}");
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn what_cannot_be_is_said_in_words() {
    let _turn = turn::together();
    let (one, other) = (ferricorn().line("--workers 0").start(), ferricorn().line("--workers 0").start());
    for server in [&one, &other] {
        let pid = server.pid().to_string();
        eventually(PATIENCE, "it answers", || ctl(&["--pid", &pid, "status"]).0 == 0);
    }
    let (code, text) = ctl(&["status"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("Error: several run:\n  pid "), "{text}");
    for server in [&one, &other] {
        assert!(text.contains(&format!("\n  pid {} at http://127.0.0.1:", server.pid())), "{text}");
    }
    for number in ["x", "-1", "0", "4001"] {
        let (code, text) = ctl(&["scale", number]);
        assert_eq!(code, 2, "{text}");
        let said =
            format!("Error: invalid value `{number}` for `N`\nhint: give a whole number from 1 to 4000\n");
        assert_eq!(text, said);
    }
    let (code, text) = ctl(&["log-level", "loud"]);
    let said = "Error: invalid value `loud` for `LEVEL`\nhint: give one of trace, debug, info, warning, error, critical\n";
    assert_eq!((code, text.as_str()), (2, said));
    let (code, text) = ctl(&["scale"]);
    assert_eq!((code, text.contains("hint: write `ferricorn ctl scale N`")), (2, true), "{text}");
    let me = std::process::id().to_string();
    let (code, text) = ctl(&["--pid", &me, "status"]);
    assert_eq!(code, 1);
    assert!(text.starts_with(&format!("Error: no ferricorn runs as pid {me}\n")), "{text}");
    one.finish();
    other.finish();
}

#[test]
fn clients_that_send_garbage_or_nothing_or_never_read_do_no_harm() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 1 --reload-probation 0").serve(1);
    let baseline = server.descriptors();
    let long = vec![b'x'; 100_000];
    for garbage in [&b"\n"[..], b"{}\n", b"{\"type\":\"scale\",\"workers\":-1}\n", b"\xff\x00\xfe\n", &long] {
        let answer = say(server.pid(), garbage, PATIENCE).unwrap_or_default();
        assert!(answer.is_empty() || answer.contains("cannot be understood"), "{answer}");
    }
    // Half a request, and the end; a whole one, and the end.
    for request in [&b"{\"type\":"[..], b"{\"type\":\"reload\",\"wait\":true}\n"] {
        connect(server.pid()).write_all(request).expect("sent");
    }
    // More silent clients than are listened to at a time, and as many that never read.
    let silent: Vec<_> = (0..20).map(|_| connect(server.pid())).collect();
    let mute: Vec<_> = (0..20)
        .map(|_| {
            let mut client = connect(server.pid());
            client.write_all(b"{\"type\":\"status\"}\n").expect("sent");
            client
        })
        .collect();
    assert_eq!(server.get("/").expect("an answer").status, 200);
    drop((silent, mute));
    server.wait_for_line("Reloaded: every worker runs", PATIENCE);
    eventually(PATIENCE, "it answers again", || ctl(&["--pid", &server.pid().to_string(), "status"]).0 == 0);
    server.wait_for_workers(1, PATIENCE);
    server.wait_for_descriptors(&baseline, PATIENCE);
    server.finish();
}

#[test]
fn an_application_called_ctl_is_named_with_its_attribute() {
    let _turn = turn::together();
    let builder = ferricorn().target(Some("ctl:app"));
    fs::rename(builder.folder().join("main.py"), builder.folder().join("ctl.py")).expect("renamed");
    let server = builder.serve(1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(10)), 0);
    server.finish();
}

#[test]
fn what_was_said_is_true_the_moment_after() {
    let _turn = turn::together();
    let server =
        ferricorn().line("--workers 2 --reload-probation 0 --pid app.pid").linked().expect_error("").serve(2);
    let file = server.path("app.pid").display().to_string();
    let by_file = |words: &[&str]| ctl(&[&["--pid-file", &file], words].concat());
    let named = || fs::read_to_string(&file).expect("it is there").trim().parse::<i32>().expect("a pid");
    let status = || by_file(&["status", "--json"]);
    let all_run = |generation: u32| {
        let (code, json) = status();
        let workers = json.matches("\"pid\":").count() - 1;
        let serve = json.matches(&format!("\"generation\":{generation},\"stage\":\"ready\"")).count();
        assert!(code == 0 && workers == serve, "{json}");
        workers
    };
    server.deploy(Deployed::Program(PROGRAM.as_ref()));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Whatever is going on: somebody answers whoever goes by the pid file.
        let asking = scope.spawn(|| {
            let mut answers = 0;
            while !over.load(Ordering::Relaxed) {
                let (code, text) = status();
                assert_eq!(code, 0, "{text}");
                assert!(processes::alive(named()));
                answers += 1;
            }
            answers
        });
        for _ in 0..4 {
            let old = named();
            assert_eq!(by_file(&["upgrade", "--wait"]), done("the new program has taken over"));
            let new = named();
            assert_ne!(new, old);
            let (code, text) = ctl(&["--pid", &new.to_string(), "status"]);
            assert!(code == 0 && text.contains(&format!("master {new}\n")), "{text}");
            assert!(text.contains("2 workers ready of 2"), "{text}");
        }
        assert_eq!(by_file(&["reload", "--wait"]), done("every worker runs generation 2"));
        assert_eq!(all_run(2), 2);
        for workers in [4, 1, 3] {
            let number = workers.to_string();
            assert_eq!(by_file(&["scale", &number, "--wait"]), done(&format!("{workers} workers")));
            assert_eq!(all_run(2), workers);
            assert_eq!(processes::children(named()).len(), workers);
        }
        over.store(true, Ordering::Relaxed);
        assert!(asking.join().expect("somebody has answered each time") > 0);
    });
    let last = named();
    assert_eq!(by_file(&["stop", "--wait"]), done("the service has stopped"));
    assert!(!processes::alive(last), "the master is still there");
    assert!(!server.path("app.pid").exists());
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_status_is_in_the_order_of_the_slots_and_counts_none_twice() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 3 --reload-probation 3 --max-requests 1000").serve(3);
    let pid = server.pid().to_string();
    let status = || ctl(&["--pid", &pid, "status"]).1;
    // The replacement of slot 0 has the highest number of all.
    processes::signal(server.workers()[0], Signal::SIGTERM);
    server.wait_for_ready(4);
    server.wait_for_workers(3, PATIENCE);
    server.signal(Signal::SIGHUP);
    let mut on_probation = false;
    while server.log().count("Reloaded: every worker runs generation 2") == 0 {
        let text = status();
        let ready = text.split(" workers ready of ").next().and_then(|it| it.rsplit(' ').next());
        let ready: u32 = ready.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{text}"));
        assert!(ready <= 3 && text.contains("workers ready of 3"), "{text}");
        on_probation |= text.contains("  probation");
        let rows = text.lines().skip_while(|line| !line.starts_with("slot")).skip(1);
        let slots: Vec<u16> = rows
            .map(|row| row.split_whitespace().next().and_then(|it| it.parse().ok()).expect("a slot"))
            .collect();
        assert!(slots.is_sorted(), "{text}");
    }
    assert!(on_probation, "the canary was never seen");
    server.finish();
}
