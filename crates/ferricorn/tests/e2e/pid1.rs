//! The master as PID 1 of a PID namespace, as in a container without an init.

use std::{process::Command, time::Duration};

use ferricorn_test::{PATIENCE, Server, eventually, ledger, processes, turn, within};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// The words that make a new PID namespace: as root, or as a user who may make user namespaces. Where neither is possible
/// the test is skipped.
pub(crate) fn namespace() -> Option<&'static [&'static str]> {
    const AS_ROOT: &[&str] = &["unshare", "--pid", "--fork", "--mount-proc"];
    const AS_USER: &[&str] = &["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let works = |words: &[&str]| {
        Command::new(words[0])
            .args(&words[1..])
            .arg("true")
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let found = [AS_ROOT, AS_USER].into_iter().find(|words| works(words));
    if found.is_none() {
        ferricorn_test::skip("`unshare`, and either root or user namespaces");
    }
    found
}

/// The ledger application; each request leaves a process behind that has lost its parent.
fn forking_app() -> String {
    let line = "    note(\"start\", request)\n";
    assert!(ledger::APP.contains(line), "the ledger notes the start of a request in another way now");
    let fork = "    if scope[\"type\"] == \"http\":\n        if os.fork() == 0:\n            if os.fork() == 0:\n                \
                time.sleep(0.2)\n            os._exit(0)\n        os.wait()\n";
    ledger::APP.replace(line, &format!("{line}{fork}"))
}

pub(crate) fn master(server: &Server) -> i32 {
    let found = within(Duration::from_secs(5), || Some(processes::children(server.pid()).first()?.pid));
    found.expect("unshare has started the program")
}

#[test]
fn pid_1_waits_for_orphans_and_stops_on_term() {
    let _turn = turn::together();
    let Some(namespace) = namespace() else { return };
    let server = ferricorn().app(&forking_app()).wrapped(namespace).line("--workers 2").serve(2);
    let master = master(&server);
    assert!(server.wait_for_line("Listening at: ", PATIENCE).text.ends_with("(1)"), "it is PID 1");
    for _ in 0..20 {
        assert_eq!(server.get("/").expect("an answer").status, 200);
    }
    let seen = within(Duration::from_secs(2), || (processes::children(master).len() > 2).then_some(()));
    assert!(seen.is_some(), "no orphan ever came to PID 1: the test tests nothing");
    eventually(PATIENCE, "PID 1 has its two workers only", || processes::children(master).len() == 2);
    assert!(!processes::children(master).iter().any(processes::Process::is_zombie));
    assert_eq!(server.log().count("Worker ready"), 2, "no orphan was taken for a worker");
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    server.finish();
}

#[test]
fn pid_1_replaces_a_killed_worker() {
    let _turn = turn::together();
    let Some(namespace) = namespace() else { return };
    let server =
        ferricorn().wrapped(namespace).line("--workers 2").expect_error("was sent SIGKILL!").serve(2);
    let master = master(&server);
    let victim = processes::children(master)[0].pid;
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_ready(3);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    server.finish();
}
