//! Statements of one line: assignments, imports, `return` and the like.

use super::{Parsed, Parser, Type, Unexpected};
use crate::readers::python::tree::{Expr, Kind, Line, Statement};

const AUGMENTED: [&str; 13] =
    ["+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="];

impl Parser<'_> {
    /// The statements of one line, with `;` between them.
    pub(super) fn simple(&mut self, into: &mut Vec<Statement>) -> Parsed<()> {
        loop {
            let start = self.start();
            let kind = self.small()?;
            into.push(Statement { kind, span: self.span_from(start) });
            if self.take(";") && self.kind() != Type::Line {
                continue;
            }
            return match self.kind() {
                Type::Line => {
                    self.at += 1;
                    Ok(())
                }
                Type::End | Type::Dedent => Ok(()),
                _ => Err(Unexpected),
            };
        }
    }

    fn small(&mut self) -> Parsed<Line> {
        match self.word() {
            "import" => self.import(),
            "from" => self.import_from(),
            "return" => {
                self.at += 1;
                let bare = matches!(self.kind(), Type::Line | Type::End) || self.is(";");
                Ok(Line::Return(if bare { None } else { Some(self.expressions()?) }))
            }
            "pass" | "break" | "continue" | "global" | "nonlocal" | "del" | "raise" | "assert" => {
                self.other()
            }
            "type" if self.is_type_alias() => {
                self.skip_line();
                Ok(Line::Other(Vec::new()))
            }
            _ => self.assignment(),
        }
    }

    /// `type X = …`.
    fn is_type_alias(&self) -> bool {
        let name = self.tokens.get(self.at + 1).is_some_and(|token| token.kind == Type::Name);
        name && matches!(self.word_at(2), "=" | "[")
    }

    fn other(&mut self) -> Parsed<Line> {
        self.at += 1;
        let mut inside = Vec::new();
        while !matches!(self.kind(), Type::Line | Type::End | Type::Dedent) && !self.is(";") {
            inside.push(self.expression()?);
            if !self.take(",") && !self.take("from") {
                break;
            }
        }
        Ok(Line::Other(inside))
    }

    fn import(&mut self) -> Parsed<Line> {
        self.at += 1;
        let mut names = Vec::new();
        loop {
            let module = self.module()?;
            let alias = if self.take("as") { Some(self.name()?.to_owned()) } else { None };
            names.push((module, alias));
            if !self.take(",") {
                return Ok(Line::Import(names));
            }
        }
    }

    fn module(&mut self) -> Parsed<String> {
        let mut module = self.name()?.to_owned();
        while self.take(".") {
            module.push('.');
            module.push_str(self.name()?);
        }
        Ok(module)
    }

    fn import_from(&mut self) -> Parsed<Line> {
        self.at += 1;
        let mut level = 0;
        while matches!(self.word(), "." | "...") {
            level += self.word().len();
            self.at += 1;
        }
        let module = if self.is("import") { String::new() } else { self.module()? };
        self.expect("import")?;
        let mut names = Vec::new();
        if self.take("*") {
            return Ok(Line::From { level, module, names: vec![("*".to_owned(), None)] });
        }
        let brackets = self.take("(");
        while !(brackets && self.take(")")) {
            let name = self.name()?.to_owned();
            let alias = if self.take("as") { Some(self.name()?.to_owned()) } else { None };
            names.push((name, alias));
            let goes_on = self.take(",") || brackets && self.is(")");
            if !goes_on {
                break;
            }
        }
        Ok(Line::From { level, module, names })
    }

    fn assignment(&mut self) -> Parsed<Line> {
        let first = self.expressions()?;
        if self.take(":") {
            let annotation = Some(self.expression()?);
            let value = if self.take("=") { Some(self.expressions()?) } else { None };
            return Ok(Line::Assign { targets: vec![first], annotation, value, augmented: false });
        }
        if AUGMENTED.iter().any(|sign| self.take(sign)) {
            let value = Some(self.expressions()?);
            return Ok(Line::Assign { targets: vec![first], annotation: None, value, augmented: true });
        }
        let mut all = vec![first];
        while self.take("=") {
            all.push(self.expressions()?);
        }
        let value = all.pop().unwrap_or(Expr { kind: Kind::Unknown, span: self.span_from(self.end()) });
        if all.is_empty() {
            return Ok(Line::Expr(value));
        }
        Ok(Line::Assign { targets: all, annotation: None, value: Some(value), augmented: false })
    }
}
