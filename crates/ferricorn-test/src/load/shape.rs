//! The shapes of requests: what a client sends, in how many pieces, and when an answer to it is whole.
//!
//! All but [`Shape::Get`] ask for what the [`ledger`](crate::ledger) application offers.

use std::{thread, time::Duration};

use super::random::Random;
use crate::{
    Connection, Response, Verdict,
    websocket::{Frame, WebSocket},
};

/// What one request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// A GET of the load's path.
    Get,
    /// A POST whose head and body come in pieces with pauses in between.
    Trickle,
    /// A response that comes in pieces.
    Stream,
    /// A stream of server-sent events, which the server ends.
    Events,
    /// A WebSocket on which texts are echoed. It ends well when all were, or when the server closes it with 1012
    /// (service restart), which asks the client to come again.
    WebSocket,
}

/// The longest pause between two pieces that a client sends.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
const PIECE: &[u8] = b"0123456789";
/// Pieces of a body, of a streamed response, of a stream of events; texts on a WebSocket.
const PIECES: usize = 5;

/// How a WebSocket ends when its worker does.
const RESTARTED: Result<Frame, Verdict> = Ok(Frame::Close(1012));

impl Shape {
    /// Whether a complete answer has all that was asked for.
    pub(super) fn is_whole(self, response: &Response) -> bool {
        let text = || response.text();
        match self {
            Self::Get | Self::WebSocket => true,
            Self::Trickle => text() == (PIECES * PIECE.len()).to_string(),
            Self::Stream => text().lines().count() == PIECES,
            Self::Events => text().matches("\n\n").count() == PIECES,
        }
    }
}

/// One request as it is asked.
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    pub(super) id: &'a str,
    pub(super) close: bool,
}

impl Asked<'_> {
    /// A path with the id in its query.
    fn target(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{path}{separator}id={}", self.id)
    }
}

/// Sends a request and reads its answer; a WebSocket that ended well has none.
pub(super) fn exchange(
    shape: Shape,
    connection: &mut Connection,
    asked: &Asked<'_>,
    random: &mut Random,
) -> Result<Option<Response>, Verdict> {
    let close = [("Connection", "close")];
    let headers = if asked.close { &close[..] } else { &[] };
    let mut get = |path: &str| connection.request("GET", &asked.target(path), headers, b"").map(Some);
    match shape {
        Shape::Get => get(asked.path),
        Shape::Stream => get(&format!("/stream?chunks={PIECES}&pause=0.01")),
        Shape::Events => get(&format!("/events?count={PIECES}&pause=0.01")),
        Shape::Trickle => {
            trickle(connection, asked, random)?;
            connection.receive().map(Some)
        }
        Shape::WebSocket => converse(connection, asked, random).map(|()| None),
    }
}

fn think(random: &mut Random) {
    thread::sleep(LONGEST_PAUSE.mul_f64(random.next()));
}

/// A head in two pieces, and a body in several.
fn trickle(connection: &mut Connection, asked: &Asked<'_>, random: &mut Random) -> Result<(), Verdict> {
    let close = if asked.close { "Connection: close\r\n" } else { "" };
    let length = PIECES * PIECE.len();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\n{close}Content-Length: {length}\r\n\r\n",
        asked.target("/post")
    );
    let (first, second) = head.split_at(head.len() / 2);
    connection.send(first.as_bytes())?;
    think(random);
    connection.send(second.as_bytes())?;
    for _ in 0..PIECES {
        think(random);
        connection.send(PIECE)?;
    }
    Ok(())
}

fn converse(connection: &mut Connection, asked: &Asked<'_>, random: &mut Random) -> Result<(), Verdict> {
    let mut socket = WebSocket::upgrade(connection, &asked.target("/echo"))?;
    for number in 0..PIECES {
        let text = format!("{} {number}", asked.id);
        if let Err(verdict) = socket.send(&text) {
            // The server may have closed it in the meantime: what it said last is still to be read.
            return if socket.receive() == RESTARTED { Ok(()) } else { Err(verdict) };
        }
        match socket.receive() {
            Ok(Frame::Text(echo)) if echo == text => {}
            Ok(Frame::Text(_)) => return Err(Verdict::Garbled),
            RESTARTED => return Ok(()),
            Ok(Frame::Close(_)) => return Err(Verdict::Truncated),
            Err(verdict) => return Err(verdict),
        }
        think(random);
    }
    Ok(())
}
