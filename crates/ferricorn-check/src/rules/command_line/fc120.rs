//! gunicorn checks the values of its settings when it starts. A number of workers that is a float (`/` always gives one) or
//! negative ends it with 1.
//!
//! ## Bad
//!
//! ```sh Procfile
//! web: gunicorn main:app
//! ```
//!
//! ```python gunicorn.conf.py:3
//! import multiprocessing
//!
//! workers = multiprocessing.cpu_count() / 2
//! ```
//!
//! ## Fixed
//!
//! ```python gunicorn.conf.py
//! import multiprocessing
//!
//! workers = multiprocessing.cpu_count() // 2
//! ```
//!
//! ## Good
//!
//! ```sh Procfile
//! web: gunicorn main:app
//! ```
//!
//! ```python gunicorn.conf.py
//! import multiprocessing
//!
//! workers = int(multiprocessing.cpu_count() / 2)
//! timeout = 30
//! ```

use crate::{readers::python::Value, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(120, "value that gunicorn refuses", Severity::Error, explanation!("fc120.rs"), check);

/// Settings that take a whole number from 0.
const WHOLE: [&str; 9] = [
    "workers",
    "threads",
    "timeout",
    "graceful_timeout",
    "keepalive",
    "backlog",
    "max_requests",
    "max_requests_jitter",
    "worker_connections",
];

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (deployment, application) in facts.services() {
        let server = deployment.server().is_some_and(|command| command.program == Program::Gunicorn);
        let Some(settings) = application.in_file().filter(|_| server) else { continue };
        for setting in
            WHOLE.iter().filter_map(|name| settings.get(name)).filter(|setting| !setting.conditional)
        {
            let name = &setting.name;
            let finding = match (&setting.value, setting.float_division) {
                (_, Some(span)) => RULE
                    .error(span, format!("{name} is a float"))
                    .label("/ gives a float")
                    .happens("gunicorn exits 1: int() can't convert non-string with explicit base")
                    .help("divide with //"),
                (Value::Float(_), None) => RULE
                    .error(setting.expression.span, format!("{name} is a float"))
                    .label("a whole number is wanted")
                    .happens("gunicorn exits 1: int() can't convert non-string with explicit base"),
                (Value::Integer(..0), None) => RULE
                    .error(setting.expression.span, format!("{name} is negative"))
                    .label("0 or more")
                    .happens("gunicorn exits 1: Value must be positive"),
                _ => continue,
            };
            if !seen.contains(&finding.primary.span) {
                seen.push(finding.primary.span);
                findings.add(deployment.sign(finding));
            }
        }
    }
}
