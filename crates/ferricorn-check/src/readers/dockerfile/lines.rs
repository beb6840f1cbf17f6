//! From lines to instructions: directives, comments, continuations, here-documents.

use std::ops::Range;

use crate::text::{Excerpt, Source, Span};

/// An instruction as it is written: its text without continuations and comments.
pub(super) struct Line {
    pub(super) text: Excerpt,
    pub(super) heredocs: Vec<Heredoc>,
    pub(super) span: Span,
}

/// A here-document behind an instruction.
pub(super) struct Heredoc {
    /// `<<EOF` in the line's text.
    pub(super) opening: Range<usize>,
    pub(super) body: Excerpt,
    /// The line that closes it.
    pub(super) close: Excerpt,
}

/// The escape character, the directives, the instructions.
pub(super) fn read(source: &Source) -> (char, Vec<(Excerpt, Excerpt)>, Vec<Line>) {
    let mut reader = Reader { source, escape: '\\', line: 1 };
    let directives = reader.directives();
    let mut lines = Vec::new();
    while reader.line <= source.line_count() {
        lines.extend(reader.instruction());
    }
    (reader.escape, directives, lines)
}

struct Reader<'s> {
    source: &'s Source,
    escape: char,
    /// The next line, from 1.
    line: u32,
}

impl Reader<'_> {
    fn range(&self) -> Range<usize> {
        self.source.line(self.line).range()
    }

    fn directives(&mut self) -> Vec<(Excerpt, Excerpt)> {
        let mut found = Vec::new();
        while let Some((name, value)) = self.directive() {
            if name.text().eq_ignore_ascii_case("escape") && value.text() == "`" {
                self.escape = '`';
            }
            found.push((name, value));
            self.line += 1;
        }
        found
    }

    /// `# name=value`. The first line that is none ends the directives.
    fn directive(&self) -> Option<(Excerpt, Excerpt)> {
        let range = self.range();
        let line = &self.source.text()[range.clone()];
        let content = line.strip_prefix('#')?;
        let (name, value) = content.split_once('=')?;
        let known = ["syntax", "escape", "check"];
        if !known.iter().any(|known| name.trim().eq_ignore_ascii_case(known)) {
            return None;
        }
        let name = trimmed(self.source, range.start + 1..range.start + 1 + name.len());
        let value = trimmed(self.source, range.end - value.len()..range.end);
        Some((name, value))
    }

    /// Reads on to the end of the next instruction; `None` for a blank line and a comment.
    fn instruction(&mut self) -> Option<Line> {
        let first = self.range();
        let line = &self.source.text()[first.clone()];
        let start = first.start + (line.len() - line.trim_start().len());
        if start == first.end || is_comment(line) {
            self.line += 1;
            return None;
        }
        let mut text = Excerpt::empty(self.source, start);
        let mut range = start..first.end;
        let end = loop {
            let (kept, continued) = self.continuation(range.clone());
            text.push(self.source, kept);
            self.line += 1;
            if !continued {
                break range.end;
            }
            match self.next_part() {
                Some(next) => range = next,
                None => break range.end,
            }
        };
        let heredocs = self.heredocs(&text);
        let end = if heredocs.is_empty() { end } else { self.source.line(self.line - 1).range().end };
        Some(Line { text, heredocs, span: self.source.span(start..end) })
    }

    /// The next line that is neither blank nor a comment, as a part of the instruction.
    fn next_part(&mut self) -> Option<Range<usize>> {
        while self.line <= self.source.line_count() {
            let range = self.range();
            let line = &self.source.text()[range.clone()];
            if !line.trim().is_empty() && !is_comment(line) {
                return Some(range);
            }
            self.line += 1;
        }
        None
    }

    /// What of a line belongs to the instruction, and whether the next line goes on. Unlike in the shell, blanks may
    /// stand behind the escape character. A doubled one does not continue.
    fn continuation(&self, range: Range<usize>) -> (Range<usize>, bool) {
        let line = &self.source.text()[range.clone()];
        let Some(before) = line.trim_end_matches([' ', '\t']).strip_suffix(self.escape) else {
            return (range, false);
        };
        if before.ends_with(self.escape) {
            return (range, false);
        }
        (range.start..range.start + before.len(), true)
    }

    /// The here-documents that an instruction announces. Only these instructions can.
    fn heredocs(&mut self, text: &Excerpt) -> Vec<Heredoc> {
        let keyword = text.text().split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        if !matches!(keyword.as_str(), "RUN" | "COPY" | "ADD" | "ONBUILD") {
            return Vec::new();
        }
        openings(text.text())
            .into_iter()
            .map(|(opening, mark, tabs)| self.heredoc(opening, &mark, tabs))
            .collect()
    }

    fn heredoc(&mut self, opening: Range<usize>, mark: &str, tabs: bool) -> Heredoc {
        let mut body = Excerpt::empty(self.source, self.source.line(self.line).range().start);
        while self.line <= self.source.line_count() {
            let range = self.range();
            let line = &self.source.text()[range.clone()];
            let next = self.source.line(self.line + 1).range().start;
            self.line += 1;
            if (if tabs { line.trim_start_matches('\t') } else { line }) == mark {
                return Heredoc { opening, body, close: Excerpt::verbatim(self.source, range) };
            }
            body.push(self.source, range.start..next);
        }
        let end = self.source.text().len();
        Heredoc { opening, body, close: Excerpt::empty(self.source, end) }
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// A part of the file without the blanks around it.
fn trimmed(source: &Source, range: Range<usize>) -> Excerpt {
    let text = &source.text()[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    Excerpt::verbatim(source, start..start + text.trim().len())
}

/// Each `<<EOF`, `<<-EOF` or `<<"EOF"` that is a word of its own, with its mark and whether tabs in front are cut.
fn openings(text: &str) -> Vec<(Range<usize>, String, bool)> {
    let mut found = Vec::new();
    for (at, word) in words(text) {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let Some(rest) = digits.strip_prefix("<<").filter(|rest| !rest.starts_with('<')) else { continue };
        let (mark, tabs) = rest.strip_prefix('-').map_or((rest, false), |mark| (mark, true));
        let unquoted = mark.trim_matches(['"', '\'']);
        let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        if !unquoted.is_empty()
            && unquoted.chars().all(letter)
            && unquoted.starts_with(|it: char| it.is_alphabetic() || it == '_')
        {
            found.push((at..at + word.len(), unquoted.to_owned(), tabs));
        }
    }
    found
}

/// Words between blanks, with their places. A word that begins inside quotes is none.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut quote: Option<char> = None;
    let words =
        text.split([' ', '\t']).map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word));
    words.filter(move |(_, word)| {
        let open = quote.is_some();
        for letter in word.chars().filter(|letter| matches!(letter, '"' | '\'')) {
            quote = match quote {
                None => Some(letter),
                Some(own) if own == letter => None,
                other => other,
            };
        }
        !open && !word.is_empty()
    })
}
