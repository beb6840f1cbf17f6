//! From words to commands: operators, redirections, here-documents, and the frames of compound commands.

use std::mem;

use super::{
    Assignment, Command, Frame, Join, Redirection, Script,
    frames::{Open, plain},
    redirect::Waiting,
    scan::{End, Scanner},
    word::{Content, Quote, Word},
};
use crate::text::{Excerpt, Span};

/// Reads commands up to the end of the text or to a `)` that closes what is around it.
pub(super) struct Parser<'t> {
    pub(super) scanner: Scanner<'t>,
    pub(super) script: Script,
    pub(super) frames: Vec<Open>,
    pub(super) current: Current,
    pub(super) before: Join,
    /// Here-documents whose lines begin at the next line.
    pub(super) waiting: Vec<Waiting>,
    /// A function's name has been read, its body comes next.
    pub(super) function: bool,
}

/// The command that is being read.
#[derive(Default)]
pub(super) struct Current {
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<Word>,
    pub(super) redirections: Vec<Redirection>,
    /// Up to where the frame's own words reach (`for x in …`), which are no command.
    pub(super) header: bool,
}

impl<'t> Parser<'t> {
    /// Begins at byte `at`, inside `depth` other texts.
    pub(super) fn new(value: &'t Excerpt, at: usize, depth: u32) -> Self {
        Self {
            scanner: Scanner {
                value,
                text: value.text(),
                at,
                depth,
                broken: Vec::new(),
                unclosed: Vec::new(),
            },
            script: Script::default(),
            frames: Vec::new(),
            current: Current::default(),
            before: Join::Edge,
            waiting: Vec::new(),
            function: false,
        }
    }

    /// The commands, and where reading ended: at the end of the text or at a `)` that opened outside.
    pub(super) fn script(mut self) -> (Script, usize) {
        while let Some(letter) = self.scanner.peek(0) {
            match letter {
                b' ' | b'\t' => self.scanner.at += 1,
                b'\\' if self.scanner.peek(1) == Some(b'\n') => self.scanner.at += 2,
                b'#' => self.comment(),
                b'\n' => self.line(),
                b')' if self.closes_outside() => break,
                b';' | b'&' | b'|' | b'(' | b')' if !self.scanner.starts("&>") => self.operator(),
                b'<' | b'>' | b'&' => self.redirection(),
                b'0'..=b'9' if self.descriptor() => self.redirection(),
                _ => self.word(),
            }
        }
        self.finish(Join::Edge);
        self.bodies();
        self.script.broken = self.scanner.broken;
        self.script.unclosed = self.scanner.unclosed;
        (self.script, self.scanner.at)
    }

    /// Everything as words of one command.
    pub(super) fn one_command(mut self) -> Script {
        while let Some(letter) = self.scanner.peek(0) {
            if matches!(letter, b' ' | b'\t' | b'\n' | b'\r') {
                self.scanner.at += 1;
                continue;
            }
            let word = self.scanner.word_up_to(End::Space);
            if !word.pieces.is_empty() {
                self.current.words.push(word);
            }
        }
        self.finish(Join::Edge);
        self.script.unclosed = self.scanner.unclosed;
        self.script
    }

    fn closes_outside(&self) -> bool {
        self.scanner.depth > 0 && !self.frames.iter().any(|open| open.bracket || open.patterns)
    }

    fn comment(&mut self) {
        let start = self.scanner.at;
        let rest = &self.scanner.text[start..];
        self.scanner.at += rest.find('\n').unwrap_or(rest.len());
        self.script.comments.push(self.scanner.span(start, self.scanner.at));
    }

    fn line(&mut self) {
        self.finish(Join::Line);
        self.scanner.at += 1;
        self.bodies();
    }

    fn operator(&mut self) {
        const OPERATORS: [(&str, Join); 11] = [
            (";;&", Join::Sequence),
            (";;", Join::Sequence),
            (";&", Join::Sequence),
            ("&&", Join::And),
            ("||", Join::Or),
            ("|&", Join::Pipe),
            (";", Join::Sequence),
            ("&", Join::Background),
            ("|", Join::Pipe),
            ("(", Join::Frame),
            (")", Join::Frame),
        ];
        let Some((sign, join)) = OPERATORS.into_iter().find(|(sign, _)| self.scanner.starts(sign)) else {
            return;
        };
        if self.in_patterns() {
            self.pattern(sign);
        } else if sign == "(" {
            self.open_bracket();
        } else {
            self.finish(join);
            match sign {
                ")" => self.close(Frame::Subshell),
                ";;" | ";&" | ";;&" => {
                    if let Some(open) = self.frames.last_mut().filter(|open| open.frame == Frame::Case) {
                        open.patterns = true;
                    }
                }
                _ => {}
            }
        }
        self.scanner.at += sign.len();
    }

    fn word(&mut self) {
        if self.at_program() && self.scanner.starts("[[") {
            self.test();
            return;
        }
        let word = self.scanner.word();
        if word.pieces.is_empty() {
            return;
        }
        if self.in_patterns() {
            if plain(&word) == Some("esac") && self.current.words.is_empty() {
                self.close(Frame::Case);
                self.current = Current::default();
            } else {
                self.current.words.push(word);
            }
            return;
        }
        if self.current.header {
            self.header_word(word);
        } else if !self.at_program() || !self.reserved(&word) {
            self.add(word);
        }
    }

    /// Whether the next word would be a program (or a word such as `if`).
    fn at_program(&self) -> bool {
        let current = &self.current;
        current.words.is_empty()
            && current.assignments.is_empty()
            && current.redirections.is_empty()
            && !current.header
    }

    fn add(&mut self, word: Word) {
        match self.assignment(&word) {
            Some(found) if self.current.words.is_empty() => self.current.assignments.push(found),
            _ => self.current.words.push(word),
        }
    }

    /// `NAME=…` with a bare name.
    fn assignment(&self, word: &Word) -> Option<Assignment> {
        let (first, rest) = word.pieces.split_first()?;
        let Content::Literal(text) = &first.content else { return None };
        let (name, value) = text.split_once('=').filter(|_| first.quote == Quote::Bare)?;
        let name = name.strip_suffix('+').unwrap_or(name);
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if name.is_empty()
            || !name.chars().all(letter)
            || name.starts_with(|first: char| first.is_ascii_digit())
        {
            return None;
        }
        let start = first.range.end - value.len();
        let mut pieces = Vec::with_capacity(word.pieces.len());
        if !value.is_empty() {
            let content = Content::Literal(value.to_owned());
            pieces.push(self.scanner.piece(content, Quote::Bare, start..first.range.end));
        }
        pieces.extend_from_slice(rest);
        let range = start..word.range.end;
        let value = Word { pieces, span: self.scanner.span(range.start, range.end), range };
        Some(Assignment { name: name.to_owned(), value, span: word.span })
    }

    /// `[[ … ]]`, in which `&&`, `<` and brackets are no operators of the command line.
    fn test(&mut self) {
        let start = self.scanner.at;
        let rest = &self.scanner.text[start..];
        let line = rest.find("\n\n").unwrap_or(rest.len());
        let end = rest[..line].find("]]").map_or(start + 2, |length| start + length + 2);
        for range in [start..start + 2, end.max(start + 4) - 2..end] {
            if let Some(text) = self.scanner.text.get(range.clone()).filter(|text| !text.is_empty()) {
                let piece =
                    self.scanner.piece(Content::Literal(text.to_owned()), Quote::Double, range.clone());
                self.current.words.push(Word { span: piece.span, pieces: vec![piece], range });
            }
        }
        self.scanner.at = end;
    }

    /// Ends the current command at an operator.
    pub(super) fn finish(&mut self, after: Join) {
        let current = mem::take(&mut self.current);
        if self.in_patterns() {
            return;
        }
        let empty =
            current.words.is_empty() && current.assignments.is_empty() && current.redirections.is_empty();
        if empty || current.header {
            // `&&` at the end of a line goes on in the next line.
            if !matches!(self.before, Join::And | Join::Or | Join::Pipe) || after != Join::Line {
                self.before =
                    if after == Join::Line && self.before == Join::Edge { Join::Edge } else { after };
            }
            return;
        }
        let spans = current.words.iter().map(|word| word.span);
        let spans = spans.chain(current.assignments.iter().map(|assignment| assignment.span));
        let spans = spans.chain(current.redirections.iter().map(|redirection| redirection.span));
        let span = spans.reduce(Span::to);
        let decides = |open: &Open| !matches!(open.frame, Frame::Group | Frame::Subshell);
        self.script.commands.push(Command {
            assignments: current.assignments,
            words: current.words,
            redirections: current.redirections,
            before: self.before,
            after,
            inside: self.frames.last().map(|open| open.frame),
            depth: u32::try_from(self.frames.len()).unwrap_or(u32::MAX),
            optional: self.frames.iter().any(decides),
            span: span.unwrap_or(self.scanner.span(self.scanner.at, self.scanner.at)),
        });
        self.before = after;
    }
}
