//! gunicorn without an address takes the port in `PORT`, and on Render also the address in `GUNICORN_CMD_ARGS`. That works
//! there and nowhere else: with `--bind` the command means the same everywhere.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app --bind 0.0.0.0:$PORT -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```python gunicorn.conf.py
//! import os
//!
//! bind = f"0.0.0.0:{os.environ['PORT']}"
//! ```

use crate::{facts::Role, finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(208, "server without an address", Severity::Advice, explanation!("fc208.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services().filter(|it| it.0.role == Role::Web) {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn) else {
            continue;
        };
        let gives = deployment.native && matches!(deployment.platform, Platform::Render | Platform::Heroku);
        let elsewhere = command.open
            || command.option("config").is_some()
            || deployment
                .env
                .get("GUNICORN_CMD_ARGS")
                .or_else(|| command.env.get("GUNICORN_CMD_ARGS"))
                .is_some();
        let settings = application.in_file();
        let in_file = settings.is_some_and(|it| it.has_more || it.get("bind").is_some());
        if !gives || elsewhere || in_file || command.option("bind").is_some() || !command.mistakes.is_empty()
        {
            continue;
        }
        let finding = RULE
            .advice(command.program_span, "gunicorn's address is not written")
            .label("takes the port in PORT");
        let target = command.target().filter(|_| command.shell.is_some());
        findings.add(deployment.sign(match target {
            Some(target) => finding.safe_fix(
                "write --bind 0.0.0.0:$PORT",
                vec![Edit::replace(target.span.after(), " --bind 0.0.0.0:$PORT")],
            ),
            None => finding.help("write --bind 0.0.0.0:$PORT"),
        }));
    }
}
