//! From text to tree: tokens, expressions, statements.
//!
//! Written here because the crates that could do it bring licences or compilers that this project does not take, and
//! because a checker needs little of Python's grammar but has to go on after an error. A test compares calls, names and
//! places with Python's own parser over its standard library.
//!
//! Invariants: reading never fails and takes time in proportion to the text. A line that is no Python is counted in
//! `errors` and left out; the next line is read again.

mod atom;
mod expression;
mod lexer;
mod operators;
mod simple;
mod statement;
mod strings;
mod watch;

use lexer::{Token, Type};
use watch::Watch;

use super::tree::Statement;
use crate::text::{Source, Span};

/// How deep brackets, operators and blocks may lie in each other. What lies deeper is left out.
const DEEPEST: u32 = 100;

/// The statements of a file and the number of lines that are no Python. Unless the file is read `whole`, the bodies of
/// functions and classes in which nothing can matter are empty; see [`watch`].
pub(super) fn read(source: &Source, whole: bool) -> (Vec<Statement>, usize) {
    let tokens = lexer::tokens(source.text(), 0..source.text().len(), 0);
    let watch = if whole { Watch::everything() } else { Watch::over(source.text(), &tokens) };
    let mut parser = Parser { source, tokens: &tokens, at: 0, depth: 0, errors: 0, watch };
    let mut statements = Vec::new();
    while parser.kind() != Type::End {
        let before = statements.len();
        parser.statement(&mut statements);
        parser.watch.note(&statements[before..]);
    }
    (statements, parser.errors)
}

/// Something that does not fit the grammar at the current token.
struct Unexpected;

type Parsed<T> = Result<T, Unexpected>;

struct Parser<'t> {
    source: &'t Source,
    tokens: &'t [Token],
    at: usize,
    depth: u32,
    errors: usize,
    watch: Watch,
}

impl<'t> Parser<'t> {
    fn token(&self) -> &'t Token {
        static END: Token = Token { kind: Type::End, start: 0, end: 0 };
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(&END)
    }

    fn kind(&self) -> Type {
        self.token().kind
    }

    fn text_of(&self, token: &Token) -> &'t str {
        self.source.text().get(token.start..token.end).unwrap_or("")
    }

    /// The text of the current token, if it is a name or an operator.
    fn word(&self) -> &'t str {
        self.word_at(0)
    }

    fn word_at(&self, ahead: usize) -> &'t str {
        match self.tokens.get(self.at + ahead) {
            Some(token) if matches!(token.kind, Type::Name | Type::Sign) => self.text_of(token),
            _ => "",
        }
    }

    fn is(&self, word: &str) -> bool {
        // Asked several times for each token: the length alone answers most.
        let token = self.token();
        token.end - token.start == word.len() && self.word() == word
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(Unexpected) }
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Parsed<&'t str> {
        let word = self.word();
        if self.kind() != Type::Name || operators::is_keyword(word) {
            return Err(Unexpected);
        }
        self.at += 1;
        Ok(word)
    }

    fn start(&self) -> usize {
        self.token().start
    }

    /// Where the last token ended.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }

    fn span_from(&self, start: usize) -> Span {
        self.source.span(start..self.end().max(start))
    }

    /// Reads something one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEEPEST {
            return Err(Unexpected);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}
