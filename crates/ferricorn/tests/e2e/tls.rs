//! TLS listeners: they serve, and drain without loss in close mode, since what TLS knows cannot be handed to a sibling.

use std::time::Duration;

use ferricorn_test::{
    Address, Builder, Load, PATIENCE, Verdict, eventually,
    load::{Arrival, Reuse},
    tls, turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

fn secure() -> Builder {
    let builder = ferricorn();
    let (certificate, key) = tls::write_certificate(builder.folder());
    builder
        .args(["--certfile".as_ref(), certificate.as_os_str()])
        .args(["--keyfile".as_ref(), key.as_os_str()])
}

#[test]
fn tls_clients_lose_nothing_over_a_recycle_and_a_reload() {
    let _turn = turn::alone();
    // A worker waits for as long as its clients' connections may be idle: each has to hear that it is the last answer.
    let server = secure().line("--workers 2 --max-requests 150 --reload-probation 0 --keep-alive 2").serve(2);
    assert!(matches!(server.address(), Address::Tls(_)), "{:?}", server.address());
    let load = |seed, reuse| {
        let load = Load::on(&server.address()).seed(seed).clients(4).reuse(reuse);
        load.arrival(Arrival::Think(Duration::from_millis(30))).start()
    };
    let (kept, new) = (load(1, Reuse::KeepAlive), load(2, Reuse::PerRequest));
    server.wait_for_count("reason=max-requests", 2, PATIENCE);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    let mut tally = kept.stop();
    tally.add(new.stop());
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    server.finish();
}

#[test]
fn a_tls_stop_finishes_what_is_in_flight_and_says_that_it_was_the_last_answer() {
    let _turn = turn::together();
    let server = secure().line("--workers 2").serve(2);
    let mut idle = server.connect();
    idle.get("/").expect("an answer");
    let mut busy = server.connect();
    busy.send(b"GET /work?id=1&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "the request is in flight", || server.ledger().count("start") == 2);
    server.signal(Signal::SIGTERM);
    let answer = busy.receive().expect("a complete answer");
    assert!(answer.status == 200 && answer.closes(), "{answer:?}");
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    assert!(idle.get("/").is_err());
    server.finish();
}

#[test]
fn a_client_that_speaks_no_tls_to_a_tls_port_gets_no_answer_and_harms_nobody() {
    let _turn = turn::together();
    let server = secure().serve(1);
    let Address::Tls(address) = server.address() else { panic!("{:?}", server.address()) };
    let plain = ferricorn_test::http::get(&Address::Tcp(address), "/");
    assert!(matches!(plain, Err(Verdict::Reset | Verdict::Garbled | Verdict::Truncated)), "{plain:?}");
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn a_client_without_the_certificate_that_is_asked_for_gets_no_answer() {
    let _turn = turn::together();
    let builder = secure();
    let authorities = builder.folder().join("cert.pem");
    let server = builder
        .args(["--ca-certs".as_ref(), authorities.as_os_str()])
        .line("--cert-reqs 2 --ciphers ECDHE+AESGCM")
        .serve(1);
    assert!(server.get("/").is_err_and(Verdict::is_lost));
    server.finish();
}
