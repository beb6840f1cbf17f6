//! Serving: the command lines that people have, and the end of it.

use std::{fs, net::TcpListener, time::Duration};

use ferricorn_test::{Builder, PATIENCE, Server, Verdict, eventually, free_port, turn, within};
use nix::sys::signal::Signal;

use crate::ferricorn;

const GUNICORN_LINE: &str = "--bind 0.0.0.0:$PORT --workers 2 --worker-class uvicorn.workers.UvicornWorker \
     --worker-connections 500 --max-requests 5000 --max-requests-jitter 500 --timeout 30 --keep-alive 5 \
     --graceful-timeout 30 --backlog 1024 --access-logfile - --error-logfile - --log-level info";

const DEBUG_LINE: &str = "--bind 0.0.0.0:8009 --workers 1 --worker-class uvicorn.workers.UvicornWorker --timeout 30 \
     --access-logfile - --log-level debug";

const MIXED_LINE: &str = "--host 0.0.0.0 --port $PORT --workers 2 --worker-class uvicorn.workers.UvicornWorker \
     --loop uvloop --access-log --timeout-keep-alive 5 --timeout-graceful-shutdown 30 --limit-concurrency 500 \
     --limit-max-requests 5000 --backlog 1024";

/// Serves `/health` of the FastAPI example with a line, on the port it names, and stops in order.
fn serves_health(line: Builder, port: u16, workers: usize) {
    let server = line.example("fastapi").no_bind().serve(workers);
    assert_eq!(server.address().port(), port);
    for _ in 0..10 {
        assert_eq!(server.get("/health").expect("an answer").status, 200);
    }
    assert!(
        server
            .log()
            .wait(Duration::from_secs(5), |lines| {
                let logged = lines.iter().filter(|line| line.text.contains("\"GET /health HTTP/1.1\" 200"));
                (logged.count() == 10).then_some(())
            })
            .is_some(),
        "not every request is in the access log"
    );
    // Nothing is in flight: the grace is for requests, not for waiting.
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(5)), 0);
    assert_eq!(server.log().count(&format!("Stopping {workers} worker")), 1);
    assert_eq!(server.log().count("was sent"), 0, "nobody had to be killed");
    server.finish();
}

#[test]
fn the_gunicorn_line_of_the_issue_serves_health() {
    let _turn = turn::together();
    let port = free_port();
    let line = GUNICORN_LINE.replace("$PORT", &port.to_string());
    serves_health(ferricorn().line(&line).variable("PORT", port.to_string()), port, 2);
}

#[test]
fn the_debug_line_of_the_issue_serves_health() {
    let _turn = turn::together();
    let fixed = TcpListener::bind("0.0.0.0:8009").is_ok();
    let port = if fixed { 8009 } else { free_port() };
    serves_health(ferricorn().line(&DEBUG_LINE.replace("8009", &port.to_string())), port, 1);
}

#[test]
fn the_mixed_line_of_the_issue_serves_health() {
    let _turn = turn::together();
    let port = free_port();
    let line = MIXED_LINE.replace("$PORT", &port.to_string());
    serves_health(ferricorn().line(&line).variable("PORT", port.to_string()), port, 2);
}

#[test]
fn a_port_variable_that_no_shell_expanded_is_expanded() {
    let _turn = turn::together();
    let port = free_port();
    serves_health(ferricorn().line(GUNICORN_LINE).variable("PORT", port.to_string()), port, 2);
}

/// A server with a request in flight that never ends.
fn with_an_endless_request(line: &str, workers: usize) -> (Server, ferricorn_test::Connection) {
    let server = ferricorn().line(line).serve(workers);
    let mut endless = server.connect();
    endless.send(b"GET /endless?id=endless HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    endless.receive_head().expect("the head of an endless answer");
    (server, endless)
}

#[test]
fn term_ends_an_endless_request_after_the_graceful_timeout() {
    let _turn = turn::alone();
    let (server, _endless) = with_an_endless_request("--workers 2 --graceful-timeout 2", 2);
    let start = std::time::Instant::now();
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(3)), 0);
    // A part of the graceful timeout, a quarter at most, is kept back for the application's shutdown.
    assert!(start.elapsed() > Duration::from_millis(1400), "the request had {:?} only", start.elapsed());
    let ledger = server.ledger();
    assert_eq!(ledger.count("shutdown"), 2, "lifespan shutdown ran in both workers");
    assert_eq!(ledger.unfinished(), ["endless"]);
    server.finish();
}

#[test]
fn term_lets_a_request_in_flight_end() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let mut connection = server.connect();
    connection.send(b"GET /work?id=slow&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "the request is in flight", || server.ledger().count("start") == 1);
    server.signal(Signal::SIGTERM);
    let response = connection.receive().expect("a complete answer");
    assert_eq!((response.status, response.closes()), (200, true));
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    server.finish();
}

#[test]
fn a_single_worker_serves_and_stops_as_well() {
    let _turn = turn::together();
    let server = ferricorn().serve(1);
    let pid = server.workers()[0];
    let response = server.get("/work?id=1").expect("an answer");
    assert_eq!(response.header("x-worker"), Some(pid.to_string().as_str()));
    assert_eq!(server.stop(Signal::SIGTERM, Duration::from_secs(5)), 0);
    let ledger = server.ledger();
    assert_eq!((ledger.pids("startup"), ledger.pids("shutdown")), (vec![pid], vec![pid]));
    server.finish();
}

#[test]
fn bodies_streams_and_websockets_pass() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let mut connection = server.connect();
    let body = vec![b'x'; 300_000];
    assert_eq!(connection.request("POST", "/post", &[], &body).expect("an answer").text(), "300000");
    let streamed = connection.get("/stream?chunks=3&pause=0.01").expect("an answer");
    assert_eq!(streamed.text(), "piece 0\npiece 1\npiece 2\n");
    let mut socket =
        ferricorn_test::websocket::WebSocket::open(&server.address(), "/echo").expect("a handshake");
    socket.send("hello").expect("sent");
    assert_eq!(socket.receive(), Ok(ferricorn_test::websocket::Frame::Text("hello".to_owned())));
    server.signal(Signal::SIGTERM);
    assert_eq!(socket.receive(), Ok(ferricorn_test::websocket::Frame::Close(1012)), "service restart");
    assert_eq!(server.wait_exit(Duration::from_secs(5)).code(), 0);
    server.finish();
}

#[test]
fn before_the_first_worker_is_ready_connections_are_refused() {
    let _turn = turn::together();
    let port = free_port();
    let bind = format!("127.0.0.1:{port}");
    let server = ferricorn().no_bind().args(["--bind", &bind]).variable("STARTUP_DELAY", "1").start();
    server.wait_for_line("Waiting for application startup.", PATIENCE);
    let address = ferricorn_test::Address::parse(&format!("http://{bind}"));
    assert!(!ferricorn_test::http::listens(&address), "a port check must not pass before the app can answer");
    server.wait_for_ready(1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn connections_that_wait_for_a_first_worker_end_with_the_service() {
    let _turn = turn::together();
    let builder = ferricorn().line("--listen early --workers 2 --graceful-timeout 600");
    let gate = builder.folder().join("closed-gate");
    fs::write(&gate, "").expect("the folder can be written");
    let server = builder.start();
    server.wait_for_count("Waiting for application startup.", 2, PATIENCE);
    let mut waiting: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    }
    server.signal(Signal::SIGTERM);
    for connection in &mut waiting {
        assert_eq!(connection.receive().expect_err("nobody answers"), Verdict::Reset);
    }
    assert!(server.log().exit().is_none(), "they have waited for the startups");
    fs::remove_file(gate).expect("it is there");
    server.wait_exit(PATIENCE);
    server.finish();
}

#[test]
fn listen_early_keeps_the_first_connections_waiting_instead() {
    let _turn = turn::together();
    let server = ferricorn().line("--listen early").variable("STARTUP_DELAY", "1").start();
    let mut connection = within(Duration::from_secs(5), || {
        (server.log().count("Listening at: ") == 1).then(|| server.connect())
    })
    .expect("it listens");
    assert_eq!(server.log().count("Worker ready"), 0);
    assert_eq!(connection.get("/").expect("an answer").status, 200);
    server.finish();
}
