//! From what the user typed to an option: exact names, and the nearest name for a mistyped one.

use strsim::osa_distance;

use super::{Entry, all};

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
pub(crate) fn spellings() -> impl Iterator<Item = Spelling> {
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
    fn a_mistyped_name_is_recognised() {
        assert_eq!(nearest("worker"), Some("workers"));
        assert_eq!(nearest("wrokers"), Some("workers"));
        assert_eq!(nearest("gracefull-timeout"), Some("graceful-timeout"));
        assert_eq!(nearest("keep_alive"), Some("keep-alive"));
        assert_eq!(nearest("something-else-entirely"), None);
    }
}
