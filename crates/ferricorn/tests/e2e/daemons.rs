//! Daemons that get the log as well: syslog over TCP, whatever it does, and statsd.

use std::{
    io::Read as _,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use ferricorn_test::{PATIENCE, eventually, free_port, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// A daemon that notes what all of its connections say.
fn daemon(listener: TcpListener) -> impl Fn(&str) -> bool {
    let heard = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let note = Arc::clone(&note);
            thread::spawn(move || {
                let Ok(mut stream) = stream else { return };
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    note.lock().expect("nobody panics").push_str(&String::from_utf8_lossy(&buffer[..length]));
                }
            });
        }
    });
    move |text| heard.lock().expect("nobody panics").contains(text)
}

#[test]
fn syslog_over_tcp_gets_the_lines_of_master_and_workers_to_the_last() {
    let _turn = turn::together();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let heard = daemon(listener);
    let server = ferricorn()
        .line(&format!("--log-level debug --log-syslog --log-syslog-to tcp://127.0.0.1:{port}"))
        .serve(1);
    let (master, worker) = (server.pid(), server.workers()[0]);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    for (priority, pid, text) in [
        (14, master, "Listening at: ".to_owned()),
        (14, worker, "Application startup complete.".to_owned()),
        (15, worker, format!("Worker exiting (pid: {worker})")),
        (14, master, "Shutting down: Master".to_owned()),
    ] {
        eventually(PATIENCE, &text, || {
            heard(&format!("<{priority}>gunicorn.main.app.error: [{pid}] {text}"))
        });
    }
    server.finish();
}

#[test]
fn a_syslog_that_is_away_at_a_reload_gets_its_lines_when_it_comes() {
    let _turn = turn::together();
    let (port, daemons) = (free_port(), free_port());
    let builder = super::config_reload::with_file(&super::config_reload::file(port, 1, "red"));
    let server = builder.serve(1);
    let syslog = format!("syslog = True\nsyslog_addr = 'tcp://127.0.0.1:{daemons}'\n");
    super::config_reload::change(&server, &(super::config_reload::file(port, 1, "blue") + &syslog));
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    server.wait_for_line(&format!("syslog at tcp://127.0.0.1:{daemons} cannot be reached"), PATIENCE);
    let heard = daemon(TcpListener::bind(("127.0.0.1", daemons)).expect("it is free"));
    eventually(PATIENCE, "the verdict", || heard("Reloaded: every worker runs generation 2"));
    eventually(PATIENCE, "the worker's lines", || heard("Application startup complete."));
    server.finish();
}

#[test]
fn a_syslog_that_accepts_and_never_reads_holds_nobody_up() {
    let _turn = turn::together();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let line = format!("--log-syslog --log-syslog-to tcp://127.0.0.1:{port} --workers 2");
    let server = ferricorn().line(&line).serve(2);
    let kept: Vec<TcpStream> = (0..3).map(|_| listener.accept().expect("master and workers").0).collect();
    let long = "x".repeat(30_000);
    let mut connection = server.connect();
    for _ in 0..300 {
        let response = connection.request("GET", "/", &[("User-Agent", &long)], b"").expect("an answer");
        assert_eq!(response.status, 200);
    }
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(server.log().count("WORKER TIMEOUT"), 0);
    drop(kept);
    server.finish();
}

#[test]
fn the_number_of_workers_and_the_backlog_go_to_statsd() {
    let _turn = turn::together();
    let daemon = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    daemon.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let host = format!("--statsd-host {}", daemon.local_addr().expect("an address"));
    let server =
        ferricorn().line("--workers 2 --statsd-prefix shop --enable-backlog-metric").line(&host).serve(2);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    let mut wanted = vec![
        "shop.gunicorn.workers:2|g",
        "shop.gunicorn.request.status.200:1|c|@1.0",
        "shop.gunicorn.backlog:0|h",
    ];
    let mut buffer = [0; 1000];
    while !wanted.is_empty() {
        let length =
            daemon.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}, still wanted: {wanted:?}"));
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        wanted.retain(|metric| !text.lines().any(|line| line == *metric));
    }
    server.finish();
}
