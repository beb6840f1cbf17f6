//! From what the user typed to an option: exact names, unique beginnings, and the nearest name for a mistyped one.

use strsim::osa_distance;

use super::{Entry, all};
use crate::error::ConfigError;

/// An option under the name that was used for it.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    /// The option.
    pub entry: &'static Entry,
    /// The long name that was used, without dashes; the first one when it was the short name or a variable.
    pub long: &'static str,
    /// False for the name that turns a switch off.
    pub on: bool,
    /// The short name was used.
    pub short: bool,
}

impl Spelling {
    /// The option under its first name.
    pub fn first(entry: &'static Entry) -> Self {
        Self { entry, long: entry.name(), on: true, short: false }
    }
}

impl std::fmt::Display for Spelling {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.entry.short {
            Some(short) if self.long == self.entry.name() => write!(formatter, "-{short}/--{}", self.long),
            _ => write!(formatter, "--{}", self.long),
        }
    }
}

/// Every long name with its option, those of files left out.
fn spellings() -> impl Iterator<Item = Spelling> {
    all().filter(|entry| !entry.file_only).flat_map(Entry::spellings)
}

/// The option that has this name in a configuration file: a long name with underscores for hyphens, or a further name.
pub fn find_setting(name: &str) -> Option<Spelling> {
    let is_long = |long: &str| {
        long.len() == name.len()
            && long
                .bytes()
                .zip(name.bytes())
                .all(|(ours, theirs)| ours == theirs || (ours, theirs) == (b'-', b'_'))
    };
    all().find_map(|entry| {
        let further = entry.settings.iter().any(|setting| is_long(setting));
        further.then(|| Spelling::first(entry)).or_else(|| entry.spellings().find(|it| is_long(it.long)))
    })
}

/// The setting that a name in a configuration file most likely means, by its name there.
pub fn nearest_setting(typed: &str) -> Option<String> {
    nearest_among(typed, all())
}

/// As [`nearest_setting`], of those that count in a Python file: hooks for a function, the others for a value.
pub(crate) fn nearest_python_setting(typed: &str, function: bool) -> Option<String> {
    let is_hook = |entry: &&Entry| matches!(entry.kind, super::Kind::Hook(_)) == function;
    nearest_among(typed, all().filter(is_hook)).map(|name| {
        let counts = find_setting(&name).is_some_and(|it| super::dialect::counts_in_python(&name, &it));
        if counts { name } else { format!("uvicorn_{name}") }
    })
}

fn nearest_among(typed: &str, entries: impl Iterator<Item = &'static Entry>) -> Option<String> {
    let typed = typed.to_lowercase();
    let most = (typed.chars().count() / 4).clamp(1, 3);
    let program =
        |entry: &Entry| matches!(entry.standing, super::Standing::Supported(super::Target::Program));
    entries
        .filter(|entry| !program(entry))
        .flat_map(|entry| {
            let names = entry.settings.iter().chain(entry.longs).chain(&entry.off);
            names.map(move |known| (known.replace('-', "_"), entry))
        })
        .map(|(known, entry)| {
            // `max_requests_per_child`: more words than there should be.
            let longer = typed.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('_'));
            let distance = osa_distance(&typed, &known);
            (if longer { distance.min(most) } else { distance }, known.len(), entry)
        })
        .filter(|(distance, ..)| *distance <= most)
        .min_by_key(|(distance, length, _)| (*distance, std::cmp::Reverse(*length)))
        .map(|(.., entry)| entry.setting_name())
}

/// The option that has exactly this long name (without dashes).
pub fn find_long(long: &str) -> Option<Spelling> {
    spellings().find(|spelling| spelling.long == long)
}

/// An argument with its long name written out, as argparse and its users know it: `--max-requests-j=5` becomes
/// `--max-requests-jitter=5`. What is no long name stays as it is.
pub fn complete(argument: &str) -> Result<String, ConfigError> {
    let Some(body) = argument.strip_prefix("--").filter(|body| !body.is_empty()) else {
        return Ok(argument.to_owned());
    };
    let (typed, value) = match body.split_once('=') {
        Some((typed, value)) => (typed, Some(value)),
        None => (body, None),
    };
    let found = find_long(typed).map_or_else(|| unique_beginning(typed), Ok)?;
    Ok(match value {
        Some(value) => format!("--{}={value}", found.long),
        None => format!("--{}", found.long),
    })
}

fn unique_beginning(typed: &str) -> Result<Spelling, ConfigError> {
    let mut candidates: Vec<Spelling> = if typed.is_empty() {
        Vec::new()
    } else {
        spellings().filter(|spelling| spelling.long.starts_with(typed)).collect()
    };
    // Two names of one setting are no choice to make.
    candidates.dedup_by_key(|spelling| (spelling.entry.name(), spelling.on));
    match candidates.as_slice() {
        [only] => Ok(*only),
        [] => Err(ConfigError::UnknownOption {
            option: format!("--{typed}"),
            nearest: nearest(typed).map(|long| format!("--{long}")),
        }),
        several => Err(ConfigError::AmbiguousOption {
            option: format!("--{typed}"),
            candidates: several
                .iter()
                .map(|spelling| format!("`--{}`", spelling.long))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The long name (without dashes) that a mistyped one most likely means, over both programs' names.
pub fn nearest(typed: &str) -> Option<&'static str> {
    let typed = typed.replace('_', "-").to_lowercase();
    let most = (typed.chars().count() / 3).clamp(1, 3);
    spellings()
        .map(|spelling| (osa_distance(&typed, spelling.long), spelling.long))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, long)| long)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_beginning_is_written_out() {
        assert_eq!(complete("--max-requests-j=5").unwrap(), "--max-requests-jitter=5");
        assert_eq!(complete("--timeout-k").unwrap(), "--timeout-keep-alive");
        assert_eq!(complete("--timeout").unwrap(), "--timeout");
    }

    #[test]
    fn what_is_no_long_name_stays_as_it_is() {
        for argument in ["-w4", "main:app", "--", "-", "", "-1"] {
            assert_eq!(complete(argument).unwrap(), argument);
        }
    }

    #[test]
    fn a_beginning_of_several_names_is_not_guessed() {
        let error = complete("--lim").unwrap_err().to_string();
        assert!(error.starts_with("ambiguous option `--lim`: could be `--limit-max-requests`"), "{error}");
    }

    #[test]
    fn a_mistyped_name_is_recognised() {
        assert_eq!(nearest("worker"), Some("workers"));
        assert_eq!(nearest("wrokers"), Some("workers"));
        assert_eq!(nearest("gracefull-timeout"), Some("graceful-timeout"));
        assert_eq!(nearest("keep_alive"), Some("keep-alive"));
        assert_eq!(nearest("something-else-entirely"), None);
    }
}
