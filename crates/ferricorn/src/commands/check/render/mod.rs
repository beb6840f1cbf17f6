//! Findings in the forms that people and CI systems read.
//!
//! Owns: each form, as a function from findings to a text. Does not own: which findings are shown, nor where they go.
//!
//! Invariant: a line on which a finding sees a secret is covered in every form ([`Shown::secrets`]).

mod ci;
mod json;
mod notice;
mod sarif;
mod summary;
mod text;

use std::fmt::Write as _;

use ferricorn_check::{Finding, Secrets, Sources};

pub(super) use notice::Notice;
pub(super) use summary::Summary;

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A snippet with a caret for each finding.
    Text,
    /// A line for each finding.
    Concise,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
}

impl Format {
    /// Each with its word on the command line.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("text", Self::Text),
        ("concise", Self::Concise),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
    ];

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, format)| format)
    }

    /// Whether notices have a place in it. Otherwise they go to standard error.
    pub(super) fn shows_notices(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Github)
    }

    /// Whether a program reads it, so that a sentence would be in its way.
    pub(super) fn is_data(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Gitlab)
    }
}

/// What is shown.
pub(super) struct Shown<'r> {
    /// The findings with their fingerprints, the most urgent first.
    pub(super) findings: Vec<(&'r Finding, String)>,
    /// The files that could not be read.
    pub(super) notices: Vec<Notice>,
    /// The files.
    pub(super) sources: &'r Sources,
    /// What is covered.
    pub(super) secrets: &'r Secrets,
    /// The counts.
    pub(super) summary: Summary,
    /// Whether there are colours.
    pub(super) styled: bool,
}

impl Shown<'_> {
    /// The whole output in this form.
    pub(super) fn render(&self, format: Format) -> String {
        let text = match format {
            Format::Text => self.with_summary(text::render(self)),
            Format::Concise => self.with_summary(concise(self)),
            Format::Github => self.with_summary(ci::github(self)),
            Format::Json => json::render(self),
            Format::Sarif => sarif::render(self),
            Format::Gitlab => ci::gitlab(self),
        };
        self.secrets.redact(text)
    }

    fn with_summary(&self, mut text: String) -> String {
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        text.push_str(&self.summary.line());
        text
    }
}

/// One line for each finding: `file:line:column: severity ID message`.
fn concise(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    for (finding, _) in &shown.findings {
        let source = shown.sources.get(finding.primary.span.file);
        let place = source.position(finding.primary.span.start);
        let (path, id, severity, message) = (source.path(), finding.id, finding.severity, &finding.message);
        let _ = writeln!(text, "{path}:{}:{}: {severity} {id} {message}", place.line, place.column);
    }
    text
}

/// A number with its noun: "1 file", "2 files".
pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A value as JSON over several lines, with a line end.
fn pretty(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
