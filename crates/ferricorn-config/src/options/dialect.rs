//! Whose name an option's name is: gunicorn's, uvicorn's, both programs', or ferricorn's own.
//!
//! The programs' own lists in `data/` are the only source, so that the table need not say it.

use super::Spelling;

const GUNICORN_FLAGS: &str = include_str!("data/gunicorn-27.0.1-flags.txt");
const GUNICORN_SETTINGS: &str = include_str!("data/gunicorn-27.0.1-settings.txt");
const UVICORN_FLAGS: &str = include_str!("data/uvicorn-0.54.0-flags.txt");

/// Whose name a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// gunicorn alone has it.
    Gunicorn,
    /// uvicorn alone has it.
    Uvicorn,
    /// Both have it.
    Both,
    /// Neither has it.
    Own,
}

impl Spelling {
    /// Whose flag this is.
    pub fn dialect(&self) -> Dialect {
        // uvicorn has no short names.
        let short = self.entry.short.filter(|_| self.short);
        if short.is_some_and(|letter| GUNICORN_FLAGS.lines().any(|flag| flag == format!("-{letter}"))) {
            return Dialect::Gunicorn;
        }
        match (is_flag(GUNICORN_FLAGS, self.long), is_flag(UVICORN_FLAGS, self.long)) {
            (true, true) => Dialect::Both,
            (true, false) => Dialect::Gunicorn,
            (false, true) => Dialect::Uvicorn,
            (false, false) => Dialect::Own,
        }
    }
}

/// Whether a name counts in a Python configuration file: gunicorn's settings and ferricorn's own options do.
pub(crate) fn counts_in_python(name: &str, spelling: &Spelling) -> bool {
    GUNICORN_SETTINGS.lines().any(|known| known == name)
        || spelling.entry.spellings().all(|it| it.dialect() == Dialect::Own)
}

fn is_flag(flags: &str, long: &str) -> bool {
    flags.lines().any(|flag| flag.strip_prefix("--") == Some(long))
}
