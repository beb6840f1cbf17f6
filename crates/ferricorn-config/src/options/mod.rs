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
mod entry;
mod group;
mod presets;
mod spelling;
mod table;

pub use dialect::Dialect;
pub(crate) use dialect::counts_in_python;
pub use differences::{DIFFERENCES, Difference};
pub use draft::Draft;
pub(crate) use draft::HttpDraft;
pub(crate) use draft::{LogDraft, ReloadDraft};
pub use entry::{Entry, Preset, Standing, Target};
pub use group::Group;
pub(crate) use presets::{VARIABLES, presets};
pub(crate) use spelling::nearest_python_setting;
pub(crate) use spelling::spellings;
pub use spelling::{Spelling, find_long, find_setting, nearest, nearest_setting};

pub use crate::values::Kind;

/// Every option, in the order of help.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    table::TABLE.iter().flat_map(|entries| entries.iter())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::values::Value;

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
    fn every_value_has_an_example_that_its_option_takes() {
        for entry in all() {
            let wants_one = entry.is_supported() && entry.takes_value();
            assert_eq!(wants_one, !entry.example.is_empty(), "example of `--{}`", entry.name());
            // What only a file can give is written in Python.
            let is_right = entry.file_only || Value::parse(entry.kind, entry.example).is_ok();
            assert!(!wants_one || is_right, "example of `--{}`", entry.name());
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
