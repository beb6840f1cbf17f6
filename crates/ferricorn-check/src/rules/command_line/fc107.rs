//! A setting that is given twice has the value that is given last; on the command line it wins over gunicorn's file. The
//! other value has no effect, and a later change of it does nothing.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --timeout 60 --workers 2
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 60 --workers 2
//! ```
//!
//! ## Bad
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 60
//! ```
//!
//! ```python gunicorn.conf.py:1
//! timeout = 120
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 60
//! ```
//!
//! ```python gunicorn.conf.py
//! keepalive = 75
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app --bind 0.0.0.0:8000 --bind 0.0.0.0:8001 --workers $WEB_CONCURRENCY
//! ```
//!
//! ```python gunicorn.conf.py
//! workers = 2
//! ```

use crate::{
    facts::{Application, Given},
    readers::python::Value,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(107, "setting that is given twice", Severity::Warning, explanation!("fc107.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services().filter(|it| it.0.production) {
        let Some(command) = deployment.server().filter(|it| it.program.rules().is_some()) else { continue };
        for (at, given) in command.options.iter().enumerate() {
            let name = given.spelling.entry.name();
            let last = command.options[at + 1..].iter().rev().find(|it| it.spelling.entry.name() == name);
            let finding = match last {
                _ if given.spelling.entry.repeats => None,
                Some(last) => again(given, last),
                None => in_file(application, command, given),
            };
            if let Some(finding) = finding {
                findings.add(deployment.sign(finding));
            }
        }
    }
}

/// The same option on the same line.
fn again(given: &Given, last: &Given) -> Option<Finding> {
    let ((first, _), (value, _)) = (given.value.known()?, last.value.known()?);
    let long = given.spelling.long;
    (first != value).then(|| {
        speak(long, given.span, format!("--{long} {first} has no effect: it is given again, as {value}"))
            .label("this value is lost")
            .also(last.span, "this one counts")
    })
}

/// The same setting in gunicorn's file.
fn in_file(application: &Application, command: &Command, given: &Given) -> Option<Finding> {
    let settings = application.in_file().filter(|_| command.program == Program::Gunicorn)?;
    let (value, _) = given.value.known()?;
    let mut names = given.spelling.entry.settings.iter().copied();
    let own = given.spelling.entry.setting_name();
    let setting = names.find_map(|name| settings.get(name)).or_else(|| settings.get(&own))?;
    let lost = match &setting.value {
        Value::Text(text) => text.text().to_owned(),
        Value::Integer(number) => number.to_string(),
        _ => return None,
    };
    (lost != *value && !setting.conditional).then(|| {
        let name = &setting.name;
        let long = given.spelling.long;
        speak(
            given.spelling.entry.name(),
            setting.name_span.to(setting.expression.span),
            format!("{name} has no effect: the command line says --{long} {value}"),
        )
        .label("this value is lost")
        .also(given.span, "this one counts")
    })
}

/// What hides the address or the number of workers is worse than the rest.
fn speak(name: &str, span: crate::Span, message: String) -> Finding {
    let grave = matches!(name, "bind" | "workers" | "host" | "port");
    let finding = if grave { RULE.warning(span, message) } else { RULE.advice(span, message) };
    finding.help("keep one of them")
}
