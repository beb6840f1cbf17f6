//! gunicorn's worker classes: which of them mean uvicorn, and what each of those sets.

use crate::{error::Problem, settings::UvicornValue};

/// The class that is meant when none is named, and that the log shows then.
pub(crate) const DEFAULT: &str = "uvicorn.workers.UvicornWorker";

const PLAIN: &[&str] =
    &[DEFAULT, "uvicorn_worker.UvicornWorker", "uvicorn_worker._workers.UvicornWorker", "uvicorn", "asgi"];
const H11: &[&str] = &[
    "uvicorn.workers.UvicornH11Worker",
    "uvicorn_worker.UvicornH11Worker",
    "uvicorn_worker._workers.UvicornH11Worker",
];
const WSGI: &[&str] = &["sync", "gthread", "gevent", "gevent_wsgi", "gevent_pywsgi", "eventlet", "tornado"];

/// Whether ferricorn can stand in for a class.
pub(crate) fn check(class: &str) -> Result<(), Problem> {
    if PLAIN.contains(&class) || H11.contains(&class) {
        return Ok(());
    }
    let leave_out = format!("leave `--worker-class` out, or give `{DEFAULT}`");
    if WSGI.contains(&class) || class.starts_with("gunicorn.workers.") {
        return Err(Problem::meaning("not a class for ASGI applications", leave_out));
    }
    if class.contains('.') {
        return Err(Problem::meaning("worker classes of one's own are not supported yet", leave_out));
    }
    Err(Problem::meaning("no such worker class", leave_out))
}

/// The uvicorn options that a class sets by itself.
pub(crate) fn presets(class: &str) -> Vec<(&'static str, UvicornValue)> {
    if H11.contains(&class) {
        let text = |word: &str| UvicornValue::Text(word.to_owned());
        return vec![("loop", text("asyncio")), ("http", text("h11"))];
    }
    Vec::new()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_uvicorn_are_taken_and_others_refused_with_the_reason() {
        for class in ["uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornH11Worker", "asgi", "uvicorn"] {
            assert_eq!(check(class), Ok(()), "{class}");
        }
        for (class, reason) in [
            ("sync", "not a class for ASGI applications"),
            ("gunicorn.workers.sync.SyncWorker", "not a class for ASGI applications"),
            ("project.workers.MyWorker", "worker classes of one's own are not supported yet"),
            ("uvicron", "no such worker class"),
        ] {
            let problem = check(class).unwrap_err();
            assert_eq!((problem.reason.as_str(), problem.syntax), (reason, false), "{class}");
        }
    }
}
