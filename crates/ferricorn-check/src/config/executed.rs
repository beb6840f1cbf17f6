//! What files of gunicorn's settings said when they were executed, for `--run-config`.
//!
//! Owns: putting values in where the text alone does not tell them. Does not own: executing (the program's).
//!
//! Invariant: a value that counts the processors stays unknown. Those of this machine are not those of production.

use std::collections::BTreeMap;

use crate::{
    readers::python::{Settings, Value},
    text::{Excerpt, Source},
};

/// Each file that was executed, by its path, with the values of its names.
pub type Executed = BTreeMap<String, BTreeMap<String, Computed>>;

/// A value of Python.
#[derive(Clone, Debug, PartialEq)]
pub enum Computed {
    /// `None`.
    None,
    /// `True` or `False`.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Number(f64),
    /// A text.
    Text(String),
    /// Anything else.
    Other,
}

/// Puts the values in that the settings of a file do not show by themselves.
pub(crate) fn fill(settings: &mut Settings, source: &Source, values: &BTreeMap<String, Computed>) {
    for setting in &mut settings.settings {
        let open = setting.conditional || matches!(setting.value, Value::Unknown | Value::Environment(_));
        let Some(value) = values.get(&setting.name).filter(|_| open && setting.counts_processors.is_none())
        else {
            continue;
        };
        let range = setting.expression.span.range();
        setting.value = match value {
            Computed::None => Value::None,
            Computed::Flag(value) => Value::Bool(*value),
            Computed::Whole(value) => Value::Integer(*value),
            Computed::Number(value) => Value::Float(*value),
            Computed::Text(text) => {
                let mut made = Excerpt::empty(source, range.start);
                made.push_made(text, range);
                Value::Text(made)
            }
            Computed::Other => continue,
        };
        setting.conditional = false;
    }
    let seen = |name: &String| settings.settings.iter().any(|it| it.name == *name);
    settings.has_more &= !values.keys().all(seen);
}
