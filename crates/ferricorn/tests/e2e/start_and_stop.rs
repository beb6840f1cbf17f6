//! What is said when a service starts and stops: where it is, how it is stopped, and not much else.

use std::time::Duration;

use ferricorn_test::{Entry, Line, PATIENCE, Server, eventually, turn};
use nix::sys::signal::Signal;

use crate::{ferricorn, upgrade::writer};

const STARTED: &str = "Listening at: ";

/// The messages at INFO and above, after a mark.
fn told(server: &Server, mark: usize) -> Vec<String> {
    let lines = server.log().lines();
    let entries = lines[mark..].iter().filter_map(|line: &Line| Entry::parse(&line.text));
    entries.filter(|entry| entry.level != "DEBUG").map(|entry| entry.message.to_owned()).collect()
}

/// Waits until this is the last thing that was said.
fn wait_until_last(server: &Server, text: &str) {
    eventually(PATIENCE, &format!("`{text}` is the last line"), || {
        told(server, 0).last().is_some_and(|message| message.starts_with(text))
    });
}

#[test]
fn the_last_line_of_a_start_says_where_the_service_is_and_then_it_answers() {
    let _turn = turn::together();
    for line in ["--workers 3", "--workers 3 --listen early", "--workers 1 --log-level debug"] {
        let server = ferricorn().line(line).serve(1);
        wait_until_last(&server, STARTED);
        assert_eq!(server.log().count("Using worker"), 0, "nobody has named one");
        assert_eq!(server.log().count("CTRL+C"), 0, "nobody can press it");
        assert_eq!(server.get("/").expect("an answer").status, 200, "{line}");
        server.finish();
    }
    let server = ferricorn().line("--workers 2 -k uvicorn.workers.UvicornH11Worker").serve(2);
    assert_eq!(server.log().count("Using worker: uvicorn.workers.UvicornH11Worker"), 1);
    wait_until_last(&server, STARTED);
    server.finish();
}

#[test]
fn a_worker_that_takes_its_time_or_fails_does_not_keep_the_service_from_being_said_to_be_there() {
    let _turn = turn::together();
    for trouble in ["time.sleep(1000)", "time.sleep(1); os._exit(9)"] {
        let app = format!(
            "import os, time\ntry:\n    os.mkdir('first')\nexcept FileExistsError:\n    {trouble}\n{}",
            ferricorn_test::ledger::APP.replace("from __future__ import annotations\n", "")
        );
        let server = ferricorn()
            .app(&app)
            .line("--workers 2")
            .expect_error("exited with code 9")
            .expect_error("exited during its boot")
            .start();
        assert_eq!(server.get("/").expect("an answer").status, 200, "{trouble}");
        server.finish();
    }
}

#[test]
fn on_a_terminal_it_is_said_how_to_stop() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --no-use-colors").terminal().start();
    let line = server.wait_for_line(STARTED, PATIENCE);
    assert!(line.text.ends_with(&format!(" ({}) (Press CTRL+C to quit)", server.pid())), "{}", line.text);
    assert_eq!(server.stop(Signal::SIGINT, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_clean_stop_of_idle_workers_is_told_in_three_lines() {
    let _turn = turn::together();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        for debug in [false, true] {
            let builder = ferricorn().line("--workers 3");
            let server = if debug { builder.line("--log-level debug") } else { builder }.serve(3);
            let workers = server.workers();
            wait_until_last(&server, STARTED);
            let mark = server.log().mark();
            assert_eq!(server.stop(signal, PATIENCE), 0);
            let signalled = format!("Handling signal: {}", signal.as_str()[3..].to_lowercase());
            let told = told(&server, mark);
            assert!(told[0].starts_with(&signalled), "{told:?}");
            assert_eq!(told[1..], ["Stopping 3 workers", "Shutting down: Master"]);
            let kept = usize::from(debug);
            for pid in workers {
                for text in [
                    format!("Worker draining (pid: {pid})"),
                    format!("[{pid}] [DEBUG] Application shutdown complete."),
                    format!("Worker exiting (pid: {pid})"),
                    format!("Worker (pid:{pid}) exited with code 0."),
                ] {
                    assert_eq!(server.log().count(&text), kept, "{text}");
                }
            }
            assert_eq!(server.log().count("Shutting down"), 1 + 3 * kept);
            server.finish();
        }
    }
}

#[test]
fn a_stop_says_what_it_waits_for() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 1 --graceful-timeout 20").serve(1);
    let mut slow = server.connect();
    slow.send(b"GET /work?id=slow&delay=2 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "it is in flight, and the worker has said so", || {
        server.ledger().count("start") == 1
    });
    // The worker tells it ten times a second.
    std::thread::sleep(Duration::from_millis(500));
    server.signal(Signal::SIGINT);
    let said =
        "Stopping 1 worker, 1 request in flight may take 20 s; press CTRL+C again to cut what is in flight";
    server.wait_for_line(said, PATIENCE);
    assert_eq!(slow.receive().expect("a complete answer").status, 200);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn a_reload_still_tells_of_each_worker() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 1 --reload-probation 0").serve(1);
    let (old, master) = (server.workers()[0], writer(&server, 0, STARTED));
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    server.wait_for_line(&format!("[{old}] [INFO] Worker exiting"), PATIENCE);
    server.wait_for_line(&format!("[{master}] [INFO] Worker (pid:{old}) exited with code 0."), PATIENCE);
    server.finish();
}
