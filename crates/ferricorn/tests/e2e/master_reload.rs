//! What a reload changes of the master itself, when the new generation has proven itself and not before: its log, its pid
//! file, and the interpreter that it starts workers with.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ferricorn_test::{Entry, PATIENCE, Server, eventually, free_port, turn};
use nix::sys::signal::Signal;

use super::config_reload::{NOT_RELOADED, change, colour, file, with_file};

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Makes the master say something at DEBUG; it has, if it does, when this returns. `log` counts its lines about SIGUSR1.
fn make_it_talk(server: &Server, log: impl Fn() -> usize) {
    server.signal(Signal::SIGWINCH);
    // Signals that wait together come in any order; the second one comes after the first was handled.
    for _ in 0..2 {
        let before = log();
        server.signal(Signal::SIGUSR1);
        eventually(PATIENCE, "the master has logged a signal", || log() > before);
    }
}

#[test]
fn the_log_of_the_master_changes_with_the_reload() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&file(port, 1, "red")).serve(1);
    let new = server.path("new.log");
    change(&server, &(file(port, 1, "blue") + "loglevel = 'debug'\nerrorlog = 'new.log'\n"));
    server.wait_for_line(&format!("Further log lines go to `{}`", new.display()), PATIENCE);
    eventually(PATIENCE, "the verdict is in the new log", || {
        text(&new).contains("Reloaded: every worker runs generation 2")
    });
    let mark = server.log().lines().len();
    make_it_talk(&server, || text(&new).matches("Handling signal: usr1").count());
    let lines = text(&new);
    let entries: Vec<_> = lines.lines().filter_map(Entry::parse).collect();
    let has = |pid: i32, level: &str, message: &str| {
        entries.iter().any(|it| (it.pid, it.level) == (pid, level) && it.message.starts_with(message))
    };
    assert!(has(server.pid(), "DEBUG", "SIGWINCH ignored"), "{entries:#?}");
    assert!(
        has(server.wait_for_workers(1, PATIENCE)[0], "INFO", "Booting worker with pid: "),
        "{entries:#?}"
    );
    // The next reload takes the level back, and the log to where it was.
    change(&server, &file(port, 1, "green"));
    server.wait_for_line_after(mark, "Reloaded: every worker runs generation 3", PATIENCE);
    make_it_talk(&server, || server.log().count("Handling signal: usr1"));
    assert_eq!(server.log().count("SIGWINCH ignored"), 0);
    assert!(text(&new).contains("Further log lines go to standard error"));
    server.finish();
}

#[test]
fn the_form_of_the_log_and_statsd_change_with_the_reload() {
    let _turn = turn::together();
    let port = free_port();
    let statsd = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    statsd.set_read_timeout(Some(PATIENCE)).expect("it can wait");
    let daemon = statsd.local_addr().expect("bound").port();
    let server = with_file(&file(port, 1, "red")).expect_stranger("{").serve(1);
    let settings = format!("log_format = 'json'\nstatsd_host = '127.0.0.1:{daemon}'\n");
    change(&server, &(file(port, 2, "blue") + &settings));
    server.wait_for_line("\"message\":\"Reloaded: every worker runs generation 2\"", PATIENCE);
    let mut buffer = [0; 200];
    loop {
        let length = statsd.recv(&mut buffer).expect("the number of workers is told");
        if buffer[..length].starts_with(b"gunicorn.workers:") {
            break;
        }
    }
    server.finish();
}

#[test]
fn the_pid_file_moves_with_the_reload() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&(file(port, 1, "red") + "pidfile = 'old.pid'\n")).serve(1);
    let (old, new) = (server.path("old.pid"), server.path("new.pid"));
    let own = format!("{}\n", server.pid());
    assert_eq!(text(&old), own);
    change(&server, &(file(port, 1, "blue") + "pidfile = 'new.pid'\n"));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    assert_eq!((old.exists(), text(&new)), (false, own.clone()));
    // It is written anew where it was removed.
    fs::remove_file(&new).expect("it is there");
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    assert_eq!(text(&new), own);
    change(&server, &file(port, 1, "green"));
    server.wait_for_line("Reloaded: every worker runs generation 4", PATIENCE);
    assert!(!new.exists(), "nobody wants it any more");
    server.finish();
}

#[test]
fn a_rejected_reload_changes_nothing_of_the_master() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&(file(port, 1, "red") + "pidfile = 'old.pid'\n")).expect_error("").serve(1);
    let settings = "loglevel = 'debug'\nerrorlog = 'new.log'\npidfile = 'new.pid'\nraw_env = ['BROKEN=1']\n";
    change(&server, &(file(port, 1, "blue") + settings));
    server.wait_for_line("Reload rejected: generation 2 does not work", PATIENCE);
    make_it_talk(&server, || server.log().count("Handling signal: usr1"));
    assert_eq!(server.log().count("SIGWINCH ignored"), 0, "the level is the old one");
    let lines = text(&server.path("new.log"));
    let entries: Vec<_> = lines.lines().filter_map(Entry::parse).collect();
    assert!(entries.iter().all(|entry| entry.pid != server.pid()), "{entries:#?}");
    assert_eq!(text(&server.path("old.pid")), format!("{}\n", server.pid()));
    assert!(!pid_files(&server).contains(&server.path("new.pid")), "{:?}", pid_files(&server));
    assert_eq!(pid_files(&server).len(), 1, "{:?}", pid_files(&server));
    server.finish();
}

fn pid_files(server: &Server) -> Vec<PathBuf> {
    let folder = fs::read_dir(server.path("")).expect("the run's folder");
    let paths = folder.map(|entry| entry.expect("readable").path());
    paths.filter(|path| path.to_string_lossy().contains(".pid")).collect()
}

#[test]
fn what_the_master_cannot_have_is_one_error_and_changes_nothing() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&file(port, 1, "red")).expect_error(NOT_RELOADED).serve(1);
    fs::write(server.path("taken.pid"), "1\n").expect("written");
    let before = (server.workers(), server.descriptors());
    for (bad, told) in [
        ("errorlog = 'no/new.log'\n", "new.log` isn't writable: "),
        ("pidfile = 'no/new.pid'\n", "cannot write the pid file `"),
        ("pidfile = 'taken.pid'\n", "Already running on PID 1 (or pid file '"),
        ("python = '/no/python'\n", "the Python that is to be used, `/no/python`, is not an executable file"),
    ] {
        let mark = server.log().lines().len();
        change(&server, &(file(port, 1, "blue") + bad));
        let line = server.wait_for_line_after(mark, NOT_RELOADED, PATIENCE);
        assert!(line.text.contains(told), "{line:?}");
    }
    assert_eq!((server.log().count(NOT_RELOADED), colour(port).as_deref()), (4, Some("red")));
    assert_eq!(server.workers(), before.0);
    server.wait_for_descriptors(&before.1, PATIENCE);
    server.finish();
}

#[test]
fn another_interpreter_runs_the_new_generation() {
    let _turn = turn::together();
    let port = free_port();
    let builder = with_file(&format!("bind = '127.0.0.1:{port}'\n"));
    let interpreter = builder.folder().join("other-python");
    let script = format!("#!/bin/sh\nCOLOUR=other exec {} \"$@\"\n", ferricorn_test::python().display());
    fs::write(&interpreter, script).expect("written");
    fs::set_permissions(&interpreter, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let server = builder.serve(1);
    assert_eq!(colour(port).as_deref(), Some("-"));
    change(&server, &format!("bind = '127.0.0.1:{port}'\nworkers = 2\npython = './other-python'\n"));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    server.wait_for_workers(2, PATIENCE);
    assert_eq!(colour(port).as_deref(), Some("other"));
    change(&server, &format!("bind = '127.0.0.1:{port}'\nworkers = 1\n"));
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    assert_eq!(colour(port).as_deref(), Some("-"));
    server.finish();
}
