//! Edits applied to a text.
//!
//! Invariant: bytes outside the edits stay as they are.

use crate::{finding::Edit, text::Source};

/// The text with these edits. An edit that overlaps one before it is left out, and so is the same edit twice; line ends in
/// an edit's text become those of the file.
pub fn apply<'e>(source: &Source, edits: impl IntoIterator<Item = &'e Edit>) -> String {
    let mut text = String::with_capacity(source.text().len());
    let mut done = 0;
    for edit in in_order(source, edits) {
        let range = edit.span.range();
        text.push_str(source.text().get(done..range.start).unwrap_or(""));
        text.push_str(&edit.text.replace('\n', source.line_ending()));
        done = range.end;
    }
    text.push_str(source.text().get(done..).unwrap_or(""));
    text
}

/// The same for the bytes of the file, in its encoding.
pub(super) fn apply_to_bytes<'e>(
    source: &Source,
    original: &[u8],
    edits: impl IntoIterator<Item = &'e Edit>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(original.len());
    let mut done = 0;
    for edit in in_order(source, edits) {
        let range = source.original(edit.span);
        bytes.extend(original.get(done..range.start).unwrap_or_default());
        bytes.extend(source.encode(&edit.text.replace('\n', source.line_ending())));
        done = range.end;
    }
    bytes.extend(original.get(done..).unwrap_or_default());
    bytes
}

/// The edits of this file that are made: insertions at one place in the order in which they were asked for.
fn in_order<'e>(source: &Source, edits: impl IntoIterator<Item = &'e Edit>) -> Vec<&'e Edit> {
    let mut edits: Vec<&Edit> = edits.into_iter().filter(|edit| edit.span.file == source.id()).collect();
    edits.sort_by_key(|edit| edit.span);
    let mut made: Vec<&Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        let after = made.last().is_none_or(|last| last.span.end <= edit.span.start && *last != edit);
        if after {
            made.push(edit);
        }
    }
    made
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

    #[test]
    fn bytes_keep_their_encoding() {
        let utf16 = |text: &str| -> Vec<u8> {
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
        };
        let before = utf16("web: é\r\nb\r\n");
        let source = Source::decode(crate::FileId(0), "Procfile", &before).expect("UTF-16");
        let start = source.text().find('é').unwrap_or_default();
        let edit = Edit::replace(source.span(start..start + 2), "𝄞\nx");
        assert_eq!(apply_to_bytes(&source, &before, [&edit]), utf16("web: 𝄞\r\nx\r\nb\r\n"));
    }
}
