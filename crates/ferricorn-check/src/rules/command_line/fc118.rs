//! The module `uvicorn.workers` is deprecated since uvicorn 0.30, warns when it is imported, and will go. Its successor is
//! the package `uvicorn-worker`. ferricorn needs neither.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! gunicorn==23.0.0
//! uvicorn==0.34.0
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn_worker.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! gunicorn==23.0.0
//! uvicorn==0.34.0
//! uvicorn-worker==0.3.0
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! gunicorn==20.1.0
//! uvicorn==0.29.0
//! ```

use crate::{
    facts::Packages,
    readers::{python::Value, versions::Version},
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(118, "deprecated worker class", Severity::Advice, explanation!("fc118.rs"), check);

/// Since when it is deprecated.
const SINCE: [u64; 2] = [0, 30];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn) else {
            continue;
        };
        let given = command.value("worker-class").and_then(Fact::known);
        let given = given.map(|(class, span)| (class.clone(), span)).or_else(|| {
            let settings = application.in_file()?;
            let setting = settings.get("worker_class")?;
            match &setting.value {
                Value::Text(text) => Some((text.text().to_owned(), setting.expression.span)),
                _ => None,
            }
        });
        let Some((class, span)) = given.filter(|(class, _)| class.starts_with("uvicorn.workers.")) else {
            continue;
        };
        if is_new(&application.packages) {
            let finding = RULE
                .advice(span, format!("{class} is deprecated"))
                .label("deprecated since uvicorn 0.30")
                .help("write uvicorn_worker.UvicornWorker and install uvicorn-worker, or start ferricorn");
            findings.add(deployment.sign(finding));
        }
    }
}

/// Whether a version is installed that warns: a new one, or the newest.
fn is_new(packages: &Packages) -> bool {
    match packages.version("uvicorn") {
        Some((version, _)) => *version >= Version::release(&SINCE),
        None => packages.get("uvicorn").is_some_and(|it| {
            it.url.is_none()
                && it.specifiers.as_ref().is_none_or(crate::readers::versions::Specifiers::is_open)
        }),
    }
}
