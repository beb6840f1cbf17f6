//! Everything that a connection's bytes have said.

use ferricorn_http::{Event, Limits, Reader, Refusal, Step, Version};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) version: Version,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
    pub(crate) upgrade: Option<Vec<u8>>,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_complete: bool,
}

/// The requests of a connection, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Transcript {
    pub(crate) requests: Vec<Request>,
    pub(crate) refusal: Option<Refusal>,
    /// Bytes that were not taken, if nothing was refused.
    pub(crate) rest: usize,
    pub(crate) is_between: bool,
}

pub(crate) fn read(bytes: &[u8]) -> Transcript {
    read_cut(&[bytes], Limits::default())
}

/// Reads the pieces as they would come from a socket. Asserts what holds for any bytes.
pub(crate) fn read_cut(pieces: &[&[u8]], limits: Limits) -> Transcript {
    let mut reader = Reader::new(limits);
    let mut kept = Vec::new();
    let mut told = Transcript::default();
    let given: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut steps = 0;
    for piece in pieces {
        kept.extend_from_slice(piece);
        let mut at = 0;
        loop {
            let (taken, step) = reader.read(&kept[at..]);
            assert!(at + taken <= kept.len(), "more was taken than given");
            at += taken;
            steps += 1;
            // Each step takes a byte, but for the last one of a piece and the end of a body.
            assert!(steps <= 2 * given + pieces.len() + 2, "it does not come to an end");
            match step {
                Step::More => break,
                Step::Refused(refusal) => {
                    told.refusal = Some(refusal);
                    break;
                }
                Step::Event(event) => note(&mut told.requests, &event),
            }
        }
        kept.drain(..at);
    }
    if told.refusal.is_none() {
        told.rest = kept.len();
        told.is_between = reader.is_between();
    }
    told
}

fn note(requests: &mut Vec<Request>, event: &Event<'_>) {
    match event {
        Event::Head(head) => requests.push(Request {
            method: head.method.to_owned(),
            path: head.target.path.to_owned(),
            query: head.target.query.to_owned(),
            version: head.version,
            keep_alive: head.framing.keep_alive,
            expects_continue: head.framing.expects_continue,
            upgrade: head.framing.upgrade.map(<[u8]>::to_vec),
            fields: head.fields().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            body: Vec::new(),
            is_complete: head.framing.body == ferricorn_http::RequestBody::None,
        }),
        Event::Body(part) => {
            assert!(!part.is_empty(), "a part of a body is empty");
            let request = requests.last_mut().expect("a head before a body");
            assert!(!request.is_complete, "a body goes on behind its end");
            request.body.extend_from_slice(part);
        }
        Event::End => {
            let request = requests.last_mut().expect("a head before an end");
            assert!(!request.is_complete, "a body ends twice");
            request.is_complete = true;
        }
    }
}
