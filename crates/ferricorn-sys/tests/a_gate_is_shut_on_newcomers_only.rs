#![allow(unsafe_code, clippy::unwrap_used, missing_docs)] // Sockets that std does not make.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::mem::size_of_val;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use ferricorn_sys::{Access, Listener};

/// The process that accepts has a copy of the socket, as a worker has.
fn copy(listener: &Listener) -> OwnedFd {
    listener.as_fd().try_clone_to_owned().unwrap()
}

fn addresses() -> impl Iterator<Item = Listener> {
    let v4 = Listener::tcp("127.0.0.1:0".parse().unwrap());
    let v6 =
        Listener::tcp("[::1]:0".parse().unwrap()).or_else(|_| Listener::tcp("127.0.0.2:0".parse().unwrap()));
    let both = Listener::tcp_dual_stack("[::]:0".parse().unwrap())
        .or_else(|_| Listener::tcp("0.0.0.0:0".parse().unwrap()));
    [v4, v6, both].into_iter().map(Result::unwrap)
}

/// Where a client finds it.
fn target(listener: &Listener) -> SocketAddr {
    let mut address = listener.socket_address().unwrap();
    if address.ip().is_unspecified() {
        address.set_ip([127, 0, 0, 1].into());
    }
    address
}

#[test]
fn newcomers_are_refused_at_once_and_who_waits_is_still_accepted() {
    for listener in addresses() {
        listener.listen(16).unwrap();
        let address = target(&listener);
        let waiting: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
        let copy = TcpListener::from(copy(&listener));
        listener.turn_away().unwrap();
        let refused = || TcpStream::connect_timeout(&address, Duration::from_secs(60)).unwrap_err().kind();
        assert_eq!(refused(), ErrorKind::ConnectionRefused);
        listener.close();
        assert_eq!(refused(), ErrorKind::ConnectionRefused, "also by a copy that somebody else holds");
        for mut client in waiting {
            let (mut accepted, _) = copy.accept().unwrap();
            accepted.write_all(b"hello").unwrap();
            drop(accepted);
            let mut text = String::new();
            client.read_to_string(&mut text).unwrap();
            assert_eq!(text, "hello");
        }
        assert_eq!(copy.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the queue is empty");
    }
}

#[test]
fn a_handshake_under_way_is_finished() {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen(16).unwrap();
    let (mut client, deaf) = begin_handshake(listener.socket_address().unwrap());
    listener.turn_away().unwrap();
    // The kernel says again what the client has not heard, after a second.
    deaf.hear();
    let copy = TcpListener::from(copy(&listener));
    let limit = Instant::now() + Duration::from_secs(60);
    let mut accepted = loop {
        match copy.accept() {
            Ok((accepted, _)) => break accepted,
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < limit => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("the handshake was not finished: {error}"),
        }
    };
    accepted.write_all(b"hello").unwrap();
    drop(accepted);
    let mut text = String::new();
    client.set_nonblocking(false).unwrap();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn a_unix_socket_refuses_newcomers_and_gives_its_queue_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = Listener::unix(&path, Access::default()).unwrap();
    listener.listen(16).unwrap();
    let waiting: Vec<_> = (0..3).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let copy = UnixListener::from(copy(&listener));
    listener.turn_away().unwrap();
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    for mut client in waiting {
        copy.accept().unwrap().0.write_all(b"hello").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }
    assert_eq!(copy.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the queue is empty");
}

#[test]
fn what_another_program_has_as_well_is_left_alone() {
    let theirs = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = OwnedFd::from(theirs.try_clone().unwrap());
    let listener = Listener::inherited(std::os::fd::IntoRawFd::into_raw_fd(number)).unwrap();
    listener.turn_away().unwrap();
    listener.close();
    let client = TcpStream::connect(theirs.local_addr().unwrap());
    assert!(client.is_ok(), "{client:?}");
}

#[test]
fn another_program_on_the_same_port_gets_every_newcomer() {
    let ours = Listener::tcp_shared("127.0.0.1:0".parse().unwrap(), false).unwrap();
    ours.listen(64).unwrap();
    let address = ours.socket_address().unwrap();
    let theirs = Listener::tcp_shared(address, false).unwrap();
    theirs.listen(64).unwrap();
    ours.turn_away().unwrap();
    // Some of them fall to the socket that does not hear them, and ask again after a second: it is closed by then.
    let clients: Vec<_> = (0..16).map(|_| begin(new_socket(), address)).collect();
    let nobody = TcpListener::from(copy(&ours)).accept();
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::WouldBlock);
    ours.close();
    let limit = Instant::now() + Duration::from_secs(60);
    for client in clients {
        while client.peer_addr().is_err() {
            assert!(Instant::now() < limit && client.take_error().unwrap().is_none(), "{client:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A client that does not hear the answer to its first word.
struct Deaf(OwnedFd);

impl Deaf {
    fn hear(&self) {
        option(&self.0, libc::SO_DETACH_FILTER, &0_i32);
    }
}

fn option<T>(socket: &OwnedFd, name: libc::c_int, value: &T) {
    let length = libc::socklen_t::try_from(size_of_val(value)).unwrap();
    // SAFETY: the value outlives the call, and its length is its own.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, std::ptr::from_ref(value).cast(), length)
    };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

fn begin_handshake(address: SocketAddr) -> (TcpStream, Deaf) {
    let socket = new_socket();
    let code = u16::try_from(libc::BPF_RET | libc::BPF_K).unwrap();
    let mut nothing = [libc::sock_filter { code, jt: 0, jf: 0, k: 0 }];
    option(&socket, libc::SO_ATTACH_FILTER, &libc::sock_fprog { len: 1, filter: nothing.as_mut_ptr() });
    let deaf = Deaf(socket.try_clone().unwrap());
    (begin(socket, address), deaf)
}

fn new_socket() -> OwnedFd {
    // SAFETY: a system call on numbers; the descriptor is new and ours.
    unsafe { OwnedFd::from_raw_fd(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0)) }
}

/// Says the first word, and does not wait for an answer.
fn begin(socket: OwnedFd, address: SocketAddr) -> TcpStream {
    let stream = TcpStream::from(socket);
    stream.set_nonblocking(true).unwrap();
    let storage = nix::sys::socket::SockaddrStorage::from(address);
    let begun = nix::sys::socket::connect(stream.as_raw_fd(), &storage);
    assert_eq!(begun, Err(nix::errno::Errno::EINPROGRESS));
    stream
}
