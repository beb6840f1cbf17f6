//! Deaths: of a worker, of the master, of an application that does not boot.

use std::{
    fs,
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Builder, Load, PATIENCE, eventually, ledger,
    load::Arrival,
    processes, python,
    soak::verdict::{self, Death, Evidence, Victim},
    turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

#[test]
fn a_killed_worker_is_replaced_and_the_others_are_untouched() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").expect_error("was sent SIGKILL!").serve(2);
    let workers = server.workers();
    let mut kept = server.connect();
    let survivor: i32 =
        kept.get("/").expect("an answer").header("x-worker").expect("it says").parse().expect("a pid");
    let victim = *workers.iter().find(|pid| **pid != survivor).expect("there are two");
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_line(&format!("Worker (pid:{victim}) was sent SIGKILL!"), PATIENCE);
    server.wait_for_ready(3);
    let now = server.wait_for_workers(2, PATIENCE);
    assert!(now.contains(&survivor) && !now.contains(&victim), "{workers:?} became {now:?}");
    let answered: i32 =
        kept.get("/").expect("same connection").header("x-worker").expect("so").parse().expect("a pid");
    assert_eq!(answered, survivor);
    server.finish();
}

#[test]
fn a_worker_killed_under_load_loses_only_what_it_had_begun() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2").expect_error("was sent SIGKILL!").serve(2);
    let load = Load::on(&server.address()).path("/work?delay=0.02").clients(12).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 200);
    let victim = server.workers()[0];
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_ready(3);
    let tally = load.stop();
    let ledger = server.ledger();
    let begun = ledger.unfinished();
    // A request on a connection of the dead worker that it had not read yet is lost with it: nobody else has it.
    let carried: Vec<_> =
        tally.failures().into_iter().filter(|f| f.reused == 0 && !begun.contains(&f.id)).collect();
    assert!(carried.is_empty(), "{tally}: lost, but not begun by the dead worker: {carried:#?}");
    assert!(tally.failures().len() <= 12, "at most one request a client: {tally}");
    assert_eq!(ledger.duplicates(), [""; 0]);
    server.finish();
}

#[test]
fn when_all_workers_are_killed_at_once_new_connections_wait_and_nobody_is_refused() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 4").expect_error("was sent SIGKILL!").serve(4);
    let load = Load::on(&server.address()).path("/work?delay=0.02").clients(12).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 200);
    let mut evidence = Evidence::default();
    for pid in server.workers() {
        evidence.victims.insert(pid, Victim { at: Instant::now(), causes: vec!["killed"] });
    }
    for pid in evidence.victims.keys() {
        processes::signal(*pid, Signal::SIGKILL);
    }
    assert_eq!(server.get("/").expect("it waits until there is a worker").status, 200);
    server.wait_for_ready(8);
    let answered = load.answered();
    eventually(PATIENCE, "the load goes on", || load.answered() > answered + 200);
    let tally = load.stop();
    let lines = server.log().lines();
    evidence.deaths = lines.iter().filter_map(Death::read).collect();
    let (losses, complaints) = verdict::judge(&tally, &server.ledger(), &evidence);
    assert_eq!(complaints, [""; 0], "{tally}");
    assert!(losses.total() <= 12, "at most one request a client: {tally}");
    assert_eq!(evidence.deaths.len(), 4, "each death once: {:?}", evidence.deaths);
    assert_eq!(server.log().count("restart_in=0.0"), 4, "each slot is filled at once");
    let now = server.wait_for_workers(4, PATIENCE);
    assert!(now.iter().all(|pid| !evidence.victims.contains_key(pid)));
    server.finish();
}

#[test]
fn when_the_master_is_killed_every_worker_goes_and_the_port_is_free() {
    let _turn = turn::alone();
    let mut server = ferricorn().line("--workers 3").serve(3);
    let address = server.address();
    let mut blocked = server.connect();
    blocked.send(b"GET /block?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "a worker is blocked", || server.ledger().count("start") == 1);
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
    let port = address.port();
    drop(TcpListener::bind(("127.0.0.1", port)).expect("the port is free"));
    assert_eq!(server.ledger().count("shutdown"), 2, "those that were not blocked ran the lifespan shutdown");
    server.finish();
}

/// A first start that must fail with this code; gives the lines of the log.
fn fails_to_start(builder: Builder, code: i32) -> Vec<String> {
    let server = builder.expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), code);
    let lines = server.log().lines().into_iter().map(|line| line.text).collect();
    server.finish();
    lines
}

fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|line| line.contains(text)).count()
}

#[test]
fn an_app_that_cannot_be_imported_ends_the_first_start_with_3_and_one_traceback() {
    let _turn = turn::together();
    let app = "def deep():\n    raise ValueError('no such luck')\n\ndeep()\n";
    let lines = fails_to_start(ferricorn().app(app).line("--workers 2"), 3);
    assert_eq!(count(&lines, "Traceback (most recent call last)"), 1, "{lines:#?}");
    // Whole, and once more as the reason in the last line.
    assert_eq!(lines.iter().filter(|line| *line == "ValueError: no such luck").count(), 1);
    assert_eq!(count(&lines, "Reason: Worker failed to boot. ValueError: no such luck"), 1);
    assert_eq!(count(&lines, "in deep"), 1, "the traceback is whole");
    assert!(count(&lines, "exited with code 3.") >= 1);
    assert_eq!(count(&lines, "Shutting down: Master"), 1);
    assert_eq!(count(&lines, "Reason: Worker failed to boot."), 1);
}

#[test]
fn a_module_that_is_not_there_ends_the_first_start_with_3() {
    let _turn = turn::together();
    let lines = fails_to_start(ferricorn().target(Some("nowhere:app")), 3);
    assert!(count(&lines, "nowhere") >= 1, "{lines:#?}");
}

#[test]
fn an_attribute_that_is_missing_ends_the_first_start_with_4() {
    let _turn = turn::together();
    let lines = fails_to_start(ferricorn().target(Some("main:nope")).line("--workers 2"), 4);
    assert!(count(&lines, "nope") >= 1, "{lines:#?}");
    assert_eq!(count(&lines, "Reason: App failed to load."), 1);
}

#[test]
fn a_failing_lifespan_startup_ends_the_first_start_with_3() {
    let _turn = turn::together();
    let app = "async def app(scope, receive, send):\n    if scope['type'] == 'lifespan':\n        await receive()\n        \
               raise RuntimeError('no database')\n";
    let lines = fails_to_start(ferricorn().app(app).line("--workers 2 --lifespan on"), 3);
    assert_eq!(lines.iter().filter(|line| *line == "RuntimeError: no database").count(), 1, "{lines:#?}");
}

#[test]
fn an_interpreter_without_uvicorn_ends_the_first_start_with_1_and_says_what_to_install() {
    let _turn = turn::together();
    let folder = tempfile::tempdir().expect("a folder");
    let venv = folder.path().join("empty");
    let made = Command::new(python())
        .args(["-m", "venv", "--without-pip"])
        .arg(&venv)
        .status()
        .expect("python runs");
    assert!(made.success());
    let interpreter = venv.join("bin/python");
    let lines = fails_to_start(ferricorn().python(&interpreter).line("--workers 2"), 1);
    assert_eq!(count(&lines, "Traceback"), 0, "{lines:#?}");
    let line = lines.iter().find(|line| line.contains("uvicorn") && line.contains("empty/bin/python"));
    assert!(line.is_some(), "one line says which interpreter lacks uvicorn: {lines:#?}");
    assert!(count(&lines, "install") >= 1, "and what to do");
}

#[test]
fn a_broken_reload_loses_nothing_and_a_good_one_after_it_rolls() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --lifespan on --reload-probation 0").expect_error("").serve(2);
    let old = server.workers();
    let load = Load::on(&server.address()).clients(6).start();
    for (number, broken) in [
        "raise ValueError('broken at import')\n".to_owned(),
        "nothing = 1\n".to_owned(),
        ledger::APP.replace("note(\"startup\")", "raise ValueError('broken at startup')"),
    ]
    .iter()
    .enumerate()
    {
        let mark = server.log().mark();
        server.write_app(broken);
        server.signal(Signal::SIGHUP);
        server.wait_for_line_after(mark, "Reload rejected", PATIENCE);
        eventually(PATIENCE, "only the old generation is left", || server.workers() == old);
        assert_eq!(server.log().count("Worker draining"), 0, "broken version {number}");
    }
    let answered = load.answered();
    server.write_app(ledger::APP);
    server.signal(Signal::SIGHUP);
    server.wait_for_ready(4);
    let new = server.wait_for_workers(2, PATIENCE);
    assert!(new.iter().all(|pid| !old.contains(pid)), "{old:?} became {new:?}");
    eventually(PATIENCE, "the load goes on", || load.answered() > answered + 100);
    let tally = load.stop();
    tally.assert_nothing_lost();
    let lines = server.log().lines();
    assert_eq!(ferricorn_test::capacity::least_ready(&lines, 2), 2);
    let tracebacks = lines.iter().filter(|line| line.text == "ValueError: broken at import").count();
    assert_eq!(tracebacks, 1, "the traceback is shown once, not once per try");
    server.finish();
}

#[test]
fn a_worker_that_dies_again_and_again_is_not_restarted_in_a_storm() {
    let _turn = turn::together();
    // It boots, and dies a moment later.
    let app = format!("{}\nif os.path.exists('die'):\n    os._exit(7)\n", ledger::APP);
    let server = ferricorn().app(&app).line("--workers 2").expect_error("").serve(2);
    fs::write(server.path("die"), "").expect("written");
    let victim = server.workers()[0];
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_count("exited with code 7", 3, PATIENCE);
    let lines = server.log().lines();
    let deaths: Vec<_> = lines.iter().filter(|line| line.text.contains("exited with code 7")).collect();
    let pause = deaths[2].at.duration_since(deaths[1].at);
    // The third pause is drawn from 0.28 to 0.56 s.
    assert!(pause > Duration::from_millis(250), "the third try came {pause:?} after the second");
    assert_eq!(server.get("/").expect("the other serves on").status, 200);
    fs::remove_file(server.path("die")).expect("removed");
    server.wait_for_ready(3);
    server.finish();
}

#[test]
fn a_startup_that_fails_for_a_while_costs_no_request_and_heals() {
    let _turn = turn::alone();
    let wait = "            if os.path.exists(\"away\"):\n                raise ConnectionError(\"the database is away\")\n";
    let line = "            note(\"startup\")\n";
    assert!(ledger::APP.contains(line));
    let app = ledger::APP.replace(line, &format!("{wait}{line}"));
    let server = ferricorn().app(&app).line("--workers 2 --lifespan on").expect_error("").serve(2);
    let load = Load::on(&server.address()).clients(1).arrival(Arrival::Rate(40.0)).count(237).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 5);
    fs::write(server.path("away"), "").expect("written");
    // One client, one connection: the other worker is idle. What a killed worker has begun is lost with it, which is
    // another test's matter.
    let busy = server.ledger().pids("start");
    let victim = *server.workers().iter().find(|pid| !busy.contains(pid)).expect("one of two is idle");
    processes::signal(victim, Signal::SIGKILL);
    let killed = Instant::now();
    eventually(PATIENCE, "five seconds of failures", || killed.elapsed() >= Duration::from_secs(5));
    fs::remove_file(server.path("away")).expect("removed");
    let healed = Instant::now();
    server.wait_for_ready(3);
    let whole = healed.elapsed();
    // Pauses grow to 30 s, and have not had the time to: the core's tests have the exact ones.
    assert!(whole < Duration::from_secs(15), "whole again only {whole:?} after it was healed");
    let tally = load.wait();
    tally.assert_nothing_lost();
    assert_eq!(server.log().count("ConnectionError: the database is away"), 1, "its traceback, once");
    server.finish();
}
