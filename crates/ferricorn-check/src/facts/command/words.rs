//! Words of commands, and their options by the program's own rules.

use ferricorn_config::{
    command_line::{self, Place, Wrong},
    options::Kind,
};

use super::{Argument, Given, Mistake, Program, UNKNOWN, Word};
use crate::{
    facts::{Environment, Fact},
    readers::shell::{self, Content, Lookup, Piece, Quote},
    sources::has_extension,
    text::{Excerpt, Span},
};

const COMPUTED: &str = "it depends on a variable";

/// A word of a shell's command. `value` is what the shell read. `None` for a blank that only a backslash makes a word;
/// `glued` gets such blanks.
pub(super) fn of_shell(
    word: &shell::Word,
    value: &Excerpt,
    env: &Environment,
    glued: &mut Vec<Span>,
) -> Option<Word> {
    let lookup = |name: &str| env.text(name).map_or(Lookup::Unknown, |text| Lookup::Set(text.to_owned()));
    let mut text = String::new();
    let mut excerpt: Option<Excerpt> = None;
    let mut begins_with_blank = None;
    for piece in &word.pieces {
        if text.is_empty() && is_escaped_blank(piece) {
            begins_with_blank = Some(piece.span);
            continue;
        }
        let lone = shell::Word { pieces: vec![piece.clone()], span: piece.span, range: piece.range.clone() };
        match lone.expand(&lookup) {
            Some(known) => text.push_str(&known),
            None => text.push(UNKNOWN),
        }
        let part = value.part(piece.range.clone());
        match &mut excerpt {
            Some(excerpt) => excerpt.append(&part),
            None => excerpt = Some(part),
        }
    }
    glued.extend(begins_with_blank);
    if begins_with_blank.is_some() && text.is_empty() {
        return None;
    }
    let excerpt = excerpt.unwrap_or_else(|| value.part(word.range.clone()));
    let span = begins_with_blank.map_or(word.span, |blank| blank.after().to(word.span.after()));
    Some(Word { text, span, shell: word.clone(), excerpt, verbatim: false })
}

fn is_escaped_blank(piece: &Piece) -> bool {
    piece.quote == Quote::Escaped
        && matches!(&piece.content, Content::Literal(text) if text.trim().is_empty())
}

/// A word that no shell reads.
pub(super) fn as_it_is(value: &Excerpt, quoted: Span) -> Word {
    let text = value.text().to_owned();
    let range = 0..text.len();
    let piece = Piece {
        content: Content::Literal(text.clone()),
        quote: Quote::Single,
        span: value.whole(),
        range: range.clone(),
        glob: None,
    };
    let shell = shell::Word { pieces: vec![piece], span: quoted, range };
    Word { text, span: quoted, shell, excerpt: value.clone(), verbatim: true }
}

/// The options of a program, as it takes them.
#[derive(Default)]
pub(super) struct Options {
    pub(super) given: Vec<Given>,
    pub(super) arguments: Vec<Argument>,
    pub(super) extra: Vec<Argument>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) open: bool,
}

/// Reads the words from `first` on.
pub(super) fn options(program: &Program, words: &[Word], first: usize) -> Options {
    let Some(rules) = program.rules() else { return unknown_options(program, words, first) };
    let texts: Vec<&str> = words.iter().skip(first).map(|word| word.text.as_str()).collect();
    let line = command_line::read(rules, &texts);
    let place = |place: &Place| span(&words[first + place.word], place);
    let argument = |at: &usize| argument(words, first + at);
    let may_be_more = |at: &usize| words[first + at].shell.may_split() && texts[*at].contains(UNKNOWN);
    let open = line.arguments.iter().chain(&line.extra).any(may_be_more);
    let value = |at: &Place| known(&texts[at.word][at.range.clone()], place(at));
    let taken = |name: &Place, value: &Option<Place>| {
        (first + name.word, first + value.as_ref().map_or(name.word, |value| value.word))
    };
    let given = line.options.iter().map(|found| {
        let name = place(&found.name);
        let fact = match &found.value {
            Some(at) => value(at),
            None if found.spelling.entry.kind == Kind::Switch => {
                Fact::Known(found.spelling.on.to_string(), name)
            }
            None => Fact::Known(found.spelling.entry.lone.unwrap_or_default().to_owned(), name),
        };
        Given {
            spelling: found.spelling,
            name,
            value: fact,
            span: found.value.as_ref().map_or(name, |at| name.to(place(at))),
            words: taken(&found.name, &found.value),
        }
    });
    let mistakes = line.mistakes.iter().map(|mistake| Mistake {
        typed: texts[mistake.name.word][mistake.name.range.clone()].to_owned(),
        name: place(&mistake.name),
        value: mistake.value.as_ref().map(|at| (value(at), place(at))),
        wrong: mistake.wrong.clone(),
        words: taken(&mistake.name, &mistake.value),
    });
    // A value may stand in the variable behind it, and a name may end in one.
    let certain = |mistake: &Mistake| {
        !(mistake.typed.contains(UNKNOWN) || open && matches!(mistake.wrong, Wrong::NoValue(_)))
    };
    Options {
        given: given.collect(),
        arguments: line.arguments.iter().map(argument).collect(),
        extra: if open { Vec::new() } else { line.extra.iter().map(argument).collect() },
        mistakes: mistakes.filter(certain).collect(),
        open,
    }
}

/// Of a program without a table: the first word that is no option, which is the application if it looks like one.
fn unknown_options(program: &Program, words: &[Word], first: usize) -> Options {
    let is_target = |text: &str| !text.starts_with('-') && (text.contains(':') || has_extension(text, "py"));
    let skip = usize::from(*program == Program::FastApi);
    let target = (first + skip..words.len()).find(|at| program.is_server() && is_target(&words[*at].text));
    Options {
        arguments: target.map(|at| argument(words, at)).into_iter().collect(),
        open: words.iter().skip(first).any(|word| word.shell.may_split() && word.text.starts_with(UNKNOWN)),
        ..Options::default()
    }
}

fn argument(words: &[Word], at: usize) -> Argument {
    Argument { text: known(&words[at].text, words[at].span), span: words[at].span, word: at }
}

fn known(text: &str, span: Span) -> Fact<String> {
    if text.contains(UNKNOWN) { Fact::Unknown(COMPUTED) } else { Fact::Known(text.to_owned(), span) }
}

/// Where a part of a word stands: exactly if the word is written as it reads, otherwise the whole word.
fn span(word: &Word, place: &Place) -> Span {
    let plain = word.excerpt.text() == word.text;
    if word.verbatim {
        word.excerpt.span(place.range.clone())
    } else if place.range == (0..word.text.len()) {
        word.span
    } else if plain {
        word.excerpt.span(place.range.clone())
    } else {
        part(word, place)
    }
}

/// The same for a word with quotes or variables in it: the pieces in front of the place have to be written as they read.
fn part(word: &Word, place: &Place) -> Span {
    let common = word.text.bytes().zip(word.excerpt.text().bytes()).take_while(|(a, b)| a == b).count();
    if place.range.end <= common {
        word.excerpt.span(place.range.clone())
    } else if place.range.start <= common && place.range.end == word.text.len() {
        word.excerpt.span(place.range.start..word.excerpt.text().len())
    } else {
        word.span
    }
}
