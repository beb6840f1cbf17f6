//! Words of a value: quotes, escapes, specifiers and variables as systemd has them. No shell reads them.

use crate::text::{Excerpt, Span};

/// A command of `ExecStart=` and its like.
#[derive(Debug, Clone)]
pub struct Command {
    /// What stands in front of the program: `@`, `-`, `:`, `+`, `!`, `|`.
    pub prefixes: String,
    /// Program and arguments.
    pub words: Vec<Word>,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Word {
    /// Without quotes and with escapes read. Specifiers and variables stay as they are.
    pub value: Excerpt,
    /// Whether a part of it is quoted.
    pub quoted: bool,
    /// `$NAME` (the whole word; it may become several or none) and `${NAME}`: the name and its place.
    pub variables: Vec<(String, Span)>,
    /// `%i`, `%h`: the letter and its place. `%%` is none.
    pub specifiers: Vec<(char, Span)>,
    /// With the quotes.
    pub span: Span,
}

/// `NAME=value` of `Environment=`.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The name.
    pub name: String,
    /// The value; `None` if there is no `=`, which systemd refuses.
    pub value: Option<Excerpt>,
    /// The whole word.
    pub span: Span,
}

impl Word {
    /// Its text, if no specifier and no variable is in it.
    pub fn literal(&self) -> Option<String> {
        let plain = self.variables.is_empty() && self.specifiers.is_empty();
        plain.then(|| self.value.text().replace("%%", "%").replace("$$", "$"))
    }
}

/// The commands of a value; ` ; ` separates them.
pub fn commands(value: &Excerpt) -> Vec<Command> {
    let mut commands = vec![Command { prefixes: String::new(), words: Vec::new() }];
    for mut word in words(value) {
        if word.value.text() == ";" && !word.quoted && word.span.end - word.span.start == 1 {
            commands.push(Command { prefixes: String::new(), words: Vec::new() });
            continue;
        }
        let Some(command) = commands.last_mut() else { continue };
        if command.words.is_empty() {
            let text = word.value.text();
            let length = text.len() - text.trim_start_matches(['@', '-', ':', '+', '!', '|']).len();
            text[..length].clone_into(&mut command.prefixes);
            word.value = word.value.part(length..text.len());
            word.span.start = if length == 0 { word.span.start } else { word.value.whole().start };
        }
        command.words.push(word);
    }
    commands.retain(|command| !command.words.is_empty());
    commands
}

/// The assignments of `Environment=`.
pub fn assignments(value: &Excerpt) -> Vec<Assignment> {
    let words = words(value).into_iter();
    words
        .map(|word| {
            let text = word.value.text();
            let equals = text.find('=');
            Assignment {
                name: text[..equals.unwrap_or(text.len())].to_owned(),
                value: equals.map(|at| word.value.part(at + 1..text.len())),
                span: word.span,
            }
        })
        .collect()
}

fn words(value: &Excerpt) -> Vec<Word> {
    let text = value.text();
    let mut reader = Reader { value, text, at: 0 };
    let mut words = Vec::new();
    loop {
        reader.at += text[reader.at..].len() - text[reader.at..].trim_start().len();
        if reader.at >= text.len() {
            return words;
        }
        words.push(reader.word());
    }
}

struct Reader<'v> {
    value: &'v Excerpt,
    text: &'v str,
    at: usize,
}

impl Reader<'_> {
    fn word(&mut self) -> Word {
        let start = self.at;
        let mut plain = self.value.part(start..start);
        let mut quoted = false;
        let mut quote = None;
        let mut from = start;
        while let Some(letter) = self.text[self.at..].chars().next() {
            let here = self.at;
            if quote.is_none() && letter.is_whitespace() {
                break;
            }
            self.at += letter.len_utf8();
            match quote {
                Some(own) if own == letter => quote = None,
                None if letter == '"' || letter == '\'' => quote = Some(letter),
                _ if letter == '\\' => {
                    plain.append(&self.value.part(from..here));
                    self.escape(here, &mut plain);
                    from = self.at;
                    continue;
                }
                _ => continue,
            }
            quoted = true;
            plain.append(&self.value.part(from..here));
            from = self.at;
        }
        plain.append(&self.value.part(from..self.at));
        let (variables, specifiers) = marks(&plain);
        Word { value: plain, quoted, variables, specifiers, span: self.value.span(start..self.at) }
    }

    /// What `\x` stands for. An escape that systemd does not know stays as it is.
    fn escape(&mut self, start: usize, plain: &mut Excerpt) {
        let rest = &self.text[self.at..];
        let Some(letter) = rest.chars().next() else {
            plain.append(&self.value.part(start..self.at));
            return;
        };
        self.at += letter.len_utf8();
        let code = rest.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let made = match letter {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            's' => ' ',
            '\\' | '"' | '\'' => letter,
            'x' => match code {
                Some(code) if code.is_ascii() => {
                    self.at += 2;
                    char::from(code)
                }
                _ => return plain.append(&self.value.part(start..self.at)),
            },
            _ => return plain.append(&self.value.part(start..self.at)),
        };
        plain.push_made(made.encode_utf8(&mut [0; 4]), self.value.span(start..self.at).range());
    }
}

type Marks<T> = Vec<(T, Span)>;

/// The variables and specifiers of a word.
fn marks(word: &Excerpt) -> (Marks<String>, Marks<char>) {
    let text = word.text();
    let (mut variables, mut specifiers) = (Vec::new(), Vec::new());
    let name_of = |text: &str| {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = text.find(|it: char| !letter(it)).unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut at = 0;
    while let Some(found) = text[at..].find(['$', '%']) {
        at += found;
        let rest = &text[at + 1..];
        let sign = &text[at..=at];
        if rest.starts_with(sign) {
            at += 2;
            continue;
        }
        if sign == "%" {
            let letter = rest.chars().next().filter(char::is_ascii_alphabetic);
            specifiers.extend(letter.map(|letter| (letter, word.span(at..at + 2))));
        } else if let Some(braced) = rest.strip_prefix('{') {
            let name = name_of(braced);
            if !name.is_empty() && braced[name.len()..].starts_with('}') {
                let span = word.span(at..at + name.len() + 3);
                variables.push((name, span));
            }
        } else if at == 0 {
            // `$NAME` is replaced only as a word of its own.
            let name = name_of(rest);
            if !name.is_empty() && name.len() == rest.len() {
                variables.push((name, word.span(0..text.len())));
            }
        }
        at += 1;
    }
    (variables, specifiers)
}
