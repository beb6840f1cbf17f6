//! What is wrong with the command line of a subcommand (`ferricorn ctl`, `ferricorn check`), in the words that all errors have.

use clap::{
    Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// The complaint of this command's parser: what is wrong, and on a line of its own what would be right.
pub(crate) fn complaint(error: &Error, command: &Command) -> String {
    let help = format!("`{} --help` shows what it takes", command.get_name());
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("`, `"),
        _ => String::new(),
    };
    // The parser shows an option with its value's name, as in `--pid <PID>`.
    let form = |text: &str| text.replace(['<', '>'], "");
    let argument = text(ContextKind::InvalidArg);
    let option = argument.split([' ', '=']).next().unwrap_or_default().to_owned();
    let (wrong, right) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let command = text(ContextKind::InvalidSubcommand);
            (format!("unknown command `{command}`"), nearest(&text(ContextKind::SuggestedSubcommand), help))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let all: Vec<String> =
                command.get_subcommands().map(|it| format!("`{}`", it.get_name())).collect();
            ("no command was given".to_owned(), format!("choose from {}", all.join(", ")))
        }
        ErrorKind::UnknownArgument if !argument.starts_with('-') => {
            (format!("`{argument}` is one word too many"), help)
        }
        ErrorKind::UnknownArgument => {
            (format!("unknown option `{option}`"), nearest(&text(ContextKind::SuggestedArg), help))
        }
        ErrorKind::MissingRequiredArgument => {
            let usage = match error.get(ContextKind::Usage) {
                Some(ContextValue::StyledStr(usage)) => form(&usage.to_string()),
                _ => String::new(),
            };
            let usage = usage.split_once(": ").map(|(_, usage)| format!("write `{}`", usage.trim()));
            (format!("`{}` is missing", form(&argument)), usage.unwrap_or(help))
        }
        ErrorKind::InvalidValue if text(ContextKind::InvalidValue).is_empty() => {
            (format!("a value is missing for `{option}`"), format!("write `{}`", form(&argument)))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = text(ContextKind::InvalidValue);
            let wrong = format!("invalid value `{value}` for `{}`", form(&argument));
            let advice = if option == "--pid" {
                "give the pid of a process".to_owned()
            } else {
                reason(error).or_else(|| choice(&text)).unwrap_or(help)
            };
            (wrong, advice)
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            let other = other.split(' ').next().unwrap_or_default();
            let option = form(&option);
            if other == option {
                (format!("`{option}` was given twice"), "give it once".to_owned())
            } else {
                (format!("`{option}` and `{other}` were both given"), "give one of them".to_owned())
            }
        }
        kind => (kind.to_string(), help),
    };
    format!("{wrong}\nhint: {right}")
}

fn nearest(suggested: &str, help: String) -> String {
    if suggested.is_empty() { help } else { format!("did you mean `{suggested}`?") }
}

/// The word that is nearest to a value that is none of the choices, or all of them.
fn choice(text: &impl Fn(ContextKind) -> String) -> Option<String> {
    let (near, all) = (text(ContextKind::SuggestedValue), text(ContextKind::ValidValue));
    match (near.as_str(), all.as_str()) {
        ("", "") => None,
        ("", all) => Some(format!("choose from `{all}`")),
        (near, _) => Some(format!("did you mean `{near}`?")),
    }
}

/// What the check of a value has said.
fn reason(error: &Error) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string)
}
