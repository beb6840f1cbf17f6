//! From the text of an instruction to what it says.

use super::{
    Detail, Flag, Form, Instruction, array,
    lines::{Heredoc, Line},
    settings::{settings, split, unquote},
};
use crate::{readers::shell, text::Excerpt};

pub(super) fn instruction(line: &Line, escape: char) -> Instruction {
    let text = line.text.text();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let keyword = text[..end].to_ascii_uppercase();
    let keyword_span = line.text.span(0..end);
    let behind = trimmed(&line.text.part(end..text.len()));
    let (flags, arguments) = flags(&behind);
    let detail = detail(&keyword, &flags, &arguments, &line.heredocs, escape);
    Instruction { keyword, keyword_span, flags, arguments, detail, span: line.span }
}

fn detail(keyword: &str, flags: &[Flag], arguments: &Excerpt, heredocs: &[Heredoc], escape: char) -> Detail {
    let first = || arguments.part(split(arguments.text(), escape).into_iter().next().unwrap_or(0..0));
    let words = || words(arguments, escape);
    match keyword {
        "FROM" => from(words()),
        "ARG" => Detail::Arg(settings(arguments, escape, false)),
        "ENV" => Detail::Env(settings(arguments, escape, true)),
        "RUN" => Detail::Run(run(arguments, heredocs)),
        "CMD" => Detail::Cmd(form(arguments)),
        "ENTRYPOINT" => Detail::Entrypoint(form(arguments)),
        "COPY" | "ADD" => copy(flags, array(arguments).unwrap_or_else(words)),
        "EXPOSE" => Detail::Expose(words()),
        "HEALTHCHECK" => healthcheck(arguments),
        "STOPSIGNAL" => Detail::StopSignal(first()),
        "USER" => Detail::User(unquote(&first(), escape)),
        "WORKDIR" => Detail::Workdir(unquote(arguments, escape)),
        "SHELL" => Detail::Shell(array(arguments).unwrap_or_default()),
        _ => Detail::Other,
    }
}

fn words(arguments: &Excerpt, escape: char) -> Vec<Excerpt> {
    let words = split(arguments.text(), escape).into_iter();
    words.map(|word| unquote(&arguments.part(word), escape)).collect()
}

fn trimmed(value: &Excerpt) -> Excerpt {
    let text = value.text();
    let start = text.len() - text.trim_start().len();
    value.part(start..start + text.trim().len())
}

/// `--name=value` in front, and the rest.
fn flags(behind: &Excerpt) -> (Vec<Flag>, Excerpt) {
    let text = behind.text();
    let mut flags = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some(flag) = rest[..length].strip_prefix("--") else { break };
        let equals = flag.find('=');
        flags.push(Flag {
            name: flag[..equals.unwrap_or(flag.len())].to_owned(),
            value: equals.map(|equals| behind.part(at + 2 + equals + 1..at + length)),
            span: behind.span(at..at + length),
        });
        at += length;
    }
    (flags, behind.part(at..text.len()))
}

fn from(words: Vec<Excerpt>) -> Detail {
    let mut words = words.into_iter();
    let Some(image) = words.next() else { return Detail::Other };
    let name = words.next().filter(|word| word.text().eq_ignore_ascii_case("as")).and_then(|_| words.next());
    Detail::From { image, name }
}

fn copy(flags: &[Flag], mut words: Vec<Excerpt>) -> Detail {
    let from = flags.iter().find(|flag| flag.name == "from").and_then(|flag| flag.value.clone());
    let target = words.pop();
    words.retain(|word| !word.text().starts_with("<<"));
    Detail::Copy { from, sources: words, target }
}

fn form(arguments: &Excerpt) -> Form {
    if let Some(words) = array(arguments) {
        return Form::Exec(words);
    }
    shell_form(arguments.clone())
}

fn shell_form(value: Excerpt) -> Form {
    let script = shell::read(&value);
    Form::Shell { broken_array: meant_as_array(value.text()), script, value }
}

/// `[` and a quote or a word: a command of the shell named `[` has a blank behind it.
fn meant_as_array(text: &str) -> bool {
    let Some(content) = text.strip_prefix('[') else { return false };
    let quotes = content.trim_start().starts_with(['\'', '"', '\u{201c}', '\u{2018}']);
    quotes || (text.ends_with(']') && !content.starts_with([' ', '[']))
}

fn healthcheck(arguments: &Excerpt) -> Detail {
    let text = arguments.text();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    match text[..end].to_ascii_uppercase().as_str() {
        "NONE" => Detail::Healthcheck(None),
        "CMD" => Detail::Healthcheck(Some(form(&trimmed(&arguments.part(end..text.len()))))),
        _ => Detail::Other,
    }
}

/// `RUN <<EOF` runs the here-document; in front of others stands the program that reads it.
fn run(arguments: &Excerpt, heredocs: &[Heredoc]) -> Form {
    let Some(first) = heredocs.first() else { return form(arguments) };
    if first.opening.len() == arguments.text().len() {
        return shell_form(first.body.clone());
    }
    let mut value = arguments.clone();
    for heredoc in heredocs {
        let start = heredoc.body.whole().start as usize;
        value.push_made("\n", start..start);
        value.append(&heredoc.body);
        value.append(&heredoc.close);
    }
    shell_form(value)
}
