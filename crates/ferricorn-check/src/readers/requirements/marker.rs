//! Environment markers: does `python_version < "3.11" and sys_platform == "win32"` hold where a service runs?

use crate::readers::versions::{Specifier, Version};

/// What is known about the machine: it is Linux with `CPython`.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its Python.
    pub python: Option<Version>,
}

/// Whether a marker holds; `None` if it depends on what is not known.
pub(super) fn holds(marker: &str, known: &Known) -> Option<bool> {
    let tokens = tokens(marker)?;
    let mut reader = Reader { tokens: &tokens, at: 0, known };
    let result = reader.any(0)?;
    if reader.at == tokens.len() { result } else { None }
}

/// The deepest brackets that are followed.
const DEEPEST: u32 = 50;

#[derive(Debug, PartialEq)]
enum Token {
    Text(String),
    Name(String),
    Sign(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first)?;
                tokens.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            }
            '(' | ')' => {
                tokens.push(Token::Sign(first.to_string()));
                1
            }
            '<' | '>' | '=' | '!' | '~' => {
                let end = rest.find(|it: char| !"<>=!~".contains(it)).unwrap_or(rest.len());
                tokens.push(Token::Sign(rest[..end].to_owned()));
                end
            }
            _ if first.is_ascii_alphabetic() || first == '_' => {
                let letter = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.');
                let end = rest.find(|it: char| !letter(it)).unwrap_or(rest.len());
                tokens.push(Token::Name(rest[..end].to_owned()));
                end
            }
            _ => return None,
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    known: &'t Known,
}

/// What a marker says: known or not. The outer `None` of the functions below means that it is no marker.
type Answer = Option<bool>;

impl Reader<'_> {
    fn word(&self) -> &str {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => name,
            Some(Token::Sign(sign)) => sign,
            _ => "",
        }
    }

    fn any(&mut self, depth: u32) -> Option<Answer> {
        let mut answer = self.all(depth)?;
        while self.word() == "or" {
            self.at += 1;
            answer = match (answer, self.all(depth)?) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        Some(answer)
    }

    fn all(&mut self, depth: u32) -> Option<Answer> {
        let mut answer = self.one(depth)?;
        while self.word() == "and" {
            self.at += 1;
            answer = match (answer, self.one(depth)?) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        Some(answer)
    }

    fn one(&mut self, depth: u32) -> Option<Answer> {
        if self.word() == "(" {
            if depth > DEEPEST {
                return None;
            }
            self.at += 1;
            let answer = self.any(depth + 1)?;
            if self.word() != ")" {
                return None;
            }
            self.at += 1;
            return Some(answer);
        }
        let left = self.tokens.get(self.at)?;
        let negated = matches!(self.tokens.get(self.at + 1), Some(Token::Name(name)) if name == "not");
        let sign = self.tokens.get(self.at + 1 + usize::from(negated))?;
        let right = self.tokens.get(self.at + 2 + usize::from(negated))?;
        let (Token::Sign(sign) | Token::Name(sign)) = sign else { return None };
        self.at += 3 + usize::from(negated);
        let answer = self.compare(left, sign, right);
        Some(if negated { answer.map(|answer| !answer) } else { answer })
    }

    fn compare(&self, left: &Token, sign: &str, right: &Token) -> Answer {
        match (left, right) {
            (Token::Name(name), Token::Text(text)) => self.variable(name, sign, text),
            (Token::Text(text), Token::Name(name)) => self.variable(name, &mirrored(sign), text),
            _ => None,
        }
    }

    fn variable(&self, name: &str, sign: &str, text: &str) -> Answer {
        let value = match name {
            "python_version" | "python_full_version" => {
                let python = self.known.python.as_ref()?;
                let short = Version::release(&[python.number(0), python.number(1)]);
                // A version without its last number says nothing about that.
                if name == "python_full_version" && python.numbers().len() < 3 {
                    return None;
                }
                let own = if name == "python_version" { &short } else { python };
                let specifier: Specifier = format!("{sign}{text}").parse().ok()?;
                return Some(specifier.admits(own));
            }
            "sys_platform" => "linux",
            "platform_system" => "Linux",
            "os_name" => "posix",
            "platform_python_implementation" => "CPython",
            "implementation_name" => "cpython",
            _ => return None,
        };
        match sign {
            "==" => Some(value == text),
            "!=" => Some(value != text),
            "in" => Some(text.contains(value)),
            _ => None,
        }
    }
}

fn mirrored(sign: &str) -> String {
    let turned = |letter: char| match letter {
        '<' => '>',
        '>' => '<',
        other => other,
    };
    sign.chars().map(turned).collect()
}
