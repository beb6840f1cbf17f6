//! Signals to the master, to a worker, and to all at once.

use std::{fs, time::Duration};

use ferricorn_test::{Load, PATIENCE, eventually, ledger, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

#[test]
fn ttin_adds_a_worker_and_ttou_takes_one_away() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let load = Load::on(&server.address()).clients(4).start();
    server.signal(Signal::SIGTTIN);
    server.wait_for_line("Handling signal: ttin", PATIENCE);
    server.wait_for_ready(3);
    server.wait_for_workers(3, PATIENCE);
    server.signal(Signal::SIGTTOU);
    server.wait_for_line("Handling signal: ttou", PATIENCE);
    server.wait_for_line("reason=scale-down", PATIENCE);
    server.wait_for_workers(2, PATIENCE);
    load.stop().assert_nothing_lost();
    server.finish();
}

#[test]
fn ttou_never_takes_the_last_worker() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    for _ in 0..3 {
        let mark = server.log().mark();
        server.signal(Signal::SIGTTOU);
        server.wait_for_line_after(mark, "Handling signal: ttou", PATIENCE);
    }
    let left = server.wait_for_workers(1, PATIENCE);
    assert_eq!(server.get("/").expect("an answer").header("x-worker"), Some(left[0].to_string().as_str()));
    server.finish();
}

#[test]
fn hup_replaces_every_worker() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --reload-probation 0").serve(2);
    let old = server.workers();
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Handling signal: hup", PATIENCE);
    server.wait_for_line("Hang up: Master", PATIENCE);
    server.wait_for_ready(4);
    let new = server.wait_for_workers(2, PATIENCE);
    assert!(new.iter().all(|pid| !old.contains(pid)), "{old:?} became {new:?}");
    assert_eq!(server.log().count("reason=reload"), 2);
    server.finish();
}

#[test]
fn a_reload_runs_the_new_code() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --reload-probation 0").serve(2);
    server.write_app(&ledger::APP.replace("b\"ok\"", "b\"new\""));
    assert_eq!(server.get("/").expect("an answer").text(), "ok");
    server.signal(Signal::SIGHUP);
    server.wait_for_count("reason=reload", 2, PATIENCE);
    for _ in 0..10 {
        assert_eq!(server.get("/").expect("an answer").text(), "new");
    }
    server.finish();
}

#[test]
fn the_first_worker_of_a_reload_is_on_probation_before_the_others_follow() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --reload-probation 1.5").serve(2);
    server.signal(Signal::SIGHUP);
    server.wait_for_ready(4);
    let lines = server.log().lines();
    let ready: Vec<_> =
        lines.iter().filter(|line| line.text.contains("Worker ready")).map(|line| line.at).collect();
    assert!(
        ready[3] - ready[2] >= Duration::from_millis(1500),
        "the second came {:?} later",
        ready[3] - ready[2]
    );
    let told = lines
        .iter()
        .filter(|line| line.text.contains("Worker on probation") && line.text.contains("lasts=1.5"));
    assert_eq!(told.count(), 1);
    server.finish();
}

#[test]
fn usr1_opens_the_moved_log_files_anew() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 2");
    let (access, errors) = (builder.folder().join("access.log"), builder.folder().join("error.log"));
    let server = builder
        .args(["--access-logfile".as_ref(), access.as_os_str()])
        .args(["--error-logfile".as_ref(), errors.as_os_str()])
        .start();
    let in_file = |path: &std::path::Path, text: &str| {
        let path = path.to_owned();
        let text = text.to_owned();
        eventually(PATIENCE, &format!("`{text}` is in {}", path.display()), || {
            fs::read_to_string(&path).is_ok_and(|log| log.contains(&text))
        });
    };
    in_file(&errors, "Listening at: ");
    eventually(PATIENCE, "two workers are ready", || {
        fs::read_to_string(&errors).is_ok_and(|log| log.matches("Worker ready").count() == 2)
    });
    let log = fs::read_to_string(&errors).expect("it is there");
    let (_, address) = log.split_once("Listening at: ").expect("it is there");
    let address = ferricorn_test::Address::parse(address.split(' ').next().expect("a word"));
    let ask =
        |path: &str| assert_eq!(ferricorn_test::http::get(&address, path).expect("an answer").status, 200);
    ask("/before");
    in_file(&access, "GET /before");
    let (old_access, old_errors) = (access.with_extension("1"), errors.with_extension("1"));
    fs::rename(&access, &old_access).expect("renamed");
    fs::rename(&errors, &old_errors).expect("renamed");
    server.signal(Signal::SIGUSR1);
    // Every worker opens its own: until all have, a line may still go to the old file.
    eventually(PATIENCE, "everybody has opened the new files", || {
        let mut all = server.workers();
        all.push(server.pid());
        let open = |pid: &i32, path: &std::path::Path| {
            processes::descriptors(*pid).values().any(|target| target == &path.display().to_string())
        };
        !all.iter().any(|pid| open(pid, &old_access) || open(pid, &old_errors))
    });
    for _ in 0..10 {
        ask("/after");
    }
    eventually(PATIENCE, "ten lines are in the new access log", || {
        fs::read_to_string(&access).is_ok_and(|log| log.matches("GET /after").count() == 10)
    });
    assert_eq!(fs::read_to_string(&old_access).expect("kept").matches("GET /").count(), 1);
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(5)), 0);
    in_file(&errors, "Handling signal: term");
    for line in fs::read_to_string(&errors).expect("it is there").lines() {
        assert!(ferricorn_test::Entry::parse(line).is_some(), "not a log line: {line}");
    }
    server.finish();
}

#[test]
fn winch_is_ignored() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let workers = server.workers();
    server.signal(Signal::SIGWINCH);
    // The signals are handled in their order: when the second is logged, the first has been dealt with.
    server.signal(Signal::SIGUSR1);
    server.wait_for_line("Handling signal: usr1", PATIENCE);
    assert_eq!(server.workers(), workers);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn quit_stops_quickly_and_still_runs_the_lifespan_shutdown() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --graceful-timeout 30").serve(2);
    let mut endless = server.connect();
    endless.send(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    endless.receive_head().expect("an endless answer");
    assert_eq!(server.stop(Signal::SIGQUIT, Duration::from_secs(5)), 0);
    server.wait_for_line("Handling signal: quit", PATIENCE);
    assert_eq!(server.log().count("Quick stop: 1 request cut (`/endless`)"), 1);
    assert_eq!(server.ledger().count("shutdown"), 2, "lifespan shutdown ran in both workers");
    server.finish();
}

#[test]
fn int_stops_as_term_does_and_a_second_one_stops_quickly() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --graceful-timeout 30").serve(2);
    let mut slow = server.connect();
    slow.send(b"GET /work?id=slow&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut endless = server.connect();
    endless.send(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "both are in flight", || server.ledger().count("start") == 2);
    server.signal(Signal::SIGINT);
    server.wait_for_line("Handling signal: int", PATIENCE);
    assert_eq!(slow.receive().expect("a complete answer").status, 200);
    assert_eq!(server.stop(Signal::SIGINT, Duration::from_secs(5)), 0);
    assert_eq!(server.ledger().count("shutdown"), 2, "lifespan shutdown ran in both workers");
    server.finish();
}

#[test]
fn the_log_names_the_sender_of_a_signal() {
    let _turn = turn::together();
    let server = ferricorn().serve(1);
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(5)), 0);
    server.wait_for_line(&format!("Handling signal: term (from pid {})", std::process::id()), PATIENCE);
    server.finish();
}

#[test]
fn a_second_term_is_harmless() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let mut connection = server.connect();
    connection.send(b"GET /work?id=1&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "the request is in flight", || server.ledger().count("start") == 1);
    for _ in 0..3 {
        let mark = server.log().mark();
        server.signal(Signal::SIGTERM);
        server.wait_for_line_after(mark, "Handling signal: term", PATIENCE);
    }
    assert_eq!(connection.receive().expect("a complete answer").status, 200);
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    server.finish();
}

#[test]
fn term_during_the_import_stops_at_once() {
    let _turn = turn::together();
    let app = format!("import time\nopen('importing', 'w').close()\ntime.sleep(20)\n{MINIMAL}");
    let server = ferricorn().app(&app).line("--workers 2").start();
    eventually(PATIENCE, "the import is under way", || server.path("importing").exists());
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(3)), 0);
    server.finish();
}

/// What keeps a boot from hearing a signal, as lines of Python that take far longer than any limit. They leave a file
/// `deaf` when all that is left to do is to begin.
const DEAF: [(&str, &str); 3] = [
    (
        "a call in C that holds the interpreter's lock",
        "import ctypes; sleep = ctypes.PyDLL(None).sleep; open('deaf', 'w').close(); sleep(600)",
    ),
    (
        "a regular expression that goes back for ever",
        "import re; match = re.compile('(a+)+$').match; open('deaf', 'w').close(); match('a' * 64 + 'b')",
    ),
    (
        "SIGTERM ignored",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w').close(); time.sleep(600)",
    ),
];

/// What the log says of a boot that does not end.
const CUT: &str = "Worker does not stop during its boot";

#[test]
fn term_during_an_import_that_hears_nothing_does_not_wait_for_it() {
    let _turn = turn::together();
    let mut cut = 0;
    for (what, line) in DEAF {
        let app = format!("{line}\n{MINIMAL}");
        let server =
            ferricorn().app(&app).line("--graceful-timeout 120").expect_error("was sent SIGKILL!").start();
        eventually(PATIENCE, "the import is under way", || server.path("deaf").exists());
        assert_eq!(server.stop(Signal::SIGTERM, DEAF_LIMIT), 0, "{what}");
        cut += server.log().count(CUT);
        server.finish();
    }
    // The signal may have come right before the call.
    assert_ne!(cut, 0, "no boot was deaf");
}

/// Half of the graceful timeout of these tests: a stop that waits for it is found out on the slowest machine.
const DEAF_LIMIT: Duration = Duration::from_secs(60);

#[test]
fn term_during_a_startup_that_blocks_the_event_loop_does_not_wait_for_it() {
    let _turn = turn::together();
    for (what, line) in DEAF {
        let app = ledger::APP.replace("note(\"startup\")", line);
        assert_ne!(app, ledger::APP);
        let server =
            ferricorn().app(&app).line("--graceful-timeout 120").expect_error("was sent SIGKILL!").start();
        eventually(PATIENCE, "the startup is under way", || server.path("deaf").exists());
        assert_eq!(server.stop(Signal::SIGTERM, DEAF_LIMIT), 0, "{what}");
        server.finish();
    }
}

#[test]
fn term_while_a_replacement_hears_nothing_answers_what_is_in_flight_and_waits_for_nothing_else() {
    let _turn = turn::together();
    for (what, line) in DEAF {
        let server = ferricorn().line("--graceful-timeout 120").expect_error("was sent SIGKILL!").serve(1);
        server.write_app(&format!("{}\n{line}\n", ledger::APP));
        server.signal(Signal::SIGHUP);
        eventually(PATIENCE, "the import is under way", || server.path("deaf").exists());
        let mut connection = server.connect();
        connection.send(b"GET /work?id=1&delay=2 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        eventually(PATIENCE, "the request is in flight", || server.ledger().count("start") == 1);
        server.signal(Signal::SIGTERM);
        assert_eq!(connection.receive().expect("a complete answer").status, 200, "{what}");
        assert_eq!(server.wait_exit(DEAF_LIMIT).code(), 0, "{what}");
        server.finish();
    }
}

const MINIMAL: &str = "async def app(scope, receive, send):\n    raise RuntimeError('not served')\n";

#[test]
fn term_during_the_lifespan_startup_waits_for_it_within_the_graceful_timeout() {
    let _turn = turn::together();
    let start = || ferricorn().line("--workers 2 --graceful-timeout 3");
    // uvicorn does not interrupt a startup half-way, since what it has opened needs the shutdown to be closed.
    let server = start().variable("STARTUP_DELAY", "1").start();
    server.wait_for_count("Waiting for application startup.", 2, PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(4)), 0);
    assert_eq!(server.ledger().count("shutdown"), 2);
    server.finish();
    let server = start().variable("STARTUP_DELAY", "60").expect_error("was sent SIGKILL!").start();
    server.wait_for_count("Waiting for application startup.", 2, PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(4)), 0);
    server.finish();
}

#[test]
fn term_to_every_process_at_once_is_a_graceful_stop() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let mut connection = server.connect();
    connection.send(b"GET /work?id=1&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "the request is in flight", || server.ledger().count("start") == 1);
    server.signal_group(Signal::SIGTERM);
    assert_eq!(connection.receive().expect("a complete answer").status, 200);
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    assert_eq!(server.log().count("Booting worker"), 2, "nothing is started again");
    assert_eq!(server.log().count("stage=booting"), 0, "not even begun to be");
    assert_eq!(server.log().count("is replaced"), 0);
    assert_eq!(server.ledger().count("shutdown"), 2);
    server.finish();
}

#[test]
fn a_worker_that_somebody_terminates_is_replaced_without_loss() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2").serve(2);
    let load = Load::on(&server.address()).clients(6).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 100);
    let victim = server.workers()[0];
    processes::signal(victim, Signal::SIGTERM);
    server.wait_for_ready(3);
    eventually(PATIENCE, "it is gone", || !processes::alive(victim));
    let tally = load.stop();
    tally.assert_nothing_lost();
    assert_eq!(server.log().count("reason=asked"), 1);
    assert_eq!(ferricorn_test::capacity::least_ready(&server.log().lines(), 2), 2);
    server.finish();
}
