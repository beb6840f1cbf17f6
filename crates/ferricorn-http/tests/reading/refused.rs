//! Requests whose end two readers could see at different places, and others that are malformed: each is refused.
//!
//! The kinds are those of the public collections of request smuggling: CL.TE, TE.CL, TE.TE, sizes of chunks, names with
//! odd bytes, line ends.

use ferricorn_http::Refusal;

use crate::transcript::read;

/// The refusal of a request with these fields, behind which a second request stands that must not be seen.
fn fields(fields: &str) -> Option<Refusal> {
    refusal(&format!(
        "POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
    ))
}

fn refusal(bytes: &str) -> Option<Refusal> {
    // Each character is one byte, so that the texts below can hold any.
    let bytes: Vec<u8> = bytes.chars().map(|character| u8::try_from(character).expect("a byte")).collect();
    let told = read(&bytes);
    assert!(told.requests.iter().all(|request| request.path != "/admin"), "{bytes:?} shows a second request");
    told.refusal
}

#[track_caller]
fn all(refusal: Refusal, cases: &[&str]) {
    for case in cases {
        assert_eq!(fields(case), Some(refusal), "{case:?}");
    }
}

#[test]
fn two_lengths_are_refused_in_any_order() {
    all(
        Refusal::TwoLengths,
        &[
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "transfer-encoding: CHUNKED\r\ncontent-length: 0\r\n",
        ],
    );
}

#[test]
fn a_transfer_encoding_that_is_not_chunked_alone_is_refused() {
    all(
        Refusal::TransferEncoding,
        &[
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunkedx\r\n",
            "Transfer-Encoding: \"chunked\"\r\n",
            "Transfer-Encoding: 'chunked'\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding: chunked,\r\n",
            "Transfer-Encoding: ,chunked\r\n",
            "Transfer-Encoding: cow\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: chunk\u{e9}d\r\n",
            "Transfer-Encoding: \u{a0}chunked\r\n",
        ],
    );
    assert_eq!(
        refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Some(Refusal::TransferEncoding)
    );
}

#[test]
fn a_length_that_is_not_one_number_is_refused() {
    all(
        Refusal::ContentLength,
        &[
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\ncontent-LENGTH: 0\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length: 5.0\r\n",
            "Content-Length: 1_0\r\n",
            "Content-Length: \u{b2}\r\n",
            "Content-Length: five\r\n",
            "Content-Length:\r\n",
        ],
    );
    all(
        Refusal::BodyTooLarge,
        &["Content-Length: 18446744073709551616\r\n", "Content-Length: 0000000000000000005\r\n"],
    );
}

#[test]
fn names_with_odd_bytes_are_refused() {
    all(
        Refusal::FieldName,
        &[
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding\t: chunked\r\n",
            "Content-Length : 5\r\n",
            " Transfer-Encoding: chunked\r\n",
            "\tTransfer-Encoding: chunked\r\n",
            "X: y\r\n Transfer-Encoding: chunked\r\n",
            "X: y\r\n\tfolded\r\n",
            "Transfer\u{0}Encoding: chunked\r\n",
            "Transfer-Encoding\u{b}: chunked\r\n",
            "\u{b}Transfer-Encoding: chunked\r\n",
            "Transfer-Encod\u{ef}ng: chunked\r\n",
            "Transfer Encoding: chunked\r\n",
            "(x): y\r\n",
            "x[y]: z\r\n",
            "x@y: z\r\n",
            "x/y: z\r\n",
            ": chunked\r\n",
            "no colon\r\n",
            "nocolon\r\n",
        ],
    );
}

#[test]
fn values_with_control_characters_are_refused() {
    all(
        Refusal::FieldValue,
        &[
            "X: a\u{0}b\r\n",
            "X: \u{b}chunked\r\n",
            "X: a\u{c}\r\n",
            "X: a\u{1b}\r\n",
            "X: a\u{7f}\r\n",
            "X: a\rTransfer-Encoding: chunked\r\n",
            "X: a\r\rb\r\n",
            "X:\rTransfer-Encoding: chunked\r\n",
        ],
    );
}

#[test]
fn line_ends_that_are_not_cr_lf_are_refused() {
    all(
        Refusal::LineEnd,
        &["X: a\nTransfer-Encoding: chunked\r\n", "X: a\n", "\nGET /admin HTTP/1.1\r\nHost: a\r\n", "X:\n"],
    );
    for bytes in [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
    ] {
        assert_eq!(refusal(bytes), Some(Refusal::LineEnd), "{bytes:?}");
    }
    assert_eq!(refusal("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), Some(Refusal::LineEnd));
}

#[test]
fn a_host_that_is_not_one_name_is_refused() {
    all(Refusal::Host, &["Host: b\r\n", "Host: a\r\n", "hOST: a\r\n"]);
    for bytes in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
    ] {
        assert_eq!(refusal(bytes), Some(Refusal::Host), "{bytes:?}");
    }
    assert_eq!(refusal("GET / HTTP/1.0\r\n\r\n"), None);
    assert_eq!(refusal("GET / HTTP/1.1\r\nHost:\r\n\r\n"), None);
}

#[test]
fn malformed_request_lines_are_refused() {
    let cases = [
        ("GET / HTTP/1.2", Refusal::Version),
        ("GET / HTTP/2.0", Refusal::Version),
        ("GET / HTTP/0.9", Refusal::Version),
        ("GET / http/1.1", Refusal::Version),
        ("GET / HTTP/1.1 ", Refusal::LineEnd),
        ("GET / HTTP/1.10", Refusal::LineEnd),
        ("GET  / HTTP/1.1", Refusal::RequestLine),
        ("GET /  HTTP/1.1", Refusal::Version),
        ("GET /a b HTTP/1.1", Refusal::Version),
        ("GET\t/ HTTP/1.1", Refusal::Method),
        ("GET /\u{0} HTTP/1.1", Refusal::RequestLine),
        ("GET /\tHTTP/1.1", Refusal::RequestLine),
        ("GET /\u{e9} HTTP/1.1", Refusal::RequestLine),
        ("GET /\u{7f} HTTP/1.1", Refusal::RequestLine),
        (" GET / HTTP/1.1", Refusal::Method),
        ("GET /", Refusal::RequestLine),
        ("GET", Refusal::Method),
        ("get / HTTP/1.1", Refusal::Method),
        ("FROBNICATE / HTTP/1.1", Refusal::Method),
        ("CONNECT a:80 HTTP/1.1", Refusal::Method),
        ("PRI * HTTP/2.0", Refusal::Method),
        ("\u{16}\u{3}\u{1}", Refusal::Method),
    ];
    for (line, expected) in cases {
        assert_eq!(refusal(&format!("{line}\r\nHost: a\r\n\r\n")), Some(expected), "{line:?}");
    }
}

#[test]
fn sizes_of_chunks_that_are_not_plain_are_refused() {
    let chunked = |body: &str| {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        refusal(&format!("{head}{body}\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"))
    };
    for size in [
        "0x5",
        "+5",
        "-5",
        " 5",
        "5 ",
        "5\t",
        "",
        ";",
        "5;",
        "5; a",
        "5 ;a",
        "5;a=",
        "5;a b",
        "5;a=\"b",
        "5;a=\"b\"c",
        "g",
        "5,",
        "5_0",
        "5;a\u{0}",
        "5;a=\u{7f}",
        "5;\u{e9}",
        "5;a=\"\u{1}\"",
        "\u{b}5",
        "5\u{b}",
        "5;a\rb",
        "five",
    ] {
        assert_eq!(chunked(&format!("{size}\r\nhello")), Some(Refusal::ChunkSize), "{size:?}");
    }
    assert_eq!(chunked("5\nhello"), Some(Refusal::LineEnd));
    assert_eq!(chunked("5;a\nhello"), Some(Refusal::LineEnd));
    assert_eq!(chunked("5\r\nhello!"), Some(Refusal::ChunkEnd));
    assert_eq!(chunked("5\r\nhello\n"), Some(Refusal::ChunkEnd));
    assert_eq!(chunked("5\r\nhello\rX"), Some(Refusal::ChunkEnd));
    assert_eq!(chunked("10000000000000005\r\nhello"), Some(Refusal::BodyTooLarge));
    assert_eq!(chunked("00000000000000000005\r\nhello"), Some(Refusal::BodyTooLarge));
    assert_eq!(chunked(&format!("5;{}\r\nhello", "a".repeat(5000))), Some(Refusal::ChunkSize));
}

#[test]
fn malformed_trailer_fields_are_refused() {
    let trailers = |fields: &str| {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
        refusal(&format!("{head}{fields}\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"))
    };
    assert_eq!(trailers("X : y\r\n\r\n"), Some(Refusal::FieldName));
    assert_eq!(trailers(" x: y\r\n\r\n"), Some(Refusal::FieldName));
    assert_eq!(trailers("x: \u{0}\r\n\r\n"), Some(Refusal::FieldValue));
    assert_eq!(trailers("x: y\n\r\n"), Some(Refusal::LineEnd));
    assert_eq!(trailers("\n"), Some(Refusal::LineEnd));
    // Without the empty line, the next request line is a trailer field with a blank in its name.
    assert_eq!(trailers("x: y"), Some(Refusal::FieldName));
}

#[test]
fn nothing_is_read_after_a_refusal() {
    let told =
        read(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((told.requests.len(), told.refusal), (1, Some(Refusal::Method)));
}
