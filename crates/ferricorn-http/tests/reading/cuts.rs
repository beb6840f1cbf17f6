//! The outcome does not depend on how the bytes are cut.

use ferricorn_http::Limits;
use proptest::{collection::vec, prelude::*, sample::select};

use crate::transcript::read_cut;

/// Pieces of requests, good and bad, which make every state reachable when they are put together.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /a?b HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "GET http://a/b HTTP/1.0\r\n",
        "GET",
        " ",
        "/",
        " HTTP/1.1",
        "Host: a\r\n",
        "Host: a\r\n\r\n",
        "Content-Length: 5\r\n\r\nhello",
        "Content-Length: 3\r\n\r\n",
        "Content-Length: ",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "5\r\nhello\r\n",
        "3;a=b\r\nabc\r\n",
        "0\r\n\r\n",
        "0\r\n",
        "a: b\r\n",
        ":",
        "\r\n",
        "\r",
        "\n",
        "\t",
        "\0",
        ";",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n",
    ]);
    prop_oneof![
        12 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..6),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 1..12).prop_map(|pieces| pieces.concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    let one = || prop_oneof![2 => Just(usize::MAX), 3 => 1..60_usize];
    (one(), one(), prop_oneof![Just(128), 0..4_usize], one())
        .prop_map(|(head, request_line, fields, field)| Limits { head, request_line, fields, field })
}

fn cut<'a>(bytes: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter().map(|end| &bytes[std::mem::replace(&mut from, end)..end]).collect()
}

/// 3000 cases, but for who asks for more as `cargo dev fuzz` does.
fn config() -> ProptestConfig {
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: usual.cases.max(3000), ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn it_does_not_matter_how_a_stream_is_cut(
        bytes in stream(),
        places in vec(any::<prop::sample::Index>(), 0..6),
        limits in limits(),
    ) {
        let whole = read_cut(&[&bytes], limits);
        prop_assert_eq!(&whole, &read_cut(&cut(&bytes, &places), limits));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&whole, &read_cut(&single, limits));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400), limits in limits()) {
        read_cut(&[&bytes], limits);
    }
}
