//! gunicorn's format of access lines.

/// A format, as far as it can be written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    pub(super) parts: Vec<Part>,
    /// The fields of requests that it names, in small letters.
    pub(super) request: Vec<Vec<u8>>,
    /// The fields of responses that it names, in small letters.
    pub(super) response: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Client,
    User(usize),
    Time,
    RequestLine,
    Status,
    Method,
    Path,
    Query,
    Protocol,
    Size,
    Seconds,
    Milliseconds,
    Microseconds,
    SecondsInFull,
    Process,
    RequestField(usize),
    ResponseField(usize),
}

impl Format {
    /// Reads a format. `None` if Python has to handle something in it: a width or a precision, `{name}e`.
    pub fn read(text: &str) -> Option<Self> {
        let mut format = Self { parts: Vec::new(), request: Vec::new(), response: Vec::new() };
        let mut rest = text;
        while let Some((before, from)) = rest.split_once('%') {
            format.text(before);
            rest = if let Some(atom) = from.strip_prefix('(') {
                let (name, behind) = atom.split_once(')')?;
                format.atom(name, behind.chars().next()?)?;
                &behind[1..]
            } else {
                format.text("%");
                from.strip_prefix('%').unwrap_or(from)
            };
        }
        format.text(rest);
        Some(format)
    }

    /// The fields of requests whose values [`Facts`](super::Facts) are to have, in this order.
    pub fn request_fields(&self) -> &[Vec<u8>] {
        &self.request
    }

    /// The fields of responses whose values [`Facts`](super::Facts) are to have, in this order.
    pub fn response_fields(&self) -> &[Vec<u8>] {
        &self.response
    }

    fn text(&mut self, text: &str) {
        if let Some(Part::Text(before)) = self.parts.last_mut() {
            before.extend_from_slice(text.as_bytes());
        } else if !text.is_empty() {
            self.parts.push(Part::Text(text.as_bytes().to_vec()));
        }
    }

    fn atom(&mut self, name: &str, kind: char) -> Option<()> {
        let is_number = matches!(name, "s" | "b" | "B" | "T" | "D" | "M");
        // All other kinds write a number as they write a text.
        if !kind.is_ascii_alphabetic() || name.contains('(') || (is_number && "oxXfFeEgG".contains(kind)) {
            return None;
        }
        let part = match name {
            "h" => Part::Client,
            "u" => Part::User(place(&mut self.request, b"authorization")),
            "t" => Part::Time,
            "r" => Part::RequestLine,
            "s" => Part::Status,
            "m" => Part::Method,
            "U" => Part::Path,
            "q" => Part::Query,
            "H" => Part::Protocol,
            "b" | "B" => Part::Size,
            "T" => Part::Seconds,
            "M" => Part::Milliseconds,
            "D" => Part::Microseconds,
            "L" => Part::SecondsInFull,
            "p" => Part::Process,
            "f" => Part::RequestField(place(&mut self.request, b"referer")),
            "a" => Part::RequestField(place(&mut self.request, b"user-agent")),
            _ => match field(name) {
                Some(Field::Request(name)) => Part::RequestField(place(&mut self.request, name.as_bytes())),
                Some(Field::Response(name)) => {
                    Part::ResponseField(place(&mut self.response, name.as_bytes()))
                }
                Some(Field::Pythons) => return None,
                None => {
                    self.text("-");
                    return Some(());
                }
            },
        };
        self.parts.push(part);
        Some(())
    }
}

/// What an atom in braces names.
enum Field {
    Request(String),
    Response(String),
    Pythons,
}

/// Reads `{name}i`, `{name}o` or `{name}e`; names come out in small letters.
fn field(name: &str) -> Option<Field> {
    let (inner, letter) = name.strip_prefix('{')?.rsplit_once('}')?;
    match letter {
        "i" | "o" | "e" if letter == "e" || !inner.is_ascii() => Some(Field::Pythons),
        "i" => Some(Field::Request(inner.to_ascii_lowercase())),
        "o" => Some(Field::Response(inner.to_ascii_lowercase())),
        _ => None,
    }
}

/// Where a name is, at the end if it is new.
pub(super) fn place(known: &mut Vec<Vec<u8>>, name: &[u8]) -> usize {
    known.iter().position(|it| it == name).unwrap_or_else(|| {
        known.push(name.to_vec());
        known.len() - 1
    })
}
