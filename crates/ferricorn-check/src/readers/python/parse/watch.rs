//! Which bodies of functions and classes are read: those that mention something that a reader of this crate follows.
//!
//! Owns: the choice. Does not own: how a body is passed over (`statement`).
//!
//! Theory of operation: most bodies of a large repository only work on their own parameters, and to make a tree of them took
//! more time than everything else. What the readers look for is reached through a name that the module imports or makes,
//! through a decorator, or through a method that adds a route to a parameter. A body without any of these is left empty.
//!
//! Invariant: when in doubt a body is read. Names of the standard library and of models are the only ones without doubt.

use std::collections::BTreeSet;

use super::lexer::{Token, Type};
use crate::readers::python::tree::{self, Expr, Kind, Line, Statement};

/// Modules whose names lead to nothing that is looked for.
const HARMLESS: [&str; 40] = [
    "__future__",
    "abc",
    "base64",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "inspect",
    "ipaddress",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "pydantic",
    "random",
    "re",
    "secrets",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "time",
    "traceback",
    "types",
    "typing",
    "typing_extensions",
    "uuid",
    "warnings",
    "zoneinfo",
];

/// Words that matter whatever they belong to: imports, and what adds routes to a parameter.
const ALWAYS: [&str; 18] = [
    "@",
    "import",
    "globals",
    "exec",
    "setattr",
    "include_router",
    "add_api_route",
    "add_route",
    "add_api_websocket_route",
    "add_websocket_route",
    "add_url_rule",
    "add_routes",
    "include_routes",
    "register_blueprint",
    "mount",
    "router",
    "routes",
    "extend",
];

/// The words that make a body worth reading.
pub(super) struct Watch {
    words: BTreeSet<String>,
    /// A bit for each of `words`: most other words have one that is not set.
    bits: u64,
    /// What is imported of [`HARMLESS`] modules.
    harmless: BTreeSet<String>,
    /// Whether every body is read.
    everything: bool,
}

impl Watch {
    /// Every body is read.
    pub(super) fn everything() -> Self {
        Self { words: BTreeSet::new(), bits: 0, harmless: BTreeSet::new(), everything: true }
    }

    /// What is known before the first statement: what always matters, and the functions of the file, of which one may lead
    /// to the other.
    pub(super) fn over(text: &str, tokens: &[Token]) -> Self {
        let mut watch = Self { everything: false, ..Self::everything() };
        for word in ALWAYS {
            watch.add(word);
        }
        let mut depth = 0_usize;
        for pair in tokens.windows(2) {
            match pair[0].kind {
                Type::Indent => depth += 1,
                Type::Dedent => depth = depth.saturating_sub(1),
                Type::Name if depth == 0 && word(text, &pair[0]) == "def" => watch.add(word(text, &pair[1])),
                _ => {}
            }
        }
        watch
    }

    /// Whether one of these tokens matters.
    pub(super) fn any(&self, text: &str, tokens: &[Token]) -> bool {
        let matters = |token: &Token| match token.kind {
            Type::Name | Type::Sign => self.has(word(text, token)),
            // The expressions of an f-string are not read yet.
            Type::Text => {
                let text = word(text, token);
                let prefix = text.bytes().take_while(|it| !matches!(it, b'"' | b'\''));
                prefix.into_iter().any(|it| matches!(it, b'f' | b'F' | b't' | b'T')) && text.contains('{')
            }
            _ => false,
        };
        self.everything || tokens.iter().any(matters)
    }

    /// Takes in what statements at the top level bind.
    pub(super) fn note(&mut self, statements: &[Statement]) {
        tree::top_level(statements, &mut |statement| match &statement.kind {
            Line::Import(names) => {
                for (module, alias) in names {
                    self.import(is_harmless(module), alias.as_deref().unwrap_or_else(|| first(module)));
                }
            }
            Line::From { level, module, names } => {
                for (name, alias) in names {
                    self.everything |= name == "*";
                    self.import(*level == 0 && is_harmless(module), alias.as_deref().unwrap_or(name));
                }
            }
            Line::Assign { targets, value: Some(value), .. } if !self.is_plain(value) => {
                targets.iter().filter_map(Expr::name).for_each(|name| self.add(name));
            }
            Line::Class(class) if !class.body.is_empty() => self.add(&class.name),
            // What `with` and `for` bind.
            Line::Block { header, .. } => {
                header.iter().filter_map(Expr::name).for_each(|name| self.add(name));
            }
            _ => {}
        });
    }

    fn import(&mut self, harmless: bool, name: &str) {
        if harmless {
            self.harmless.insert(name.to_owned());
        } else {
            self.add(name);
        }
    }

    /// Whether a value is written out or made by something harmless, so that nothing is reached through it.
    fn is_plain(&self, value: &Expr) -> bool {
        match &value.kind {
            Kind::Number(_) | Kind::Bool(_) | Kind::None | Kind::Text(_) | Kind::Other => true,
            Kind::List(all) | Kind::Tuple(all) | Kind::Set(all) => all.iter().all(|it| self.is_plain(it)),
            // `logging.getLogger(__name__)`.
            Kind::Call(function, arguments) => {
                function.dotted().is_some_and(|name| self.harmless.contains(first(&name)))
                    && arguments
                        .iter()
                        .all(|it| self.is_plain(&it.value) || it.value.name() == Some("__name__"))
            }
            _ => false,
        }
    }

    fn add(&mut self, word: &str) {
        self.bits |= bit(word);
        if !self.words.contains(word) {
            self.words.insert(word.to_owned());
        }
    }

    fn has(&self, word: &str) -> bool {
        self.bits & bit(word) != 0 && self.words.contains(word)
    }
}

/// One of 64, by the length and the outer letters.
fn bit(word: &str) -> u64 {
    let (Some(first), Some(last)) = (word.bytes().next(), word.bytes().last()) else { return 0 };
    let mixed = usize::from(first) * 7 + usize::from(last) * 3 + word.len() * 13;
    1 << (mixed % 64)
}

fn word<'t>(text: &'t str, token: &Token) -> &'t str {
    text.get(token.start..token.end).unwrap_or("")
}

fn first(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

fn is_harmless(module: &str) -> bool {
    HARMLESS.binary_search(&first(module)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        readers::python::{read, read_whole},
        text::Source,
    };

    #[test]
    fn the_lists_are_sorted() {
        assert!(HARMLESS.is_sorted());
    }

    /// How many statements the bodies at the top level have.
    fn bodies(text: &str) -> Vec<usize> {
        let module = read(&Source::of_text("x.py", text));
        let below =
            module.statements.iter().filter(|it| matches!(it.kind, Line::Function(_) | Line::Class(_)));
        below.map(|it| it.bodies().count()).collect()
    }

    #[test]
    fn only_bodies_in_which_something_can_matter_are_read() {
        let dull = "import logging\nlog = logging.getLogger(__name__)\nLIMIT = 3\n\n\ndef f(a):\n    log.info(a)\n    return a + LIMIT\n\n\n\
                    class A:\n    x = 1\n\n    def g(self):\n        return self.x\n";
        assert_eq!(bodies(dull), [0, 0]);
        assert_eq!(bodies("import os\ndef f():\n    return os.environ['X']\n"), [1]);
        assert_eq!(bodies("from os import environ as e\nclass A:\n    x = e['X']\n"), [1]);
        assert_eq!(bodies("def f():\n    import os\n    return os.environ['X']\n"), [2]);
        assert_eq!(bodies("from x import *\ndef f(a):\n    return a\n"), [1]);
        assert_eq!(bodies("def f(a):\n    @a.get('/x')\n    def g():\n        return 1\n"), [1]);
        assert_eq!(bodies("def f(a):\n    g(a)\ndef g(a):\n    a.add_api_route('/x', f)\n"), [1, 1]);
        assert_eq!(bodies("def f(a):\n    return f\"{a}\"\n"), [1]);
        assert_eq!(bodies("class S(Base):\n    x: str\n    class Config:\n        env_prefix = 'A_'\n"), [2]);
        let whole = read_whole(&Source::of_text("x.py", dull));
        assert_eq!(whole.statements.iter().map(|it| it.bodies().count()).sum::<usize>(), 4);
    }
}
