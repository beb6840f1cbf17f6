//! Command lines and scripts as `sh` and `bash` read them, each word with its place.
//!
//! Owns: how a text falls apart into commands and words: quotes, backslashes, continuations, variables, substitutions,
//! operators, comments, redirections, here-documents, and the frames of `if`, `for`, `case` and so on.
//! Does not own: what a command means (which program, which options), and the value of any variable. Nothing is executed.
//!
//! # How to use
//!
//! ```text
//! // value: cd app && uvicorn main:app --port ${PORT:-8000} \\ # note
//! let script = shell::read(&value);
//! let command = &script.commands[1];
//! command.before                           // Join::And: it runs if `cd` succeeded
//! command.words[0].literal()               // Some("uvicorn"): no variable, no substitution in it
//! command.words[3].expand(&|_| Lookup::Unset) // Some("8000"): the default of `${PORT:-8000}`
//! command.words[3].variables()             // PORT, with its span
//! script.broken                            // backslashes that were to continue a line and do not (FC111)
//! word.escaped_blank()                     // a blank that a backslash glues to the word (FC110)
//! word.glob()                              // the first unquoted `*`, `?` or `[` (FC121)
//! ```
//!
//! Spans are places in the file, whatever lies between it and the value (YAML's folding, JSON's escapes); `range` is the
//! same in the value. A whole file is read with `Excerpt::verbatim(source, 0..source.text().len())`.
//!
//! Invariants: reading never fails and takes time in proportion to the text; what does not close is in
//! [`Script::unclosed`]. The words of one command are in the order in which they stand.

mod expansion;
mod frames;
mod parse;
mod redirect;
mod scan;
mod word;

#[cfg(test)]
mod tests;

pub use word::{Content, Lookup, Operation, OperationKind, Piece, Quote, Variable, Word};

use crate::text::{Excerpt, Span};

/// Reads a command line or a whole script.
pub fn read(value: &Excerpt) -> Script {
    parse::Parser::new(value, 0, 0).script().0
}

/// Makes the words of one command out of a line that no shell reads, as compose and Fly do: quotes and backslashes are those
/// of a shell, while operators, comments and backquotes are letters like others.
pub fn split(value: &Excerpt) -> Script {
    parse::Parser::new(value, 0, 0).one_command()
}

/// What a text says to the shell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Every simple command in the order of the text, those inside `if`, loops, functions and `( )` included. Commands
    /// inside `$( )` are in the word that holds them.
    pub commands: Vec<Command>,
    /// Each comment from its `#` to the end of its line.
    pub comments: Vec<Span>,
    /// Lines that look continued and are not.
    pub broken: Vec<BrokenLine>,
    /// Quotes, substitutions and here-documents that nothing closes: from where they open to the end of the text.
    pub unclosed: Vec<Span>,
}

/// A backslash with blanks behind it at the end of a line: the shell takes the blank for a word, and the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLine {
    /// The backslash.
    pub backslash: Span,
    /// What stands between the backslash and the end of the line: blanks, a carriage return, a comment.
    pub behind: Span,
}

/// A simple command: assignments, then a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// `NAME=value` in front of the program, or alone.
    pub assignments: Vec<Assignment>,
    /// Program and arguments.
    pub words: Vec<Word>,
    /// `> file`, `2>&1`, `<<EOF`.
    pub redirections: Vec<Redirection>,
    /// How it is reached from what stands before it.
    pub before: Join,
    /// The operator behind it. [`Join::Background`] means that the shell does not wait for it.
    pub after: Join,
    /// The innermost frame around it.
    pub inside: Option<Frame>,
    /// How many frames are around it.
    pub depth: u32,
    /// Whether a frame around it decides if it runs: `if`, a loop, `case`, a function.
    pub optional: bool,
    /// From its first word to its last, redirections included.
    pub span: Span,
}

impl Command {
    /// The program, if its name is written out.
    pub fn program(&self) -> Option<String> {
        self.words.first().and_then(Word::literal)
    }
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// The value.
    pub value: Word,
    /// Name and value.
    pub span: Span,
}

/// Input or output that goes somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// `>`, `>>`, `<`, `<<`, `<<-`, `<<<`, `>&`, `<&`, `&>`, `&>>`, `>|`, `<>`.
    pub operator: String,
    /// The file, the descriptor, or the end mark of a here-document.
    pub target: Word,
    /// The lines of a here-document, without its end mark.
    pub body: Option<Span>,
    /// Operator and target.
    pub span: Span,
}

/// What stands between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// The text begins or ends.
    Edge,
    /// A new line.
    Line,
    /// `;`, or a word such as `then` or `do`.
    Sequence,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|` or `|&`.
    Pipe,
    /// `&`.
    Background,
    /// A frame begins or ends: `(`, `{`, `fi`.
    Frame,
}

/// A construct that holds commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// `if … fi`, conditions included.
    If,
    /// `for`, `while`, `until`, `select`.
    Loop,
    /// `case … esac`.
    Case,
    /// The body of a function: it runs where the function is called.
    Function,
    /// `( … )`: a process of its own.
    Subshell,
    /// `{ … }`.
    Group,
}
