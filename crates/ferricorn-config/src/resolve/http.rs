//! What speaks HTTP/1.1 in the workers: the native protocol with its limits, or one of uvicorn's.

use crate::{
    given::Choices,
    options::{Draft, HttpDraft},
    settings::{NativeHttp, UvicornValue},
};

/// The value of `--http` that names the native protocol. uvicorn does not know it.
const NATIVE: &str = "native";

/// The value that leaves the choice to the program.
const AUTO: &str = "auto";

/// The options that only the native protocol obeys, with the value that asks for nothing.
const ONLY_NATIVE: [(&str, &str); 4] = [
    ("limit-request-line", "4094"),
    ("limit-request-fields", "100"),
    ("limit-request-field_size", "8190"),
    ("timeout-head", "30"),
];

/// Takes the native protocol out of uvicorn's options, if it was chosen, and warns of limits that nothing obeys.
///
/// `is_there` says whether this build has it: it then serves if nobody has named another one.
pub(super) fn native(
    draft: &mut Draft,
    choices: &Choices,
    defaults: &[(&'static str, UvicornValue)],
    is_there: bool,
    warnings: &mut Vec<String>,
) -> Option<NativeHttp> {
    let place = draft.uvicorn.iter().position(|(name, _)| *name == "http");
    let value = place.map(|place| &draft.uvicorn[place].1);
    let is_named = value.is_some_and(|value| is(value, NATIVE));
    // A worker class may name one; HTTP/2 needs one of uvicorn's.
    let is_open = value.is_none_or(|value| is(value, AUTO))
        && !defaults.iter().any(|(name, value)| *name == "http" && !is(value, AUTO))
        && !draft.uvicorn.iter().any(|(name, value)| *name == "http2" && *value == UvicornValue::Flag(true));
    if !(is_named || is_there && is_open) {
        warn(choices, warnings);
        return None;
    }
    if let Some(place) = place.filter(|_| is_named) {
        draft.uvicorn.remove(place);
    }
    let HttpDraft { request_line, fields, field, head_timeout } = draft.http;
    Some(NativeHttp {
        is_named,
        request_line: request_line.unwrap_or_default(),
        fields: fields.unwrap_or(NativeHttp::FIELDS),
        field: field.unwrap_or_default(),
        head_timeout: head_timeout.unwrap_or_default(),
    })
}

fn is(value: &UvicornValue, parser: &str) -> bool {
    matches!(value, UvicornValue::Text(text) if text == parser)
}

/// Warns of limits that nothing obeys.
fn warn(choices: &Choices, warnings: &mut Vec<String>) {
    for (name, usual) in ONLY_NATIVE {
        let given = choices.get(name).and_then(|choices| choices.last());
        if given.is_some_and(|choice| choice.text != usual) {
            warnings.push(format!(
                "`--{name}` has no effect without the native protocol: uvicorn has no such limit"
            ));
        }
    }
}
