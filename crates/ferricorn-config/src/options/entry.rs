//! One entry of the table: an option under all its names, and what is done with it.
//!
//! Owns: the form of an entry, and how the table writes one. Does not own: which options there are (`table`).

use super::{Draft, Group, Spelling};
use crate::values::{Kind, Value};

/// One option under all its names.
#[derive(Debug)]
pub struct Entry {
    /// Long names without dashes; the first is the one that is shown.
    pub longs: &'static [&'static str],
    /// The long name that turns a switch off, without dashes.
    pub off: Option<&'static str>,
    /// The one-letter name.
    pub short: Option<char>,
    /// Further names in a configuration file and in variables, if they are not a long name with underscores.
    pub settings: &'static [&'static str],
    /// Known to configuration files and variables only: the command line has no such option.
    pub file_only: bool,
    /// What its value must look like.
    pub kind: Kind,
    /// The word that stands for the value in help; empty for switches.
    pub metavar: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// What is so if it is not given.
    pub preset: Preset,
    /// May be given several times, and every one counts; otherwise the last wins.
    pub repeats: bool,
    /// A value that asks for nothing, so that an option without effect is accepted in silence with it.
    pub neutral: Option<&'static str>,
    /// Whether an empty value is as good as none, as it is for gunicorn and uvicorn: `--certfile "$CERTFILE"`.
    pub unset_if_empty: bool,
    /// A value that somebody could want, for the docs: of a hook its parameters. Empty if the option takes no value.
    pub example: &'static str,
    /// The environment variable that gives a value when the command line does not.
    pub variable: Option<&'static str>,
    /// The value of an option that is given without one, if that is allowed.
    pub lone: Option<&'static str>,
    /// What ferricorn does with it.
    pub standing: Standing,
    /// The heading in help.
    pub group: Group,
}

/// What is so if an option is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Nothing: there is no such file, limit or name.
    Nothing,
    /// This value, in the option's own grammar. It takes the way of a given one.
    Value(&'static str),
    /// uvicorn's own default, which is not passed on.
    Uvicorns(&'static str),
    /// It follows from something else, in words.
    Depends(&'static str),
}

impl Preset {
    /// As help shows it, if there is something to show.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Value(text) | Self::Uvicorns(text) | Self::Depends(text) => Some(text),
        }
    }
}

/// What ferricorn does with an option.
#[derive(Debug)]
pub enum Standing {
    /// It works, and its value goes to the target.
    Supported(Target),
    /// Accepted in silence: there is nothing to do, and nothing is lost.
    Ignored,
    /// Accepted with one warning that says why it changes nothing here.
    NoEffect(&'static str),
    /// Accepted with one warning that says what is missing in this version.
    NotYet(&'static str),
    /// Not accepted, because going on would do something else than what was asked.
    Refused {
        /// Why.
        reason: &'static str,
        /// What to write or do in its place.
        instead: &'static str,
    },
}

/// Where the value of a supported option goes.
#[derive(Clone, Copy)]
pub enum Target {
    /// Into ferricorn's own settings.
    Draft(fn(&mut Draft, Value)),
    /// To `uvicorn.Config` under this name.
    Uvicorn(&'static str),
    /// The program acts on it before there are settings (`--help`).
    Program,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Draft(_) => formatter.write_str("Draft"),
            Self::Uvicorn(name) => write!(formatter, "Uvicorn({name})"),
            Self::Program => formatter.write_str("Program"),
        }
    }
}

impl Entry {
    /// An option with a value. One of the methods below says what it does.
    pub(super) const fn new(
        group: Group,
        longs: &'static [&'static str],
        kind: Kind,
        metavar: &'static str,
    ) -> Self {
        Self {
            longs,
            off: None,
            short: None,
            settings: &[],
            file_only: false,
            kind,
            metavar,
            help: "",
            preset: Preset::Nothing,
            repeats: false,
            neutral: None,
            unset_if_empty: false,
            example: "",
            variable: None,
            lone: None,
            standing: Standing::Ignored,
            group,
        }
    }

    /// An option without a value.
    pub(super) const fn switch(group: Group, longs: &'static [&'static str]) -> Self {
        Self::new(group, longs, Kind::Switch, "")
    }

    pub(super) const fn off(mut self, long: &'static str) -> Self {
        self.off = Some(long);
        self
    }

    pub(super) const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    /// Names in a configuration file that are not a long name with underscores.
    pub(super) const fn setting(mut self, names: &'static [&'static str]) -> Self {
        self.settings = names;
        self
    }

    /// The command line has no such option.
    pub(super) const fn file_only(mut self) -> Self {
        self.file_only = true;
        self
    }

    /// The value if none is given, in the option's own grammar.
    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.preset = Preset::Value(text);
        self
    }

    /// What uvicorn takes if none is given.
    pub(super) const fn uvicorns_default(mut self, text: &'static str) -> Self {
        self.preset = Preset::Uvicorns(text);
        self
    }

    /// What a missing value follows from, in words.
    pub(super) const fn depends(mut self, words: &'static str) -> Self {
        self.preset = Preset::Depends(words);
        self
    }

    pub(super) const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(super) const fn neutral(mut self, value: &'static str) -> Self {
        self.neutral = Some(value);
        self
    }

    pub(super) const fn example(mut self, text: &'static str) -> Self {
        self.example = text;
        self
    }

    pub(super) const fn unset_if_empty(mut self) -> Self {
        self.unset_if_empty = true;
        self
    }

    /// The value may be left out, and is this one then.
    pub(super) const fn lone(mut self, value: &'static str) -> Self {
        self.lone = Some(value);
        self
    }

    pub(super) const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }

    pub(super) const fn sets(mut self, help: &'static str, set: fn(&mut Draft, Value)) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Draft(set));
        self
    }

    pub(super) const fn uvicorn(mut self, help: &'static str, name: &'static str) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Uvicorn(name));
        self
    }

    pub(super) const fn program(mut self, help: &'static str) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Program);
        self
    }

    pub(super) const fn no_effect(mut self, reason: &'static str) -> Self {
        self.standing = Standing::NoEffect(reason);
        self
    }

    pub(super) const fn refused(mut self, reason: &'static str, instead: &'static str) -> Self {
        self.standing = Standing::Refused { reason, instead };
        self
    }

    /// The long name that is shown, without dashes. It also names the entry.
    pub fn name(&self) -> &'static str {
        self.longs[0]
    }

    /// The name that is shown if it is set in a configuration file.
    pub fn setting_name(&self) -> String {
        self.settings.first().map_or_else(|| self.name().replace('-', "_"), |name| (*name).to_owned())
    }

    /// All its long names.
    pub fn spellings(&'static self) -> impl Iterator<Item = Spelling> {
        let on = self.longs.iter().map(move |long| Spelling { entry: self, long, on: true, short: false });
        on.chain(self.off.map(|long| Spelling { entry: self, long, on: false, short: false }))
    }

    /// Its line of help, with its default behind it.
    pub fn help_with_default(&self) -> String {
        match (self.preset.text(), self.variable) {
            (None, _) => self.help.to_owned(),
            (Some(text), Some(variable)) => format!("{} [default: ${variable} or {text}]", self.help),
            (Some(text), None) => format!("{} [default: {text}]", self.help),
        }
    }

    /// Its default as a value, if ferricorn sets one.
    pub(crate) fn default_value(&self) -> Option<Value> {
        match self.preset {
            Preset::Value(text) => Value::parse(self.kind, text).ok(),
            _ => None,
        }
    }

    /// Whether it takes a value.
    pub fn takes_value(&self) -> bool {
        self.kind != Kind::Switch
    }

    /// Whether it does what it says.
    pub fn is_supported(&self) -> bool {
        matches!(self.standing, Standing::Supported(_))
    }
}
