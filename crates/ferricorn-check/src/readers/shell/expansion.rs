//! What begins with `$`, and backquotes: variables, substitutions, arithmetic.

use super::{
    parse::Parser,
    scan::{DEEPEST, End, Scanner},
    word::{Content, Operation, OperationKind, Piece, Quote, Variable},
};

impl Scanner<'_> {
    pub(super) fn dollar(&mut self, end: End, into: &mut Vec<Piece>) {
        let start = self.at;
        let bare = end.quote() == Quote::Bare;
        let content = match self.peek(1) {
            Some(b'\'') if bare => {
                self.at += 1;
                return self.ansi(into);
            }
            Some(b'"') if bare => {
                self.at += 1;
                return self.double(into);
            }
            Some(b'(') if self.peek(2) == Some(b'(') => self.arithmetic(),
            Some(b'(') => self.substitution(),
            Some(b'{') => self.parameter(end),
            Some(letter) if letter.is_ascii_alphabetic() || letter == b'_' => {
                self.at += 1;
                let name = self.name();
                Content::Variable(Variable { name, operation: None })
            }
            Some(letter) if letter.is_ascii_digit() || b"@*#?-$!".contains(&letter) => {
                self.at += 2;
                Content::Variable(Variable { name: char::from(letter).to_string(), operation: None })
            }
            _ => {
                self.at += 1;
                Content::Literal("$".to_owned())
            }
        };
        into.push(self.piece(content, end.quote(), start..self.at));
    }

    /// A name. A continued line does not end it.
    fn name(&mut self) -> String {
        let mut name = String::new();
        let letter = |byte: Option<u8>| byte.filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        loop {
            if let Some(next) = letter(self.peek(0)) {
                name.push(char::from(next));
                self.at += 1;
            } else if self.starts("\\\n") && letter(self.peek(2)).is_some() {
                self.at += 2;
            } else {
                return name;
            }
        }
    }

    /// `$'…'` with its escapes.
    fn ansi(&mut self, into: &mut Vec<Piece>) {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        let mut text = String::new();
        while let Some(letter) = self.peek(0).filter(|letter| *letter != b'\'') {
            let from = self.at;
            self.step();
            if letter != b'\\' || self.peek(0).is_none() {
                text.push_str(&self.text[from..self.at]);
                continue;
            }
            let escaped = self.at;
            self.step();
            match &self.text[escaped..self.at] {
                "n" => text.push('\n'),
                "t" => text.push('\t'),
                "r" => text.push('\r'),
                other @ ("\\" | "'" | "\"" | "?") => text.push_str(other),
                other => text.extend(["\\", other]),
            }
        }
        into.push(self.piece(Content::Literal(text), Quote::Single, start..self.at));
        self.close(b'\'', open);
    }

    fn arithmetic(&mut self) -> Content {
        let start = self.at;
        let mut open = 0_usize;
        self.at += 1;
        while let Some(letter) = self.peek(0) {
            self.at += 1;
            match letter {
                b'(' => open += 1,
                b')' if open == 1 => return Content::Arithmetic,
                b')' => open -= 1,
                _ => {}
            }
        }
        self.unclosed.push(self.span(start, self.text.len()));
        Content::Arithmetic
    }

    fn substitution(&mut self) -> Content {
        let start = self.at;
        if self.depth >= DEEPEST {
            self.at += 2;
            return Content::Literal("$(".to_owned());
        }
        let (mut script, end) = Parser::new(self.value, self.at + 2, self.depth + 1).script();
        self.at = end;
        self.close(b')', start);
        self.broken.append(&mut script.broken);
        self.unclosed.append(&mut script.unclosed);
        Content::Substitution(Box::new(script))
    }

    pub(super) fn backquotes(&mut self, quote: Quote, into: &mut Vec<Piece>) {
        let start = self.at;
        self.at += 1;
        let mut inner = self.value.part(self.at..self.at);
        while let Some(letter) = self.peek(0).filter(|letter| *letter != b'`') {
            let from = self.at;
            self.at += 1;
            if letter == b'\\' && self.peek(0).is_some_and(|next| b"`\\$".contains(&next)) {
                self.at += 1;
                inner.append(&self.value.part(from + 1..self.at));
                continue;
            }
            while self.peek(0).is_some_and(|next| next != b'`' && next != b'\\') {
                self.at += 1;
            }
            inner.append(&self.value.part(from..self.at));
        }
        self.close(b'`', start);
        let content = if self.depth >= DEEPEST {
            Content::Literal(self.text[start..self.at].to_owned())
        } else {
            let mut script = Parser::new(&inner, 0, self.depth + 1).script().0;
            self.broken.append(&mut script.broken);
            self.unclosed.append(&mut script.unclosed);
            Content::Substitution(Box::new(script))
        };
        into.push(self.piece(content, quote, start..self.at));
    }

    fn parameter(&mut self, end: End) -> Content {
        let start = self.at;
        if self.depth >= DEEPEST {
            self.at += 2;
            return Content::Literal("${".to_owned());
        }
        self.at += 2;
        let sign = self.peek(0).filter(|letter| b"#!".contains(letter));
        let has_sign = sign.is_some() && self.peek(1).is_some_and(|letter| letter != b'}');
        self.at += usize::from(has_sign);
        let mut name = self.name();
        if name.is_empty() && self.peek(0).is_some_and(|letter| b"@*#?-$!".contains(&letter)) {
            self.text[self.at..=self.at].clone_into(&mut name);
            self.at += 1;
        }
        let operation = self.operation(has_sign, end);
        self.close(b'}', start);
        Content::Variable(Variable { name, operation })
    }

    fn operation(&mut self, has_sign: bool, end: End) -> Option<Operation> {
        if self.peek(0) == Some(b'}') && !has_sign {
            return None;
        }
        let empty_too = self.peek(0) == Some(b':');
        let kind = match self.peek(usize::from(empty_too)) {
            _ if has_sign => OperationKind::Other,
            Some(b'-' | b'=') => OperationKind::Default,
            Some(b'+') => OperationKind::Alternative,
            Some(b'?') => OperationKind::Required,
            _ => OperationKind::Other,
        };
        if kind != OperationKind::Other {
            self.at += 1 + usize::from(empty_too);
        }
        let start = self.at;
        let mut pieces = Vec::new();
        self.depth += 1;
        self.pieces(if end.quote() == Quote::Double { End::BraceInQuotes } else { End::Brace }, &mut pieces);
        self.depth -= 1;
        Some(Operation { kind, empty_too, word: self.whole(pieces, start) })
    }
}
