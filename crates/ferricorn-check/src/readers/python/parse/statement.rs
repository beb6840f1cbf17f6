//! Statements with a block behind them.

use super::{Parsed, Parser, Type, Unexpected};
use crate::readers::python::tree::{Class, Expr, Function, Line, Parameter, Statement};

impl Parser<'_> {
    /// Reads the statements of a line, or a whole compound statement. A line that cannot be read is left out.
    pub(super) fn statement(&mut self, into: &mut Vec<Statement>) {
        match self.kind() {
            Type::Line | Type::Indent | Type::Dedent => self.at += 1,
            Type::End => {}
            _ => {
                let before = self.at;
                if self.one_statement(into).is_err() {
                    self.errors += 1;
                    self.at = self.at.max(before + 1);
                    self.skip_line();
                }
            }
        }
    }

    pub(super) fn skip_line(&mut self) {
        while !matches!(self.kind(), Type::Line | Type::End) {
            self.at += 1;
        }
    }

    fn one_statement(&mut self, into: &mut Vec<Statement>) -> Parsed<()> {
        let start = self.start();
        let kind = match self.word() {
            "@" | "def" | "class" => self.definition()?,
            "async" if self.word_at(1) == "def" => self.definition()?,
            "async" => {
                self.at += 1;
                self.block()?
            }
            "if" => self.condition()?,
            "for" | "while" | "with" | "try" | "except" | "else" | "finally" | "elif" => self.block()?,
            "match" | "case" if self.ends_with_colon() => match self.match_or_case() {
                Ok(kind) => kind,
                Err(Unexpected) => return self.simple(into),
            },
            _ => return self.simple(into),
        };
        into.push(Statement { kind, span: self.span_from(start) });
        Ok(())
    }

    /// Whether the logical line ends with `:` and a block follows, or with `: statement` behind `case`.
    fn ends_with_colon(&self) -> bool {
        let rest = &self.tokens[self.at..];
        let end =
            rest.iter().position(|token| matches!(token.kind, Type::Line | Type::End)).unwrap_or(rest.len());
        end > 1 && self.text_of(&rest[end - 1]) == ":"
            || self.is("case") && rest[..end].iter().any(|token| self.text_of(token) == ":")
    }

    fn match_or_case(&mut self) -> Parsed<Line> {
        let before = self.at;
        let keyword = self.word().to_owned();
        self.at += 1;
        let header =
            if keyword == "match" { self.expressions().map(|subject| vec![subject]) } else { self.pattern() };
        let Ok(header) = header else {
            self.at = before;
            return Err(Unexpected);
        };
        if !self.is(":") {
            self.at = before;
            return Err(Unexpected);
        }
        let body = self.suite()?;
        Ok(Line::Block { keyword, header, body })
    }

    /// Passes over a pattern; the condition behind `if` is an expression.
    fn pattern(&mut self) -> Parsed<Vec<Expr>> {
        let mut open = 0_usize;
        loop {
            match self.word() {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                ":" if open == 0 => return Ok(Vec::new()),
                "if" if open == 0 => {
                    self.at += 1;
                    return Ok(vec![self.expression()?]);
                }
                _ => {}
            }
            if matches!(self.kind(), Type::Line | Type::End) {
                return Err(Unexpected);
            }
            self.at += 1;
        }
    }

    /// `:` and what belongs to it: a block, or statements in the same line.
    fn suite(&mut self) -> Parsed<Vec<Statement>> {
        self.expect(":")?;
        let mut body = Vec::new();
        if self.kind() != Type::Line {
            self.simple(&mut body)?;
            return Ok(body);
        }
        self.at += 1;
        if self.kind() != Type::Indent {
            return Ok(body);
        }
        self.at += 1;
        if self.depth >= super::DEEPEST {
            self.skip_block();
            return Ok(body);
        }
        // Blocks may lie as deep as Python allows them, whatever brackets are around.
        self.depth += 1;
        while !matches!(self.kind(), Type::Dedent | Type::End) {
            self.statement(&mut body);
        }
        self.depth -= 1;
        self.at += usize::from(self.kind() == Type::Dedent);
        // A statement is large, and most bodies are short.
        body.shrink_to_fit();
        Ok(body)
    }

    /// The same of a function or a class, empty if nothing in it can matter.
    fn watched_suite(&mut self) -> Parsed<Vec<Statement>> {
        let ahead = |at: usize| self.tokens.get(self.at + at).map(|token| token.kind);
        if self.is(":") && ahead(1) == Some(Type::Line) && ahead(2) == Some(Type::Indent) {
            let start = self.at + 3;
            let before = std::mem::replace(&mut self.at, start);
            self.skip_block();
            if !self.watch.any(self.source.text(), &self.tokens[start..self.at]) {
                return Ok(Vec::new());
            }
            self.at = before;
        }
        self.suite()
    }

    fn skip_block(&mut self) {
        let mut open = 1_usize;
        while open > 0 && self.kind() != Type::End {
            match self.kind() {
                Type::Indent => open += 1,
                Type::Dedent => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn condition(&mut self) -> Parsed<Line> {
        self.at += 1;
        let test = self.expression()?;
        let body = self.suite()?;
        let start = self.start();
        let otherwise = match self.word() {
            "elif" => {
                let inner = self.deeper(Self::condition)?;
                vec![Statement { kind: inner, span: self.span_from(start) }]
            }
            "else" => {
                self.at += 1;
                self.suite()?
            }
            _ => Vec::new(),
        };
        Ok(Line::If { test, body, otherwise })
    }

    /// `for … in …:`, `with … as …:`, `except … as …:`, `try:` and the like.
    fn block(&mut self) -> Parsed<Line> {
        let keyword = self.word().to_owned();
        self.at += 1;
        let mut header = Vec::new();
        if keyword == "for" {
            header.push(self.targets()?);
            self.expect("in")?;
        } else if keyword == "except" {
            self.take("*");
        }
        while !self.is(":") {
            header.push(self.expression_or_spread()?);
            if self.take("as") {
                header.push(self.targets_of_with()?);
            }
            if !self.take(",") && !self.is(":") {
                return Err(Unexpected);
            }
        }
        let body = self.suite()?;
        Ok(Line::Block { keyword, header, body })
    }

    fn expression_or_spread(&mut self) -> Parsed<Expr> {
        self.take("*");
        self.expression()
    }

    fn targets_of_with(&mut self) -> Parsed<Expr> {
        self.primary()
    }

    fn definition(&mut self) -> Parsed<Line> {
        let mut decorators = Vec::new();
        while self.take("@") {
            if let Ok(decorator) = self.expression() {
                decorators.push(decorator);
            } else {
                self.errors += 1;
                self.skip_line();
            }
            if self.kind() != Type::Line {
                return Err(Unexpected);
            }
            self.at += 1;
        }
        let is_async = self.take("async");
        if self.take("class") {
            return self.class(decorators);
        }
        self.expect("def")?;
        let name_start = self.start();
        let name = self.name()?.to_owned();
        let name_span = self.span_from(name_start);
        self.type_parameters()?;
        let parameters = self.parameters()?;
        let returns = if self.take("->") { Some(self.expressions()?) } else { None };
        let body = self.watched_suite()?;
        Ok(Line::Function(Function { name, name_span, is_async, decorators, parameters, returns, body }))
    }

    fn class(&mut self, decorators: Vec<Expr>) -> Parsed<Line> {
        let name = self.name()?.to_owned();
        self.type_parameters()?;
        let bases = if self.is("(") { self.arguments()? } else { Vec::new() };
        // The fields of a class may be settings by what it derives from, and a class in it may say how they are read.
        let body = if bases.is_empty() && self.depth == 0 { self.watched_suite()? } else { self.suite()? };
        Ok(Line::Class(Class { name, decorators, bases, body }))
    }

    /// `[T: int]` behind a name.
    fn type_parameters(&mut self) -> Parsed<()> {
        let mut open = 0_usize;
        while self.is("[") || open > 0 {
            match self.word() {
                "[" => open += 1,
                "]" => open -= 1,
                _ => {}
            }
            if matches!(self.kind(), Type::Line | Type::End) {
                return Err(Unexpected);
            }
            self.at += 1;
        }
        Ok(())
    }

    fn parameters(&mut self) -> Parsed<Vec<Parameter>> {
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.take(")") {
            let sign = ["**", "*", "/"].into_iter().find(|sign| self.take(sign)).unwrap_or("");
            if self.kind() == Type::Name {
                let name = format!("{sign}{}", self.name()?);
                let annotation = if self.take(":") { Some(self.expression_or_spread()?) } else { None };
                let default = if self.take("=") { Some(self.expression()?) } else { None };
                parameters.push(Parameter { name, annotation, default });
            } else if sign.is_empty() {
                return Err(Unexpected);
            }
            if !self.take(",") && !self.is(")") {
                return Err(Unexpected);
            }
        }
        Ok(parameters)
    }
}
