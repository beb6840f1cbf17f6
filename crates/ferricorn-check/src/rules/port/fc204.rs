//! Only a shell expands variables. Without one, the program gets the letters `$PORT` themselves: uvicorn says that they are not an
//! integer and exits with 2.
//!
//! An array in a Dockerfile (`CMD ["…"]`) and `command` and `args` in Kubernetes start the program without a shell.
//! Kubernetes expands `$(PORT)`, with round brackets. ferricorn expands variables itself.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$PORT"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port $PORT"]
//! ```
//!
//! ## Bad
//!
//! ```yaml compose.yaml:4
//! services:
//!   api:
//!     image: api
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$$PORT"]
//!     environment: {PORT: "8000"}
//! ```
//!
//! ## Fixed
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     image: api
//!     command: ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port $$PORT"]
//!     environment: {PORT: "8000"}
//! ```
//!
//! ## Good
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     image: api
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "${PORT:-8000}"]
//! ```
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"]
//! ```

use crate::{
    facts::{Deployment, Shell},
    finding::Platform,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(204, "variable without a shell", Severity::Error, explanation!("fc204.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let image = deployment.platform == Platform::Docker && facts.is_image(deployment.place.file);
        // compose puts `$NAME` in by itself, and leaves `$NAME` of `$$NAME`.
        let compose = deployment.platform == Platform::Docker && !image;
        let without =
            image || compose || matches!(deployment.platform, Platform::Kubernetes | Platform::CloudRun);
        if let Some(finding) = on_railway(facts, deployment, command) {
            findings.add(deployment.sign(finding));
        }
        if !without || command.shell.is_some() || command.program == Program::Ferricorn {
            continue;
        }
        for word in command.words.iter().skip(command.program_word + 1) {
            let from = if compose { word.text.find("$$").map(|at| at + 1) } else { Some(0) };
            let Some(text) = from.map(|from| &word.text[from..]) else { continue };
            let Some((range, name)) = variable(text) else { continue };
            let written = &text[range];
            let finding = RULE
                .error(word.span, format!("no shell puts in {written}"))
                .label("the program gets these letters")
                .happens(format!("{} gets '{}' as it stands", command.program.name(), word.text));
            findings.add(deployment.sign(if deployment.platform == Platform::Docker {
                match through_a_shell(facts, deployment, command) {
                    Some((span, text)) => {
                        finding.safe_fix("start it through sh -c", vec![Edit::replace(span, text)])
                    }
                    None => finding.help("start it through sh -c \"exec …\""),
                }
            } else {
                let source = facts.sources.get(word.span.file);
                let inner = word.inner();
                match source.slice(inner).find(written) {
                    Some(at) => {
                        let start = inner.range().start + at;
                        let place = source.span(start..start + written.len());
                        let right = format!("$({name})");
                        finding.safe_fix(format!("write {right}"), vec![Edit::replace(place, right)])
                    }
                    None => finding.help(format!("write $({name})")),
                }
            }));
        }
    }
}

/// Railway starts a command over an image without a shell, as far as is known.
fn on_railway(facts: &Facts, deployment: &Deployment, command: &Command) -> Option<Finding> {
    let own = deployment.platform == Platform::Railway
        && !deployment.native
        && command.span.file == deployment.place.file
        && command.shell == Some(Shell::Some)
        && command.program != Program::Ferricorn
        && !command.wrappers.iter().any(|wrapper| wrapper.name.ends_with(" -c"));
    let mut words = command.words.iter().skip(command.program_word + 1).filter(|_| own);
    let (span, name) = words.find_map(|word| {
        let written = facts.sources.get(word.span.file).slice(word.span);
        variable(written).map(|(range, _)| (word.span, written[range].to_owned()))
    })?;
    Some(
        RULE.warning(span, format!("over a Dockerfile no shell puts in {name}"))
            .label("the program gets these letters")
            .happens(format!("{} gets '{name}' as it stands", command.program.name()))
            .help("start it through sh -c \"exec …\""),
    )
}

/// The first `$NAME` or `${NAME…}` in capitals.
fn variable(text: &str) -> Option<(std::ops::Range<usize>, &str)> {
    let is_name = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let at = text.find('$')?;
    let behind = &text[at + 1..];
    let (start, braces) = if behind.starts_with('{') { (at + 2, true) } else { (at + 1, false) };
    let rest = &text[start..];
    let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
    if length < 2 || rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let end = if braces { start + rest.find('}')? + 1 } else { start + length };
    Some((at..end, &rest[..length]))
}

/// The whole array as one line for `sh`, if all words are plain.
fn through_a_shell(facts: &Facts, deployment: &Deployment, command: &Command) -> Option<(Span, String)> {
    let array = deployment.line()?.written.span;
    let source = facts.sources.get(array.file);
    let plain = |text: &str| {
        text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:=,${}@%+".contains(letter))
    };
    let inside = |word: &crate::facts::Word| array.contains(word.span) && plain(&word.text);
    if !source.slice(array).starts_with('[') || !command.words.iter().all(inside) {
        return None;
    }
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    Some((array, format!("[\"sh\", \"-c\", \"exec {}\"]", words.join(" "))))
}
