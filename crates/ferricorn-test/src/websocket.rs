//! A minimal WebSocket client: the handshake, small text frames, the code of a close.

use std::borrow::BorrowMut;

use crate::{Address, Connection, Verdict};

/// An open WebSocket, on a connection of its own or on one that is lent.
pub struct WebSocket<C = Connection> {
    connection: C,
}

/// What the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text.
    Text(String),
    /// The end, with its code (RFC 6455, section 7.4); 1005 when it has none.
    Close(u16),
}

/// Frames are masked with zeros: legal, and as easy to read as no mask at all.
const MASK: [u8; 4] = [0; 4];

impl WebSocket {
    /// Connects.
    ///
    /// # Errors
    /// How the handshake ended; [`Verdict::Garbled`] when the server refused it.
    pub fn open(address: &Address, path: &str) -> Result<Self, Verdict> {
        Self::upgrade(Connection::open(address)?, path)
    }
}

impl<C: BorrowMut<Connection>> WebSocket<C> {
    /// Makes a WebSocket of a connection.
    ///
    /// # Errors
    /// How the handshake ended; [`Verdict::ServerError`] when its status was 500 or more, [`Verdict::Garbled`] when the
    /// server refused it otherwise.
    pub fn upgrade(mut lent: C, path: &str) -> Result<Self, Verdict> {
        let connection = lent.borrow_mut();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        connection.send(request.as_bytes())?;
        let (status, headers) = connection.receive_head()?;
        // The answer to the sample key of RFC 6455, section 1.3.
        let accepted = headers
            .iter()
            .any(|(name, value)| name == "sec-websocket-accept" && value == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        match status {
            101 if accepted => Ok(Self { connection: lent }),
            500.. => Err(Verdict::ServerError),
            _ => Err(Verdict::Garbled),
        }
    }

    /// Sends a text of at most 125 bytes.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn send(&mut self, text: &str) -> Result<(), Verdict> {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("at most 125 bytes");
        let mut frame = vec![0x81, 0x80 | length];
        frame.extend(MASK);
        frame.extend(text.as_bytes());
        self.connection.borrow_mut().send(&frame)
    }

    /// Reads the next text or close; pings and pongs are passed over.
    ///
    /// # Errors
    /// The connection ended without a close frame.
    pub fn receive(&mut self) -> Result<Frame, Verdict> {
        loop {
            let head = self.connection.borrow_mut().take(2)?;
            let length = match head[1] {
                126 => usize::from(u16::from_be_bytes(self.array()?)),
                127 => usize::try_from(u64::from_be_bytes(self.array()?)).map_err(|_| Verdict::Garbled)?,
                length => usize::from(length),
            };
            let payload = self.connection.borrow_mut().take(length)?;
            match head[0] & 0x0f {
                1 => return String::from_utf8(payload).map(Frame::Text).map_err(|_| Verdict::Garbled),
                8 => {
                    let code = payload.get(..2).map_or(1005, |code| u16::from_be_bytes([code[0], code[1]]));
                    return Ok(Frame::Close(code));
                }
                9 | 10 => {}
                _ => return Err(Verdict::Garbled),
            }
        }
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Verdict> {
        Ok(self.connection.borrow_mut().take(LENGTH)?.try_into().expect("as many as were asked for"))
    }
}
