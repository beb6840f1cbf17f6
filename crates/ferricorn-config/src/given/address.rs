//! Which option decides where to listen.

use super::{Choice, Choices, Layer};

/// uvicorn's options for it.
pub(crate) const UVICORNS: [&str; 4] = ["fd", "uds", "host", "port"];

/// What says where to listen: the latest of all that could.
pub(crate) fn decisive(choices: &Choices) -> Option<&Choice> {
    let all = UVICORNS.iter().chain(&["bind"]).filter_map(|name| choices.get(name)?.last());
    all.max_by_key(|choice| place(choice))
}

/// The order of precedence: the higher place wins.
pub(crate) fn place(choice: &Choice) -> (Layer, usize) {
    (choice.layer, choice.index)
}
