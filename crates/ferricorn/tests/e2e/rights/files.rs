//! Files that workers of another user have to write, and sockets that they are to be reached by.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use ferricorn_test::{Address, PATIENCE, eventually, http, turn};
use nix::sys::signal::Signal;

use super::{for_nobody, owner, status};
use crate::ferricorn;

#[test]
fn log_files_in_a_folder_of_roots_are_written_and_opened_anew() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let line = "-u 65534 -g 65534 --workers 2 --access-logfile access.log --error-logfile error.log --pid app.pid --log-level debug";
    let server = builder.line(line).no_bind().line("--bind unix:app.sock").start();
    let files = ["access.log", "error.log"].map(|name| server.path(name));
    let address = Address::Unix(server.path("app.sock"));
    let holds = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|log| log.contains(text));
    let ask = || http::get(&address, "/").expect("an answer").status;
    eventually(PATIENCE, "it listens", || holds(&files[1], "Listening at"));
    for round in 0..2 {
        assert_eq!(ask(), 200);
        eventually(PATIENCE, "the request is in the log", || holds(&files[0], "GET / HTTP/1.1"));
        assert!(round == 1 || holds(&files[1], "Booting worker with pid"), "the workers' own lines");
        assert_eq!(files.each_ref().map(|path| owner(path)), [(65_534, 65_534); 2]);
        if round == 0 {
            for path in &files {
                fs::rename(path, path.with_extension("1")).expect("root may");
            }
            server.signal(Signal::SIGUSR1);
            eventually(PATIENCE, "the files are there again", || files.iter().all(|path| path.exists()));
            // The workers are told after the master has opened its own.
            eventually(PATIENCE, "the workers write to the new one", || {
                ask() == 200 && holds(&files[0], "GET / HTTP/1.1")
            });
        }
    }
    server.stop(Signal::SIGTERM, PATIENCE);
    assert!(holds(&files[1], "Worker exiting"), "the workers have opened the error log anew");
    assert!(!holds(&files[1], "ERROR"), "{}", fs::read_to_string(&files[1]).expect("a log"));
    server.finish();
}

#[test]
fn a_standard_stream_can_be_named_as_a_file() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let server = builder.line("-u 65534 -g 65534 --access-logfile /dev/stdout").serve(1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.wait_for_line("GET / HTTP/1.1", PATIENCE);
    server.finish();
}

#[test]
fn a_unix_socket_is_open_to_everybody_unless_the_umask_says_otherwise() {
    let _turn = turn::together();
    for (line, mode) in [("", 0o777), ("--umask 0o007", 0o770), ("-m 18", 0o755)] {
        let server = ferricorn().no_bind().line("--bind unix:app.sock").line(line).serve(1);
        let path = server.path("app.sock");
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, mode, "{line}");
        assert_eq!(http::get(&Address::Unix(path), "/").expect("an answer").status, 200);
        let (master, worker) = (server.pid(), server.workers()[0]);
        assert_eq!(status(worker, "Umask:"), status(master, "Umask:"), "it is for sockets, as in gunicorn");
        server.finish();
    }
    let Some(builder) = for_nobody() else { return };
    let server = builder.no_bind().line("--bind unix:app.sock -u 65534 -g 65533 -m 007").serve(1);
    assert_eq!(owner(&server.path("app.sock")), (65_534, 65_533));
    server.finish();
}
