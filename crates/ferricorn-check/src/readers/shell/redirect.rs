//! Redirections, here-documents and process substitution.

use std::mem;

use super::{
    Redirection,
    parse::Parser,
    scan::DEEPEST,
    word::{Content, Quote, Word},
};

/// A here-document whose lines come behind the line that announces it.
pub(super) struct Waiting {
    /// Its command and redirection, by their places in the script.
    command: usize,
    redirection: usize,
    mark: String,
    cut_tabs: bool,
}

impl Parser<'_> {
    /// Whether a number stands directly in front of `<` or `>`.
    pub(super) fn descriptor(&self) -> bool {
        let rest = &self.scanner.text.as_bytes()[self.scanner.at..];
        let digits = rest.iter().take_while(|letter| letter.is_ascii_digit()).count();
        digits < 4 && rest.get(digits).is_some_and(|letter| b"<>".contains(letter))
    }

    pub(super) fn redirection(&mut self) {
        const OPERATORS: [&str; 13] =
            ["&>>", "<<<", "<<-", "&>", "<<", "<&", "<>", "<(", ">>", ">&", ">|", ">(", "<"];
        let start = self.scanner.at;
        while self.scanner.peek(0).is_some_and(|letter| letter.is_ascii_digit()) {
            self.scanner.at += 1;
        }
        let operator = OPERATORS.into_iter().find(|sign| self.scanner.starts(sign)).unwrap_or(">");
        self.scanner.at += operator.len();
        if operator.ends_with('(') {
            self.process_substitution(start);
            return;
        }
        while self.scanner.peek(0).is_some_and(|letter| letter == b' ' || letter == b'\t') {
            self.scanner.at += 1;
        }
        let target = self.scanner.word();
        let span = self.scanner.span(start, self.scanner.at);
        if matches!(operator, "<<" | "<<-") {
            self.waiting.push(Waiting {
                command: self.script.commands.len(),
                redirection: self.current.redirections.len(),
                mark: mark(&target),
                cut_tabs: operator == "<<-",
            });
        }
        let operator = operator.to_owned();
        self.current.redirections.push(Redirection { operator, target, body: None, span });
    }

    /// `<( … )` and `>( … )` are words.
    fn process_substitution(&mut self, start: usize) {
        let depth = self.scanner.depth + 1;
        if depth > DEEPEST {
            return;
        }
        let (mut script, end) = Parser::new(self.scanner.value, self.scanner.at, depth).script();
        self.scanner.at = end;
        if self.scanner.peek(0) == Some(b')') {
            self.scanner.at += 1;
        } else {
            self.scanner.unclosed.push(self.scanner.span(start, end));
        }
        self.scanner.broken.append(&mut script.broken);
        self.scanner.unclosed.append(&mut script.unclosed);
        let range = start..self.scanner.at;
        let piece = self.scanner.piece(Content::Substitution(Box::new(script)), Quote::Double, range.clone());
        self.current.words.push(Word { span: piece.span, pieces: vec![piece], range });
    }

    /// The lines of the here-documents that the line before announced.
    pub(super) fn bodies(&mut self) {
        for waiting in mem::take(&mut self.waiting) {
            let start = self.scanner.at;
            let mut end = None;
            let mut at = start;
            for line in self.scanner.text[start..].split_inclusive('\n') {
                let bare = line.trim_end_matches(['\n', '\r']);
                let bare = if waiting.cut_tabs { bare.trim_start_matches('\t') } else { bare };
                if bare == waiting.mark {
                    end = Some((at, at + line.len()));
                    break;
                }
                at += line.len();
            }
            let length = self.scanner.text.len();
            if end.is_none() {
                self.scanner.unclosed.push(self.scanner.span(start, length));
            }
            let (body, next) = end.unwrap_or((length, length));
            self.scanner.at = next;
            let command = self.script.commands.get_mut(waiting.command);
            if let Some(found) = command.and_then(|command| command.redirections.get_mut(waiting.redirection))
            {
                found.body = Some(self.scanner.span(start, body));
            }
        }
    }
}

/// The end mark of a here-document: its letters without quotes.
fn mark(word: &Word) -> String {
    let letters = word.pieces.iter().filter_map(|piece| match &piece.content {
        Content::Literal(letters) => Some(letters.as_str()),
        _ => None,
    });
    letters.collect()
}
