//! What a platform starts, as the programs that take part in it see it.
//!
//! Owns: commands with their wrapper chains, the program, and its options by that program's own rules. Does not own: the
//! shell's grammar (`readers::shell`), nor the options (`ferricorn-config`).
//!
//! Invariants:
//! * Words, options and values have the place in the *file*, through YAML, JSON and continuation lines.
//! * A command is what was *meant*: words behind a continuation that is broken belong to it, and a blank that a backslash
//!   glued to a word is left out. That the line is broken is in [`CommandLine::scripts`] and [`Command::glued`], for the
//!   rules that speak about that alone.
//! * A value with a variable in it is unknown, unless the deployment's environment says what it is.

mod line;
mod program;
mod words;
mod wrappers;

pub use line::{Place, from_shell, from_split, from_words, options_of};

use ferricorn_config::{command_line::Wrong, options::Spelling};

use super::Fact;
use crate::{
    finding::Edit,
    readers::{shell, yaml::Style},
    text::{Excerpt, Span},
};

pub use program::Program;

/// What stands for a part of a word that cannot be known.
pub const UNKNOWN: char = '\u{fffc}';

/// A command line of a platform's file.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// Where it is written.
    pub written: Written,
    /// Which shell runs it. `None`: no shell, the words are started as they are.
    pub shell: Option<Shell>,
    /// What the shell reads, that of `sh -c '…'` behind it; `None` without a shell.
    pub scripts: Vec<shell::Script>,
    /// The commands in order, those of `sh -c '…'` in its place.
    pub commands: Vec<Command>,
    /// Words behind the script of `sh -c`, of which the script makes no use.
    pub lost: Vec<Span>,
}

/// How a command line stands in its file.
#[derive(Clone, Debug)]
pub struct Written {
    /// All of it.
    pub span: Span,
    /// The key in front of it, as `startCommand`.
    pub key: Option<Span>,
    /// How the YAML scalar is written; `None` in other formats.
    pub style: Option<Style>,
    /// The `|` or `>` of a block scalar.
    pub indicator: Option<Span>,
}

/// Which shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh`, which is dash in Debian's and Python's images: it stays between the signal and the program.
    Sh,
    /// bash, which execs the last command.
    Bash,
    /// A shell, but not known which.
    Some,
}

/// One program that is started.
#[derive(Clone, Debug)]
pub struct Command {
    /// From the first word to the last one.
    pub span: Span,
    /// All words, wrappers first. Those that a variable may make vanish or become several count as one.
    pub words: Vec<Word>,
    /// What is in front of the program, outermost first.
    pub wrappers: Vec<Wrapper>,
    /// The program.
    pub program: Program,
    /// Which word names it.
    pub program_word: usize,
    /// What starts it: its name, with `python -m` in front if that is how it is started.
    pub program_span: Span,
    /// Its options, in order. Empty for programs whose options are not known here.
    pub options: Vec<Given>,
    /// The words that are no options: the application.
    pub arguments: Vec<Argument>,
    /// Words that the program refuses, because it has no use for them.
    pub extra: Vec<Argument>,
    /// Options that it refuses.
    pub mistakes: Vec<Mistake>,
    /// Blanks that a backslash makes an argument, or the beginning of one, with the backslash. None was meant.
    pub glued: Vec<Span>,
    /// Whether there may be words that cannot be seen: an unquoted variable in the place of options.
    pub open: bool,
    /// Variables that are set in front of it: `NAME=value program`, `env NAME=value`, `export` before.
    pub env: super::Environment,
    /// The directory, relative to the root of the repository, in which it runs: `cd` is followed.
    pub directory: Fact<String>,
    /// What is in front of it.
    pub before: shell::Join,
    /// What is behind it.
    pub after: shell::Join,
    /// Whether it runs only under a condition (`if`, a function).
    pub optional: bool,
    /// The shell that reads this command: that of `sh -c` if it is in one.
    pub shell: Option<Shell>,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its text, with [`UNKNOWN`] for what cannot be known.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
    /// What it looks like before variables are put in.
    pub shell: shell::Word,
    /// The text without its outer quotes, to be read again.
    excerpt: Excerpt,
    /// Whether no shell reads it: the quotes around it belong to the format of the file.
    verbatim: bool,
}

/// A program that starts another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// Its name: `exec`, `env`, `uv run`, `sh -c`, `tini`.
    pub name: String,
    /// Where it stands, its own options included.
    pub span: Span,
}

/// An option that was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The option, under the name that was used.
    pub spelling: Spelling,
    /// The name with its dashes.
    pub name: Span,
    /// The value; `true` or `false` for a switch.
    pub value: Fact<String>,
    /// Name and value.
    pub span: Span,
    /// The words that it takes up: the first and the last one.
    pub words: (usize, usize),
}

/// A word that is no option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its text.
    pub text: Fact<String>,
    /// Its place.
    pub span: Span,
    /// Which word it is.
    pub word: usize,
}

/// An option that the program refuses.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// As it was typed, with its dashes.
    pub typed: String,
    /// Its name with its dashes.
    pub name: Span,
    /// The value that was given with it, with its place.
    pub value: Option<(Fact<String>, Span)>,
    /// Why.
    pub wrong: Wrong,
    /// The words that it takes up: the first and the last one.
    pub words: (usize, usize),
}

impl CommandLine {
    /// The command that serves: the last one whose program is a server; otherwise the last one that runs for sure.
    pub fn server(&self) -> Option<&Command> {
        let server = self.commands.iter().rev().find(|command| command.program.is_server());
        server.or_else(|| self.commands.iter().rev().find(|command| !command.optional))
    }
}

impl Command {
    /// The option with this name (the first long name of its entry in the table: `graceful-timeout` is uvicorn's
    /// `--timeout-graceful-shutdown` too), if it was given. Of several the last one.
    pub fn option(&self, name: &str) -> Option<&Given> {
        self.options.iter().rev().find(|given| given.spelling.entry.name() == name)
    }

    /// The value of an option. `None`: it was not given. Whether an option may have been given out of sight is in
    /// [`Command::open`].
    pub fn value(&self, name: &str) -> Option<&Fact<String>> {
        self.option(name).map(|given| &given.value)
    }

    /// The value of an option of a program whose options are not known here, by its names with their dashes.
    pub fn word_behind(&self, names: &[&str]) -> Option<Fact<String>> {
        let words = self.words.get(self.program_word + 1..)?;
        for (at, word) in words.iter().enumerate() {
            let (text, place) = match word.text.split_once('=') {
                Some((name, value)) if names.contains(&name) => (value, word.span),
                _ if names.contains(&word.text.as_str()) => {
                    let next = words.get(at + 1)?;
                    (next.text.as_str(), next.inner())
                }
                _ => continue,
            };
            let known = !text.contains(UNKNOWN);
            return Some(if known {
                Fact::Known(text.to_owned(), place)
            } else {
                Fact::Unknown("it depends on a variable")
            });
        }
        None
    }

    /// The application (`main:app`), if it is there.
    pub fn target(&self) -> Option<&Argument> {
        self.arguments.first().filter(|_| self.program.is_server())
    }

    /// The edit that takes these words (`words` of an option) out of the line, with the blanks or the comma in front.
    pub fn remove(&self, words: (usize, usize)) -> Option<Edit> {
        let before = self.words.get(words.0.checked_sub(1)?)?;
        let (from, to) = (before.span.after(), self.words.get(words.1)?.span.after());
        (from.start <= to.start).then(|| Edit::delete(from.to(to)))
    }
}

impl Word {
    /// Its text, if all of it is known.
    pub fn known(&self) -> Option<&str> {
        (!self.text.contains(UNKNOWN)).then_some(self.text.as_str())
    }

    /// Its place without quotes.
    pub fn inner(&self) -> Span {
        self.excerpt.whole()
    }
}
