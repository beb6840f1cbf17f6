#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use ferricorn_sys::{Access, Listener};

#[test]
fn it_is_removed_on_close_and_on_drop() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    Listener::unix(&path, Access::default()).unwrap().close();
    assert!(!path.exists());
    drop(Listener::unix(&path, Access::default()).unwrap());
    assert!(!path.exists());
}

#[test]
fn it_stays_when_another_program_has_put_its_own_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let old = Listener::unix(&path, Access::default()).unwrap();
    fs::rename(&path, directory.path().join("aside")).unwrap(); // Keeps the inode from being used again.
    let _successor = std::os::unix::net::UnixListener::bind(&path).unwrap();
    old.close();
    assert!(path.exists());
}

#[test]
fn it_stays_when_the_socket_is_handed_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let _descriptor = Listener::unix(&path, Access::default()).unwrap().into_descriptor();
    assert!(path.exists());
}
