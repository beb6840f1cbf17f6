//! The line of a request as a JSON object, which has the line of the format as its message.

use std::{fmt::Display, io::Write as _};

use super::{Facts, Format, Moment, format::place, trace};

/// The fields of a request that an object shows, behind those of the format.
const FIELDS: [&[u8]; 4] = [b"referer", b"user-agent", b"traceparent", b"x-request-id"];

/// A format, and what each object says of the worker.
#[derive(Debug, Clone)]
pub struct Json {
    format: Format,
    /// Behind the time, to the message: `"level": "info", …, "message": `.
    who: String,
    fields: Vec<Vec<u8>>,
    /// Where in them those of [`FIELDS`] are.
    places: [usize; FIELDS.len()],
}

impl Json {
    /// Objects of this format. `who` are the members between the time and the message, as JSON.
    pub fn new(format: Format, who: String) -> Self {
        let mut fields = format.request.clone();
        let places = FIELDS.map(|name| place(&mut fields, name));
        Self { format, who, fields, places }
    }

    /// The fields of requests whose values [`Facts::request`] is to have, in this order.
    pub fn request_fields(&self) -> &[Vec<u8>] {
        &self.fields
    }

    /// Writes an object without the end of its line. `None` if it has a value that Python has to write. `repeated` says
    /// which of the fields came more than once.
    pub fn line(
        &self,
        facts: &Facts<'_>,
        repeated: &[bool],
        moment: Moment<'_>,
        process: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let mut message = Vec::with_capacity(256);
        self.format.line(facts, moment, process, &mut message)?;
        let own = self.places.map(|place| facts.request.get(place).copied().flatten());
        let once = |number: usize| own[number].filter(|_| repeated.get(self.places[number]) == Some(&false));
        out.extend_from_slice(b"{\"time\": \"");
        out.extend_from_slice(moment.date);
        put(out, format_args!(".{:06}", moment.microseconds));
        out.extend_from_slice(moment.zone);
        out.extend_from_slice(b"\", ");
        out.extend_from_slice(self.who.as_bytes());
        text(std::str::from_utf8(&message).ok()?.chars(), out);
        member(", \"client\": ", facts.client.map(str::chars), out);
        member(", \"method\": ", Some(facts.method.chars()), out);
        member(", \"path\": ", Some(facts.path.chars()), out);
        let query = if facts.query.is_empty() { None } else { Some(facts.query) };
        let target = facts.raw_path.iter().chain(query.iter().flat_map(|query| b"?".iter().chain(*query)));
        member(", \"target\": ", Some(target.map(|byte| char::from(*byte))), out);
        member(", \"protocol\": ", Some("HTTP/".chars().chain(facts.version.chars())), out);
        put(out, format_args!(", \"status\": {}, \"bytes\": {}", facts.status, facts.size));
        put(out, format_args!(", \"duration_ms\": {:?}", milliseconds(facts.seconds)?));
        member(", \"referer\": ", own[0].map(latin), out);
        member(", \"user_agent\": ", own[1].map(latin), out);
        if let Some((trace, span)) = once(2).and_then(trace::parent) {
            put(out, format_args!(", \"trace_id\": \"{trace}\", \"span_id\": \"{span}\""));
        }
        if let Some(request) = once(3).and_then(trace::request) {
            member(", \"request_id\": ", Some(request.chars()), out);
        }
        out.push(b'}');
        Some(())
    }
}

/// Rounded to three places, as Python does by way of the decimal text.
fn milliseconds(seconds: f64) -> Option<f64> {
    format!("{:.3}", seconds * 1000.0).parse().ok()
}

fn latin(bytes: &[u8]) -> impl Iterator<Item = char> + '_ {
    bytes.iter().map(|byte| char::from(*byte))
}

fn member(name: &str, value: Option<impl Iterator<Item = char>>, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    match value {
        Some(value) => text(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// A text in quotes, all of it ASCII.
fn text(characters: impl Iterator<Item = char>, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in characters {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(u8::try_from(character).unwrap_or(b'?')),
            _ => character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| put(out, format_args!("\\u{unit:04x}"))),
        }
    }
    out.push(b'"');
}

fn put(out: &mut Vec<u8>, text: impl Display) {
    // A vector takes everything.
    let _ = write!(out, "{text}");
}
