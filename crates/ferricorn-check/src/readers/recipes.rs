//! Makefiles and justfiles: the lines of one target.
//!
//! How to use: `recipes::read(&source, Some("serve"))` gives the commands of a target, each line without the tab and the
//! `@`, `-` or `+` in front; without a name those of the first target, as `make` alone takes them. `None`: there is none.
//!
//! Invariant: a line that a backslash continues is one command. What is put in for `$(NAME)` or `{{name}}` is not known.

use crate::text::{Excerpt, Source};

/// The commands of a target.
pub fn read(source: &Source, target: Option<&str>) -> Option<Vec<Excerpt>> {
    let mut found: Option<Vec<Excerpt>> = None;
    let mut goes_on = false;
    for line in source.lines() {
        let text = source.slice(line).trim_end_matches(['\n', '\r']);
        if goes_on {
            if let Some(last) = found.as_mut().and_then(|found| found.last_mut()) {
                let start = line.range().start;
                last.append(&Excerpt::verbatim(source, start - 1..start + text.len()));
            }
            goes_on = text.ends_with('\\');
            continue;
        }
        if text.starts_with(['\t', ' ']) {
            let command = text.trim_start().trim_start_matches(['@', '-', '+']);
            if let Some(found) = found.as_mut().filter(|_| !command.is_empty() && !command.starts_with('#')) {
                let start = line.range().start + (text.len() - command.len());
                found.push(Excerpt::verbatim(source, start..start + command.len()));
                goes_on = text.ends_with('\\');
            }
        } else if !text.trim().is_empty() && !text.starts_with('#') {
            if found.is_some() {
                break;
            }
            if is_meant(text, target) {
                found = Some(Vec::new());
            }
        }
    }
    found
}

/// Whether a line begins the target.
fn is_meant(line: &str, target: Option<&str>) -> bool {
    let Some((names, behind)) = line.split_once(':') else { return false };
    // `NAME := value`.
    if behind.starts_with('=') || names.contains('=') && !names.contains(' ') {
        return false;
    }
    let names = names.trim_start_matches('@');
    match target {
        Some(target) => names.split_whitespace().any(|name| name == target),
        None => !names.starts_with('.'),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn commands(text: &str, target: Option<&str>) -> Option<Vec<String>> {
        let found = read(&Source::of_text("Makefile", text), target)?;
        Some(found.iter().map(|it| it.text().to_owned()).collect())
    }

    #[test]
    fn a_target_has_its_lines() {
        let text =
            "PORT := 8000\n.PHONY: a b\n\na: b\n\t@echo x\n\n\t-one \\\n\t  two\n# note\nb c:\n\tthree\n";
        assert_eq!(commands(text, Some("a")).unwrap(), ["echo x", "one \\\n\t  two"]);
        assert_eq!(commands(text, Some("c")).unwrap(), ["three"]);
        assert_eq!(commands(text, None).unwrap(), ["echo x", "one \\\n\t  two"]);
        assert_eq!(commands(text, Some("d")), None);
        let text = "set dotenv-load\n\nserve port='8000':\n    uvicorn a:b --port {{port}}\n";
        assert_eq!(commands(text, Some("serve")).unwrap(), ["uvicorn a:b --port {{port}}"]);
    }

    #[test]
    fn any_end_is_read() {
        for text in ["a:", "a:\n\tx \\", "a:\n\tx \\\n", "\ta", ":\n\t", "a:\r\n\tx\r\n"] {
            commands(text, Some("a"));
            commands(text, None);
        }
    }
}
