//! The tree of a Python file: what the readers of facts walk over.
//!
//! It is coarser than Python's own: operators have a name and operands, comprehensions and patterns have the expressions
//! in them. What it has, it has with its place.

use crate::text::{Excerpt, Span};

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, without brackets around it (those of a tuple are its own).
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `name`.
    Name(String),
    /// `1`, `0x10`, `1.5`: as it is written.
    Number(String),
    /// `True`, `False`.
    Bool(bool),
    /// `None`.
    None,
    /// A string, with those beside it put together, escapes read.
    Text(Excerpt),
    /// An f-string (or strings with one among them): what is certain of its beginning, and the expressions in it.
    Format(Excerpt, Vec<Expr>),
    /// `b"…"`, `...`.
    Other,
    /// `value.name`.
    Attribute(Box<Expr>, String),
    /// `function(arguments)`.
    Call(Box<Expr>, Vec<Argument>),
    /// `value[index]`; several of `a[b, c]` are one tuple, the parts of a slice are an operation `:`.
    Subscript(Box<Expr>, Box<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `a, b`, with or without brackets.
    Tuple(Vec<Expr>),
    /// `{a, b}`.
    Set(Vec<Expr>),
    /// `{key: value}`; `**other` has no key.
    Dict(Vec<(Option<Expr>, Expr)>),
    /// An operator and its operands: `+`, `not`, `and`, `<`, `if` (value, condition, other value), `:=`, `await`, `yield`,
    /// `*` in front of one operand. A chain of comparisons is one operation.
    Operation(String, Vec<Expr>),
    /// `lambda`: the expressions in it.
    Lambda(Vec<Expr>),
    /// A comprehension: the element (and the value of a dict), then the other expressions in it.
    Comprehension(Vec<Expr>),
    /// What could not be read.
    Unknown,
}

/// An argument of a call or a base of a class.
#[derive(Debug, Clone)]
pub struct Argument {
    /// `name=`; `*` and `**` for what is spread out.
    pub name: Option<String>,
    /// The value.
    pub value: Expr,
    /// Name and value.
    pub span: Span,
}

/// A statement.
#[derive(Debug, Clone)]
pub struct Statement {
    /// What it is.
    pub kind: Line,
    /// From its first word to the end of its last line.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Debug, Clone)]
pub enum Line {
    /// `a = b = value`, `a: type = value`, `a: type`, `a += value`.
    Assign {
        /// To the left of each `=`.
        targets: Vec<Expr>,
        /// Behind `:`.
        annotation: Option<Expr>,
        /// To the right.
        value: Option<Expr>,
        /// Whether it changes what was there (`+=`).
        augmented: bool,
    },
    /// An expression alone.
    Expr(Expr),
    /// `import a.b as c`: what is imported, and the name behind `as`.
    Import(Vec<(String, Option<String>)>),
    /// `from ..a import b as c`.
    From {
        /// How many dots stand in front.
        level: usize,
        /// Behind the dots; may be empty.
        module: String,
        /// What is imported (`*` too), and the name behind `as`.
        names: Vec<(String, Option<String>)>,
    },
    /// `def`.
    Function(Function),
    /// `class`.
    Class(Class),
    /// `if`; `elif` is an `if` alone in the last body.
    If {
        /// The condition.
        test: Expr,
        /// What runs if it holds.
        body: Vec<Statement>,
        /// What runs otherwise.
        otherwise: Vec<Statement>,
    },
    /// `for`, `while`, `with`, `try`, `except`, `else`, `finally`, `match`, `case`: the expressions of its line, its body.
    Block {
        /// The word it begins with.
        keyword: String,
        /// The expressions of its line.
        header: Vec<Expr>,
        /// Its statements.
        body: Vec<Statement>,
    },
    /// `return`.
    Return(Option<Expr>),
    /// Anything else with the expressions in it: `del`, `raise`, `assert`, `global`.
    Other(Vec<Expr>),
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Whether it is `async`.
    pub is_async: bool,
    /// Behind `@`, in order.
    pub decorators: Vec<Expr>,
    /// Its parameters, in order, with `*` and `**` in front.
    pub parameters: Vec<Parameter>,
    /// Behind `->`.
    pub returns: Option<Expr>,
    /// Its body.
    pub body: Vec<Statement>,
}

/// A parameter of a function.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// With `*` or `**` in front.
    pub name: String,
    /// Behind `:`.
    pub annotation: Option<Expr>,
    /// Behind `=`.
    pub default: Option<Expr>,
}

/// A class.
#[derive(Debug, Clone)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Behind `@`, in order.
    pub decorators: Vec<Expr>,
    /// In its brackets.
    pub bases: Vec<Argument>,
    /// Its body.
    pub body: Vec<Statement>,
}

impl Expr {
    /// `a.b.c` as text, if it is nothing but names and dots.
    pub fn dotted(&self) -> Option<String> {
        let mut text = String::new();
        self.put_dotted(&mut text).then_some(text)
    }

    /// Puts `a.b.c` behind a text; `false` if it is something else, and the text is of no use then.
    fn put_dotted(&self, text: &mut String) -> bool {
        match &self.kind {
            Kind::Name(name) => {
                text.push_str(name);
                true
            }
            Kind::Attribute(value, name) if value.put_dotted(text) => {
                text.push('.');
                text.push_str(name);
                true
            }
            _ => false,
        }
    }

    /// The name, if it is one.
    pub fn name(&self) -> Option<&str> {
        if let Kind::Name(name) = &self.kind { Some(name) } else { None }
    }

    /// The text of a string that is written out.
    pub fn text(&self) -> Option<&Excerpt> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The function and the arguments of a call.
    pub fn call(&self) -> Option<(&Self, &[Argument])> {
        if let Kind::Call(function, arguments) = &self.kind { Some((function, arguments)) } else { None }
    }

    /// Shows this expression and all inside it, the outer one first.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Self)) {
        visit(self);
        match &self.kind {
            Kind::Attribute(value, _) => value.walk(visit),
            Kind::Call(function, arguments) => {
                function.walk(visit);
                for argument in arguments {
                    argument.value.walk(visit);
                }
            }
            Kind::Subscript(value, index) => {
                value.walk(visit);
                index.walk(visit);
            }
            Kind::Dict(entries) => {
                entries
                    .iter()
                    .flat_map(|(key, value)| key.iter().chain([value]))
                    .for_each(|it| it.walk(visit));
            }
            Kind::List(all)
            | Kind::Tuple(all)
            | Kind::Set(all)
            | Kind::Operation(_, all)
            | Kind::Lambda(all)
            | Kind::Comprehension(all)
            | Kind::Format(_, all) => all.iter().for_each(|it| it.walk(visit)),
            _ => {}
        }
    }
}

/// An argument by its name.
pub fn keyword<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a Argument> {
    arguments.iter().find(|argument| argument.name.as_deref() == Some(name))
}

/// An argument by its place (from 0), if no spread stands before it, or else by its name.
pub fn argument<'a>(arguments: &'a [Argument], at: usize, name: &str) -> Option<&'a Argument> {
    let plain = arguments.get(at).filter(|_| arguments[..=at].iter().all(|argument| argument.name.is_none()));
    plain.or_else(|| keyword(arguments, name))
}

impl Statement {
    /// The statements directly inside, in order.
    pub fn bodies(&self) -> impl Iterator<Item = &Self> {
        let (body, otherwise): (&[Self], &[Self]) = match &self.kind {
            Line::Function(function) => (&function.body, &[]),
            Line::Class(class) => (&class.body, &[]),
            Line::If { body, otherwise, .. } => (body, otherwise),
            Line::Block { body, .. } => (body, &[]),
            _ => (&[], &[]),
        };
        body.iter().chain(otherwise)
    }

    /// Shows the expressions of the statement itself and those in them, not those of the statements inside it.
    pub fn walk_own<'s>(&'s self, visit: &mut dyn FnMut(&'s Expr)) {
        match &self.kind {
            Line::Assign { targets, annotation, value, .. } => {
                targets.iter().chain(annotation).chain(value).for_each(|it| it.walk(visit));
            }
            Line::Expr(value) => value.walk(visit),
            Line::Function(function) => {
                let parameters = function.parameters.iter();
                let parameters = parameters.flat_map(|one| one.annotation.iter().chain(&one.default));
                let all = function.decorators.iter().chain(parameters).chain(&function.returns);
                all.for_each(|it| it.walk(visit));
            }
            Line::Class(class) => {
                let bases = class.bases.iter().map(|base| &base.value);
                class.decorators.iter().chain(bases).for_each(|it| it.walk(visit));
            }
            Line::If { test, .. } => test.walk(visit),
            Line::Block { header, .. } | Line::Other(header) => header.iter().for_each(|it| it.walk(visit)),
            Line::Return(value) => value.iter().for_each(|it| it.walk(visit)),
            Line::Import(_) | Line::From { .. } => {}
        }
    }
}

/// Shows all statements, the outer ones first, with the functions and classes around each.
pub fn walk<'s>(statements: &'s [Statement], visit: &mut dyn FnMut(&'s Statement, &[&'s Statement])) {
    walk_with(statements, &mut |statement, around| visit(statement, &around[..around.len() - 1]));
}

/// The same; the statement is the last of those around.
fn walk_with<'s>(statements: &'s [Statement], visit: &mut dyn FnMut(&'s Statement, &[&'s Statement])) {
    fn inner<'s>(
        statement: &'s Statement,
        around: &mut Vec<&'s Statement>,
        visit: &mut dyn FnMut(&'s Statement, &[&'s Statement]),
    ) {
        around.push(statement);
        visit(statement, around);
        for below in statement.bodies() {
            inner(below, around, visit);
        }
        around.pop();
    }
    let mut around = Vec::new();
    for statement in statements {
        inner(statement, &mut around, visit);
    }
}

/// Shows every statement that runs when a file is imported or run: those inside `if`, `try`, `with` and loops too, those
/// inside functions and classes not.
pub fn top_level<'s>(statements: &'s [Statement], visit: &mut dyn FnMut(&'s Statement)) {
    for statement in statements {
        visit(statement);
        match &statement.kind {
            Line::If { body, otherwise, .. } => {
                top_level(body, visit);
                top_level(otherwise, visit);
            }
            Line::Block { body, .. } => top_level(body, visit),
            _ => {}
        }
    }
}

/// Shows every expression of these statements, with the statements around it.
pub fn walk_expressions<'s>(statements: &'s [Statement], visit: &mut dyn FnMut(&'s Expr, &[&'s Statement])) {
    walk_with(statements, &mut |statement, around| statement.walk_own(&mut |inner| visit(inner, around)));
}
