#![allow(clippy::unwrap_used, missing_docs)]

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use ferricorn_sys::notify::notify;

fn received(manager: &UnixDatagram) -> String {
    let mut buffer = [0; 100];
    let length = manager.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

#[test]
fn a_state_reaches_the_service_manager() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    notify(path.as_os_str(), "READY=1\nMAINPID=7").unwrap();
    assert_eq!(received(&manager), "READY=1\nMAINPID=7");
    let name = format!("ferricorn-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
    let manager = UnixDatagram::bind_addr(&address).unwrap();
    notify(OsStr::new(&format!("@{name}")), "STOPPING=1").unwrap();
    assert_eq!(received(&manager), "STOPPING=1");
    assert!(notify(OsStr::new("/nonexistent/notify"), "READY=1").is_err());
}
