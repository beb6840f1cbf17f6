//! What an expression is worth, as far as that can be known without running it.

use std::collections::BTreeMap;

use super::{
    Module, Read,
    tree::{Expr, Kind, Line, Statement, top_level},
};
use crate::text::Excerpt;

/// The value of an expression.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string.
    Text(Excerpt),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// A list or a tuple.
    List(Vec<Self>),
    /// A variable of the environment, perhaps through `int(…)`.
    Environment(Read),
    /// Anything else.
    Unknown,
}

/// How many constants of constants are followed.
const DEEPEST: u32 = 8;

impl Module {
    /// The value of an expression. Names that the file assigns once are followed.
    pub fn value(&self, expression: &Expr) -> Value {
        self.value_within(expression, DEEPEST)
    }

    fn value_within(&self, expression: &Expr, depth: u32) -> Value {
        if let Some(read) = self.environment_read(expression) {
            return Value::Environment(read);
        }
        match &expression.kind {
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Bool(value) => Value::Bool(*value),
            Kind::None => Value::None,
            Kind::Number(text) => number(text),
            Kind::List(all) | Kind::Tuple(all) => {
                Value::List(all.iter().map(|one| self.value_within(one, depth)).collect())
            }
            Kind::Operation(sign, operands) if sign == "-" && operands.len() == 1 => {
                match self.value_within(&operands[0], depth) {
                    Value::Integer(value) => value.checked_neg().map_or(Value::Unknown, Value::Integer),
                    Value::Float(value) => Value::Float(-value),
                    _ => Value::Unknown,
                }
            }
            Kind::Name(name) if depth > 0 => {
                self.constant(name).map_or(Value::Unknown, |value| self.value_within(value, depth - 1))
            }
            Kind::Call(function, arguments) => match (function.name(), arguments.as_slice()) {
                (Some("int" | "str"), [only]) if only.name.is_none() => {
                    match (function.name(), self.value_within(&only.value, depth)) {
                        (_, Value::Environment(read)) => Value::Environment(read),
                        (Some("int"), Value::Text(text)) => {
                            text.text().parse().map_or(Value::Unknown, Value::Integer)
                        }
                        (Some("int"), Value::Integer(value)) => Value::Integer(value),
                        (Some("str"), Value::Text(text)) => Value::Text(text),
                        _ => Value::Unknown,
                    }
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// The text of an expression, if it is a string, a constant, or such ones put together.
    pub fn text(&self, expression: &Expr) -> Option<String> {
        match &expression.kind {
            Kind::Operation(sign, operands) if sign == "+" => {
                operands.iter().map(|one| self.text(one)).collect()
            }
            _ => match self.value(expression) {
                Value::Text(text) => Some(text.text().to_owned()),
                _ => None,
            },
        }
    }

    /// What a name at the top level stands for, if the file assigns it exactly once.
    pub fn constant(&self, name: &str) -> Option<&Expr> {
        self.constants.get(name)?.as_ref()
    }
}

/// The names that the top level assigns, with the value of those that are assigned exactly once.
pub(super) fn constants(statements: &[Statement]) -> BTreeMap<String, Option<Expr>> {
    let mut constants: BTreeMap<String, Option<Expr>> = BTreeMap::new();
    top_level(statements, &mut |statement| match &statement.kind {
        Line::Assign { targets, value, augmented, .. } => {
            let plain = targets.len() == 1 && !augmented;
            for name in targets.iter().flat_map(bound) {
                let value = value.clone().filter(|_| plain && targets[0].name().is_some());
                let again = constants.contains_key(name);
                constants.insert(name.to_owned(), value.filter(|_| !again));
            }
        }
        Line::Block { header, .. } => {
            constants.extend(header.iter().flat_map(bound).map(|name| (name.to_owned(), None)));
        }
        _ => {}
    });
    constants
}

/// The names that a target assigns.
fn bound(target: &Expr) -> Vec<&str> {
    match &target.kind {
        Kind::Name(name) => vec![name],
        Kind::Tuple(all) | Kind::List(all) => all.iter().flat_map(bound).collect(),
        Kind::Operation(sign, all) if sign == "*" => all.iter().flat_map(bound).collect(),
        _ => Vec::new(),
    }
}

/// Whether a target assigns this name.
pub(super) fn binds(target: &Expr, name: &str) -> bool {
    bound(target).contains(&name)
}

fn number(text: &str) -> Value {
    let plain = text.replace('_', "");
    let radix = |prefix: &str, radix: u32| {
        let digits =
            plain.strip_prefix(prefix).or_else(|| plain.strip_prefix(&prefix.to_ascii_uppercase()))?;
        i64::from_str_radix(digits, radix).ok()
    };
    let whole =
        radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)).or_else(|| plain.parse().ok());
    match (whole, plain.parse()) {
        (Some(value), _) => Value::Integer(value),
        (None, Ok(value)) => Value::Float(value),
        _ => Value::Unknown,
    }
}
