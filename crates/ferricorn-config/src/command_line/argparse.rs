//! The rules of Python's argparse, which gunicorn and ferricorn follow.

use super::{CommandLine, Found, Mistake, Place, Program, Wrong, long, refused, short};
use crate::options::{self, Entry, Spelling};

struct Reader<'w> {
    program: Program,
    words: &'w [&'w str],
    at: usize,
    line: CommandLine,
    /// Whether the run of words that becomes the arguments is over: argparse fills `args` from the first run only.
    arguments_over: bool,
}

pub(super) fn read(program: Program, words: &[&str]) -> CommandLine {
    let mut reader = Reader { program, words, at: 0, line: CommandLine::default(), arguments_over: false };
    while let Some(word) = words.get(reader.at) {
        if *word == "--" {
            reader.rest();
        } else if is_argument(program, word) {
            reader.argument();
        } else if let Some(body) = word.strip_prefix("--") {
            reader.long(body);
        } else {
            reader.short();
        }
    }
    reader.line
}

/// Whether a word is an argument or a value rather than an option.
fn is_argument(program: Program, word: &str) -> bool {
    let mut letters = word.chars();
    if letters.next() != Some('-') || word == "-" {
        return true;
    }
    if word[1..].parse::<f64>().is_ok() {
        return true;
    }
    // A word with a blank in it is an option only if its beginning is one.
    let name = word.split('=').next().unwrap_or(word);
    let known = match name.strip_prefix("--") {
        Some(name) => !matches!(find(program, name), Err(Wrong::Unknown | Wrong::OfTheOther(_))),
        None => letters.next().is_some_and(|letter| short(letter).is_some_and(|it| program.knows(&it))),
    };
    word.contains(' ') && !known
}

/// The option of a long name or of the beginning of one.
fn find(program: Program, name: &str) -> Result<Spelling, Wrong> {
    if let Some(found) = long(program, name) {
        return Ok(found);
    }
    let mut candidates: Vec<Spelling> = options::all()
        .filter(|entry| !entry.file_only)
        .flat_map(Entry::spellings)
        .filter(|spelling| !name.is_empty() && spelling.long.starts_with(name) && program.knows(spelling))
        .collect();
    candidates.dedup_by_key(|spelling| (spelling.entry.name(), spelling.on));
    match candidates.as_slice() {
        [] => Err(refused(name)),
        [only] => Ok(*only),
        several => Err(Wrong::Ambiguous(several.iter().map(|spelling| spelling.long).collect())),
    }
}

impl Reader<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        Place { word: self.at, range: start..end }
    }

    fn whole(&self, word: usize) -> Place {
        Place { word, range: 0..self.words[word].len() }
    }

    fn argument(&mut self) {
        if self.arguments_over && self.program == Program::Gunicorn {
            self.line.extra.push(self.at);
        } else {
            self.line.arguments.push(self.at);
        }
        self.at += 1;
    }

    /// Behind `--` everything is an argument.
    fn rest(&mut self) {
        self.at += 1;
        while self.at < self.words.len() {
            self.argument();
        }
    }

    fn option(&mut self) {
        self.arguments_over |= !self.line.arguments.is_empty();
    }

    fn long(&mut self, body: &str) {
        self.option();
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(self.place(3 + name.len(), 3 + name.len() + value.len()))),
            None => (body, None),
        };
        let place = self.place(0, 2 + name.len());
        let found = find(self.program, name);
        self.at += 1;
        match found {
            Ok(_) if name == "preload" && self.is_always(value.as_ref()) => self.preload_always(place),
            Ok(spelling) => self.take(spelling, place, value),
            Err(wrong) => {
                // What would be the value, so that it is not taken for an argument.
                let takes_none = matches!(&wrong, Wrong::OfTheOther(other) if !other.entry.takes_value());
                let value = value.or_else(|| if takes_none { None } else { self.next_value() });
                self.line.mistakes.push(Mistake { name: place, value, wrong });
            }
        }
    }

    /// Whether the value of `--preload`, or the word behind it, makes it [`Self::preload_always`].
    fn is_always(&self, value: Option<&Place>) -> bool {
        let word = match value {
            Some(value) => self.words[value.word].get(value.range.clone()),
            None => self.words.get(self.at).copied(),
        };
        self.program == Program::Ferricorn && word == Some("always")
    }

    /// `--preload always`: a switch that knows one word, and with it is an option of its own.
    fn preload_always(&mut self, name: Place) {
        // `--preload=always` is one word.
        let apart = self.words[name.word].len() == name.range.end;
        self.at += usize::from(apart);
        let spelling = long(self.program, "preload-always");
        self.line.options.extend(spelling.map(|spelling| Found { spelling, name, value: None }));
    }

    fn take(&mut self, spelling: Spelling, name: Place, value: Option<Place>) {
        let wrong = if spelling.entry.takes_value() {
            match value.or_else(|| self.next_value()) {
                None if spelling.entry.lone.is_none() => Wrong::NoValue(spelling),
                value => return self.line.options.push(Found { spelling, name, value }),
            }
        } else if let Some(value) = value {
            self.line.mistakes.push(Mistake {
                name,
                value: Some(value),
                wrong: Wrong::NoValueWanted(spelling),
            });
            return;
        } else {
            return self.line.options.push(Found { spelling, name, value: None });
        };
        self.line.mistakes.push(Mistake { name, value: None, wrong });
    }

    fn next_value(&mut self) -> Option<Place> {
        let word = self.words.get(self.at)?;
        if *word == "--" || !is_argument(self.program, word) {
            return None;
        }
        self.at += 1;
        Some(self.whole(self.at - 1))
    }

    /// `-w4`, `-w 4`, `-w=4`, `-DR`.
    fn short(&mut self) {
        self.option();
        let (here, word) = (self.at, self.words[self.at]);
        self.at += 1;
        let mut at = 1;
        while let Some(letter) = word[at..].chars().next() {
            let end = at + letter.len_utf8();
            let name = Place { word: here, range: if at == 1 { 0..end } else { at..end } };
            let Some(spelling) = short(letter).filter(|spelling| self.program.knows(spelling)) else {
                let name = Place { word: here, range: 0..word.len() };
                let value = self.next_value();
                self.line.mistakes.push(Mistake { name, value, wrong: Wrong::Unknown });
                return;
            };
            if spelling.entry.takes_value() {
                let start = end + usize::from(word[end..].starts_with('='));
                let value = (start < word.len()).then_some(Place { word: here, range: start..word.len() });
                return self.take(spelling, name, value);
            }
            self.take(spelling, name, None);
            at = end;
        }
    }
}
