#![allow(clippy::unwrap_used, missing_docs)]

use std::net::TcpStream;

use ferricorn_sys::{Access, Listener};

#[test]
fn connections_that_wait_are_counted() {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(16).unwrap();
    assert_eq!(listener.waiting(), Some(0));
    let address = listener.socket_address().unwrap();
    let waiting: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(listener.waiting(), Some(3));
    drop(waiting);
    let folder = tempfile::tempdir().unwrap();
    let unix = Listener::unix(&folder.path().join("socket"), Access::default()).unwrap();
    assert_eq!(unix.waiting(), None, "the kernel does not tell");
}
