#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, RawFd};

use ferricorn_sys::channel::{handoff_pair, pair, receive, send, send_with};
use ferricorn_sys::inherit;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

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
fn descriptors_come_with_their_packet_and_are_copies() {
    let (master, worker) = pair().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    send_with(&master, b"serve", &[writer.as_raw_fd()]).unwrap();
    drop(writer);
    let (mut buffer, mut space) = ([0; 16], nix::cmsg_space!([RawFd; 2]));
    let mut message = [IoSliceMut::new(&mut buffer)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(worker.as_raw_fd(), &mut message, Some(&mut space), flags).unwrap();
    let descriptors: Vec<_> = received.cmsgs().unwrap().collect();
    let [ControlMessageOwned::ScmRights(numbers)] = &descriptors[..] else { panic!("{descriptors:?}") };
    let numbers = numbers.clone();
    assert_eq!(received.bytes, 5);
    let mut copy = std::fs::File::from(inherit::descriptor(numbers[0]).unwrap());
    copy.write_all(b"hello").unwrap();
    drop(copy);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    let refused = send_with(&master, b"serve", &vec![master.as_raw_fd(); 254]);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
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
