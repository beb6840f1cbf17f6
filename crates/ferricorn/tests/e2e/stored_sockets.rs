//! A service manager that keeps the sockets, as systemd does with a `.socket` unit or its store of descriptors: the test
//! plays it, holding the socket and starting one master after the other with it.

use std::{net::TcpListener, os::fd::OwnedFd, time::Instant};

use ferricorn_test::{Address, Load, PATIENCE, Server, Verdict, eventually, load::Reuse, turn};

use crate::{ferricorn, sockets::HAND_IN_AS_SYSTEMD};

fn start_with(socket: &TcpListener) -> Server {
    let copy = OwnedFd::from(socket.try_clone().expect("a descriptor"));
    ferricorn()
        .no_bind()
        .wrapped(&["/bin/sh", "-c", HAND_IN_AS_SYSTEMD])
        .stdin(copy)
        .line("--workers 2 --listen early")
        .serve(2)
}

#[test]
fn when_the_master_is_killed_the_next_one_serves_from_the_stored_socket_and_nobody_is_refused() {
    let _turn = turn::alone();
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("an address").port();
    let mut first = start_with(&socket);
    assert_eq!(first.address(), Address::parse(&format!("http://127.0.0.1:{port}")));
    // Every connection is a new one: what a killed master's workers still had open is another test's matter.
    let load = Load::on(&first.address()).reuse(Reuse::PerRequest).limit(PATIENCE).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 100);
    first.kill_master();
    first.wait_nobody_left(PATIENCE);
    // Nobody serves, and the port is open: this waits in its queue.
    let asked = Instant::now();
    let waiting = std::thread::spawn({
        let address = first.address();
        move || ferricorn_test::http::get(&address, "/")
    });
    let second = start_with(&socket);
    assert_eq!(second.address(), first.address());
    assert_eq!(waiting.join().expect("no panic").expect("an answer").status, 200);
    assert!(asked.elapsed() < PATIENCE);
    let answered = load.answered();
    eventually(PATIENCE, "the load goes on", || load.answered() > answered + 100);
    let tally = load.stop();
    assert_eq!(tally.count(Verdict::Refused), 0, "{tally}");
    tally.assert_nothing_lost();
    // A worker notes the end of a request after its client has the answer.
    eventually(PATIENCE, "no request is unfinished", || {
        first.ledger().unfinished().is_empty() && second.ledger().unfinished().is_empty()
    });
    first.finish();
    second.finish();
}
