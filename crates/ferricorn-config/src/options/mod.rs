//! The one table of options: every option of gunicorn 27 and uvicorn 0.54 by name, and ferricorn's own.
//!
//! Owns: names, kinds, help and standing of each option. The parser, the help, the documentation and the checks are all
//! made from it, so a new option is one new entry. Does not own: how values are read (`value`), nor which of several
//! wins ([`crate::resolve()`]).
//!
//! Invariants (each has a test): a long name, also a `no-` form, belongs to one entry; so does a short one; both
//! dialects' names of one setting are one entry, the first being the one that help shows.

mod dialect;
mod differences;
mod draft;
mod presets;
mod spelling;
mod table;

pub use dialect::Dialect;
pub(crate) use dialect::counts_in_python;
pub use differences::{DIFFERENCES, Difference};
pub use draft::Draft;
pub(crate) use draft::HttpDraft;
pub(crate) use draft::{LogDraft, ReloadDraft};
pub(crate) use presets::{VARIABLES, presets};
pub(crate) use spelling::nearest_python_setting;
pub(crate) use spelling::spellings;
pub use spelling::{Spelling, find_long, find_setting, nearest, nearest_setting};

pub use crate::values::Kind;
use crate::values::Value;

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

/// The headings of help, in the order of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What is run.
    App,
    /// Where it listens.
    Sockets,
    /// How many, how long, how often.
    Workers,
    /// Which files are watched.
    Reload,
    /// What is written where.
    Logging,
    /// How HTTP is spoken.
    Http,
    /// How WebSockets are spoken.
    WebSocket,
    /// TLS.
    Tls,
    /// The process itself.
    Process,
    /// The metrics of the service.
    Monitoring,
    /// Functions of a configuration file.
    Hooks,
}

impl Group {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::App => "Application",
            Self::Sockets => "Sockets",
            Self::Workers => "Workers",
            Self::Reload => "Reload",
            Self::Logging => "Logging",
            Self::Http => "HTTP",
            Self::WebSocket => "WebSockets",
            Self::Tls => "TLS",
            Self::Process => "Process",
            Self::Monitoring => "Monitoring",
            Self::Hooks => "Hooks",
        }
    }
}

/// Every option, in the order of help.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    table::TABLE.iter().flat_map(|entries| entries.iter())
}

impl Entry {
    /// An option with a value. One of the methods below says what it does.
    const fn new(group: Group, longs: &'static [&'static str], kind: Kind, metavar: &'static str) -> Self {
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
            variable: None,
            lone: None,
            standing: Standing::Ignored,
            group,
        }
    }

    /// An option without a value.
    const fn switch(group: Group, longs: &'static [&'static str]) -> Self {
        Self::new(group, longs, Kind::Switch, "")
    }

    const fn off(mut self, long: &'static str) -> Self {
        self.off = Some(long);
        self
    }

    const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    /// Names in a configuration file that are not a long name with underscores.
    const fn setting(mut self, names: &'static [&'static str]) -> Self {
        self.settings = names;
        self
    }

    /// The command line has no such option.
    const fn file_only(mut self) -> Self {
        self.file_only = true;
        self
    }

    /// The value if none is given, in the option's own grammar.
    const fn default(mut self, text: &'static str) -> Self {
        self.preset = Preset::Value(text);
        self
    }

    /// What uvicorn takes if none is given.
    const fn uvicorns_default(mut self, text: &'static str) -> Self {
        self.preset = Preset::Uvicorns(text);
        self
    }

    /// What a missing value follows from, in words.
    const fn depends(mut self, words: &'static str) -> Self {
        self.preset = Preset::Depends(words);
        self
    }

    const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    const fn neutral(mut self, value: &'static str) -> Self {
        self.neutral = Some(value);
        self
    }

    /// The value may be left out, and is this one then.
    const fn lone(mut self, value: &'static str) -> Self {
        self.lone = Some(value);
        self
    }

    const fn variable(mut self, name: &'static str) -> Self {
        self.variable = Some(name);
        self
    }

    const fn sets(mut self, help: &'static str, set: fn(&mut Draft, Value)) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Draft(set));
        self
    }

    const fn uvicorn(mut self, help: &'static str, name: &'static str) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Uvicorn(name));
        self
    }

    const fn program(mut self, help: &'static str) -> Self {
        self.help = help;
        self.standing = Standing::Supported(Target::Program);
        self
    }

    const fn no_effect(mut self, reason: &'static str) -> Self {
        self.standing = Standing::NoEffect(reason);
        self
    }

    const fn refused(mut self, reason: &'static str, instead: &'static str) -> Self {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_belongs_to_one_entry() {
        let mut longs = HashSet::new();
        let mut shorts = HashSet::new();
        for entry in all() {
            for long in entry.longs.iter().chain(&entry.off) {
                assert!(longs.insert(*long), "`--{long}` is there twice");
            }
            if let Some(short) = entry.short {
                assert!(shorts.insert(short), "`-{short}` is there twice");
            }
        }
    }

    #[test]
    fn every_default_is_a_value_of_its_option() {
        for entry in all() {
            let is_value = matches!(entry.preset, Preset::Value(_));
            assert_eq!(entry.default_value().is_some(), is_value, "`--{}`", entry.name());
            assert!(entry.preset == Preset::Nothing || entry.is_supported(), "`--{}`", entry.name());
        }
    }

    #[test]
    fn every_supported_option_has_help_and_every_value_a_name() {
        for entry in all() {
            assert_eq!(entry.is_supported(), !entry.help.is_empty(), "help of `--{}`", entry.name());
            assert_eq!(entry.takes_value(), !entry.metavar.is_empty(), "metavar of `--{}`", entry.name());
            assert!(!entry.help.ends_with('.'), "help of `--{}` ends with a full stop", entry.name());
        }
    }

    #[test]
    fn every_option_of_gunicorn_is_known() {
        let known = include_str!("data/gunicorn-27.0.1-flags.txt");
        for flag in known.split_whitespace() {
            let found = match flag.strip_prefix("--") {
                Some(long) => find_long(long).is_some(),
                None => all().any(|entry| entry.short == flag.chars().nth(1)),
            };
            assert!(found, "`{flag}` of gunicorn is not in the table");
        }
    }

    #[test]
    fn every_setting_of_gunicorn_is_known() {
        for name in include_str!("data/gunicorn-27.0.1-settings.txt").split_whitespace() {
            assert!(find_setting(name).is_some(), "`{name}` of gunicorn is not in the table");
        }
    }

    #[test]
    fn every_option_of_uvicorn_is_known() {
        let known = include_str!("data/uvicorn-0.54.0-flags.txt");
        for flag in known.split_whitespace() {
            let long = flag.trim_start_matches('-');
            assert!(find_long(long).is_some(), "`{flag}` of uvicorn is not in the table");
        }
    }
}
