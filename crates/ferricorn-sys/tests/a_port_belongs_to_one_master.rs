#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};

use ferricorn_sys::{ListenError, Listener};

fn on_a_free_port() -> (Listener, SocketAddr) {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.socket_address().unwrap();
    (listener, address)
}

#[test]
fn it_is_in_use_before_its_master_listens() {
    let (_booting, address) = on_a_free_port();
    let error = Listener::tcp(address).unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error}");
    assert_eq!(error.errno(), Some(nix::errno::Errno::EADDRINUSE as i32));
}

#[test]
fn clients_are_refused_until_it_listens() {
    let (listener, address) = on_a_free_port();
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    listener.listen(16).unwrap();
    listener.listen(16).unwrap(); // Again: nothing happens.
    TcpStream::connect(address).unwrap();
}

#[test]
fn it_can_be_taken_again_while_old_connections_are_in_time_wait() {
    let (mut listener, address) = on_a_free_port();
    for _restart in 0..3 {
        listener.listen(16).unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        let acceptor = TcpListener::from(listener.into_descriptor());
        drop(acceptor.accept().unwrap()); // Closed by the server first: its side goes to TIME_WAIT.
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        drop((client, acceptor));
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let waiting = format!("0100007F:{:04X} ", address.port());
        assert!(table.lines().any(|line| line.contains(&waiting) && line.contains(" 06 ")), "no TIME_WAIT");
        listener = Listener::tcp(address).unwrap();
    }
}

#[test]
fn an_address_of_another_machine_is_told_apart() {
    let error = Listener::tcp("192.0.2.1:0".parse().unwrap()).unwrap_err(); // TEST-NET-1
    assert!(matches!(error, ListenError::InvalidAddress { .. }), "{error}");
}

#[test]
fn the_wildcards_of_both_families_stand_side_by_side() {
    let v6 = Listener::tcp("[::]:0".parse().unwrap()).unwrap();
    let port = v6.socket_address().unwrap().port();
    let v4 = Listener::tcp(SocketAddr::from(([0, 0, 0, 0], port))).unwrap();
    v6.listen(16).unwrap();
    v4.listen(16).unwrap();
}

#[test]
fn a_dual_stack_socket_serves_ipv4() {
    let both = Listener::tcp_dual_stack("[::]:0".parse().unwrap()).unwrap();
    both.listen(16).unwrap();
    let port = both.socket_address().unwrap().port();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    TcpStream::connect(("::1", port)).unwrap();
}

#[test]
fn a_port_is_shared_by_those_who_all_ask_for_it() {
    let first = Listener::tcp_shared("127.0.0.1:0".parse().unwrap(), false).unwrap();
    let address = first.socket_address().unwrap();
    first.listen(16).unwrap();
    let second = Listener::tcp_shared(address, false).unwrap();
    second.listen(16).unwrap();
    assert!(
        matches!(Listener::tcp(address), Err(ListenError::InUse { .. })),
        "who does not ask has no part in it"
    );
    let both = Listener::tcp_shared("[::]:0".parse().unwrap(), true).unwrap();
    both.listen(16).unwrap();
    let port = both.socket_address().unwrap().port();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
}
