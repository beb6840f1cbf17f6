//! Checks each given option by itself, and keeps the values that count if an option was given several times.
//!
//! Owns: expansion of variables, the standing of an option (supported, without effect, refused), who wins among several.
//! Does not own: what follows from several options together ([`crate::resolve()`]).

use std::collections::BTreeMap;

use super::{ConfigError, Given, Layer, Origin};
use crate::{
    options::{Spelling, Standing},
    values::{Environment, Kind, Problem, Value, expand},
};

/// A checked value with its place in the order of precedence.
pub(crate) struct Choice {
    pub(crate) spelling: Spelling,
    pub(crate) text: String,
    pub(crate) value: Value,
    pub(crate) layer: Layer,
    pub(crate) origin: Origin,
    /// The number of the word among all that was given.
    pub(crate) index: usize,
}

/// The checked values by the name of their option; several where each of them counts.
pub(crate) type Choices = BTreeMap<&'static str, Vec<Choice>>;

/// Checks one option by itself. `None`: there is nothing to apply.
pub(crate) fn check(
    given: &Given,
    index: usize,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Option<Choice>, ConfigError> {
    let Given { spelling, text, layer, origin } = given;
    let entry = spelling.entry;
    let (text, value) = read(entry.kind, text, origin, environment)?;
    let off = entry.kind == Kind::Switch && value == Value::Flag(false);
    let neutral = off || text.is_empty() || entry.neutral.is_some_and(|neutral| neutral == text.trim());
    match entry.standing {
        Standing::Supported(_) => {
            let origin = origin.clone();
            return Ok(Some(Choice { spelling: *spelling, text, value, layer: *layer, origin, index }));
        }
        Standing::Ignored => {}
        _ if neutral => {}
        Standing::NoEffect(reason) => warn(warnings, format!("{origin} has no effect: {reason}")),
        Standing::NotYet(reason) => warn(warnings, format!("{origin} is not supported yet: {reason}")),
        Standing::Refused { reason, instead } => {
            return Err(ConfigError::Refused { origin: origin.clone(), reason, instead });
        }
    }
    Ok(None)
}

/// Adds a warning that is not there yet: an option given twice causes one warning.
pub(crate) fn warn(warnings: &mut Vec<String>, text: String) {
    if !warnings.contains(&text) {
        warnings.push(text);
    }
}

/// A text with its variables filled in, and as a value of its kind.
pub(crate) fn read(
    kind: Kind,
    text: &str,
    origin: &Origin,
    environment: &Environment,
) -> Result<(String, Value), ConfigError> {
    let expanded = match kind {
        // Free text may hold a dollar sign of its own.
        Kind::Verbatim | Kind::Header | Kind::Table => text.to_owned(),
        _ => expand(text, environment).map_err(|name| ConfigError::UnsetVariable {
            text: text.to_owned(),
            origin: origin.clone(),
            name,
        })?,
    };
    match Value::parse(kind, &expanded) {
        Ok(value) => Ok((expanded, value)),
        Err(problem) => Err(ConfigError::Value { text: expanded, origin: origin.clone(), problem }),
    }
}

/// Keeps the values of the highest layer, and of those the last one unless each counts.
pub(crate) fn keep_winners(choices: &mut Vec<Choice>, warnings: &mut Vec<String>) {
    let highest = choices.iter().map(|choice| choice.layer).max();
    choices.retain(|choice| Some(choice.layer) == highest);
    let Some(last) = choices.last() else { return };
    if last.spelling.entry.repeats {
        return;
    }
    if last.layer != Layer::CommandLine && last.layer != Layer::CommandVariable {
        choices.drain(..choices.len() - 1);
        return;
    }
    // The same name given twice is how people override a default of their own; two names are more likely a mistake.
    for choice in choices.iter() {
        let differs = choice.spelling.long != last.spelling.long && choice.value != last.value;
        if differs && choice.spelling.on && last.spelling.on {
            warn(warnings, overrides(last, choice));
        }
    }
    choices.drain(..choices.len() - 1);
}

/// The warning that two names of one setting disagree.
pub(crate) fn overrides(winner: &Choice, loser: &Choice) -> String {
    format!("{} overrides {}, which comes before it", shown(winner), shown(loser))
}

fn shown(choice: &Choice) -> String {
    if !matches!(choice.origin, Origin::Option(..)) {
        choice.origin.to_string()
    } else if choice.spelling.entry.takes_value() {
        format!("`--{} {}`", choice.spelling.long, choice.text)
    } else {
        format!("`--{}`", choice.spelling.long)
    }
}

/// The error about a value that is wrong only in the light of others, or of the machine.
pub(crate) fn value_error(choice: &Choice, problem: Problem) -> ConfigError {
    ConfigError::Value { text: choice.text.clone(), origin: choice.origin.clone(), problem }
}
