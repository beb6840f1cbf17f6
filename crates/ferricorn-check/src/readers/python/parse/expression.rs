//! Expressions.

use super::{
    Parsed, Parser, Type, Unexpected,
    operators::{COMPARISON, NOT, UNARY, binding},
};
use crate::readers::python::tree::{Argument, Expr, Kind};

/// The longest chain of attributes, calls and indices, and of unlike operators. They nest to the left, and the tree is
/// walked by recursion.
const LONGEST_CHAIN: usize = 500;

impl Parser<'_> {
    pub(super) fn made(&self, start: usize, kind: Kind) -> Expr {
        Expr { kind, span: self.span_from(start) }
    }

    fn operation(&self, start: usize, name: &str, operands: Vec<Expr>) -> Expr {
        self.made(start, Kind::Operation(name.to_owned(), operands))
    }

    /// Expressions with commas between them: a tuple if there is a comma.
    pub(super) fn expressions(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let first = self.spread()?;
        if !self.is(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take(",") {
            if self.ends_expression() {
                break;
            }
            all.push(self.spread()?);
        }
        Ok(self.made(start, Kind::Tuple(all)))
    }

    fn ends_expression(&self) -> bool {
        matches!(self.kind(), Type::Line | Type::End | Type::Indent | Type::Dedent)
            || matches!(self.word(), ")" | "]" | "}" | "=" | ":" | ";" | "in" | "for")
    }

    /// An expression, perhaps with `*` in front.
    pub(super) fn spread(&mut self) -> Parsed<Expr> {
        let start = self.start();
        if self.take("*") {
            let value = self.binary(COMPARISON + 1)?;
            return Ok(self.operation(start, "*", vec![value]));
        }
        self.expression()
    }

    /// One expression: `a if b else c`, `lambda`, `a := b`, `yield`.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Self::expression_here)
    }

    fn expression_here(&mut self) -> Parsed<Expr> {
        let start = self.start();
        match self.word() {
            "lambda" => return self.lambda(),
            "yield" => return self.yield_expression(),
            _ => {}
        }
        let value = self.binary(0)?;
        if self.take(":=") {
            let right = self.expression()?;
            return Ok(self.operation(start, ":=", vec![value, right]));
        }
        if self.is("if") {
            self.at += 1;
            let test = self.binary(0)?;
            self.expect("else")?;
            let other = self.expression()?;
            return Ok(self.operation(start, "if", vec![value, test, other]));
        }
        Ok(value)
    }

    fn yield_expression(&mut self) -> Parsed<Expr> {
        let start = self.start();
        self.expect("yield")?;
        self.take("from");
        let value = if self.ends_expression() { Vec::new() } else { vec![self.expressions()?] };
        Ok(self.operation(start, "yield", value))
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        let start = self.start();
        self.expect("lambda")?;
        let mut inside = Vec::new();
        while !self.take(":") {
            if self.take("=") {
                inside.push(self.expression()?);
            } else if self.kind() == Type::Name || matches!(self.word(), "," | "*" | "**" | "/") {
                self.at += 1;
            } else {
                return Err(Unexpected);
            }
        }
        inside.push(self.expression()?);
        Ok(self.made(start, Kind::Lambda(inside)))
    }

    /// Operators that bind at least so tightly.
    pub(super) fn binary(&mut self, least: u8) -> Parsed<Expr> {
        let start = self.start();
        let mut left = if least <= NOT && self.is("not") {
            self.at += 1;
            let value = self.deeper(|parser| parser.binary(NOT))?;
            self.operation(start, "not", vec![value])
        } else {
            self.unary()?
        };
        // The operator that `left` was made with here; a long chain of one operator is one operation.
        let mut chain = "";
        let mut unlike = 0;
        while unlike < LONGEST_CHAIN {
            let Some(strength) = binding(self.word()).filter(|strength| *strength >= least) else {
                return Ok(left);
            };
            if self.is("not") && self.word_at(1) != "in" {
                return Ok(left);
            }
            if strength == COMPARISON {
                left = self.comparison(start, left)?;
                unlike += 1;
                chain = "";
                continue;
            }
            let operator = self.word();
            self.at += 1;
            let right = self.deeper(|parser| parser.binary(strength + 1))?;
            let span = self.span_from(start);
            match &mut left.kind {
                Kind::Operation(_, operands) if chain == operator => {
                    operands.push(right);
                    left.span = span;
                }
                _ => {
                    unlike += 1;
                    left = self.operation(start, operator, vec![left, right]);
                }
            }
            chain = operator;
        }
        Err(Unexpected)
    }

    fn comparison(&mut self, start: usize, first: Expr) -> Parsed<Expr> {
        let mut operands = vec![first];
        let name = self.word();
        while binding(self.word()) == Some(COMPARISON) && !(self.is("not") && self.word_at(1) != "in") {
            let two = matches!((self.word(), self.word_at(1)), ("not", "in") | ("is", "not"));
            self.at += 1 + usize::from(two);
            operands.push(self.deeper(|parser| parser.binary(COMPARISON + 1))?);
        }
        Ok(self.operation(start, name, operands))
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let sign = self.word();
        if matches!(sign, "-" | "+" | "~") {
            self.at += 1;
            let value = self.deeper(|parser| parser.binary(UNARY))?;
            return Ok(self.operation(start, sign, vec![value]));
        }
        let base = if self.take("await") {
            let value = self.primary()?;
            self.operation(start, "await", vec![value])
        } else {
            self.primary()?
        };
        if self.take("**") {
            let power = self.deeper(Self::unary)?;
            return Ok(self.operation(start, "**", vec![base, power]));
        }
        Ok(base)
    }

    /// A name or a literal, and the calls, attributes and indices behind it.
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let mut value = self.atom()?;
        for _ in 0..LONGEST_CHAIN {
            match self.word() {
                "." => {
                    self.at += 1;
                    let name = self.word();
                    if self.kind() != Type::Name {
                        return Err(Unexpected);
                    }
                    self.at += 1;
                    value = self.made(start, Kind::Attribute(Box::new(value), name.to_owned()));
                }
                "(" => {
                    let arguments = self.arguments()?;
                    value = self.made(start, Kind::Call(Box::new(value), arguments));
                }
                "[" => {
                    self.at += 1;
                    let index = self.deeper(Self::index)?;
                    self.expect("]")?;
                    value = self.made(start, Kind::Subscript(Box::new(value), Box::new(index)));
                }
                _ => return Ok(value),
            }
        }
        Err(Unexpected)
    }

    fn index(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let mut all = Vec::new();
        let mut comma = false;
        while !self.is("]") {
            all.push(self.slice()?);
            if !self.take(",") {
                break;
            }
            comma = true;
        }
        if all.len() == 1 && !comma {
            return all.pop().ok_or(Unexpected);
        }
        Ok(self.made(start, Kind::Tuple(all)))
    }

    fn slice(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let mut parts = Vec::new();
        let mut colon = false;
        while !matches!(self.word(), "]" | ",") {
            if self.take(":") {
                colon = true;
            } else {
                parts.push(self.spread()?);
                if !matches!(self.word(), "]" | "," | ":") {
                    return Err(Unexpected);
                }
            }
        }
        if !colon && parts.len() == 1 {
            return parts.pop().ok_or(Unexpected);
        }
        Ok(self.operation(start, ":", parts))
    }

    /// The arguments of a call or of a class, brackets included.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        self.deeper(Self::arguments_here)
    }

    fn arguments_here(&mut self) -> Parsed<Vec<Argument>> {
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.take(")") {
            let start = self.start();
            let spread = ["*", "**"].into_iter().find(|sign| self.take(sign));
            let named = spread.is_none() && self.kind() == Type::Name && self.word_at(1) == "=";
            let name = if named {
                let name = self.word().to_owned();
                self.at += 2;
                Some(name)
            } else {
                spread.map(str::to_owned)
            };
            let value = self.expression()?;
            let value = self.comprehension(start, vec![value])?;
            arguments.push(Argument { name, value, span: self.span_from(start) });
            if !self.take(",") && !self.is(")") {
                return Err(Unexpected);
            }
        }
        // There are many calls, and most have one argument.
        arguments.shrink_to_fit();
        Ok(arguments)
    }

    /// If `for` follows, the elements are those of a comprehension.
    pub(super) fn comprehension(&mut self, start: usize, mut elements: Vec<Expr>) -> Parsed<Expr> {
        let follows = self.is("for") || self.is("async") && self.word_at(1) == "for";
        if !follows {
            return elements.pop().filter(|_| elements.is_empty()).ok_or(Unexpected);
        }
        loop {
            self.take("async");
            if self.take("for") {
                elements.push(self.targets()?);
                self.expect("in")?;
                elements.push(self.binary(0)?);
            } else if self.take("if") {
                let test = if self.is("lambda") { self.lambda()? } else { self.binary(0)? };
                let start = self.start();
                let test = if self.take(":=") {
                    let value = self.expression()?;
                    self.operation(start, ":=", vec![test, value])
                } else {
                    test
                };
                elements.push(test);
            } else {
                return Ok(self.made(start, Kind::Comprehension(elements)));
            }
        }
    }

    /// What stands between `for` and `in`.
    pub(super) fn targets(&mut self) -> Parsed<Expr> {
        let start = self.start();
        let mut all = Vec::new();
        loop {
            self.take("*");
            all.push(self.binary(COMPARISON + 1)?);
            if !self.take(",") || self.is("in") {
                break;
            }
        }
        if all.len() == 1 {
            return all.pop().ok_or(Unexpected);
        }
        Ok(self.made(start, Kind::Tuple(all)))
    }
}
