//! What may not be shown: secrets, and the lines on which a finding says that one stands.
//!
//! Owns: which bytes are covered, and a text without them. Does not own: whether a secret is a mistake (`rules`).
//!
//! Invariant: a covered text has the length of the original in bytes and in lines, so that every span still fits.

pub(crate) mod shapes;

use std::collections::BTreeMap;

use crate::{
    Report,
    finding::{Finding, Safety},
    sources::{Sources, has_extension},
    text::{FileId, Source, Span},
};

/// The shortest text that is looked for in messages: a shorter one is found in harmless words.
const SHORTEST: usize = 6;

/// The secrets of a report.
#[derive(Debug, Default)]
pub struct Secrets {
    /// What is covered, by file.
    covered: BTreeMap<FileId, Vec<Span>>,
    /// The values themselves.
    values: Vec<String>,
}

impl Secrets {
    /// The secrets of a report: those that its files hold, and those that its findings name. All of its findings count,
    /// those that are not shown too: the snippet of another one may have the same line in it.
    pub fn of(report: &Report) -> Self {
        let mut secrets = Self::named(&report.findings, &report.facts.sources);
        for source in report.facts.sources.all_read() {
            for found in shapes::find(source.text(), has_extension(source.path(), "py")) {
                let span = source.span(found.range);
                secrets.covered.entry(source.id()).or_default().push(span);
                if found.distinct {
                    secrets.values.push(source.slice(span).to_owned());
                }
            }
        }
        // A value may begin with another one.
        secrets.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        secrets.values.dedup();
        secrets
    }

    /// The secrets that findings name.
    fn named<'f>(findings: impl IntoIterator<Item = &'f Finding>, sources: &Sources) -> Self {
        let mut secrets = Self::default();
        for finding in findings.into_iter().filter(|finding| finding.hidden) {
            for label in std::iter::once(&finding.primary).chain(&finding.others) {
                let source = sources.get(label.span.file);
                secrets.covered.entry(label.span.file).or_default().extend(rest_of_lines(source, label.span));
            }
            let value = sources.get(finding.primary.span.file).slice(finding.primary.span);
            let value = value.trim_matches(|char: char| char.is_whitespace() || matches!(char, '"' | '\''));
            // A message never holds a secret. What stands in it is a name.
            if value.len() >= SHORTEST && !finding.message.contains(value) {
                secrets.values.push(value.to_owned());
            }
        }
        secrets
    }

    /// The text of a file, with asterisks in the place of secrets.
    pub fn cover(&self, source: &Source) -> String {
        self.cover_part(source, source.whole())
    }

    /// The same of a part of a file.
    pub fn cover_part(&self, source: &Source, part: Span) -> String {
        let mut bytes = source.slice(part).as_bytes().to_vec();
        for span in self.covered.get(&source.id()).into_iter().flatten() {
            let (start, end) = (span.start.max(part.start), span.end.min(part.end));
            let range = start.saturating_sub(part.start) as usize..end.saturating_sub(part.start) as usize;
            for byte in bytes.get_mut(range).into_iter().flatten() {
                if !matches!(byte, b'\n' | b'\r') {
                    *byte = b'*';
                }
            }
        }
        // Whole characters are covered, so what is left is text.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether a secret stands on one of the lines of a span, so that an edit of it cannot be shown.
    pub fn touch(&self, source: &Source, span: Span) -> bool {
        let lines = |span: Span| source.line_of(span)..=source.position(span.end).line;
        let wanted = lines(span);
        let covered = self.covered.get(&source.id());
        covered.into_iter().flatten().any(|it| {
            let line = source.line_of(*it);
            wanted.contains(&line)
        })
    }

    /// A text without the values of secrets.
    pub fn redact(&self, text: String) -> String {
        self.values.iter().fold(text, |text, value| {
            if text.contains(value.as_str()) { text.replace(value.as_str(), "***") } else { text }
        })
    }

    /// Whether a fix of this finding may be shown: it touches no line with a secret.
    pub fn allow(&self, finding: &Finding, sources: &Sources) -> bool {
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
        !edits.into_iter().any(|edit| self.touch(sources.get(edit.span.file), edit.span))
    }
}

/// Of each line of a span what may be the value: what stands behind the first `:` or `=`, or the whole line if there is
/// neither; in any case the span itself.
fn rest_of_lines(source: &Source, span: Span) -> Vec<Span> {
    let last = source.position(span.end).line;
    let cover = |line: u32| {
        let whole = source.line(line);
        let text = source.slice(whole);
        let indent = text.len() - text.trim_start().len();
        // Lines after the first have no key.
        let key = if line == source.line_of(span) { text.find([':', '=']).map(|at| at + 1) } else { None };
        let value = key.map_or(indent, |at| at + text[at..].len() - text[at..].trim_start().len());
        let start = whole.range().start + value;
        let start =
            if span.range().start >= whole.range().start { start.min(span.range().start) } else { start };
        source.span(start..whole.range().end.max(start))
    };
    (source.line_of(span)..=last).map(cover).collect()
}

impl Finding {
    /// Whether it has a fix that `--fix` applies.
    pub fn is_safely_fixable(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::finding::{RuleId, Severity};

    #[test]
    fn a_secret_is_covered_and_nothing_moves() {
        let text = "env:\n  KEY: sk-sécret-1234 # mine\n  OTHER: x\n";
        let tree: BTreeMap<String, Vec<u8>> = [("a.yaml".to_owned(), text.as_bytes().to_vec())].into();
        let mut sources = Sources::new(&tree);
        let source = sources.load(&tree, "a.yaml").expect("it is there");
        let start = text.find("sk-").unwrap_or_default();
        let span = source.span(start..start + "sk-sécret-1234".len());
        let mut finding = Finding::new(RuleId(601), Severity::Error, span, "KEY is committed");
        let none = Secrets::named([&finding], &sources);
        assert_eq!(none.cover(&source), text);
        finding.hidden = true;
        let secrets = Secrets::named([&finding], &sources);
        let covered = secrets.cover(&source);
        assert_eq!(covered.len(), text.len());
        assert!(
            covered.starts_with("env:\n  KEY: ****") && covered.ends_with("*\n  OTHER: x\n"),
            "{covered}"
        );
        assert!(secrets.touch(&source, source.line(2)) && !secrets.touch(&source, source.line(3)));
        assert_eq!(secrets.redact("x sk-sécret-1234 y".to_owned()), "x *** y");
    }
}
