//! What the rules about options share: the other program's name for a setting, and how to put it in.

use ferricorn_config::{
    command_line,
    options::{self, Spelling},
};

use crate::{
    facts::{Command, Facts, Mistake},
    finding::{Edit, Finding},
    text::Span,
};

/// An option of the other program, mended.
pub(super) struct Mended {
    /// What to write, for a sentence.
    pub(super) title: String,
    /// How to write it.
    pub(super) edits: Vec<Edit>,
}

/// The same setting by the name that `program` has for it, if it has one.
pub(super) fn renamed(
    program: command_line::Program,
    spelling: &Spelling,
    mistake: &Mistake,
) -> Option<Mended> {
    let name = program.name_of(spelling.entry)?;
    let title = format!("write --{name}, which is {}'s name for it", program.name());
    Some(Mended { title, edits: vec![Edit::replace(mistake.name, format!("--{name}"))] })
}

/// The edit that deletes the option with its value.
pub(super) fn deleted(command: &Command, mistake: &Mistake) -> Option<Edit> {
    command.remove(mistake.words)
}

/// With the edit that puts ferricorn, which takes the options of both, in the program's place. In a variable there is none.
pub(super) fn ferricorn(command: &Command, finding: Finding) -> Finding {
    if command.program_span.is_empty() {
        return finding;
    }
    let title =
        format!("write ferricorn in place of {}: it takes the options of both", command.program.name());
    finding.unsafe_fix(title, vec![Edit::replace(command.program_span, "ferricorn")])
}

/// An option as it is called in a sentence.
pub(super) fn shown(mistake: &Mistake) -> &str {
    &mistake.typed
}

/// What stands between two words at this place, which has no quotes around it: a blank for a shell, `", "` in an array.
/// `None` if a new word needs a line of its own.
pub(super) fn between(facts: &Facts, command: &Command, at: Span) -> Option<&'static str> {
    let source = facts.sources.get(at.file);
    if command.shell.is_some() {
        return Some(" ");
    }
    let before = source.text().get(..at.range().start)?;
    if source.slice(at).contains('\n') {
        return None;
    }
    match before.chars().next_back() {
        Some('"') => Some("\", \""),
        Some('\'') => Some("', '"),
        _ => None,
    }
}

/// `--name value` in one word, taken apart, if the program has this option.
pub(super) fn joined_option(program: command_line::Program, word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once(' ')?;
    let spelling = options::find_long(name.strip_prefix("--")?)?;
    program.knows(&spelling).then_some((name, value.trim_start()))
}
