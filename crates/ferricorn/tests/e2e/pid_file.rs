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
