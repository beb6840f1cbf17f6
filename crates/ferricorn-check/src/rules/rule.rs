//! What a rule is: an id, an explanation with examples, and a function.

use super::Findings;
use crate::{
    facts::Facts,
    finding::{Finding, RuleId, Severity},
    text::Span,
};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its number, for ever.
    pub id: RuleId,
    /// What is wrong, in a few words: a heading.
    pub title: &'static str,
    /// The worst that it says.
    pub severity: Severity,
    /// The module comment of its file: Markdown, with examples.
    pub explanation: &'static str,
    /// Looks at the facts.
    pub check: fn(&Facts, &mut Findings),
}

impl Rule {
    pub(super) const fn new(
        number: u16,
        title: &'static str,
        severity: Severity,
        explanation: &'static str,
        check: fn(&Facts, &mut Findings),
    ) -> Self {
        Self { id: RuleId(number), title, severity, explanation, check }
    }

    /// A finding that is certain.
    pub fn error(&self, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(self.id, Severity::Error, span, message)
    }

    /// A finding that is likely.
    pub fn warning(&self, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(self.id, Severity::Warning, span, message)
    }

    /// A finding that is worth knowing.
    pub fn advice(&self, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(self.id, Severity::Advice, span, message)
    }

    /// The examples of its explanation.
    pub fn examples(&self) -> Vec<Example> {
        examples(self.explanation)
    }
}

/// An example of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub kind: ExampleKind,
    /// Its files.
    pub files: Vec<ExampleFile>,
}

/// What an example shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// What the rule finds.
    Bad,
    /// The same, mended.
    Fixed,
    /// What looks like it and is right.
    Good,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path.
    pub path: String,
    /// In which line the finding is.
    pub line: Option<u32>,
    /// Its text.
    pub text: String,
    /// How it is written to the disk: `utf-16`, `crlf`; `""` for UTF-8 with `\n`.
    pub form: String,
}

impl ExampleFile {
    /// The file as it stands on the disk.
    pub fn bytes(&self) -> Vec<u8> {
        match self.form.as_str() {
            "utf-16" => format!("\u{feff}{}", self.text).encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "crlf" => self.text.replace('\n', "\r\n").into_bytes(),
            _ => self.text.clone().into_bytes(),
        }
    }
}

fn examples(explanation: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut inside: Option<ExampleFile> = None;
    let mut kind = None;
    for line in explanation.lines() {
        if let Some(mut file) = inside.take() {
            if line.trim_end() == "```" {
                found.extend(kind.take().map(|kind| Example { kind, files: Vec::new() }));
                if let Some(example) = found.last_mut() {
                    example.files.push(file);
                }
            } else {
                file.text.extend([line, "\n"]);
                inside = Some(file);
            }
        } else if let Some(info) = line.strip_prefix("```") {
            let mut words = info.split_whitespace().skip(1);
            let name = words.next().unwrap_or_default();
            let form = words.next().unwrap_or_default().to_owned();
            let (path, line) = match name.rsplit_once(':') {
                Some((path, line)) => (path, line.parse().ok()),
                None => (name, None),
            };
            inside = Some(ExampleFile { path: path.to_owned(), line, text: String::new(), form });
        } else {
            kind = match line.trim_end() {
                "## Bad" => Some(ExampleKind::Bad),
                "## Fixed" => Some(ExampleKind::Fixed),
                "## Good" => Some(ExampleKind::Good),
                _ => kind,
            };
        }
    }
    found
}

/// The module comment of a rule's file, without what stands behind it.
///
/// The text is cut while compiling: only the comment becomes a part of the program, and without its `//! `.
macro_rules! explanation {
    ($file:literal) => {{
        const SOURCE: &str = include_str!($file);
        const LENGTH: usize = $crate::rules::rule::comment::<0>(SOURCE).1;
        static TEXT: [u8; LENGTH] = $crate::rules::rule::comment::<LENGTH>(SOURCE).0;
        match std::str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => panic!("the comment was cut inside a character"),
        }
    }};
}

pub(super) use explanation;

/// The first `N` bytes of the comment at the head of a Rust file without its marks, and how long it is.
pub(super) const fn comment<const N: usize>(source: &str) -> ([u8; N], usize) {
    let bytes = source.as_bytes();
    let mut text = [0; N];
    let (mut at, mut length) = (0, 0);
    while at + 2 < bytes.len() && bytes[at] == b'/' && bytes[at + 1] == b'/' && bytes[at + 2] == b'!' {
        at += 3;
        if at < bytes.len() && bytes[at] == b' ' {
            at += 1;
        }
        while at < bytes.len() {
            let byte = bytes[at];
            if length < N {
                text[length] = byte;
            }
            length += 1;
            at += 1;
            if byte == b'\n' {
                break;
            }
        }
    }
    (text, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_read_out_of_the_explanation() {
        let text = "Why.\n\n## Bad\n\n```yaml render.yaml:2\na:\n  b\n```\n\n```text requirements.txt\nx\n```\n\n## Good\n\n```sh Procfile\nweb: x\n```\n";
        let found = examples(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].kind, found[0].files.len()), (ExampleKind::Bad, 2));
        assert_eq!((found[0].files[0].path.as_str(), found[0].files[0].line), ("render.yaml", Some(2)));
        assert_eq!(found[0].files[0].text, "a:\n  b\n");
        assert_eq!((found[1].kind, found[1].files[0].text.as_str()), (ExampleKind::Good, "web: x\n"));
    }

    #[test]
    fn the_comment_is_cut_out() {
        const SOURCE: &str = "//! One é.\n//!\n//! Two.\n\nuse x;\n";
        const LENGTH: usize = comment::<0>(SOURCE).1;
        let (text, _) = comment::<LENGTH>(SOURCE);
        assert_eq!(std::str::from_utf8(&text), Ok("One é.\n\nTwo.\n"));
    }
}
