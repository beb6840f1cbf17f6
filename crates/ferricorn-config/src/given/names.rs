//! Long names as argparse and its users know them: a unique beginning stands for the whole name.

use super::ConfigError;
use crate::options::{Spelling, find_long, nearest, spellings};

/// An argument with its long name written out, as argparse and its users know it: `--max-requests-j=5` becomes
/// `--max-requests-jitter=5`. What is no long name stays as it is.
pub fn complete(argument: &str) -> Result<String, ConfigError> {
    let Some(body) = argument.strip_prefix("--").filter(|body| !body.is_empty()) else {
        return Ok(argument.to_owned());
    };
    let (typed, value) = match body.split_once('=') {
        Some((typed, value)) => (typed, Some(value)),
        None => (body, None),
    };
    let found = find_long(typed).map_or_else(|| unique_beginning(typed), Ok)?;
    Ok(match value {
        Some(value) => format!("--{}={value}", found.long),
        None => format!("--{}", found.long),
    })
}

fn unique_beginning(typed: &str) -> Result<Spelling, ConfigError> {
    let mut candidates: Vec<Spelling> = if typed.is_empty() {
        Vec::new()
    } else {
        spellings().filter(|spelling| spelling.long.starts_with(typed)).collect()
    };
    // Two names of one setting are no choice to make.
    candidates.dedup_by_key(|spelling| (spelling.entry.name(), spelling.on));
    match candidates.as_slice() {
        [only] => Ok(*only),
        [] => Err(ConfigError::UnknownOption {
            option: format!("--{typed}"),
            nearest: nearest(typed).map(|long| format!("--{long}")),
        }),
        several => Err(ConfigError::AmbiguousOption {
            option: format!("--{typed}"),
            candidates: several
                .iter()
                .map(|spelling| format!("`--{}`", spelling.long))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_beginning_is_written_out() {
        assert_eq!(complete("--max-requests-j=5").unwrap(), "--max-requests-jitter=5");
        assert_eq!(complete("--timeout-k").unwrap(), "--timeout-keep-alive");
        assert_eq!(complete("--timeout").unwrap(), "--timeout");
    }

    #[test]
    fn what_is_no_long_name_stays_as_it_is() {
        for argument in ["-w4", "main:app", "--", "-", "", "-1"] {
            assert_eq!(complete(argument).unwrap(), argument);
        }
    }

    #[test]
    fn a_beginning_of_several_names_is_not_guessed() {
        let error = complete("--lim").unwrap_err().to_string();
        assert!(error.starts_with("ambiguous option `--lim`: could be `--limit-max-requests`"), "{error}");
    }
}
