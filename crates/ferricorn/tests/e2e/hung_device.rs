//! Workers that wait for a file system that does not answer: no signal reaches them, not even SIGKILL.

use std::{fs, time::Duration};

use ferricorn_test::{Connection, HungMount, PATIENCE, Server, eventually, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Lets one worker look at the mount; gives the connection that waits for the answer.
fn look(server: &Server, id: usize) -> Connection {
    let mut connection = server.connect();
    let request = format!("GET /look?at=hung&id=look-{id} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.send(request.as_bytes()).expect("sent");
    eventually(PATIENCE, "it looks", || server.ledger().count("start") == id);
    connection
}

fn mount(server: &Server) -> Option<HungMount> {
    fs::create_dir(server.path("hung")).expect("the run's folder can be written");
    HungMount::new(&server.path("hung"))
}

#[test]
fn a_worker_that_cannot_be_killed_is_replaced_told_of_and_not_waited_for() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --timeout 2").expect_error("").serve(2);
    let Some(mount) = mount(&server) else { return server.finish() };
    let waiting = look(&server, 1);
    let stuck = server.ledger().pids("start")[0];
    server.wait_for_line("it is waiting for a device or a file system in ", PATIENCE);
    server.wait_for_line(&format!("WORKER TIMEOUT (pid:{stuck})"), PATIENCE);
    server.wait_for_ready(3);
    let line = server.wait_for_line("Worker was killed but has not exited", PATIENCE).text;
    assert!(line.contains("(state D)") && line.contains(&stuck.to_string()), "{line}");
    for _ in 0..10 {
        let answer = server.get("/").expect("the others serve");
        assert_ne!(answer.header("x-worker"), Some(&*stuck.to_string()));
    }
    assert!(processes::alive(stuck) && server.workers().len() == 3, "{:?}", server.workers());
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(10)), 0, "it is not waited for");
    assert!(processes::alive(stuck), "it went by itself: the test tests nothing");
    drop((mount, waiting));
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_killed_worker_that_comes_free_is_waited_for_and_its_death_told() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --timeout 2").expect_error("").serve(2);
    let Some(mount) = mount(&server) else { return server.finish() };
    let waiting = look(&server, 1);
    server.wait_for_line("Worker was killed but has not exited", PATIENCE);
    drop((mount, waiting));
    let line = server.wait_for_line(" cause=", PATIENCE).text;
    assert!(line.contains("cause=timeout ") && line.contains("was sent SIGKILL!"), "{line}");
    server.wait_for_workers(2, PATIENCE);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn workers_that_all_wait_for_one_file_system_get_time_and_go_on_when_it_answers() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --timeout 3").serve(2);
    let workers = server.workers();
    let Some(mount) = mount(&server) else { return server.finish() };
    let mut waiting = [look(&server, 1), look(&server, 2)];
    server.wait_for_line("blocked at once by a device or a file system; extending their timeout", PATIENCE);
    drop(mount);
    for connection in &mut waiting {
        assert_eq!(connection.receive().expect("an answer at last").status, 200);
    }
    server.wait_for_count("was suspended here:", 2, PATIENCE);
    server.wait_for_line(" in answer", PATIENCE);
    assert_eq!(server.workers(), workers);
    assert_eq!(server.log().count("WORKER TIMEOUT"), 0);
    server.finish();
}
