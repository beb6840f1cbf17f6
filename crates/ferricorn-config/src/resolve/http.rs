//! What speaks HTTP/1.1 in the workers: the native protocol with its limits, or one of uvicorn's.

use crate::{
    given::Choices,
    options::{Draft, HttpDraft},
    settings::{NativeHttp, UvicornValue},
};

/// The value of `--http` that names the native protocol. uvicorn does not know it.
const NATIVE: &str = "native";

/// The options that only the native protocol obeys, with the value that asks for nothing.
const ONLY_NATIVE: [(&str, &str); 4] = [
    ("limit-request-line", "4094"),
    ("limit-request-fields", "100"),
    ("limit-request-field_size", "8190"),
    ("timeout-head", "30"),
];

/// Takes the native protocol out of uvicorn's options, if it was chosen, and warns of limits that nothing obeys.
pub(super) fn native(draft: &mut Draft, choices: &Choices, warnings: &mut Vec<String>) -> Option<NativeHttp> {
    let named = draft.uvicorn.iter().position(|(name, value)| {
        *name == "http" && matches!(value, UvicornValue::Text(parser) if parser == NATIVE)
    });
    let HttpDraft { request_line, fields, field, head_timeout } = draft.http;
    let Some(place) = named else {
        for (name, usual) in ONLY_NATIVE {
            let given = choices.get(name).and_then(|choices| choices.last());
            if given.is_some_and(|choice| choice.text != usual) {
                warnings.push(format!(
                    "`--{name}` has no effect without `--http native`: uvicorn has no such limit"
                ));
            }
        }
        return None;
    };
    draft.uvicorn.remove(place);
    Some(NativeHttp {
        request_line: request_line.unwrap_or_default(),
        fields: fields.unwrap_or(NativeHttp::FIELDS),
        field: field.unwrap_or_default(),
        head_timeout: head_timeout.unwrap_or_default(),
    })
}
