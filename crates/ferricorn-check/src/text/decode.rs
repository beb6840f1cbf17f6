//! From the bytes of a file to text, with a way back.

use std::fmt;

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;

/// How a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8 {
        /// Whether a byte order mark stands in front.
        mark: bool,
    },
    /// UTF-16, as `PowerShell` writes it with `>`.
    Utf16 {
        /// Whether a byte order mark stands in front.
        mark: bool,
        /// Whether the more significant byte comes first.
        big_endian: bool,
    },
}

impl Encoding {
    /// The byte of the file at which the character at `at` of the decoded text begins.
    pub(super) fn original(self, text: &str, at: usize) -> usize {
        match self {
            Self::Utf8 { mark } => at + if mark { 3 } else { 0 },
            Self::Utf16 { mark, .. } => {
                let units: usize = text.get(..at).unwrap_or(text).chars().map(char::len_utf16).sum();
                units * 2 + if mark { 2 } else { 0 }
            }
        }
    }

    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 { .. } => text.as_bytes().to_vec(),
            Self::Utf16 { big_endian: true, .. } => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf16 { big_endian: false, .. } => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

/// Why a file cannot be read as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It holds bytes of no text.
    Binary,
    /// It is neither UTF-8 nor UTF-16.
    NotText {
        /// The first byte that does not fit, counted from 0.
        at: usize,
    },
    /// It is larger than [`MOST_BYTES`].
    TooLarge,
    /// The system refused; its words.
    System(String),
    /// It is a template, of which a program makes the file: its values are not known.
    Template,
    /// It is text, but not of its format; the reader's words, with the line (from 1).
    Format {
        /// The line.
        line: u32,
        /// What is wrong there.
        problem: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => out.write_str("it is a binary file"),
            Self::NotText { at } => write!(out, "it is neither UTF-8 nor UTF-16 (byte {at})"),
            Self::TooLarge => write!(out, "it is larger than {} KiB", MOST_BYTES / 1024),
            Self::System(problem) => out.write_str(problem),
            Self::Template => out.write_str("it is a template, whose values are not known"),
            Self::Format { line, problem } => write!(out, "line {line}: {problem}"),
        }
    }
}

/// The text of these bytes and how they were encoded.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    if let Some(encoding) = utf16(bytes) {
        return Ok((from_utf16(bytes, encoding)?, encoding));
    }
    let (mark, bytes) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    if bytes.contains(&0) {
        return Err(Unreadable::Binary);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((text.to_owned(), Encoding::Utf8 { mark })),
        Err(error) => Err(Unreadable::NotText { at: error.valid_up_to() }),
    }
}

/// Whether these bytes are UTF-16: by its mark, or, as pip and uv do not but editors do, by the zero in every second
/// byte of an ASCII beginning.
fn utf16(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => Some(Encoding::Utf16 { mark: true, big_endian: false }),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16 { mark: true, big_endian: true }),
        [1..=255, 0, 1..=255, 0, ..] => Some(Encoding::Utf16 { mark: false, big_endian: false }),
        [0, 1..=255, 0, 1..=255, ..] => Some(Encoding::Utf16 { mark: false, big_endian: true }),
        _ => None,
    }
}

fn from_utf16(bytes: &[u8], encoding: Encoding) -> Result<String, Unreadable> {
    let Encoding::Utf16 { mark, big_endian } = encoding else { return Err(Unreadable::Binary) };
    let bytes = &bytes[if mark { 2 } else { 0 }..];
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs
        .iter()
        .map(|pair| if big_endian { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text),
        _ => Err(Unreadable::Binary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(decode(b"a\0b").err(), Some(Unreadable::Binary));
        assert_eq!(decode(b"ab\xe9").err(), Some(Unreadable::NotText { at: 2 }));
        assert_eq!(decode(&vec![b'a'; MOST_BYTES + 1]).err(), Some(Unreadable::TooLarge));
        assert_eq!(decode(b"\xff\xfea").err(), Some(Unreadable::Binary));
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        for bytes in [&b"\xff\xfew\0e\0"[..], b"\xfe\xff\0w\0e", b"w\0e\0", b"\0w\0e"] {
            assert_eq!(decode(bytes).map(|(text, _)| text), Ok("we".to_owned()));
        }
    }
}
