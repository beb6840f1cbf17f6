#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{ErrorKind, IoSlice};
use std::os::fd::AsRawFd as _;

use ferricorn_sys::channel::{handoff_pair, pair, receive, send};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

#[test]
fn one_send_is_one_receive_and_death_is_the_end() {
    let (master, worker) = pair().unwrap();
    let mut buffer = [0; 16];
    assert_eq!(receive(&master, &mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    send(&worker, b"one").unwrap();
    send(&worker, b"two!").unwrap();
    assert_eq!(receive(&master, &mut buffer).unwrap(), 3);
    assert_eq!(receive(&master, &mut buffer).unwrap(), 4);
    assert_eq!(&buffer[..4], b"two!");
    drop(worker);
    assert_eq!(receive(&master, &mut buffer).unwrap(), 0);
    assert_eq!(send(&master, b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_packet_longer_than_the_buffer_is_an_error() {
    let (master, worker) = pair().unwrap();
    send(&worker, b"too long").unwrap();
    assert_eq!(receive(&master, &mut [0; 4]).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(send(&worker, b"").unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_last_words_of_a_worker_that_never_read_its_orders_arrive() {
    let (master, worker) = pair().unwrap();
    send(&master, b"an order nobody reads").unwrap();
    send(&worker, b"last words").unwrap();
    drop(worker);
    let mut buffer = [0; 16];
    assert_eq!(receive(&master, &mut buffer).unwrap(), 10);
    assert_eq!(&buffer[..10], b"last words");
    assert_eq!(receive(&master, &mut buffer).unwrap(), 0);
}

#[test]
fn the_handoff_queue_holds_several_hundred_connections() {
    let (sender, _receiver) = handoff_pair().unwrap();
    let connection = std::fs::File::open("/dev/null").unwrap();
    let descriptors = [connection.as_raw_fd()];
    let mut sent = 0;
    let error = loop {
        let packet = [IoSlice::new(b"connection")];
        let rights = [ControlMessage::ScmRights(&descriptors)];
        match sendmsg::<()>(sender.as_raw_fd(), &packet, &rights, MsgFlags::MSG_NOSIGNAL, None) {
            Ok(_) if sent < 1000 => sent += 1,
            Ok(_) => break None,
            Err(errno) => break Some(errno),
        }
    };
    assert!(sent >= 300, "only {sent}");
    // A full queue says so; the other error is the limit on descriptors in flight (RLIMIT_NOFILE).
    assert!(matches!(error, None | Some(Errno::EAGAIN | Errno::ETOOMANYREFS)), "{error:?} after {sent}");
}
