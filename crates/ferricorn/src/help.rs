//! What is generated from the table of options: the help, whole or of one group, the man page, and the completions
//! of shells.

use clap::Command;
use clap_complete::Shell;
use ferricorn_config::options::{self, Entry, Group};

use crate::cli::parser::{self, Purpose};

/// How wide the help is at most.
pub(crate) const WIDTH: usize = 110;

/// The whole help, with colours or without.
pub fn help(colors: bool) -> String {
    let text = parser::command(Purpose::Help).render_help();
    if colors { text.ansi().to_string() } else { text.to_string() }
}

/// The options of one group that work, so short that a screen holds them.
pub fn group_help(group: Group) -> String {
    let entries = options::all().filter(|it| it.group == group && it.is_supported() && !it.file_only);
    let rows: Vec<(String, String)> = entries.map(|entry| (names(entry), parser::help_line(entry))).collect();
    let column = rows.iter().map(|(names, _)| names.len()).max().unwrap_or(0) + 2;
    let mut text = format!("{}:\n", group.title());
    for (names, help) in rows {
        let mut line = format!("{names:column$}");
        for word in help.split(' ') {
            if line.len() + word.len() >= WIDTH {
                text.push_str(line.trim_end());
                line = format!("\n{:column$}", "");
            }
            line.push_str(word);
            line.push(' ');
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn names(entry: &Entry) -> String {
    let short = entry.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = if entry.metavar.is_empty() { String::new() } else { format!(" {}", entry.metavar) };
    format!("  {short}--{}{value}", entry.name())
}

/// The groups that `--help` can be asked for, as they are typed.
pub fn groups() -> Vec<(String, Group)> {
    let mut groups: Vec<Group> =
        options::all().filter(|entry| !entry.file_only).map(|entry| entry.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.into_iter().map(|group| (group.title().to_lowercase(), group)).collect()
}

/// The group that a word after `--help` names, or the beginning of its name does.
pub fn group(word: &str) -> Option<Group> {
    let word = word.to_lowercase();
    let wanted = |(name, _): &(String, Group)| word.len() > 2 && name.starts_with(&word);
    groups().into_iter().find(wanted).map(|(_, group)| group)
}

/// The man page, in roff.
pub fn man_page() -> String {
    let command = named(parser::command(Purpose::Help)).version(crate::VERSION);
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = clap_mangen::Man::new(command).render(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}

/// The completions of a shell: `bash`, `zsh` or `fish`.
pub fn completions(shell: &str) -> Option<String> {
    let shell = match shell {
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => return None,
    };
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut named(parser::command(Purpose::Completions)),
        "ferricorn",
        &mut script,
    );
    Some(String::from_utf8_lossy(&script).into_owned())
}

/// The generators want a program's name in the usage.
fn named(command: Command) -> Command {
    command.no_binary_name(false)
}
