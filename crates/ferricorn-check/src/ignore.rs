//! Comments that silence a rule: `# ferricorn: ignore=FC302 reason`.
//!
//! Owns: finding them in every kind of file, taking their findings away, and saying which comments do nothing (FC001) or
//! name a rule that there is not (FC002). Does not own: the findings.
//!
//! A comment at the end of a line is about that line; one in a line of its own is about the next line that is no comment.
//! A command over several lines can hold no comment, so one above its key, or at it, is about the whole command.
//! `ignore-file=FC805` is about the file. The annotation `ferricorn/ignore: FC310` is about its Kubernetes manifest. JSON
//! has no comments.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use crate::{
    facts::Facts,
    finding::Finding,
    rules,
    sources::has_extension,
    text::{FileId, Source, Span},
};

const MARK: &str = "ferricorn:";
const ANNOTATION: &str = "ferricorn/ignore:";

/// One id of a comment.
struct Ignore {
    /// The id as it is written.
    id: String,
    span: Span,
    /// The lines that it is about.
    lines: RangeInclusive<u32>,
    used: bool,
}

/// Takes away the findings that comments silence, and adds those about the comments.
pub(crate) fn apply(facts: &Facts, findings: &mut Vec<Finding>) {
    let mut ignores = Vec::new();
    if facts.config.no_inline_ignores {
        return;
    }
    for source in facts.sources.all_read() {
        if source.text().contains("ferricorn") && !has_extension(source.path(), "json") {
            gather(facts, source, &mut ignores);
        }
    }
    if ignores.is_empty() {
        return;
    }
    // A file may hold thousands of both.
    let mut places: BTreeMap<(FileId, String), Vec<usize>> = BTreeMap::new();
    for (at, ignore) in ignores.iter().enumerate() {
        places.entry((ignore.span.file, ignore.id.clone())).or_default().push(at);
    }
    findings.retain(|finding| {
        let span = finding.primary.span;
        let source = facts.sources.get(span.file);
        let (first, last) = (source.line_of(span), source.position(span.end).line);
        let mut silenced = false;
        for at in places.get(&(span.file, finding.id.to_string())).into_iter().flatten() {
            let ignore = &mut ignores[*at];
            if *ignore.lines.start() <= last && first <= *ignore.lines.end() {
                ignore.used = true;
                silenced = true;
            }
        }
        !silenced
    });
    let known: BTreeSet<String> = rules::all().map(|rule| rule.id.to_string()).collect();
    for ignore in &ignores {
        if !known.contains(&ignore.id) {
            findings.push(rules::unknown_ignore(ignore.span, &ignore.id));
        } else if !ignore.used {
            findings.push(rules::unused_ignore(ignore.span, &ignore.id));
        }
    }
}

fn gather(facts: &Facts, source: &Source, into: &mut Vec<Ignore>) {
    for (line, whole) in (1..).zip(source.lines()) {
        let text = source.slice(whole);
        let start = whole.range().start;
        if let Some((at, what)) = comment(source, text) {
            let alone = text[..at].trim().is_empty();
            if let Some(rest) = what.strip_prefix("ignore-file=") {
                ids(source, start + text.len() - rest.len(), rest, &(1..=source.line_count()), into);
            } else if let Some(rest) = what.strip_prefix("ignore=") {
                let target = if alone { next(source, line) } else { line };
                let lines = command_around(facts, source, target);
                ids(source, start + text.len() - rest.len(), rest, &lines, into);
            }
        } else if let Some(at) = text.find(ANNOTATION).filter(|_| source.text().contains("apiVersion")) {
            let rest = text[at + ANNOTATION.len()..].trim_start_matches([' ', '"', '\'']);
            ids(source, start + text.len() - rest.len(), rest, &document(source, line), into);
        }
    }
}

/// Where a comment of ours begins in a line, and what stands behind the mark.
fn comment<'l>(source: &Source, text: &'l str) -> Option<(usize, &'l str)> {
    let at = text.find(MARK)?;
    let before = text[..at].trim_end();
    let unit = has_extension(source.path(), "service");
    let sign = before.strip_suffix('#').or_else(|| before.strip_suffix(';').filter(|_| unit))?;
    let apart = sign.is_empty() || sign.ends_with(char::is_whitespace);
    apart.then(|| (sign.len(), text[at + MARK.len()..].trim_start()))
}

/// The ids in front of the reason: `FC302,FC101 because …`.
fn ids(source: &Source, start: usize, text: &str, lines: &RangeInclusive<u32>, into: &mut Vec<Ignore>) {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let length = rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len());
        into.push(Ignore {
            id: rest[..length].to_ascii_uppercase(),
            span: source.span(start + at..start + at + length),
            lines: lines.clone(),
            used: false,
        });
        let behind = &rest[length..];
        let Some(more) = behind.trim_start().strip_prefix(',').map(str::trim_start) else { return };
        // A comma may also begin the reason.
        if !more.get(..2).is_some_and(|it| it.eq_ignore_ascii_case("FC")) {
            return;
        }
        at = text.len() - more.len();
    }
}

/// The next line that is neither empty nor a comment.
fn next(source: &Source, line: u32) -> u32 {
    let says = |line: &u32| {
        let text = source.slice(source.line(*line)).trim();
        !text.is_empty() && !text.starts_with(['#', ';'])
    };
    (line + 1..=source.line_count()).find(says).unwrap_or(line)
}

/// The lines of the command that begins in this line, or the line alone.
fn command_around(facts: &Facts, source: &Source, line: u32) -> RangeInclusive<u32> {
    let begins = |written: &crate::facts::Written| {
        let own = written.span.file == source.id();
        let key = written.key.map(|key| source.line_of(key));
        own && (source.line_of(written.span) == line || key == Some(line))
    };
    let ends = facts.lines().map(|(_, command)| &command.written).filter(|written| begins(written));
    line..=ends.map(|written| source.position(written.span.end).line).max().unwrap_or(line).max(line)
}

/// The lines of the YAML document around a line.
fn document(source: &Source, line: u32) -> RangeInclusive<u32> {
    let cuts = |line: &u32| source.slice(source.line(*line)).trim_end() == "---";
    let first = (1..line).rev().find(cuts).map_or(1, |line| line + 1);
    first..=(line + 1..=source.line_count()).find(cuts).unwrap_or(source.line_count())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::check;

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree: BTreeMap<String, Vec<u8>> = [(path.to_owned(), text.as_bytes().to_vec())].into();
        let report = check(&tree);
        let told = report.findings.iter().map(|it| {
            let source = report.facts.sources.get(it.primary.span.file);
            format!("{}:{} {}", it.id, source.line_of(it.primary.span), source.slice(it.primary.span))
        });
        told.filter(|it| it.starts_with("FC0") || it.starts_with("FC101") || it.starts_with("FC111"))
            .collect()
    }

    const BROKEN: &str = "services:\n  - type: web\n    name: api\n    runtime: python\n    startCommand: uvicorn main:app --port $PORT --host 0.0.0.0 --preload\n";

    #[test]
    fn a_comment_silences_its_line_or_the_next() {
        assert_eq!(found("render.yaml", BROKEN), ["FC101:5 --preload"]);
        let behind = BROKEN.replace("--preload", "--preload  # ferricorn: ignore=FC101 a wrapper takes it");
        assert_eq!(found("render.yaml", &behind), [""; 0]);
        let above = BROKEN.replace(
            "    startCommand",
            "    # ferricorn: ignore=fc101, a wrapper\n    # more\n    startCommand",
        );
        assert_eq!(found("render.yaml", &above), [""; 0]);
        let file = format!("# ferricorn: ignore-file=FC101\n{BROKEN}");
        assert_eq!(found("render.yaml", &file), [""; 0]);
        let elsewhere = BROKEN.replace("runtime: python", "runtime: python # ferricorn: ignore=FC101");
        assert_eq!(found("render.yaml", &elsewhere), ["FC001:4 FC101", "FC101:5 --preload"]);
    }

    #[test]
    fn a_comment_above_a_key_silences_the_whole_command() {
        let text = BROKEN
            .replace("uvicorn main:app", "|\n      uvicorn main:app \\\n       ")
            .replace("    startCommand", "    # ferricorn: ignore=FC101,FC999 it works\n    startCommand");
        assert_eq!(found("render.yaml", &text), ["FC002:5 FC999"]);
    }

    #[test]
    fn other_files_have_their_own_comments() {
        let unit =
            "[Service]\n; ferricorn: ignore=FC101 why not\nExecStart=/usr/bin/uvicorn main:app --preload\n";
        assert!(!found("a.service", unit).iter().any(|it| it.starts_with("FC101")));
        let image = "FROM python:3.12\n# ferricorn: ignore=FC101 why not\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--preload\"]\n";
        assert_eq!(found("Dockerfile", image), [""; 0]);
    }
}
