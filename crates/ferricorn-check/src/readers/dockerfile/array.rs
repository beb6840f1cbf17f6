//! The JSON form of a command.

use crate::text::Excerpt;

/// The strings of a JSON array, each with its place; `None` if the text is no JSON array of strings.
///
/// Strict, as Docker is: single quotes, a comma at the end or a comment make it a line for the shell.
pub fn array(value: &Excerpt) -> Option<Vec<Excerpt>> {
    let mut reader = Reader { value, text: value.text(), at: 0 };
    reader.blanks();
    reader.take('[')?;
    let mut strings = Vec::new();
    reader.blanks();
    if reader.take(']').is_none() {
        loop {
            reader.blanks();
            strings.push(reader.string()?);
            reader.blanks();
            if reader.take(',').is_none() {
                reader.take(']')?;
                break;
            }
        }
    }
    reader.blanks();
    (reader.at == reader.text.len()).then_some(strings)
}

struct Reader<'v> {
    value: &'v Excerpt,
    text: &'v str,
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        if self.next()? == wanted {
            self.at += wanted.len_utf8();
            return Some(());
        }
        None
    }

    fn string(&mut self) -> Option<Excerpt> {
        self.take('"')?;
        let mut string = self.value.part(self.at..self.at);
        loop {
            let start = self.at;
            let rest = &self.text[start..];
            self.at += rest.find(['"', '\\'])?;
            if rest[..self.at - start].contains(|letter: char| letter < ' ') {
                return None;
            }
            string.append(&self.value.part(start..self.at));
            let special = self.at;
            if self.take('"').is_some() {
                return Some(string);
            }
            let letter = self.escape()?;
            let range = self.value.span(special..self.at).range();
            string.push_made(letter.encode_utf8(&mut [0; 4]), range);
        }
    }

    fn escape(&mut self) -> Option<char> {
        self.take('\\')?;
        let letter = self.next()?;
        self.at += letter.len_utf8();
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode()?,
            _ => return None,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.four()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.take('\\')?;
        self.take('u')?;
        let second = self.four()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
    }

    fn four(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    }
}
