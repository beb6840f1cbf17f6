//! What the user says about the check itself, on the command line and in a file of the repository.
//!
//! Owns: what may be said, how both are put together, and which findings are wanted. Does not own: the words of the command
//! line (the program's), nor what a rule does with [`Config::required_env`] and the like (`rules`).
//!
//! Invariant: the file is `ferricorn.toml` with a table `[check]`, or else `pyproject.toml` with `[tool.ferricorn.check]`,
//! both at the root, or the file that the user names; a mistake in it is a problem and never silently something else ([`Config::problems`]).

mod executed;
mod pattern;
mod read;

pub use executed::Executed;
pub(crate) use executed::fill;
pub use pattern::Pattern;
pub(crate) use read::from_files;

use crate::{
    finding::{Finding, Platform},
    text::Span,
};

/// What is wrong with an id, or the beginning of one, that no rule has.
pub type UnknownId = fn(&str) -> Option<String>;

/// Wishes about the check. The default has none.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Ids of the rules to report, or their beginnings; empty for all.
    pub select: Vec<String>,
    /// Ids of rules to leave out, or their beginnings.
    pub ignore: Vec<String>,
    /// The same for some files.
    pub per_file_ignores: Vec<(Pattern, Vec<String>)>,
    /// Files that are not read.
    pub exclude: Vec<Pattern>,
    /// Variables that every service has to have.
    pub required_env: Vec<Required>,
    /// Whether the files set all variables that there are, so that none comes from a dashboard.
    pub env_is_complete: bool,
    /// How much memory a worker takes, in MB.
    pub worker_megabytes: Option<u64>,
    /// The platforms to report on; empty for all.
    pub platforms: Vec<Platform>,
    /// Whether comments in the files silence nothing.
    pub no_inline_ignores: bool,
    /// Whether the file of the repository is not asked.
    pub no_file: bool,
    /// The file that is asked in its place, with its path from the root or from that of the system.
    pub file: Option<String>,
    /// The application of services whose own is not found, as `module:name`.
    pub app: Option<String>,
    /// What the files of gunicorn's settings said when they were executed.
    pub executed: Executed,
    /// What is wrong with the file, each as `file:line: what`.
    pub problems: Vec<String>,
}

/// A variable that has to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// Its name.
    pub name: String,
    /// Where a file says so; `None` for the command line.
    pub place: Option<Span>,
}

impl Config {
    /// Both: lists of what is left out or required grow, what picks is replaced.
    #[must_use]
    pub(crate) fn over(mut self, file: Self) -> Self {
        if self.select.is_empty() {
            self.select = file.select;
        }
        if self.platforms.is_empty() {
            self.platforms = file.platforms;
        }
        self.ignore.extend(file.ignore);
        self.per_file_ignores.extend(file.per_file_ignores);
        self.exclude.extend(file.exclude);
        for required in file.required_env {
            if !self.required_env.iter().any(|known| known.name == required.name) {
                self.required_env.push(required);
            }
        }
        self.env_is_complete |= file.env_is_complete;
        self.worker_megabytes = self.worker_megabytes.or(file.worker_megabytes);
        self.problems.extend(file.problems);
        self
    }

    /// Whether a finding in this file is to be reported.
    pub fn wants(&self, finding: &Finding, path: &str) -> bool {
        let id = finding.id.to_string();
        let names = |list: &[String]| list.iter().any(|prefix| id.starts_with(prefix.as_str()));
        let elsewhere = finding.platform.is_some_and(|platform| !self.platforms.contains(&platform));
        (self.select.is_empty() || names(&self.select))
            && !names(&self.ignore)
            && !self.per_file_ignores.iter().any(|(files, ids)| files.matches(path) && names(ids))
            && (self.platforms.is_empty() || !elsewhere)
    }
}

/// Whether this can be the name of a variable.
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests;
