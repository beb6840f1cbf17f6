//! Upgrades of a service whose workers are forked: the new master makes a template of its own, and nothing is lost.

use std::path::Path;

use ferricorn_test::{Deployed, Mix, PATIENCE, Planned, eventually, processes, turn};
use nix::sys::signal::Signal;

use super::{lines, template};
use crate::{
    PROGRAM, ferricorn,
    pid1::{master, namespace},
};

#[test]
fn a_new_program_beside_the_old_one_has_a_template_of_its_own_and_loses_nothing() {
    let _turn = turn::alone();
    let server = ferricorn().line("--preload --workers 2 --reload-probation 0.1").serve(2);
    let load = Mix::of_everything(&server.address(), 40.0).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    for _ in 0..2 {
        let old_template = template(&server);
        Planned::Upgrade.let_happen(&server);
        assert!(!processes::alive(old_template), "its template has gone with it");
        let own = template(&server);
        let children: Vec<_> = processes::children(server.master()).iter().map(|it| it.pid).collect();
        assert!(own != old_template && children.len() == 3 && children.contains(&own), "{own} {children:?}");
    }
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    assert_eq!(lines(&server, "spawned plainly"), [""; 0]);
    server.finish();
}

#[test]
fn a_program_that_takes_its_own_place_makes_its_template_anew_and_loses_nothing() {
    let _turn = turn::alone();
    let Some(namespace) = namespace() else { return };
    let builder = ferricorn().linked().wrapped(namespace);
    let server = builder.line("--preload --workers 2 --reload-probation 0").serve(2);
    let master = master(&server);
    let load = Mix::of_everything(&server.address(), 40.0).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    for round in 2..=3 {
        let mark = server.log().mark();
        server.deploy(Deployed::Program(Path::new(PROGRAM)));
        processes::signal(master, Signal::SIGUSR2);
        server.wait_for_line_after(mark, "in its place", PATIENCE);
        server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
        server.wait_for_count("Template ready (pid: ", round, PATIENCE);
    }
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    eventually(PATIENCE, "two workers and a template", || processes::children(master).len() == 3);
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn a_new_program_whose_application_is_broken_leaves_the_old_template_in_service() {
    let _turn = turn::alone();
    let builder = ferricorn().linked().line("--preload --workers 2 --reload-probation 0.1");
    let server = builder.expect_error("").serve(2);
    let (mark, master, before) = (server.log().mark(), server.pid(), template(&server));
    server.write_app("raise ValueError('broken')\n");
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    server.signal(Signal::SIGUSR2);
    let line = server.wait_for_line_after(mark, "Upgrade failed, nothing has changed: ", PATIENCE).text;
    assert!(line.contains("exited with code 3"), "{line}");
    assert_eq!(lines(&server, "Worker failed to boot. ValueError: broken").len(), 1);
    assert!(processes::alive(master) && processes::alive(before));
    // The old code is still forked, whatever is on disk.
    let victim = server.workers().into_iter().find(|pid| *pid != before).expect("a worker");
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_ready(3);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}
