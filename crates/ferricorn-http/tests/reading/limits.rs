//! The limits of a head.

use ferricorn_http::{Limits, Refusal};

use crate::transcript::read_cut;

fn refusal(bytes: &str, limits: Limits) -> Option<Refusal> {
    let whole = read_cut(&[bytes.as_bytes()], limits);
    let single: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
    assert_eq!(whole, read_cut(&single, limits), "it matters how {bytes:?} is cut");
    whole.refusal
}

#[test]
fn the_request_line_may_have_its_limit_and_not_a_byte_more() {
    let limits = Limits { request_line: 20, ..Limits::default() };
    assert_eq!(refusal("GET /aaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", limits), None);
    assert_eq!(
        refusal("GET /aaaaaaa HTTP/1.1\r\nHost: a\r\n\r\n", limits),
        Some(Refusal::RequestLineTooLong)
    );
    // It is not waited for its end.
    assert_eq!(refusal("GET /aaaaaaaaaaaaaaaaaaaa", limits), Some(Refusal::RequestLineTooLong));
    assert_eq!(Refusal::RequestLineTooLong.status(), 414);
}

#[test]
fn a_field_may_have_its_limit_with_its_end_and_not_a_byte_more() {
    let limits = Limits { field: 12, ..Limits::default() };
    assert_eq!(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: 6789012\r\n\r\n", limits), None);
    assert_eq!(
        refusal("GET / HTTP/1.1\r\nHost: a\r\nX: 67890123\r\n\r\n", limits),
        Some(Refusal::FieldTooLong)
    );
    assert_eq!(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: 6789012345", limits), Some(Refusal::FieldTooLong));
    assert_eq!(Refusal::FieldTooLong.status(), 431);
}

#[test]
fn there_may_be_as_many_fields_as_the_limit() {
    let limits = Limits { fields: 2, ..Limits::default() };
    assert_eq!(refusal("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n", limits), None);
    assert_eq!(
        refusal("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n", limits),
        Some(Refusal::TooManyFields)
    );
    assert_eq!(Refusal::TooManyFields.status(), 431);
}

#[test]
fn the_head_may_have_its_limit_and_not_a_byte_more() {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
    assert_eq!(refusal(head, Limits { head: head.len(), ..Limits::default() }), None);
    for head in [head.len() - 1, 20, 10] {
        let limits = Limits { head, ..Limits::default() };
        assert_eq!(refusal("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n", limits), Some(Refusal::HeadTooLarge));
    }
    assert_eq!(Refusal::HeadTooLarge.status(), 431);
}

#[test]
fn trailer_fields_have_the_limits_of_a_head() {
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let fields = "a: b\r\n".repeat(5);
    let limits = Limits { fields: 4, ..Limits::default() };
    assert_eq!(refusal(&format!("{chunked}{fields}\r\n"), limits), Some(Refusal::TooManyFields));
    let limits = Limits { head: 70, ..Limits::default() };
    assert_eq!(
        refusal(&format!("{chunked}{}\r\n", "a: b\r\n".repeat(20)), limits),
        Some(Refusal::HeadTooLarge)
    );
}

#[test]
fn extensions_of_all_chunks_together_have_a_limit() {
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("1;{}\r\nx\r\n", "e".repeat(1000));
    assert_eq!(refusal(&format!("{chunked}{}0\r\n\r\n", chunk.repeat(16)), Limits::default()), None);
    let most = format!("{chunked}{}0\r\n\r\n", chunk.repeat(17));
    assert_eq!(refusal(&most, Limits::default()), Some(Refusal::ChunkSize));
}
