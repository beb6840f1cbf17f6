//! A word: the pieces that the shell puts together to one argument (or to several, after splitting and globbing).

use std::ops::Range;

use super::Script;
use crate::text::Span;

/// One word as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In order, without gaps but for continuations and the quotes themselves.
    pub pieces: Vec<Piece>,
    /// Quotes included.
    pub span: Span,
    /// The same in the value that was read.
    pub range: Range<usize>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it stands for.
    pub content: Content,
    /// How it is protected.
    pub quote: Quote,
    /// Without the quotes around it; with the backslash in front of it.
    pub span: Span,
    /// The same in the value that was read.
    pub range: Range<usize>,
    /// Its first letter that the shell would match against file names.
    pub glob: Option<Span>,
}

/// What a piece stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// These letters.
    Literal(String),
    /// `$NAME`, `${NAME}`, `${NAME:-default}`.
    Variable(Variable),
    /// `$( … )` or backquotes: the output of commands.
    Substitution(Box<Script>),
    /// `$(( … ))`.
    Arithmetic,
}

/// How a piece is protected from splitting and globbing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Not at all.
    Bare,
    /// By a backslash.
    Escaped,
    /// By `' '`, or `$' '` with its escapes read.
    Single,
    /// By `" "`.
    Double,
}

/// A variable in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The name, or a special one such as `@`, `1`, `?`.
    pub name: String,
    /// What `${ }` does with it.
    pub operation: Option<Operation>,
}

/// What stands behind the name in `${ }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Which one.
    pub kind: OperationKind,
    /// Whether an empty value counts as unset, as in `:-`.
    pub empty_too: bool,
    /// The word behind the operator.
    pub word: Word,
}

/// What `${ }` does with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// `-` and `=`: the word if it is unset.
    Default,
    /// `+`: the word if it is set.
    Alternative,
    /// `?`: the shell ends if it is unset.
    Required,
    /// Anything else: length, cutting, replacing.
    Other,
}

/// What is known about a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It has this value.
    Set(String),
    /// Nothing sets it.
    Unset,
    /// It may be set.
    Unknown,
}

/// How deep defaults of defaults are followed.
const DEEPEST: u32 = 32;

impl Word {
    /// Its text, if nothing in it depends on a variable, a command or (unquoted) on files.
    pub fn literal(&self) -> Option<String> {
        if self.glob().is_some() { None } else { self.expand(&|_| Lookup::Unknown) }
    }

    /// Its text with these variables, before splitting and globbing; `None` if that cannot be known.
    pub fn expand(&self, lookup: &dyn Fn(&str) -> Lookup) -> Option<String> {
        self.expand_within(lookup, DEEPEST)
    }

    fn expand_within(&self, lookup: &dyn Fn(&str) -> Lookup, depth: u32) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match &piece.content {
                Content::Literal(letters) => text.push_str(letters),
                Content::Variable(variable) => text.push_str(&variable.value(lookup, depth.checked_sub(1)?)?),
                Content::Substitution(_) | Content::Arithmetic => return None,
            }
        }
        Some(text)
    }

    /// What is certain of its beginning: the letters in front of the first piece that is not literal.
    pub fn prefix(&self) -> String {
        let literals = self.pieces.iter().map_while(|piece| match &piece.content {
            Content::Literal(letters) => Some(letters.as_str()),
            _ => None,
        });
        literals.collect()
    }

    /// The variables in it, in defaults too, with the place of each.
    pub fn variables(&self) -> Vec<(&Variable, Span)> {
        let mut found = Vec::new();
        let mut waiting: Vec<&Self> = vec![self];
        while let Some(word) = waiting.pop() {
            for piece in &word.pieces {
                if let Content::Variable(variable) = &piece.content {
                    found.push((variable, piece.span));
                    waiting.extend(variable.operation.as_ref().map(|operation| &operation.word));
                }
            }
        }
        found
    }

    /// The first letter that the shell would match against file names: an unquoted `*`, `?` or `[`.
    pub fn glob(&self) -> Option<Span> {
        self.pieces.iter().find_map(|piece| piece.glob)
    }

    /// A blank that only a backslash makes a part of the word. People who write one nearly always meant to continue a
    /// line.
    pub fn escaped_blank(&self) -> Option<Span> {
        let blank = |piece: &&Piece| {
            piece.quote == Quote::Escaped
                && matches!(&piece.content, Content::Literal(letters) if letters.trim().is_empty())
        };
        self.pieces.iter().find(blank).map(|piece| piece.span)
    }

    /// Whether a part of it may vanish or become several words: an unquoted variable or substitution.
    pub fn may_split(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.quote == Quote::Bare && !matches!(piece.content, Content::Literal(_)))
    }
}

impl Variable {
    /// Its value with these variables; `None` if that cannot be known.
    fn value(&self, lookup: &dyn Fn(&str) -> Lookup, depth: u32) -> Option<String> {
        let known = lookup(&self.name);
        let Some(operation) = &self.operation else {
            return match known {
                Lookup::Set(value) => Some(value),
                Lookup::Unset => Some(String::new()),
                Lookup::Unknown => None,
            };
        };
        let has = match &known {
            Lookup::Set(value) => !(operation.empty_too && value.is_empty()),
            Lookup::Unset => false,
            Lookup::Unknown => return None,
        };
        let own = if let Lookup::Set(value) = known { value } else { String::new() };
        match (operation.kind, has) {
            (OperationKind::Default | OperationKind::Required, true) => Some(own),
            (OperationKind::Default, false) | (OperationKind::Alternative, true) => {
                operation.word.expand_within(lookup, depth)
            }
            (OperationKind::Alternative, false) => Some(String::new()),
            (OperationKind::Required, false) | (OperationKind::Other, _) => None,
        }
    }

    /// The word that takes the variable's place if it is unset.
    pub fn default(&self) -> Option<&Word> {
        let operation = self.operation.as_ref().filter(|operation| operation.kind == OperationKind::Default);
        operation.map(|operation| &operation.word)
    }
}
