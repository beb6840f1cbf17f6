//! Whether ferricorn can replace a worker class.

use super::Problem;
use crate::settings::worker_class::{DEFAULT, is_own};

const WSGI: &[&str] = &["sync", "gthread", "gevent", "gevent_wsgi", "gevent_pywsgi", "eventlet", "tornado"];

/// Whether ferricorn can stand in for a class.
pub(crate) fn check(class: &str) -> Result<(), Problem> {
    if !is_own(class) {
        return Ok(());
    }
    let leave_out = format!("leave `--worker-class` out, or give `{DEFAULT}`");
    if WSGI.contains(&class) || class.starts_with("gunicorn.workers.") || class.starts_with("egg:") {
        return Err(Problem::meaning(
            "not a class for ASGI applications",
            format!("{leave_out}; a WSGI application also needs `--interface wsgi`"),
        ));
    }
    if class.split('.').count() > 1 && class.split('.').all(is_identifier) {
        return Ok(());
    }
    Err(Problem::meaning(
        "no such worker class",
        format!("{leave_out}, or the dotted name of a subclass of it, as in `project.workers.ProjectWorker`"),
    ))
}

/// Whether Python could have this as a name.
fn is_identifier(word: &str) -> bool {
    word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_uvicorn_are_taken_and_others_refused_with_the_reason() {
        for class in ["uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornH11Worker", "asgi", "uvicorn"] {
            assert_eq!((check(class), is_own(class)), (Ok(()), false), "{class}");
        }
        assert_eq!((check("project.workers.MyWorker"), is_own("project.workers.MyWorker")), (Ok(()), true));
        for (class, reason) in [
            ("sync", "not a class for ASGI applications"),
            ("gunicorn.workers.sync.SyncWorker", "not a class for ASGI applications"),
            ("gthread", "not a class for ASGI applications"),
            ("egg:gunicorn#gevent", "not a class for ASGI applications"),
            ("project.workers:MyWorker", "no such worker class"),
            ("project.", "no such worker class"),
            ("uvicron", "no such worker class"),
        ] {
            let problem = check(class).unwrap_err();
            assert_eq!((problem.reason.as_str(), problem.syntax), (reason, false), "{class}");
            let hint = problem.hint.unwrap_or_default();
            assert!(hint.contains("`uvicorn.workers.UvicornWorker`"), "{hint}");
            assert_eq!(hint.contains("--interface wsgi"), reason.contains("ASGI"), "{hint}");
        }
    }
}
