#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};

use ferricorn_sys::{Access, ListenError, Listener};

#[test]
fn a_stale_socket_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    drop(UnixListener::bind(&path).unwrap()); // std leaves the file behind.
    let listener = Listener::unix(&path, Access::default()).unwrap();
    assert_eq!(listener.address(), format!("unix:{}", path.display()));
    listener.listen(16).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_that_is_served_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let _live = UnixListener::bind(&path).unwrap();
    let error = Listener::unix(&path, Access::default()).unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error}");
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_socket_that_is_bound_and_does_not_listen_yet_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app with spaces.sock");
    let _booting = Listener::unix(&path, Access::default()).unwrap();
    let error = Listener::unix(&path, Access::default()).unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error}");
    assert!(path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "precious").unwrap();
    let error = Listener::unix(&path, Access::default()).unwrap_err();
    assert!(matches!(error, ListenError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x".repeat(108));
    let error = Listener::unix(&path, Access::default()).unwrap_err();
    assert!(error.to_string().ends_with("longer than 107 bytes"), "{error}");
}
