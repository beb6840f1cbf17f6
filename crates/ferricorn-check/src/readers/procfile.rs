//! Procfiles: one process a line.
//!
//! How to use: `procfile::read(&source)` gives [`Procfile::processes`]; `process.command` is the line for the shell,
//! `process.script` what the shell reads in it. A name that is there twice is there twice: the platform takes the last.
//!
//! Invariants: reading never fails; lines that are no process are in [`Procfile::unread`].

use crate::{
    readers::shell::{self, Script},
    text::{Excerpt, Source, Span},
};

/// A Procfile.
#[derive(Debug, Clone, Default)]
pub struct Procfile {
    /// In order.
    pub processes: Vec<Process>,
    /// Lines that are neither a process, nor blank, nor a comment.
    pub unread: Vec<Span>,
}

/// `name: command`.
#[derive(Debug, Clone)]
pub struct Process {
    /// `web`, `release`, `worker`.
    pub name: Excerpt,
    /// Blanks in front of the colon, because of which the line is not taken for a process.
    pub blank_before_colon: Option<Span>,
    /// Behind the colon.
    pub command: Excerpt,
    /// What the shell reads in the command.
    pub script: Script,
    /// The whole line.
    pub span: Span,
}

impl Procfile {
    /// The process that counts for a name.
    pub fn get(&self, name: &str) -> Option<&Process> {
        self.processes.iter().rev().find(|process| process.name.text() == name)
    }
}

/// Reads a Procfile.
pub fn read(source: &Source) -> Procfile {
    let mut file = Procfile::default();
    for line in source.lines() {
        let text = source.slice(line);
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        match process(source, line) {
            Some(process) => file.processes.push(process),
            None => file.unread.push(line),
        }
    }
    file
}

fn process(source: &Source, line: Span) -> Option<Process> {
    let text = source.slice(line);
    let colon = text.find(':')?;
    let name = text[..colon].trim();
    let letter = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || !name.chars().all(letter) {
        return None;
    }
    let start = line.range().start;
    let name_start = start + (text.len() - text.trim_start().len());
    let name_end = name_start + name.len();
    let behind = &text[colon + 1..];
    let from = start + colon + 1 + (behind.len() - behind.trim_start().len());
    let command = Excerpt::verbatim(source, from..from + behind.trim().len());
    Some(Process {
        name: Excerpt::verbatim(source, name_start..name_end),
        blank_before_colon: (name_end < start + colon).then(|| source.span(name_end..start + colon)),
        script: shell::read(&command),
        command,
        span: line,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read() {
        let source = Source::of_text(
            "Procfile",
            "# x\nweb: gunicorn a:b\r\nrelease :./migrate.sh\n\nweb:  uvicorn a:b --port $PORT  \nno process\nhttp://x\nempty:",
        );
        let file = read(&source);
        let shown: Vec<_> = file.processes.iter().map(|one| (one.name.text(), one.command.text())).collect();
        let expected = [
            ("web", "gunicorn a:b"),
            ("release", "./migrate.sh"),
            ("web", "uvicorn a:b --port $PORT"),
            ("http", "//x"),
            ("empty", ""),
        ];
        assert_eq!(shown, expected);
        assert_eq!(source.line_of(file.get("web").unwrap().span), 5);
        assert_eq!(source.slice(file.processes[1].blank_before_colon.unwrap()), " ");
        assert_eq!(file.unread.len(), 1);
        assert_eq!(file.processes[0].script.commands[0].program().unwrap(), "gunicorn");
    }
}
