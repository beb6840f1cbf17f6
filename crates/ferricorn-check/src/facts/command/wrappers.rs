//! What stands in front of a program: `exec`, `env`, `uv run`, `sh -c`, `python -m`, and so on.

use super::{Program, Shell, UNKNOWN, Word, Wrapper};
use crate::{
    facts::{Fact, Variable},
    text::Excerpt,
};

/// A program that starts the one behind it.
struct Starter {
    name: &'static str,
    /// The word behind the name that makes it one, as `run`.
    word: Option<&'static str>,
    /// Its options that take the next word.
    valued: &'static [&'static str],
    /// How many words of its own stand in front of the program, as the user of gosu.
    own: usize,
}

const fn starter(name: &'static str) -> Starter {
    Starter { name, word: None, valued: &[], own: 0 }
}

const fn runner(name: &'static str, valued: &'static [&'static str]) -> Starter {
    Starter { name, word: Some("run"), valued, own: 0 }
}

const STARTERS: [Starter; 39] = [
    Starter { valued: &["-a"], ..starter("exec") },
    Starter { valued: &["-u", "-C", "--unset", "--chdir"], ..starter("env") },
    starter("command"),
    starter("nohup"),
    starter("time"),
    starter("setsid"),
    starter("catchsegv"),
    Starter { valued: &["-n", "--adjustment"], ..starter("nice") },
    Starter { valued: &["-c", "-n"], ..starter("ionice") },
    Starter { valued: &["-i", "-o", "-e"], ..starter("stdbuf") },
    Starter { valued: &["-k", "-s"], own: 1, ..starter("timeout") },
    Starter { valued: &["-u", "-g", "-h", "-p", "--user", "--group"], ..starter("sudo") },
    Starter { own: 1, ..starter("gosu") },
    Starter { own: 1, ..starter("su-exec") },
    Starter { valued: &["-u", "-U"], ..starter("chpst") },
    Starter { valued: &["--reuid", "--regid"], ..starter("setpriv") },
    Starter { valued: &["-e", "-p"], ..starter("tini") },
    Starter { valued: &["-r", "--rewrite"], ..starter("dumb-init") },
    starter("catatonit"),
    starter("docker-init"),
    Starter {
        valued: &["--traces_exporter", "--metrics_exporter", "--logs_exporter", "--service_name"],
        ..starter("opentelemetry-instrument")
    },
    starter("ddtrace-run"),
    starter("scout-apm"),
    Starter { word: Some("run-program"), ..starter("newrelic-admin") },
    Starter { valued: &["-s", "-e", "-n"], ..starter("xvfb-run") },
    starter("uvx"),
    runner(
        "uv",
        &[
            "--with",
            "--with-editable",
            "--with-requirements",
            "--python",
            "-p",
            "--extra",
            "--group",
            "--only-group",
            "--no-group",
            "--env-file",
            "--project",
            "--directory",
            "--package",
            "--index",
            "--index-url",
            "--cache-dir",
        ],
    ),
    runner("poetry", &["-C", "--directory", "-P", "--project"]),
    runner("pipenv", &[]),
    runner("pdm", &["-p", "--project"]),
    runner("rye", &[]),
    runner("hatch", &["-e", "--env"]),
    runner("pixi", &["-e", "--environment", "--manifest-path"]),
    runner("conda", &["-n", "--name", "-p", "--prefix", "--cwd"]),
    runner("micromamba", &["-n", "--name", "-p", "--prefix"]),
    runner("doppler", &["-p", "-c", "-t", "--project", "--config", "--token"]),
    runner("infisical", &["--env", "--path", "--projectId"]),
    runner("op", &["--env-file"]),
    runner("dotenv", &["-f", "--file"]),
];

/// A command without its wrappers.
pub(super) struct Peeled {
    pub(super) wrappers: Vec<Wrapper>,
    pub(super) program: Program,
    /// Which word starts the program: `python` of `python -m uvicorn`.
    pub(super) first: usize,
    /// Which word names it.
    pub(super) named: usize,
    /// Variables of `env NAME=value`.
    pub(super) variables: Vec<Variable>,
    /// The script of `sh -c`, in the place of the program.
    pub(super) script: Option<(Excerpt, Shell)>,
}

pub(super) fn peel(words: &[Word]) -> Peeled {
    let mut peeled = Peeled {
        wrappers: Vec::new(),
        program: Program::Unknown,
        first: 0,
        named: 0,
        variables: Vec::new(),
        script: None,
    };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let name = word.text.rsplit('/').next().unwrap_or(&word.text);
        let next = starter_of(name, words, at).map(|starter| past(starter, words, at, &mut peeled.variables));
        match next {
            Some(next) if words.get(next).is_some() => {
                peeled.wrap(words, at, next);
                at = next;
                // `uv run -m uvicorn`
                if let Some(named) = module(words, at) {
                    return peeled.found(at, named, Program::module(&words[named].text));
                }
            }
            _ => return peeled.last(words, at, name),
        }
    }
    peeled
}

fn starter_of(name: &str, words: &[Word], at: usize) -> Option<&'static Starter> {
    let next = words.get(at + 1).map(|word| word.text.as_str());
    STARTERS.iter().find(|starter| starter.name == name && (starter.word.is_none() || starter.word == next))
}

/// The first word behind a starter and what belongs to it.
fn past(starter: &Starter, words: &[Word], at: usize, variables: &mut Vec<Variable>) -> usize {
    let mut at = at + 1 + usize::from(starter.word.is_some());
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            at += 1;
            break;
        }
        if matches!(text, "-m" | "--module") && starter.name == "uv" {
            return at;
        }
        if text.starts_with('-') && text != "-" {
            at += if starter.valued.contains(&text) { 2 } else { 1 };
        } else if let Some((name, value)) = text.split_once('=').filter(|_| starter.name == "env") {
            variables.push(variable(word, name, value));
            at += 1;
        } else {
            break;
        }
    }
    at + starter.own
}

fn variable(word: &Word, name: &str, value: &str) -> Variable {
    let known = !value.contains(UNKNOWN);
    let value = if known {
        Fact::Known(value.to_owned(), word.span)
    } else {
        Fact::Unknown("it depends on another variable")
    };
    Variable { name: name.to_owned(), place: word.span, value }
}

/// The word with the module's name, if a `-m` stands here.
fn module(words: &[Word], at: usize) -> Option<usize> {
    let flag = words.get(at).is_some_and(|word| matches!(word.text.as_str(), "-m" | "--module"));
    (flag && words.get(at + 1).is_some()).then_some(at + 1)
}

impl Peeled {
    fn wrap(&mut self, words: &[Word], from: usize, to: usize) {
        let last = words[from..to].last().unwrap_or(&words[from]);
        let name = words[from].text.rsplit('/').next().unwrap_or_default();
        let name = match words.get(from + 1) {
            Some(word) if word.text == "run" => format!("{name} run"),
            _ => name.to_owned(),
        };
        self.wrappers.push(Wrapper { name, span: words[from].span.to(last.span) });
    }

    fn found(mut self, first: usize, named: usize, program: Program) -> Self {
        (self.first, self.named, self.program) = (first, named, program);
        self
    }

    /// The word that is no starter: a program, Python or a shell.
    fn last(mut self, words: &[Word], at: usize, name: &str) -> Self {
        if name.starts_with("python") || name.starts_with("pypy") {
            return self.python(words, at);
        }
        let shell = match name {
            "sh" | "dash" | "ash" => Shell::Sh,
            "bash" => Shell::Bash,
            _ => return self.found(at, at, Program::named(&words[at].text)),
        };
        let mut next = at + 1;
        while let Some(word) = words.get(next).filter(|word| word.text.starts_with(['-', '+'])) {
            if word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c') {
                let Some(script) = words.get(next + 1) else { break };
                self.wrappers
                    .push(Wrapper { name: format!("{name} -c"), span: words[at].span.to(words[next].span) });
                self.script = Some((script.excerpt.clone(), shell));
                return self.found(next + 1, next + 1, Program::Unknown);
            }
            next += if word.text == "-o" { 2 } else { 1 };
        }
        match words.get(next) {
            Some(word) => {
                let program = Program::Script(word.text.clone());
                self.found(at, next, program)
            }
            None => self.found(at, at, Program::named(name)),
        }
    }

    fn python(self, words: &[Word], at: usize) -> Self {
        let mut next = at + 1;
        while let Some(word) = words.get(next) {
            if let Some(named) = module(words, next) {
                return self.found(at, named, Program::module(&words[named].text));
            }
            match word.text.as_str() {
                "-X" | "-W" => next += 2,
                "-c" => break,
                text if text.starts_with('-') && text != "-" => next += 1,
                text if text.contains(UNKNOWN) => return self.found(at, next, Program::Unknown),
                // `python gunicorn`, `python $(which uvicorn)`: a program by its path.
                text => {
                    let program = match Program::named(text) {
                        Program::Other(_) => Program::File(text.to_owned()),
                        program => program,
                    };
                    return self.found(at, next, program);
                }
            }
        }
        self.found(at, at, Program::Other("python".to_owned()))
    }
}
