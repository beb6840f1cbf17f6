//! What files of gunicorn's settings said when they were executed, for `--run-config`.
//!
//! Owns: putting values in where the text alone does not tell them. Does not own: executing (the program's).
//!
//! Invariant: a value that counts the processors stays unknown. Those of this machine are not those of production.

use std::collections::BTreeMap;

use ferricorn_config::FileValue;

use crate::{
    readers::python::{Settings, Value},
    text::{Excerpt, Source},
};

/// Each file that was executed, by its path, with the values of its names.
pub type Executed = BTreeMap<String, BTreeMap<String, FileValue>>;

/// Puts the values in that the settings of a file do not show by themselves.
pub(crate) fn fill(settings: &mut Settings, source: &Source, values: &BTreeMap<String, FileValue>) {
    for setting in &mut settings.settings {
        let open = setting.conditional || matches!(setting.value, Value::Unknown | Value::Environment(_));
        let Some(value) = values.get(&setting.name).filter(|_| open && setting.counts_processors.is_none())
        else {
            continue;
        };
        let range = setting.expression.span.range();
        setting.value = match value {
            FileValue::None => Value::None,
            FileValue::Flag(value) => Value::Bool(*value),
            FileValue::Whole(digits) => match digits.parse() {
                Ok(value) => Value::Integer(value),
                Err(_) => continue,
            },
            FileValue::Number(value) => Value::Float(*value),
            FileValue::Text(text) | FileValue::Class(text) => {
                let mut made = Excerpt::empty(source, range.start);
                made.push_made(text, range);
                Value::Text(made)
            }
            FileValue::List(_) | FileValue::Table(_) | FileValue::Function(_) | FileValue::Other(_) => {
                continue;
            }
        };
        setting.conditional = false;
    }
    let seen = |name: &String| settings.settings.iter().any(|it| it.name == *name);
    settings.has_more &= !values.keys().all(seen);
}
