//! USR2 to PID 1: it becomes the new program, or does not, and nobody notices either way.

use std::path::Path;

use ferricorn_test::{Builder, Deployed, Mix, PATIENCE, Server, eventually, processes, turn, within};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    pid1::{master, namespace},
    upgrade::{BAD, HANG},
};

/// None where it cannot be.
fn as_pid_1() -> Option<Builder> {
    Some(ferricorn().linked().wrapped(namespace()?).line("--workers 2 --reload-probation 0"))
}

/// Lets the program become itself again, and waits until its workers are new ones.
fn upgrade(server: &Server, master: i32) {
    let mark = server.log().mark();
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    processes::signal(master, Signal::SIGUSR2);
    server.wait_for_line_after(mark, "in its place", PATIENCE);
    server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
}

fn stop(server: Server, master: i32) {
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn pid_1_becomes_the_new_program_without_loss() {
    let _turn = turn::alone();
    let Some(builder) = as_pid_1() else { return };
    let socket = builder.folder().join("app.sock");
    let server =
        builder.args(["--bind", &format!("unix:{}", socket.display())]).line("--pid app.pid").serve(2);
    let master = master(&server);
    let descriptors = processes::descriptors(master).len();
    let load = Mix::of_everything(&server.address(), 60.0).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    for _ in 0..3 {
        upgrade(&server, master);
    }
    processes::signal(master, Signal::SIGTTIN);
    server.wait_for_line("Workers: 2 to 3", PATIENCE);
    upgrade(&server, master);
    eventually(PATIENCE, "as many as it was scaled to", || processes::children(master).len() == 3);
    processes::signal(master, Signal::SIGTTOU);
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    assert!(socket.exists() && server.path("app.pid").exists());
    eventually(PATIENCE, "the old workers are gone", || processes::children(master).len() == 2);
    eventually(PATIENCE, "no descriptor more than before", || {
        processes::descriptors(master).len() == descriptors
    });
    let ready = ferricorn_test::capacity::least_ready(&server.log().lines(), 2);
    assert_eq!(ready, 2, "never fewer than two were ready");
    stop(server, master);
    assert!(!socket.exists(), "the unix socket's file is left");
}

#[test]
fn pid_1_stays_as_it_is_when_the_new_program_is_not_fit() {
    let _turn = turn::alone();
    let Some(builder) = as_pid_1() else { return };
    let server = builder
        .line("--upgrade-timeout 5")
        .expect_error("Upgrade failed")
        .expect_error("cannot succeed")
        .serve(2);
    let master = master(&server);
    let workers = || processes::children(master).iter().map(|it| it.pid).collect::<Vec<_>>();
    let before = workers();
    let load = Mix::of_everything(&server.address(), 40.0).start();
    // The last one says nothing, and means nothing by its exit code.
    for (deployed, reason) in
        BAD.into_iter().chain([HANG, (Deployed::Script("exit 0"), "did not say that it is fit")])
    {
        let mark = server.log().mark();
        server.deploy(deployed);
        processes::signal(master, Signal::SIGUSR2);
        let line = server.wait_for_line_after(mark, "Upgrade failed, nothing has changed: ", PATIENCE);
        assert!(line.text.contains(reason), "{deployed:?}: {}", line.text);
        eventually(PATIENCE, "the same two workers", || workers() == before);
    }
    upgrade(&server, master);
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    stop(server, master);
}

#[test]
fn a_worker_that_dies_while_pid_1_is_replaced_is_waited_for_and_replaced() {
    let _turn = turn::together();
    let Some(builder) = as_pid_1() else { return };
    let server = builder.expect_error("was sent SIGKILL!").serve(2);
    let master = master(&server);
    let mark = server.log().mark();
    let victim = processes::children(master)[0].pid;
    processes::signal(master, Signal::SIGUSR2);
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_line_after(mark, "was sent SIGKILL!", PATIENCE);
    server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
    let settled = within(PATIENCE, || {
        let children = processes::children(master);
        (children.len() == 2 && !children.iter().any(processes::Process::is_zombie)).then_some(())
    });
    assert!(settled.is_some(), "{:?}", processes::children(master));
    assert_eq!(server.get("/").expect("an answer").status, 200);
    stop(server, master);
}
