//! gunicorn reads the names of its settings out of the file and ignores all others without a word. `keep_alive` is not
//! `keepalive`, and `log_level` is not `loglevel`.
//!
//! ## Bad
//!
//! ```sh Procfile
//! web: gunicorn main:app
//! ```
//!
//! ```python gunicorn.conf.py:2
//! worker_class = "uvicorn_worker.UvicornWorker"
//! keep_alive = 75
//! ```
//!
//! ## Fixed
//!
//! ```python gunicorn.conf.py
//! worker_class = "uvicorn_worker.UvicornWorker"
//! keepalive = 75
//! ```
//!
//! ## Good
//!
//! ```sh Procfile
//! web: gunicorn main:app
//! ```
//!
//! ```python gunicorn.conf.py
//! max_worker = 4
//! workers = min(max_worker, 8)
//! worker_class = "uvicorn_worker.UvicornWorker"
//! keepalive = 75
//! ```

use ferricorn_config::{
    command_line::Program as Owner,
    options::{self, Spelling},
};

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(119, "unknown setting of gunicorn", Severity::Warning, explanation!("fc119.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (deployment, application) in facts.services() {
        let server = deployment.server().is_some_and(|command| command.program == Program::Gunicorn);
        let Some(settings) = application.in_file().filter(|_| server) else { continue };
        for setting in settings.settings.iter().filter(|setting| !setting.used_elsewhere) {
            let Some(meant) = meant(&setting.name).filter(|meant| settings.get(meant).is_none()) else {
                continue;
            };
            if seen.contains(&setting.name_span) {
                continue;
            }
            seen.push(setting.name_span);
            findings.add(
                deployment.sign(
                    RULE.warning(setting.name_span, format!("{} is no setting of gunicorn", setting.name))
                        .label(format!("{meant} is one"))
                        .happens("gunicorn ignores it without a word")
                        .safe_fix(format!("write {meant}"), vec![Edit::replace(setting.name_span, meant)]),
                ),
            );
        }
    }
}

/// The setting that a name was meant to be, if it is none itself.
fn meant(name: &str) -> Option<String> {
    if name.starts_with('_') || name.chars().any(|letter| letter.is_ascii_uppercase()) {
        return None;
    }
    let known: Vec<String> = options::all()
        .flat_map(|entry| entry.settings.iter().map(|it| (*it).to_owned()).chain([entry.setting_name()]))
        .collect();
    if known.iter().any(|known| known == name) {
        return None;
    }
    // Only names of gunicorn's own.
    let own =
        options::all().filter(|entry| entry.file_only || Owner::Gunicorn.knows(&Spelling::first(entry)));
    let own: Vec<String> = own.map(options::Entry::setting_name).collect();
    let letters = |text: &str| text.replace('_', "");
    let same = own.iter().find(|known| letters(known) == letters(name));
    let most = if name.len() < 10 { 1 } else { 2 };
    let near = || {
        let mut near: Vec<_> = own.iter().filter(|own| strsim::osa_distance(own, name) <= most).collect();
        near.dedup();
        let [only] = near.as_slice() else { return None };
        (name.len() > 5).then_some(*only)
    };
    same.or_else(near).cloned()
}
