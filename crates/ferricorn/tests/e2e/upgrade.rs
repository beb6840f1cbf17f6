//! USR2: a new program takes over beside the old one, or does not, and nobody notices either way.

use std::{fs, os::unix::net::UnixDatagram, path::Path, sync::mpsc, thread, time::Duration};

use ferricorn_test::{
    Address, Deployed, Entry, Mix, PATIENCE, Server, eventually, http, ledger, processes, turn,
};
use nix::sys::signal::Signal;

use crate::{PROGRAM, ferricorn};

pub(crate) const TOOK_OVER: &str = "Upgraded: this master has taken over";

/// The pid of the master that wrote the first line with this text after the mark.
pub(crate) fn writer(server: &Server, mark: usize, text: &str) -> i32 {
    let line = server.wait_for_line_after(mark, text, PATIENCE);
    Entry::parse(&line.text).expect("a line of the log").pid
}

/// Ends a run whose first master has left: `last` is the one that serves.
fn finish(server: Server, last: i32) {
    processes::signal(last, Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_new_program_has_as_many_workers_as_the_old_one_was_scaled_to() {
    let _turn = turn::together();
    let server = ferricorn().linked().line("--workers 1 --reload-probation 0").serve(1);
    // One after the other: the kernel makes one of two that wait.
    for ready in 2..=3 {
        server.signal(Signal::SIGTTIN);
        server.wait_for_ready(ready);
    }
    let (mark, master) = (server.log().mark(), server.pid());
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    server.signal(Signal::SIGUSR2);
    let next = writer(&server, mark, TOOK_OVER);
    eventually(PATIENCE, "the old master has left", || !processes::alive(master));
    assert_eq!(processes::children(next).len(), 3);
    finish(server, next);
}

#[test]
fn a_new_program_takes_over_from_the_old_one_without_loss() {
    let _turn = turn::alone();
    let builder = ferricorn();
    let (socket, pid_file) = (builder.folder().join("app.sock"), builder.folder().join("app.pid"));
    let manager = UnixDatagram::bind(builder.folder().join("notify")).expect("bound");
    let (sender, messages) = mpsc::channel();
    // What is told of the service while it runs is not what this is about, and has to be read all the same.
    thread::spawn(move || {
        let mut buffer = [0; 1000];
        while let Ok(length) = manager.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let is_news = ["STATUS=", "EXTEND_TIMEOUT_USEC="].iter().any(|news| text.starts_with(news));
            if !is_news && sender.send(text).is_err() {
                return;
            }
        }
    });
    let unix = format!("unix:{}", socket.display());
    let server = builder
        .variable("NOTIFY_SOCKET", socket.with_file_name("notify"))
        .linked()
        .line("--workers 2 --reload-probation 0.5 --pid app.pid")
        .args(["--bind", &unix])
        .serve(2);
    let said = || messages.recv_timeout(PATIENCE).expect("the manager is told something");
    assert_eq!(said(), "READY=1");
    let load = Mix::of_everything(&server.address(), 60.0).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    let mut master = server.pid();
    // The new master can be upgraded as well.
    for _ in 0..2 {
        let mark = server.log().mark();
        server.deploy(Deployed::Program(Path::new(PROGRAM)));
        processes::signal(master, Signal::SIGUSR2);
        let next = writer(&server, mark, TOOK_OVER);
        assert_eq!(said(), format!("MAINPID={next}"));
        // systemd waits at a stop only for what was its own child when it was told.
        let own = processes::children(master);
        assert!(own.iter().all(|child| child.pid != next), "{next} is still a child of {master}");
        eventually(PATIENCE, "the old master has left", || !processes::alive(master));
        assert_eq!(fs::read_to_string(&pid_file).expect("it is there"), format!("{next}\n"));
        assert_eq!(http::get(&Address::Unix(socket.clone()), "/").expect("an answer").status, 200);
        master = next;
    }
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    assert_eq!(processes::children(master).len(), 2);
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(said(), "STOPPING=1");
    server.wait_nobody_left(PATIENCE);
    assert!(!socket.exists(), "the unix socket's file is left");
    assert!(!pid_file.exists(), "the pid file is left");
    server.finish();
}

/// Programs that cannot take over, and what the log says of each.
pub(crate) const BAD: [(Deployed<'_>, &str); 5] = [
    (Deployed::Nothing, "No such file or directory"),
    (Deployed::Data, "Permission denied"),
    (Deployed::Script("exit 7"), "exited with code 7"),
    (Deployed::Script("read -r nothing; sleep 0.3; exit 8"), "exited with code 8"),
    (
        Deployed::Script("FERRICORN_UPGRADE=\"999,${FERRICORN_UPGRADE#*,}\" exec \"$PROGRAM\" \"$@\""),
        "its state has version 999, and this program understands",
    ),
];

/// One that hangs, for an `--upgrade-timeout` of 5 seconds.
pub(crate) const HANG: (Deployed<'_>, &str) =
    (Deployed::Script("exec sleep 1000"), "was not ready within 5 s");

#[test]
fn an_upgrade_that_fails_changes_nothing_and_the_next_one_works() {
    let _turn = turn::alone();
    let server = ferricorn()
        // A guardian tells how each has ended.
        .variable("NOTIFY_SOCKET", "@nobody-listens")
        .linked()
        .line("--workers 2 --reload-probation 0 --pid app.pid")
        .expect_error("Upgrade failed, nothing has changed: ")
        .expect_error("cannot succeed the running ferricorn")
        .expect_error("Exception in worker process")
        .expect_error("exited with code 3")
        .expect_error("Reason: Worker failed to boot")
        .serve(2);
    let (old, workers) = (server.pid(), server.workers());
    let load = Mix::of_everything(&server.address(), 40.0).start();
    for (deployed, reason) in BAD {
        let mark = server.log().mark();
        server.deploy(deployed);
        server.signal(Signal::SIGUSR2);
        let line = server.wait_for_line_after(mark, "Upgrade failed, nothing has changed: ", PATIENCE);
        assert!(line.text.contains(reason), "{deployed:?}: {}", line.text);
        server.wait_for_workers(2, PATIENCE);
        assert_eq!(server.workers(), workers, "{deployed:?}");
        assert_eq!(fs::read_to_string(server.path("app.pid")).expect("it is there"), format!("{old}\n"));
    }
    // A good program, and an application that does not boot.
    let mark = server.log().mark();
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    server.write_app("raise RuntimeError('a bad deploy')\n");
    server.signal(Signal::SIGUSR2);
    server.wait_for_line_after(mark, "the new program exited with code 3 before it was ready", PATIENCE);
    assert_eq!(server.wait_for_workers(2, PATIENCE), workers);
    server.write_app(ledger::APP);
    let mark = server.log().mark();
    server.signal(Signal::SIGUSR2);
    let new = writer(&server, mark, TOOK_OVER);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    finish(server, new);
}

#[test]
fn a_new_program_that_hangs_is_given_up_and_nothing_has_changed() {
    let _turn = turn::together();
    let (deployed, reason) = HANG;
    let server = ferricorn()
        .variable("NOTIFY_SOCKET", "@nobody-listens")
        .linked()
        .line("--workers 1 --upgrade-timeout 5")
        .expect_error("Upgrade failed, nothing has changed: ")
        .serve(1);
    let workers = server.workers();
    server.deploy(deployed);
    server.signal(Signal::SIGUSR2);
    server.wait_for_line(reason, PATIENCE);
    assert_eq!(server.wait_for_workers(1, PATIENCE), workers, "it is gone, and waited for");
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

/// The ledger application, whose import leaves a mark and takes as long as the file `slow` is there.
fn slow_app() -> String {
    let wait =
        "import os, time\nopen('importing', 'w').close()\nwhile os.path.exists('slow'): time.sleep(0.02)\n";
    format!("{wait}{}", ledger::APP.replace("from __future__ import annotations\n", ""))
}

fn upgrading_slowly(server: &Server) {
    fs::write(server.path("slow"), "").expect("written");
    server.write_app(&slow_app());
    server.signal(Signal::SIGUSR2);
    eventually(PATIENCE, "the new workers boot", || server.path("importing").exists());
}

#[test]
fn term_in_the_middle_of_an_upgrade_stops_both_masters() {
    let _turn = turn::together();
    let server = ferricorn().linked().line("--workers 2").serve(2);
    upgrading_slowly(&server);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(server.living(), [], "the old master goes last");
    assert_eq!(server.log().count("Upgrade called off: the service stops"), 1);
    server.finish();
}

#[test]
fn a_second_usr2_is_merged_and_a_hup_is_passed_on_to_the_new_master() {
    let _turn = turn::together();
    let server = ferricorn().linked().line("--workers 2 --reload-probation 0").serve(2);
    upgrading_slowly(&server);
    server.signal(Signal::SIGUSR2);
    server.wait_for_line("An upgrade is already in progress", PATIENCE);
    let mark = server.log().mark();
    server.signal(Signal::SIGHUP);
    server.wait_for_line_after(mark, "Handling signal: hup", PATIENCE);
    fs::remove_file(server.path("slow")).expect("it was there");
    let new = writer(&server, mark, TOOK_OVER);
    assert_eq!(writer(&server, mark, "Reloaded: every worker runs generation 2"), new);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    assert_eq!(server.log().count("Succeeding ferricorn"), 1);
    finish(server, new);
}

#[test]
fn a_new_master_whose_old_one_dies_does_not_stay() {
    let _turn = turn::together();
    let mut server = ferricorn().linked().line("--workers 1").serve(1);
    upgrading_slowly(&server);
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_variable_that_somebody_else_sets_is_no_predecessor() {
    let _turn = turn::together();
    for value in ["yes", "1,beside,77"] {
        let server = ferricorn()
            .variable("FERRICORN_UPGRADE", value)
            .expect_error("which ferricorn itself sets during an upgrade; unset it")
            .start();
        assert_eq!(server.wait_exit(Duration::from_secs(15)).code(), 1, "{value}");
        server.finish();
    }
}
