//! What has no operator around it: names, numbers, strings, and what stands in brackets.

use super::{
    Parsed, Parser, Type, Unexpected, Watch, lexer,
    operators::{COMPARISON, is_keyword},
    strings,
};
use crate::readers::python::tree::{Expr, Kind};

impl Parser<'_> {
    pub(super) fn atom(&mut self) -> Parsed<Expr> {
        let start = self.start();
        match self.kind() {
            Type::Text => Ok(self.string()),
            Type::Number => {
                let number = self.text_of(self.token()).to_owned();
                self.at += 1;
                Ok(self.made(start, Kind::Number(number)))
            }
            Type::Name => {
                let word = self.word();
                let kind = match word {
                    "True" => Kind::Bool(true),
                    "False" => Kind::Bool(false),
                    "None" => Kind::None,
                    _ if is_keyword(word) => return Err(Unexpected),
                    _ => Kind::Name(word.to_owned()),
                };
                self.at += 1;
                Ok(self.made(start, kind))
            }
            Type::Sign => match self.word() {
                "(" => self.deeper(Self::brackets),
                "[" => self.deeper(Self::list),
                "{" => self.deeper(Self::braces),
                "..." => {
                    self.at += 1;
                    Ok(self.made(start, Kind::Other))
                }
                _ => Err(Unexpected),
            },
            _ => Err(Unexpected),
        }
    }

    /// `( … )`: a tuple, a comprehension, or one expression. `as` of a `with` in brackets is read over.
    fn brackets(&mut self) -> Parsed<Expr> {
        let start = self.start();
        self.expect("(")?;
        let mut all = Vec::new();
        let mut comma = false;
        while !self.is(")") {
            let here = self.start();
            let value = self.spread()?;
            all.push(self.comprehension(here, vec![value])?);
            if self.take("as") {
                all.push(self.binary(COMPARISON + 1)?);
            }
            if !self.take(",") {
                break;
            }
            comma = true;
        }
        self.expect(")")?;
        if all.len() == 1 && !comma {
            return all.pop().ok_or(Unexpected);
        }
        Ok(self.made(start, Kind::Tuple(all)))
    }

    fn list(&mut self) -> Parsed<Expr> {
        let start = self.start();
        self.expect("[")?;
        let mut all = Vec::new();
        while !self.is("]") {
            let here = self.start();
            let value = self.spread()?;
            all.push(self.comprehension(here, vec![value])?);
            if !self.take(",") {
                break;
            }
        }
        self.expect("]")?;
        let one = matches!(all.as_slice(), [Expr { kind: Kind::Comprehension(_), .. }]);
        match all.pop() {
            Some(Expr { kind: comprehension, .. }) if one => Ok(self.made(start, comprehension)),
            last => {
                all.extend(last);
                Ok(self.made(start, Kind::List(all)))
            }
        }
    }

    fn braces(&mut self) -> Parsed<Expr> {
        let start = self.start();
        self.expect("{")?;
        let mut entries: Vec<(Option<Expr>, Expr)> = Vec::new();
        let mut elements = Vec::new();
        while !self.is("}") {
            if self.take("**") {
                entries.push((None, self.binary(COMPARISON + 1)?));
            } else {
                let here = self.start();
                let key = self.spread()?;
                if self.take(":") {
                    let value = self.expression()?;
                    if self.is("for") || self.is("async") {
                        let made = self.comprehension(here, vec![key, value])?;
                        self.expect("}")?;
                        return Ok(self.made(start, made.kind));
                    }
                    entries.push((Some(key), value));
                } else {
                    elements.push(self.comprehension(here, vec![key])?);
                }
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        let kind = if elements.is_empty() { Kind::Dict(entries) } else { Kind::Set(elements) };
        Ok(self.made(start, kind))
    }

    /// String literals beside each other are one.
    fn string(&mut self) -> Expr {
        let start = self.start();
        let mut text = crate::text::Excerpt::empty(self.source, start);
        let mut inside = Vec::new();
        let (mut bytes, mut formats) = (false, false);
        while self.kind() == Type::Text {
            let token = self.token();
            let literal = strings::literal(self.source, token.start..token.end);
            if !formats {
                text.append(&literal.text);
            }
            bytes |= literal.bytes;
            formats |= literal.formats;
            for field in literal.fields {
                inside.push(self.field(field));
            }
            self.at += 1;
        }
        let kind = match (bytes, formats) {
            (true, _) => Kind::Other,
            (_, true) => Kind::Format(text, inside),
            _ => Kind::Text(text),
        };
        self.made(start, kind)
    }

    /// An expression inside an f-string.
    fn field(&mut self, range: std::ops::Range<usize>) -> Expr {
        let tokens = lexer::tokens(self.source.text(), range.clone(), 1);
        let depth = self.depth + 10;
        let watch = Watch::everything();
        let mut inner = Parser { source: self.source, tokens: &tokens, at: 0, depth, errors: 0, watch };
        let found = inner.expressions();
        found.unwrap_or(Expr { kind: Kind::Unknown, span: self.source.span(range) })
    }
}
