//! Edits applied to a text.
//!
//! Invariant: bytes outside the edits stay as they are.

use crate::{finding::Edit, text::Source};

/// The text with these edits. An edit that overlaps one before it is left out, and so is the same edit twice; line ends in
/// an edit's text become those of the file.
pub fn apply<'e>(source: &Source, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut edits: Vec<&Edit> = edits.into_iter().filter(|edit| edit.span.file == source.id()).collect();
    // Insertions in the order of the file, and at one place in the order in which they were asked for.
    edits.sort_by_key(|edit| edit.span);
    let mut text = String::with_capacity(source.text().len());
    let mut done = 0;
    let mut last: Option<&Edit> = None;
    for edit in edits {
        let range = edit.span.range();
        if range.start < done || last == Some(edit) {
            continue;
        }
        text.push_str(source.text().get(done..range.start).unwrap_or(""));
        text.push_str(&edit.text.replace('\n', source.line_ending()));
        done = range.end;
        last = Some(edit);
    }
    text.push_str(source.text().get(done..).unwrap_or(""));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_edited_bytes_change() {
        let source = Source::of_text("x", "a b c\r\nd");
        let edits = [
            Edit::replace(source.span(4..5), "C\nD"),
            Edit::delete(source.span(1..3)),
            Edit::replace(source.span(2..3), "overlaps"),
            Edit::replace(source.span(0..0), ">"),
        ];
        assert_eq!(apply(&source, &edits), ">a C\r\nD\r\nd");
    }
}
