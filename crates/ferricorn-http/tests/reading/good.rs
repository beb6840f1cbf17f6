//! Requests that are as they should be.

use ferricorn_http::Version;

use crate::transcript::read;

#[test]
fn a_request_without_a_body_is_its_head() {
    let told = read(b"GET /a%20b?c=d&e HTTP/1.1\r\nHost: example.org\r\nX-Blank:  in \t\r\nempty:\r\n\r\n");
    assert_eq!(told.refusal, None);
    let [request] = &told.requests[..] else { panic!("{told:?}") };
    assert_eq!((&*request.method, &*request.path, &*request.query), ("GET", "/a%20b", "c=d&e"));
    assert_eq!(request.fields[1..], [("X-Blank".to_owned(), b"in".to_vec()), ("empty".to_owned(), vec![])]);
    assert!(request.is_complete && request.keep_alive && told.is_between && told.rest == 0);
}

#[test]
fn a_body_ends_where_its_length_says_and_the_next_request_follows() {
    let told = read(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    let bodies: Vec<&[u8]> = told.requests.iter().map(|request| &request.body[..]).collect();
    assert_eq!(bodies, [&b"hello"[..], b""]);
    assert_eq!(told.requests[1].path, "/b");
}

#[test]
fn chunks_are_joined_and_their_extensions_and_trailer_fields_forgotten() {
    let told = read(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n\
          5;a=b;c;d=\"e\\\";\"\r\nhello\r\n00a\r\n, world..!\r\n0\r\nContent-Length: 3\r\nExpires: 0\r\n\r\n\
          GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(told.refusal, None);
    assert_eq!(told.requests[0].body, b"hello, world..!");
    assert_eq!(told.requests[0].fields.len(), 2);
    assert_eq!(told.requests[1].path, "/b");
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    let told = read(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    assert_eq!((told.requests.len(), told.rest, told.refusal), (1, 0, None));
}

#[test]
fn a_connection_is_kept_by_http_1_1_unless_the_client_says_close() {
    let keeps = |head: &str| read(format!("GET / {head}\r\n\r\n").as_bytes()).requests[0].keep_alive;
    assert!(keeps("HTTP/1.1\r\nHost: a"));
    assert!(!keeps("HTTP/1.1\r\nHost: a\r\nConnection: TE, Close"));
    assert!(!keeps("HTTP/1.0"));
    assert!(!keeps("HTTP/1.0\r\nConnection: keep-alive"));
}

#[test]
fn an_offer_to_upgrade_needs_both_fields() {
    let offer = |fields: &str| {
        read(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes()).requests[0].upgrade.clone()
    };
    assert_eq!(
        offer("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n").as_deref(),
        Some(&b"WebSocket"[..])
    );
    assert_eq!(offer("Upgrade: h2c\r\n"), None);
    assert_eq!(offer("Connection: upgrade\r\n"), None);
}

#[test]
fn a_client_that_waits_for_100_says_so_in_http_1_1() {
    let told = read(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
    assert!(told.requests[0].expects_continue && !told.requests[0].is_complete && !told.is_between);
    let old = read(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert!(!old.requests[0].expects_continue && old.requests[0].version == Version::Http10);
}

#[test]
fn a_target_may_be_a_path_an_address_or_for_options_a_star() {
    let path = |line: &str| {
        let told = read(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        told.requests.first().map(|request| (request.path.clone(), request.query.clone()))
    };
    let some = |path: &str, query: &str| Some((path.to_owned(), query.to_owned()));
    assert_eq!(path("GET http://example.org/a?b"), some("/a", "b"));
    assert_eq!(path("GET http://example.org"), some("/", ""));
    assert_eq!(path("GET https://[::1]:80?b"), some("/", "b"));
    assert_eq!(path("GET //a/../b"), some("//a/../b", ""));
    assert_eq!(path("GET /a?b#c"), some("/a", "b"));
    assert_eq!(path("OPTIONS *"), some("*", ""));
    for line in [
        "GET *",
        "GET a",
        "GET a/b",
        "GET ?a",
        "GET example.org:80",
        "GET http:///a",
        "GET http://u@h/",
        "GET 1a://b/",
    ] {
        assert_eq!(path(line), None, "{line}");
    }
}
