//! HUP reads the configuration first: what it says takes effect when the new generation has proven itself, and a bad one
//! changes nothing. What a reload changes of the master itself is in [`super::master_reload`].

use std::{fs, net::TcpListener, os::fd::AsRawFd as _};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, free_port, http, turn};
use nix::sys::{
    signal::Signal,
    socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, setsockopt,
        socket, sockopt::ReuseAddr,
    },
};

use crate::ferricorn;

/// Answers with a variable and the number of workers that the file asked for.
const APP: &str = "\
import asyncio
import os

async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            message = await receive()
            while os.environ.get('WAITS') and not os.path.exists('go'):
                await asyncio.sleep(0.01)
            if message['type'] == 'lifespan.startup' and os.environ.get('BROKEN'):
                await send({'type': 'lifespan.startup.failed', 'message': 'broken on purpose'})
                return
            await send({'type': message['type'] + '.complete'})
            if message['type'] == 'lifespan.shutdown':
                return
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': os.environ.get('COLOUR', '-').encode()})
";

pub(crate) const NOT_RELOADED: &str = "Not reloaded, nothing changes: ";

pub(crate) fn with_file(text: &str) -> Builder {
    let builder = ferricorn().app(APP).no_bind().line("--reload-probation 0");
    fs::write(builder.folder().join("gunicorn.conf.py"), text).expect("the run's folder can be written");
    builder
}

pub(crate) fn change(server: &Server, text: &str) {
    fs::write(server.path("gunicorn.conf.py"), text).expect("the run's folder can be written");
    server.signal(Signal::SIGHUP);
}

pub(crate) fn file(port: u16, workers: usize, colour: &str) -> String {
    format!("bind = '127.0.0.1:{port}'\nworkers = {workers}\nraw_env = ['COLOUR={colour}']\n")
}

pub(crate) fn colour(port: u16) -> Option<String> {
    let address = http::Address::parse(&format!("http://127.0.0.1:{port}"));
    let response = http::get(&address, "/").ok()?;
    Some(String::from_utf8_lossy(&response.body).into_owned())
}

#[test]
fn a_changed_file_takes_effect() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&file(port, 1, "red")).serve(1);
    assert_eq!(colour(port).as_deref(), Some("red"));
    change(&server, &file(port, 2, "blue"));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    server.wait_for_workers(2, PATIENCE);
    assert_eq!(colour(port).as_deref(), Some("blue"));
    // The scale that the file gives counts from then on.
    change(&server, &file(port, 1, "green"));
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    server.wait_for_workers(1, PATIENCE);
    assert_eq!(colour(port).as_deref(), Some("green"));
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing() {
    let _turn = turn::together();
    let port = free_port();
    let server = with_file(&file(port, 1, "red")).expect_error(NOT_RELOADED).expect_error("").serve(1);
    let before = server.workers();
    for (bad, told) in [
        ("workers = 1 / 0\n", "ZeroDivisionError: division by zero"),
        ("workers = 'many'\n", "invalid value `many` for `workers` in `gunicorn.conf.py:1`"),
        ("import os\nos._exit(9)\n", "Python ended without an answer (exit code 9)"),
    ] {
        let mark = server.log().lines().len();
        change(&server, bad);
        server.wait_for_line_after(mark, NOT_RELOADED, PATIENCE);
        server.wait_for_line_after(mark, told, PATIENCE);
    }
    assert_eq!(server.log().count(NOT_RELOADED), 3, "one error for each");
    assert_eq!((server.workers(), colour(port).as_deref()), (before, Some("red")));
    change(&server, &file(port, 1, "blue"));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    assert_eq!(colour(port).as_deref(), Some("blue"));
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn another_address_is_opened_before_the_old_one_closes() {
    let _turn = turn::together();
    let (old, new) = (free_port(), free_port());
    let server = with_file(&file(old, 1, "red")).serve(1);
    change(&server, &file(new, 1, "blue"));
    eventually(PATIENCE, "one of the two answers at any time, and the new one in the end", || {
        // In this order: when the old one is closed, the new one has been open before.
        let old = colour(old);
        let new = colour(new);
        assert!(new.is_some() || old.is_some(), "neither answers");
        new.as_deref() == Some("blue")
    });
    server.wait_for_line(&format!("Listening at: http://127.0.0.1:{new} "), PATIENCE);
    eventually(PATIENCE, "the old address closes", || TcpListener::bind(("127.0.0.1", old)).is_ok());
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn an_address_in_use_or_a_generation_that_fails_leaves_the_old_one() {
    let _turn = turn::together();
    let (old, new) = (free_port(), free_port());
    let taken = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
    let taken_port = taken.local_addr().expect("a bound socket has an address").port();
    let server = with_file(&file(old, 1, "red")).expect_error("").serve(1);
    change(&server, &file(taken_port, 1, "blue"));
    server.wait_for_line(&format!("{NOT_RELOADED}Connection in use: ('127.0.0.1', {taken_port})"), PATIENCE);
    let baseline = server.descriptors();

    change(&server, &(file(new, 1, "blue") + "raw_env = ['BROKEN=1']\n"));
    server.wait_for_line("Reload rejected: generation 2 does not work", PATIENCE);
    assert_eq!(colour(old).as_deref(), Some("red"));
    eventually(PATIENCE, "the new address is free again", || TcpListener::bind(("127.0.0.1", new)).is_ok());
    server.wait_for_descriptors(&baseline, PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_new_address_that_cannot_listen_leaves_the_old_one() {
    let _turn = turn::together();
    let old = free_port();
    // As long as neither of the two listens, Linux lets both have the address.
    let other =
        socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    setsockopt(&other, ReuseAddr, &true).expect("a new socket takes options");
    bind(other.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).expect("the system has a free port");
    let name: SockaddrIn = getsockname(other.as_raw_fd()).expect("a bound socket has an address");
    let new = name.port();
    let server = with_file(&file(old, 1, "red")).expect_error("").serve(1);
    let before = server.workers();
    change(&server, &(file(new, 1, "blue") + "raw_env = ['COLOUR=blue', 'WAITS=1']\n"));
    server.wait_for_line("Reloading: starting generation 2", PATIENCE);
    listen(&other, Backlog::new(8).expect("a small number")).expect("it is the first that listens");
    fs::write(server.path("go"), "").expect("the run's folder can be written");
    server.wait_for_line(&format!("cannot listen on http://127.0.0.1:{new}: "), PATIENCE);
    server.wait_for_line("Reload rejected: generation 2 does not work", PATIENCE);
    eventually(PATIENCE, "only the old worker is left", || server.workers() == before);
    assert_eq!(colour(old).as_deref(), Some("red"));
    drop(other);
    change(&server, &file(new, 1, "green"));
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    assert_eq!(colour(new).as_deref(), Some("green"));
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_stop_does_not_wait_for_a_file_that_is_being_executed() {
    let _turn = turn::together();
    let server = with_file(&file(free_port(), 1, "red")).serve(1);
    change(&server, "import time\nopen('executing', 'w').close()\ntime.sleep(100000)\n");
    eventually(PATIENCE, "the file is being executed", || server.path("executing").exists());
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(server.log().count("Reload"), 0);
    server.finish();
}
