//! From what stands in a file to commands.

use super::{Command, CommandLine, Fact, Program, Shell, Word, Wrapper, Written, words, wrappers};
use crate::{
    facts::{Environment, Variable},
    readers::shell::{self, Join},
    sources::join,
    text::{Excerpt, Span},
};

/// Around a command line.
pub struct Place<'a> {
    /// Where it starts, relative to the root.
    pub directory: &'a Fact<String>,
    /// The deployment's variables.
    pub env: &'a Environment,
}

/// A text that a shell reads.
pub fn from_shell(value: &Excerpt, shell: Shell, written: Written, place: &Place<'_>) -> CommandLine {
    let mut line = CommandLine {
        written,
        shell: Some(shell),
        scripts: Vec::new(),
        commands: Vec::new(),
        lost: Vec::new(),
    };
    read_script(&mut line, value, Some(shell), &[], place, 0);
    follow(&mut line.commands, place);
    line
}

/// A line that is split into words as a shell does it, and that no shell runs. What stands in `sh -c` has its shell.
pub fn from_split(value: &Excerpt, written: Written, place: &Place<'_>) -> CommandLine {
    let mut line =
        CommandLine { written, shell: None, scripts: Vec::new(), commands: Vec::new(), lost: Vec::new() };
    take(&mut line, shell::split(value), value, None, &[], place, 0);
    follow(&mut line.commands, place);
    line
}

/// Words that are started as they are, each with its place, quotes included.
pub fn from_words(values: &[(Excerpt, Span)], written: Written, place: &Place<'_>) -> CommandLine {
    let mut line =
        CommandLine { written, shell: None, scripts: Vec::new(), commands: Vec::new(), lost: Vec::new() };
    let words: Vec<Word> = values.iter().map(|(value, span)| words::as_it_is(value, *span)).collect();
    let raw = Raw { words, ..Raw::default() };
    add(&mut line, raw, None, &[], place, 0);
    follow(&mut line.commands, place);
    line
}

/// The options of `program` that a variable holds, as a command without a word for the program. Blanks separate them.
pub fn options_of(program: &Program, value: &Excerpt, place: &Place<'_>) -> Option<CommandLine> {
    let written = Written { span: value.whole(), key: None, style: None, indicator: None };
    let mut line = from_shell(value, Shell::Some, written, place);
    let [command] = line.commands.as_mut_slice() else { return None };
    let read = words::options(program, &command.words, 0);
    command.program = program.clone();
    command.program_span = command.span.before();
    command.wrappers.clear();
    (command.options, command.arguments, command.extra) = (read.given, read.arguments, read.extra);
    (command.mistakes, command.open) = (read.mistakes, read.open);
    Some(line)
}

/// A command whose words are known, but not what they mean.
struct Raw {
    words: Vec<Word>,
    glued: Vec<Span>,
    assignments: Vec<Variable>,
    before: Join,
    after: Join,
    optional: bool,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            glued: Vec::new(),
            assignments: Vec::new(),
            before: Join::Edge,
            after: Join::Edge,
            optional: false,
        }
    }
}

fn read_script(
    line: &mut CommandLine,
    value: &Excerpt,
    shell: Option<Shell>,
    outer: &[Wrapper],
    place: &Place<'_>,
    depth: u32,
) {
    take(line, shell::read(value), value, shell, outer, place, depth);
}

/// Adds the commands of a text that was read.
fn take(
    line: &mut CommandLine,
    script: shell::Script,
    value: &Excerpt,
    shell: Option<Shell>,
    outer: &[Wrapper],
    place: &Place<'_>,
    depth: u32,
) {
    let mut raws: Vec<Raw> = Vec::new();
    let mut previous = 0;
    for command in &script.commands {
        let mut raw = Raw {
            before: command.before,
            after: command.after,
            optional: command.optional,
            ..Raw::default()
        };
        let words = command.words.iter();
        raw.words =
            words.filter_map(|word| words::of_shell(word, value, place.env, &mut raw.glued)).collect();
        raw.assignments = command.assignments.iter().map(|it| assigned(it, value, place.env)).collect();
        // A backslash that was to continue the line stands between this command and the one before.
        let broken = |line: &shell::BrokenLine| {
            previous <= line.backslash.start && line.behind.end <= command.span.start
        };
        let continues = command.before == Join::Line && script.broken.iter().any(broken);
        previous = command.span.start;
        match raws.last_mut().filter(|_| continues) {
            Some(before) => {
                before.words.append(&mut raw.words);
                before.glued.append(&mut raw.glued);
                before.after = raw.after;
            }
            None => raws.push(raw),
        }
    }
    line.scripts.push(script);
    for raw in raws {
        add(line, raw, shell, outer, place, depth);
    }
}

fn assigned(assignment: &shell::Assignment, value: &Excerpt, env: &Environment) -> Variable {
    let word = words::of_shell(&assignment.value, value, env, &mut Vec::new());
    let text = word.as_ref().and_then(|word| word.known().map(str::to_owned));
    Variable {
        name: assignment.name.clone(),
        place: assignment.span,
        value: match text {
            Some(text) => Fact::Known(text, assignment.value.span),
            None => Fact::Unknown("it depends on another variable"),
        },
    }
}

/// Whether a variable's name may begin with it; `$@`, `$1` and `${…}` may be the words behind a script.
fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_'
}

/// How deep `sh -c 'sh -c …'` is followed.
const DEEPEST: u32 = 4;

/// Adds a command, or the commands of its `sh -c`.
fn add(
    line: &mut CommandLine,
    raw: Raw,
    shell: Option<Shell>,
    outer: &[Wrapper],
    place: &Place<'_>,
    depth: u32,
) {
    let (Some(first), Some(last)) = (raw.words.first(), raw.words.last()) else { return };
    let span = first.span.to(last.span);
    let peeled = wrappers::peel(&raw.words);
    let chain: Vec<Wrapper> = outer.iter().cloned().chain(peeled.wrappers).collect();
    if let Some((script, shell)) = peeled.script.filter(|_| depth < DEEPEST) {
        let takes =
            |text: &str| text.match_indices('$').any(|(at, _)| !text[at + 1..].starts_with(is_name_letter));
        if !takes(script.text()) {
            line.lost.extend(raw.words[peeled.named + 1..].iter().map(|word| word.span));
        }
        return read_script(line, &script, Some(shell), &chain, place, depth + 1);
    }
    let read = words::options(&peeled.program, &raw.words, peeled.named + 1);
    let mut env = Environment::default();
    env.variables.extend(raw.assignments);
    env.variables.extend(peeled.variables);
    line.commands.push(Command {
        span,
        wrappers: chain,
        program: peeled.program,
        program_word: peeled.named,
        program_span: raw.words[peeled.first].span.to(raw.words[peeled.named].span),
        options: read.given,
        arguments: read.arguments,
        extra: read.extra,
        mistakes: read.mistakes,
        glued: raw.glued,
        open: read.open,
        env,
        directory: place.directory.clone(),
        before: raw.before,
        after: raw.after,
        optional: raw.optional,
        shell,
        words: raw.words,
    });
}

/// Follows `cd` and `export` from command to command.
fn follow(commands: &mut [Command], place: &Place<'_>) {
    let mut directory = place.directory.clone();
    let mut exported: Vec<Variable> = Vec::new();
    for command in commands {
        command.directory.clone_from(&directory);
        command.env.variables.splice(0..0, exported.iter().cloned());
        let Program::Other(name) = &command.program else { continue };
        let first = command.words.get(command.program_word + 1);
        match (name.as_str(), first) {
            ("cd" | "pushd", Some(word)) => directory = changed(&directory, word),
            ("export", _) => {
                for word in command.words.iter().skip(command.program_word + 1) {
                    let Some((name, value)) = word.text.split_once('=') else { continue };
                    let value = if value.contains(super::UNKNOWN) {
                        Fact::Unknown("it depends on another variable")
                    } else {
                        Fact::Known(value.to_owned(), word.span)
                    };
                    exported.push(Variable { name: name.to_owned(), place: word.span, value });
                }
            }
            _ => {}
        }
    }
}

fn changed(directory: &Fact<String>, to: &Word) -> Fact<String> {
    match (directory.value(), to.known()) {
        (Some(from), Some(path)) => match join(from, path) {
            Some(path) => Fact::Known(path, to.span),
            None => Fact::Unknown("it lies outside the repository"),
        },
        _ => Fact::Unknown("it depends on a variable"),
    }
}
