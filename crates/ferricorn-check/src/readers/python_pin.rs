//! Files that say which Python to take: `.python-version`, `runtime.txt`, and the value of `PYTHON_VERSION`.
//!
//! How to use: `python_pin::file(&source)` for the two files, `python_pin::value(&excerpt)` for a variable. A pin is
//! `exact` with three numbers (`3.12.8`), which Render's `PYTHON_VERSION` must have. `None`: it says nothing that can be
//! understood (`system`, an environment of pyenv, `PyPy`).

use super::versions::Version;
use crate::text::{Excerpt, Source};

/// A version of Python that something asks for.
#[derive(Debug, Clone)]
pub struct PythonPin {
    /// The version.
    pub version: Version,
    /// Whether it has three numbers.
    pub exact: bool,
    /// What was written.
    pub value: Excerpt,
}

/// The pin of `.python-version` (the first one if it names several) or `runtime.txt`.
pub fn file(source: &Source) -> Option<PythonPin> {
    let lines = source.lines().filter(|line| {
        let text = source.slice(*line).trim();
        !text.is_empty() && !text.starts_with('#')
    });
    lines.map(|line| Excerpt::verbatim(source, line.range())).find_map(|line| value(&line))
}

/// The pin that a value says: `3.12`, `3.12.8`, `python-3.12.8`, `cpython@3.12`.
pub fn value(value: &Excerpt) -> Option<PythonPin> {
    let text = value.text();
    let content = text.split('#').next().unwrap_or("");
    let start = content.len() - content.trim_start().len();
    let trimmed = content.trim();
    let prefixes = ["cpython-", "cpython@", "python-", "python@", "cpython", "python"];
    let lower = trimmed.to_ascii_lowercase();
    let prefix = prefixes.iter().find(|prefix| lower.starts_with(**prefix)).map_or(0, |prefix| prefix.len());
    let version: Version =
        trimmed[prefix..].parse().ok().filter(|version: &Version| (2..=3).contains(&version.number(0)))?;
    let exact = version.numbers().len() == 3;
    Some(PythonPin { version, exact, value: value.part(start..start + trimmed.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read() {
        for (text, expected) in [
            ("3.12\n", Some(("3.12", false))),
            ("# x\n\npython-3.10.13\r\n", Some(("3.10.13", true))),
            ("cpython@3.13 # newest\n3.12", Some(("3.13", false))),
            ("3.14.0rc1", Some(("3.14.0rc1", true))),
            ("pypy3.10\n3.9", Some(("3.9", false))),
            ("system\nmyenv", None),
            ("", None),
        ] {
            let pin = file(&Source::of_text(".python-version", text));
            let shown = pin.as_ref().map(|pin| (pin.version.to_string(), pin.exact));
            assert_eq!(shown, expected.map(|(version, exact)| (version.to_owned(), exact)), "{text}");
        }
    }
}
