//! Sockets: every kind of address, and addresses that somebody else has.

use std::{
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixListener},
    time::Duration,
};

use ferricorn_test::{Address, PATIENCE, Server, free_port, http, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Moves standard input to descriptor 3, as a service manager hands in sockets.
const HAND_IN: &str = "exec 3<&0 </dev/null; exec \"$0\" \"$@\"";
pub(crate) const HAND_IN_AS_SYSTEMD: &str =
    "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"";

fn answers(address: &Address) {
    assert_eq!(http::get(address, "/").expect("an answer").status, 200, "{address:?}");
}

/// Both workers' answers come from the address.
fn serve(line: &str) -> Server {
    ferricorn().no_bind().line(line).line("--workers 2").serve(2)
}

#[test]
fn port_0_takes_a_free_port_and_logs_it() {
    let _turn = turn::together();
    let server = serve("--bind 127.0.0.1:0");
    assert_ne!(server.address().port(), 0);
    answers(&server.address());
    server.finish();
}

#[test]
fn a_unix_socket_serves_and_is_removed_at_the_end() {
    let _turn = turn::together();
    let builder = ferricorn().no_bind();
    let path = builder.folder().join("app.sock");
    let server = builder.args(["--bind", &format!("unix:{}", path.display()), "--workers", "2"]).serve(2);
    assert_eq!(server.address(), Address::Unix(path.clone()));
    answers(&server.address());
    server.stop(Signal::SIGTERM, Duration::from_secs(5));
    assert!(!path.exists(), "the socket's file is left");
    server.finish();
}

#[test]
fn a_stale_unix_socket_is_replaced() {
    let _turn = turn::together();
    let builder = ferricorn().no_bind();
    let path = builder.folder().join("app.sock");
    drop(UnixListener::bind(&path).expect("bound"));
    assert!(path.exists());
    let server = builder.args(["--bind", &format!("unix:{}", path.display())]).serve(1);
    answers(&server.address());
    server.finish();
}

#[test]
fn a_unix_socket_that_somebody_serves_is_left_alone() {
    let _turn = turn::together();
    let builder = ferricorn().no_bind().expect_error("");
    let path = builder.folder().join("app.sock");
    let other = UnixListener::bind(&path).expect("bound");
    let server = builder.args(["--bind", &format!("unix:{}", path.display())]).start();
    assert_eq!(server.wait_exit(PATIENCE).code(), 1);
    assert!(path.exists());
    other.set_nonblocking(true).expect("set");
    assert!(std::os::unix::net::UnixStream::connect(&path).is_ok(), "the other's socket still works");
    server.finish();
}

#[test]
fn an_inherited_socket_is_served_by_its_number() {
    let _turn = turn::together();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = ferricorn()
        .no_bind()
        .wrapped(&["/bin/sh", "-c", HAND_IN])
        .stdin(OwnedFd::from(listener))
        .line("--bind fd://3 --workers 2")
        .serve(2);
    assert_eq!(server.address().port(), port);
    answers(&server.address());
    server.finish();
}

#[test]
fn sockets_of_the_service_manager_come_before_all_binds() {
    let _turn = turn::together();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = ferricorn()
        .wrapped(&["/bin/sh", "-c", HAND_IN_AS_SYSTEMD])
        .stdin(OwnedFd::from(listener))
        .line("--workers 2")
        .serve(2);
    assert_eq!(server.addresses(), [Address::parse(&format!("http://127.0.0.1:{port}"))]);
    answers(&server.address());
    server.finish();
}

#[test]
fn every_one_of_several_binds_is_served() {
    let _turn = turn::together();
    let builder = ferricorn().no_bind();
    let path = builder.folder().join("app.sock");
    let unix = format!("unix:{}", path.display());
    let server =
        builder.args(["-b", "127.0.0.1:0", "-b", "127.0.0.1:0", "-b", &unix, "--workers", "2"]).serve(2);
    let addresses = server.addresses();
    assert_eq!(addresses.len(), 3);
    addresses.iter().for_each(answers);
    server.finish();
}

#[test]
fn ipv6_and_host_names_are_served() {
    let _turn = turn::together();
    let server = serve("--bind localhost:0");
    answers(&server.address());
    server.finish();
    if TcpListener::bind("[::1]:0").is_ok() {
        let server = serve("--bind [::1]:0");
        answers(&server.address());
        server.finish();
    } else {
        // A container without IPv6: the program must say so rather than hang.
        let server = ferricorn().no_bind().line("--bind [::1]:0").expect_error("").start();
        assert_eq!(server.wait_exit(PATIENCE).code(), 1);
        server.finish();
    }
}

#[test]
fn an_address_in_use_is_tried_five_times_and_its_holder_named() {
    let _turn = turn::together();
    let holder = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = holder.local_addr().expect("an address").port();
    let server =
        ferricorn().no_bind().args(["--bind", &format!("127.0.0.1:{port}")]).expect_error("").start();
    let exit = server.wait_exit(PATIENCE);
    assert_eq!(exit.code(), 1);
    assert_eq!(server.log().count(&format!("Connection in use: ('127.0.0.1', {port})")), 5);
    for attempt in 1..5 {
        let said = format!("; tried {attempt} of 5 times, retrying in 1 second");
        assert_eq!(server.log().count(&said), 1, "{said}");
    }
    assert_eq!(server.log().count(&format!("Can't connect to ('127.0.0.1', {port}): tried 5 times")), 1);
    let lines = server.log().lines();
    let took = exit.at().duration_since(lines[0].at);
    assert!(took >= Duration::from_millis(3500), "five tries, a second apart, took {took:?}");
    let me = std::process::id().to_string();
    let named = lines.iter().any(|line| {
        line.text.contains(&port.to_string())
            && line.text.split(|c: char| !c.is_ascii_digit()).any(|word| word == me)
    });
    assert!(named, "no line names the holder, pid {me}");
    server.finish();
}

#[test]
fn an_address_that_cannot_be_had_is_named_once() {
    let _turn = turn::together();
    for (bind, host) in [("no-such-host.invalid:0", "no-such-host"), ("192.0.2.1:0", "192.0.2.1")] {
        let server = ferricorn().no_bind().args(["--bind", bind]).expect_error("cannot bind").start();
        assert_eq!(server.wait_exit(PATIENCE).code(), 1);
        let line = server.wait_for_line("cannot bind", PATIENCE).text;
        assert_eq!(line.matches(host).count(), 1, "{line}");
        server.finish();
    }
}

#[test]
fn of_another_ferricorn_that_has_the_address_the_master_is_named() {
    let _turn = turn::together();
    let port = free_port();
    let bind = format!("127.0.0.1:{port}");
    let first = ferricorn().no_bind().args(["--bind", &bind]).line("--workers 2").serve(2);
    let second = ferricorn().no_bind().args(["--bind", &bind]).expect_error("").start();
    second.wait_for_line(&format!("held by pid {}, ", first.pid()), PATIENCE);
    assert_eq!(second.wait_exit(PATIENCE).code(), 1);
    second.finish();
    first.finish();
}

#[test]
fn an_address_that_becomes_free_in_time_is_taken() {
    let _turn = turn::together();
    let port = free_port();
    let holder = TcpListener::bind(("127.0.0.1", port)).expect("it was free");
    let server = ferricorn()
        .no_bind()
        .args(["--bind", &format!("127.0.0.1:{port}")])
        .expect_error("Connection in use")
        .expect_error("")
        .start();
    server.wait_for_line("Connection in use", PATIENCE);
    drop(holder);
    server.wait_for_ready(1);
    answers(&server.address());
    server.finish();
}

#[test]
fn what_is_asked_while_an_address_is_in_use_is_done_once_it_is_free() {
    let _turn = turn::together();
    let port = free_port();
    let holder = TcpListener::bind(("127.0.0.1", port)).expect("it was free");
    let server = ferricorn()
        .no_bind()
        .args(["--bind", &format!("127.0.0.1:{port}")])
        .expect_error("Connection in use")
        .expect_error("")
        .start();
    server.wait_for_line("Connection in use", PATIENCE);
    server.signal(Signal::SIGHUP);
    server.signal(Signal::SIGTTIN);
    drop(holder);
    server.wait_for_line("Handling signal: hup", PATIENCE);
    server.wait_for_line("Handling signal: ttin", PATIENCE);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    answers(&server.address());
    server.finish();
}

#[test]
fn a_new_run_takes_the_port_of_the_last_one_at_once() {
    let _turn = turn::together();
    let bind = format!("127.0.0.1:{}", free_port());
    for _ in 0..2 {
        let server = ferricorn().no_bind().args(["--bind", &bind]).serve(1);
        // The server closes first: its side of the connection stays in TIME_WAIT.
        answers(&server.address());
        assert_eq!(server.log().count("Connection in use"), 0);
        server.finish();
    }
}

#[test]
fn two_masters_that_ask_for_it_share_a_port() {
    let _turn = turn::together();
    let port = free_port();
    let line = format!("--reuse-port --bind 127.0.0.1:{port}");
    let first = ferricorn().no_bind().line(&line).serve(1);
    let second = ferricorn().no_bind().line(&line).serve(1);
    assert_eq!(first.stop(Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(second.get("/").expect("the other serves on").status, 200);
    first.finish();
    second.finish();
}
