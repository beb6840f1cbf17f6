#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, IntoRawFd as _};

use ferricorn_sys::inherit::{InheritError, systemd_listeners};
use ferricorn_sys::{Bond, Exit, SpawnPlan, spawn::spawn};

const INSIDE: &str = "FERRICORN_SYS_TEST_INSIDE";

/// Runs itself again in a process of its own that has only the three standard descriptors: there the next ones are 3
/// and 4, as systemd would number them.
#[test]
fn sockets_are_taken_when_meant_for_us() {
    if std::env::var_os(INSIDE).is_some() {
        return take_over();
    }
    let plan = SpawnPlan {
        name: None,
        bond: Bond::DiesWithUs,
        program: std::env::current_exe().unwrap(),
        arguments: ["--exact", "sockets_are_taken_when_meant_for_us", "--test-threads=1"]
            .map(Into::into)
            .into(),
        environment: vec![(INSIDE.into(), "1".into())],
        directory: None,
        rights: None,
        inherit: vec![],
    };
    let child = spawn(&plan).unwrap();
    assert_eq!(support::exit_of(&child), Exit::Code(0));
}

fn take_over() {
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("http://{}", first.local_addr().unwrap());
    assert_eq!(first.into_raw_fd(), 3);
    assert_eq!(std::fs::File::open("/dev/null").unwrap().into_raw_fd(), 4);
    let own_pid = ferricorn_sys::pid();
    let pid = own_pid.to_string();

    let error = systemd_listeners(Some(&pid), Some("2"), own_pid).unwrap_err();
    assert_eq!(error.to_string(), "file descriptor 4 from systemd cannot be used");
    assert!(std::fs::metadata("/proc/self/fd/4").is_ok(), "what is not ours stays open");

    assert_eq!(
        TcpListener::bind("127.0.0.1:0").unwrap().into_raw_fd(),
        3,
        "the first was taken, then closed"
    );
    let mut taken = systemd_listeners(Some(&pid), Some("1"), own_pid).unwrap();
    let listener = taken.pop().unwrap();
    assert!(taken.is_empty());
    assert_ne!(listener.address(), name);
    assert_eq!(listener.as_raw_fd(), 3);
    assert!(listener.is_listening().unwrap());
    listener.listen(1).unwrap();
    let acceptor = TcpListener::from(listener.into_descriptor());
    assert_eq!(acceptor.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "it is non-blocking");
}

#[test]
fn variables_of_another_process_are_none_of_our_business() {
    assert!(systemd_listeners(None, Some("1"), 7).unwrap().is_empty());
    assert!(systemd_listeners(Some("7"), None, 7).unwrap().is_empty());
    assert!(systemd_listeners(Some("8"), Some("rubbish"), 7).unwrap().is_empty());
}

#[test]
fn rubbish_is_an_error() {
    for (pid, fds) in [("seven", "1"), ("7", "many"), ("7", "-1"), ("7", "99999999999")] {
        let error = systemd_listeners(Some(pid), Some(fds), 7).unwrap_err();
        assert!(matches!(error, InheritError::NotANumber { .. }), "{error}");
    }
}
