//! gunicorn's worker classes: which of them mean uvicorn, and what each of those sets.

use super::UvicornValue;

/// The class that is meant when none is named, and that the log shows then.
pub(crate) const DEFAULT: &str = "uvicorn.workers.UvicornWorker";

const PLAIN: &[&str] =
    &[DEFAULT, "uvicorn_worker.UvicornWorker", "uvicorn_worker._workers.UvicornWorker", "uvicorn", "asgi"];
const H11: &[&str] = &[
    "uvicorn.workers.UvicornH11Worker",
    "uvicorn_worker.UvicornH11Worker",
    "uvicorn_worker._workers.UvicornH11Worker",
];

/// Whether a class is the user's own: a worker imports it and reads its options for uvicorn.
pub(crate) fn is_own(class: &str) -> bool {
    !PLAIN.contains(&class) && !H11.contains(&class)
}

/// The uvicorn options that a class sets by itself.
pub(crate) fn presets(class: &str) -> Vec<(&'static str, UvicornValue)> {
    if H11.contains(&class) {
        let text = |word: &str| UvicornValue::Text(word.to_owned());
        return vec![("loop", text("asyncio")), ("http", text("h11"))];
    }
    Vec::new()
}
