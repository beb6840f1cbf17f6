//! How responses are framed.

use ferricorn_http::{Body, BodyError, FieldError, ResponseHead, Version};

fn head(status: u16, fields: &[(&str, &str)], version: Version, is_head: bool) -> (String, Body, bool) {
    let mut head = ResponseHead::new(status);
    for (name, value) in fields {
        head.field(name.as_bytes(), value.as_bytes()).expect("a field that may be written");
    }
    let (bytes, body, keep) = head.finish(version, is_head, version == Version::Http11);
    (String::from_utf8(bytes).expect("ASCII"), body, keep)
}

#[test]
fn a_length_frames_the_body() {
    let (text, body, keep) = head(200, &[("Content-Length", "5")], Version::Http11, false);
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert_eq!((body, keep), (Body::Length(5), true));
}

#[test]
fn without_a_length_there_are_chunks_or_in_http_1_0_the_end_of_the_connection() {
    let (text, mut body, keep) = head(200, &[], Version::Http11, false);
    assert!(text.ends_with("transfer-encoding: chunked\r\n\r\n") && keep);
    let mut out = Vec::new();
    body.part(b"hello, world", &mut out).expect("no limit");
    body.part(b"", &mut out).expect("no limit");
    body.end(&mut out).expect("no length");
    assert_eq!(out, b"c\r\nhello, world\r\n0\r\n\r\n");

    let (text, body, keep) = head(200, &[], Version::Http10, false);
    assert_eq!(text, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
    assert_eq!((body, keep), (Body::UntilClose, false));
}

#[test]
fn a_response_that_can_have_no_body_has_no_chunks() {
    for status in [101, 204, 304] {
        let (text, mut body, keep) = head(status, &[], Version::Http11, false);
        assert!(!text.contains("chunked") && keep, "{text}");
        assert_eq!(body.part(b"x", &mut Vec::new()), Err(BodyError::TooLong));
    }
}

#[test]
fn the_body_of_an_answer_to_head_is_dropped() {
    let (text, mut body, _) = head(200, &[("content-length", "5")], Version::Http11, true);
    assert!(text.contains("content-length: 5\r\n"));
    let mut out = Vec::new();
    body.part(b"hello, world", &mut out).expect("whatever its length");
    body.end(&mut out).expect("whatever its length");
    assert!(out.is_empty() && body == Body::Dropped);
    assert!(!head(200, &[], Version::Http11, true).0.contains("chunked"));
}

#[test]
fn a_body_is_not_longer_or_shorter_than_its_length() {
    let mut body = Body::Length(5);
    let mut out = Vec::new();
    body.part(b"hel", &mut out).expect("it fits");
    assert_eq!(body.end(&mut out), Err(BodyError::TooShort));
    assert_eq!(body.part(b"loo", &mut out), Err(BodyError::TooLong));
    body.part(b"lo", &mut out).expect("it fits");
    body.end(&mut out).expect("it is complete");
    assert_eq!(out, b"hello");
}

#[test]
fn a_connection_ends_if_the_application_says_so() {
    let (text, _, keep) = head(200, &[("Connection", "x, Close")], Version::Http11, false);
    assert!(!keep);
    assert_eq!(text.matches("close").count() + text.matches("Close").count(), 1);
}

#[test]
fn no_field_can_end_its_line() {
    let mut head = ResponseHead::new(200);
    for name in ["", "a b", "a:", "a\r\nb", "a\0", "\u{e9}"] {
        assert_eq!(head.field(name.as_bytes(), b"x"), Err(FieldError::Name), "{name:?}");
    }
    for value in ["a\r\nSet-Cookie: b", "a\n", "\r", "a\0", "\u{7f}"] {
        assert_eq!(head.field(b"a", value.as_bytes()), Err(FieldError::Value), "{value:?}");
    }
    assert_eq!(head.field(b"content-length", b"five"), Err(FieldError::ContentLength));
    assert_eq!(head.field(b"a", b"tab\t\xe9"), Ok(()));
}

#[test]
fn an_unknown_status_has_no_phrase() {
    assert!(head(299, &[], Version::Http11, false).0.starts_with("HTTP/1.1 299 \r\n"));
    assert!(head(404, &[], Version::Http11, false).0.starts_with("HTTP/1.1 404 Not Found\r\n"));
}
