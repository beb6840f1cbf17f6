//! The file that names the master.

use std::{fs, time::Duration};

use ferricorn_test::turn;
use nix::sys::signal::Signal;

use crate::ferricorn;

#[test]
fn a_pid_file_names_the_master_and_goes_with_it() {
    let _turn = turn::together();
    let builder = ferricorn();
    let path = builder.folder().join("app.pid");
    // Nobody has so high a pid.
    fs::write(&path, "4194305\n").expect("written");
    let server = builder.line("--pid app.pid").serve(1);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), format!("{}\n", server.pid()));
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(5)), 0);
    assert!(!path.exists(), "the pid file is left");
    server.finish();
}

#[test]
fn a_second_master_leaves_the_pid_file_of_the_first_alone() {
    let _turn = turn::together();
    let builder = ferricorn().expect_error("Already running on PID");
    let path = builder.folder().join("app.pid");
    let other = format!("{}\n", std::process::id());
    fs::write(&path, &other).expect("written");
    let server = builder.args(["--pid".as_ref(), path.as_os_str()]).start();
    assert_eq!(server.wait_exit(Duration::from_secs(15)).code(), 1);
    let text = format!("Already running on PID {} (or pid file '{}' is stale)", other.trim(), path.display());
    assert_eq!(server.log().count(&text), 1);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), other);
    server.finish();
}

#[test]
fn a_pid_file_that_cannot_be_written_ends_the_start() {
    let _turn = turn::together();
    let server = ferricorn().line("--pid no/app.pid").expect_error("cannot write the pid file").start();
    assert_eq!(server.wait_exit(Duration::from_secs(15)).code(), 1);
    server.finish();
}

#[test]
fn a_second_instance_says_who_is_the_first_and_the_first_is_unaffected() {
    let _turn = turn::together();
    let builder = ferricorn().no_bind();
    let (socket, pid_file) = (builder.folder().join("app.sock"), builder.folder().join("app.pid"));
    let bind = format!("unix:{}", socket.display());
    let first = builder.args(["--bind", &bind, "--pid", "app.pid"]).line("--workers 2").serve(2);
    let (workers, pid) = (first.workers(), first.pid());
    let file = pid_file.to_str().expect("its name is text");
    // The same pid file, and an address of its own; then the same socket, and no pid file.
    let by_pid_file = ferricorn().args(["--pid", file]);
    let by_socket = ferricorn().no_bind().args(["--bind", &bind]);
    let already = format!("Already running on PID {pid} (or pid file '{file}' is stale)");
    for (second, text) in [(by_pid_file, already), (by_socket, format!("(held by pid {pid}, `ferricorn`)"))] {
        let second = second.expect_error("").start();
        assert_eq!(second.wait_exit(Duration::from_secs(15)).code(), 1);
        assert!(second.log().count(&text) >= 1, "no line says `{text}`:\n{}", second.log().transcript());
        second.finish();
        assert_eq!(first.get("/").expect("an answer").status, 200);
        assert_eq!(first.workers(), workers);
        assert_eq!(fs::read_to_string(&pid_file).expect("it is there"), format!("{pid}\n"));
    }
    first.finish();
    assert!(!socket.exists() && !pid_file.exists(), "it left its files behind");
}
