//! The harness cannot be fooled: what a broken server does is named, and what a broken program leaves is found.

use std::{
    io::{Read, Write},
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

use ferricorn_test::{Address, Builder, Connection, Load, Response, Server, Verdict, http};

/// A server that answers each connection's first bytes with these, and closes.
fn answering(bytes: &'static [u8]) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).expect("a request") > 0);
            stream.write_all(bytes).expect("written");
        }
    });
    Address::Tcp(address)
}

fn ask(bytes: &'static [u8]) -> Result<Response, Verdict> {
    http::get(&answering(bytes), "/")
}

#[test]
fn a_complete_answer_is_read_in_each_framing() {
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: yes\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    ];
    for bytes in answers {
        let response = ask(bytes).expect("an answer");
        assert_eq!((response.status, response.text().as_str()), (200, "ok"));
    }
}

#[test]
fn an_incomplete_answer_is_named_by_where_it_ended() {
    let cases: [(&[u8], Verdict); 7] = [
        (b"", Verdict::Reset),
        (b"HTTP/1.1 200 OK\r\nContent-", Verdict::Truncated),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", Verdict::Truncated),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", Verdict::Truncated),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Verdict::Truncated),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok!!0\r\n\r\n", Verdict::Garbled),
        (b"hello\r\n\r\n", Verdict::Garbled),
    ];
    for (bytes, verdict) in cases {
        assert_eq!(ask(bytes).expect_err("no answer"), verdict, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn nobody_who_listens_and_nobody_who_answers_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = Address::Tcp(listener.local_addr().expect("an address"));
    let mut connection =
        Connection::open_within(&address, Duration::from_millis(50)).expect("the kernel accepts");
    assert_eq!(connection.get("/").expect_err("silence"), Verdict::Timeout);
    drop(listener);
    assert_eq!(http::get(&address, "/").expect_err("nobody"), Verdict::Refused);
}

#[test]
fn a_load_counts_each_request_that_was_closed_in_its_face_as_lost() {
    let tally = Load::on(&answering(b"")).clients(2).count(10).run();
    assert_eq!((tally.total(), tally.count(Verdict::Reset)), (10, 10));
    assert!(tally.outcomes.iter().all(|outcome| outcome.verdict.is_lost()));
    assert!(catch_unwind(|| tally.assert_nothing_lost()).is_err());
}

#[test]
fn an_answer_to_another_request_is_not_taken_for_ones_own() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-request: 99\r\n\r\nok";
    assert_eq!(Load::on(&answering(answer)).clients(1).count(1).run().count(Verdict::Garbled), 1);
}

/// A program that is a shell script.
fn script(text: &str) -> Builder {
    // The scripts start no Python; the harness only asks where it is.
    Server::command("/bin/sh").target(None).no_bind().args(["-c", text]).python("/usr/bin/python3")
}

fn complaint_about(text: &str) -> String {
    let server = script(text).start();
    server.wait_exit(Duration::from_secs(5));
    let panic = catch_unwind(AssertUnwindSafe(|| server.finish())).expect_err("a complaint");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

const LINE: &str = "echo '[2026-11-23 07:41:06 +0000] [1] [INFO] all is well' >&2";

#[test]
fn a_program_that_leaves_nothing_is_not_complained_about() {
    let server = script(&format!("trap 'exit 0' TERM; {LINE}; while :; do sleep 0.05; done")).start();
    server.wait_for_line("all is well", Duration::from_secs(5));
    // The shell's `sleep` is a child that it waits for before it runs the trap.
    server.finish();
}

#[test]
fn a_process_that_outlives_the_program_is_found() {
    assert!(complaint_about("sleep 60 >/dev/null 2>&1 &").contains("these live on"));
}

#[test]
fn a_process_that_hides_in_a_session_of_its_own_is_found() {
    assert!(complaint_about("setsid sleep 60 >/dev/null 2>&1 & sleep 0.2").contains("these live on"));
}

#[test]
fn a_line_that_is_no_log_line_is_found() {
    assert!(complaint_about(&format!("{LINE}; echo stray >&2")).contains("stray"));
}

#[test]
fn an_error_that_was_not_announced_is_found() {
    let line = LINE.replace("INFO", "ERROR");
    assert!(complaint_about(&line).contains("did not announce"));
}

#[test]
fn a_wait_for_a_line_ends_when_the_program_does() {
    let server = script("exit 3").start();
    let start = std::time::Instant::now();
    let waited = catch_unwind(AssertUnwindSafe(|| server.wait_for_line("never", Duration::from_secs(60))));
    assert!(waited.is_err() && start.elapsed() < Duration::from_secs(30));
    assert_eq!(server.wait_exit(Duration::from_secs(1)).code(), 3);
    server.finish();
}
