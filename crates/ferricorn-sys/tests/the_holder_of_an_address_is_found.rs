#![allow(clippy::unwrap_used, missing_docs)]

use std::net::{SocketAddr, TcpStream};

use ferricorn_sys::holder::{tcp_holder, unix_holder};
use ferricorn_sys::{Access, Listener};

fn own_pid() -> i32 {
    i32::try_from(ferricorn_sys::pid()).unwrap()
}

#[test]
fn of_a_port_by_its_own_and_by_the_wildcard_address() {
    for held in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        let listener = Listener::tcp(held.parse().unwrap()).unwrap();
        listener.listen(16).unwrap();
        let address = listener.socket_address().unwrap();
        let any: SocketAddr = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }.parse().unwrap();
        for wanted in [address, SocketAddr::new(any.ip(), address.port())] {
            let holder = tcp_holder(wanted).unwrap_or_else(|| panic!("{wanted}"));
            assert_eq!(holder.pid, own_pid());
            assert!(!holder.name.is_empty());
        }
        drop(listener);
        assert_eq!(tcp_holder(address), None);
    }
}

#[test]
fn of_a_port_that_a_client_happens_to_use() {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(16).unwrap();
    let client = TcpStream::connect(listener.socket_address().unwrap()).unwrap();
    assert_eq!(tcp_holder(client.local_addr().unwrap()).unwrap().pid, own_pid());
}

#[test]
fn of_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let _listener = Listener::unix(&path, Access::default()).unwrap();
    assert_eq!(unix_holder(&path).unwrap().pid, own_pid());
    assert_eq!(unix_holder(&directory.path().join("other.sock")), None);
}
