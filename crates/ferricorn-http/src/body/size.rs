//! The line that begins a chunk: its size and perhaps extensions (RFC 9112, section 7.1.1).

use crate::{
    Refusal,
    grammar::{is_field_value, is_token},
};

/// More hexadecimal digits may not fit into 64 bits.
const MOST_DIGITS: usize = 15;

/// The size, and the length of the extensions in bytes.
pub(super) fn parse(line: &[u8]) -> Result<(u64, usize), Refusal> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (number, extensions) = line.split_at(digits);
    if number.is_empty() || !are_extensions(extensions) {
        return Err(Refusal::ChunkSize);
    }
    if digits > MOST_DIGITS {
        return Err(Refusal::BodyTooLarge);
    }
    let size = number.iter().filter_map(|byte| char::from(*byte).to_digit(16));
    Ok((size.fold(0, |size, digit| size * 16 + u64::from(digit)), extensions.len()))
}

/// Whether it is nothing, or `;name`, `;name=value`, `;name="quoted"` any number of times, without blanks between.
fn are_extensions(mut rest: &[u8]) -> bool {
    while let Some(extension) = rest.strip_prefix(b";") {
        let end = extension.iter().position(|byte| matches!(byte, b';' | b'=')).unwrap_or(extension.len());
        let (name, after) = extension.split_at(end);
        if !is_token(name) {
            return false;
        }
        let Some(value) = after.strip_prefix(b"=") else {
            rest = after;
            continue;
        };
        let Some(length) = value_length(value) else { return false };
        rest = &value[length..];
    }
    rest.is_empty()
}

/// How long the token or the quoted string is that stands at the beginning.
fn value_length(value: &[u8]) -> Option<usize> {
    if value.first() != Some(&b'"') {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        return is_token(&value[..end]).then_some(end);
    }
    let mut at = 1;
    loop {
        match *value.get(at)? {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    is_field_value(&value[1..at]).then_some(at + 1)
}
