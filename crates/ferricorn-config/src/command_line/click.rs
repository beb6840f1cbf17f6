//! The rules of click, which uvicorn follows.

use super::{CommandLine, Found, Mistake, Place, Program, Wrong, long, refused, short};

pub(super) fn read(words: &[&str]) -> CommandLine {
    let mut line = CommandLine::default();
    let mut words_left = words.iter().enumerate();
    let mut options_over = false;
    while let Some((at, word)) = words_left.next() {
        if options_over || !word.starts_with('-') || *word == "-" {
            // Only the application is wanted.
            if line.arguments.is_empty() {
                line.arguments.push(at);
            } else {
                line.extra.push(at);
            }
            continue;
        }
        if *word == "--" {
            options_over = true;
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, _)) => (name, Some(Place { word: at, range: name.len() + 1..word.len() })),
            None => (*word, None),
        };
        let place = Place { word: at, range: 0..name.len() };
        let mut next = || words_left.next().map(|(at, word)| Place { word: at, range: 0..word.len() });
        match name.strip_prefix("--").and_then(|name| long(Program::Uvicorn, name)) {
            Some(spelling) if spelling.entry.takes_value() => match value.or_else(next) {
                None => {
                    line.mistakes.push(Mistake { name: place, value: None, wrong: Wrong::NoValue(spelling) });
                }
                value => line.options.push(Found { spelling, name: place, value }),
            },
            Some(spelling) => match value {
                None => line.options.push(Found { spelling, name: place, value: None }),
                value => {
                    line.mistakes.push(Mistake { name: place, value, wrong: Wrong::NoValueWanted(spelling) });
                }
            },
            None => {
                let (wrong, place, value) = unknown(at, name, place, value);
                let takes_none = matches!(&wrong, Wrong::OfTheOther(other) if !other.entry.takes_value());
                let follows = words.get(at + 1).is_some_and(|next| !next.starts_with('-') || *next == "-");
                let value = value.or_else(|| if follows && !takes_none { next() } else { None });
                line.mistakes.push(Mistake { name: place, value, wrong });
            }
        }
    }
    line
}

/// An option that uvicorn does not have: whose it is, its name and the value that is glued to it (`-w4`).
fn unknown(at: usize, name: &str, place: Place, value: Option<Place>) -> (Wrong, Place, Option<Place>) {
    if let Some(name) = name.strip_prefix("--") {
        return (refused(name), place, value);
    }
    let letter = name.chars().nth(1).and_then(short).filter(|spelling| Program::Gunicorn.knows(spelling));
    match letter {
        Some(spelling) if name.len() > 2 && spelling.entry.takes_value() && value.is_none() => {
            let value = Place { word: at, range: 2..name.len() };
            (Wrong::OfTheOther(spelling), Place { word: at, range: 0..2 }, Some(value))
        }
        Some(spelling) if name.len() == 2 => (Wrong::OfTheOther(spelling), place, value),
        _ => (Wrong::Unknown, place, value),
    }
}
