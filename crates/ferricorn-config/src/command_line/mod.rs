//! The words of a command line of gunicorn, uvicorn or ferricorn, parsed as that program parses them.
//!
//! Owns: which word is an option, which one its value, and what the program refuses, with the place of each in the words.
//! Does not own: the values' meaning ([`crate::resolve()`]), and the parsing of our own arguments (the program, by clap;
//! both are made from the one table). It is for command lines that stand in files: nothing is resolved or started.
//!
//! Rules are those of the programs: argparse for gunicorn (unique beginnings count, `-w4` and `-w=4` too, a value may not
//! look like an option), click for uvicorn (exact names, a value may be anything, one argument).

mod argparse;
mod click;

use std::ops::Range;

use crate::options::{self, Dialect, Entry, Spelling};

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// gunicorn 27.
    Gunicorn,
    /// uvicorn 0.54.
    Uvicorn,
    /// This program, which takes the options of both.
    Ferricorn,
}

/// A part of one of the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which word, from 0.
    pub word: usize,
    /// Its bytes.
    pub range: Range<usize>,
}

/// An option of the line.
#[derive(Clone, Debug)]
pub struct Found {
    /// The option, under the name that was used, which may have been a beginning of it.
    pub spelling: Spelling,
    /// The name with its dashes.
    pub name: Place,
    /// The value. `None` for a switch.
    pub value: Option<Place>,
}

/// An option that the program refuses.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The name with its dashes.
    pub name: Place,
    /// The value that was given with it, as far as that is known.
    pub value: Option<Place>,
    /// Why.
    pub wrong: Wrong,
}

/// Why an option is refused.
#[derive(Clone, Debug)]
pub enum Wrong {
    /// No program that is known here has it.
    Unknown,
    /// The other program has it.
    OfTheOther(Spelling),
    /// It is the beginning of these names (without dashes).
    Ambiguous(Vec<&'static str>),
    /// Its value is missing.
    NoValue(Spelling),
    /// It takes no value.
    NoValueWanted(Spelling),
}

/// What the program makes of its words.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// Options, in order.
    pub options: Vec<Found>,
    /// Words that are no options: the application. gunicorn ignores all but the first.
    pub arguments: Vec<usize>,
    /// Words with which the program does not know what to do: it refuses them.
    pub extra: Vec<usize>,
    /// Options that are refused, in order.
    pub mistakes: Vec<Mistake>,
}

/// Takes the words behind the program's name apart.
pub fn read(program: Program, words: &[&str]) -> CommandLine {
    match program {
        Program::Gunicorn | Program::Ferricorn => argparse::read(program, words),
        Program::Uvicorn => click::read(words),
    }
}

impl Program {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gunicorn => "gunicorn",
            Self::Uvicorn => "uvicorn",
            Self::Ferricorn => "ferricorn",
        }
    }

    /// Whether this is the name of an option that it has.
    pub fn knows(self, spelling: &Spelling) -> bool {
        matches!(
            (self, spelling.dialect()),
            (Self::Ferricorn, _)
                | (_, Dialect::Both)
                | (Self::Gunicorn, Dialect::Gunicorn)
                | (Self::Uvicorn, Dialect::Uvicorn)
        ) || spelling.entry.name() == "help"
    }

    /// The name (without dashes) under which this program has the setting, if it has it: `timeout-keep-alive` is
    /// gunicorn's `keep-alive`.
    pub fn name_of(self, entry: &'static Entry) -> Option<&'static str> {
        entry.spellings().find(|spelling| spelling.on && self.knows(spelling)).map(|spelling| spelling.long)
    }
}

/// The option with exactly this long name (without dashes), if the program has it.
fn long(program: Program, name: &str) -> Option<Spelling> {
    options::find_long(name).filter(|spelling| program.knows(spelling))
}

/// The option with this letter.
fn short(letter: char) -> Option<Spelling> {
    let entry = options::all().find(|entry| entry.short == Some(letter))?;
    Some(Spelling { short: true, ..Spelling::first(entry) })
}

/// A name that the program refuses: whose it is.
fn refused(name: &str) -> Wrong {
    options::find_long(name).map_or(Wrong::Unknown, Wrong::OfTheOther)
}

#[cfg(test)]
mod tests;
