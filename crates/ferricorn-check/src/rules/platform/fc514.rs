//! Migrations in the start command run again in each instance and at each restart, at the same time in several of them, and
//! count towards the time that the platform gives a start. Render has `preDeployCommand` for them (not on the free plan),
//! Heroku a `release` process.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: alembic upgrade head && uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     preDeployCommand: alembic upgrade head
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: free
//!     startCommand: alembic upgrade head && uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```

use crate::{facts::Role, finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(514, "migrations at each start", Severity::Advice, explanation!("fc514.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for deployment in facts.deployments.iter().filter(|it| it.role == Role::Web) {
        let instead = match deployment.platform {
            Platform::Render if deployment.resources.plan.value().is_some_and(|plan| plan == "free") => {
                continue;
            }
            Platform::Render => "preDeployCommand",
            Platform::Heroku => "a release process",
            _ => continue,
        };
        let Some(line) =
            deployment.line().filter(|line| line.commands.iter().any(|it| it.program.is_server()))
        else {
            continue;
        };
        if let Some(command) = line.commands.iter().find(|command| migrates(command)) {
            findings.add(
                deployment.sign(
                    RULE.advice(command.span, "the migrations run at each start, in each instance")
                        .label("before the server")
                        .help(format!("move them to {instead}")),
                ),
            );
        }
    }
}

/// Whether a command changes the schema of the database.
fn migrates(command: &Command) -> bool {
    let has = |wanted: &str| command.words.iter().any(|word| word.text == wanted);
    match &command.program {
        Program::Other(name) | Program::Module(name) => match name.as_str() {
            "alembic" => has("upgrade"),
            "aerich" | "flask" | "piccolo" => has("upgrade") || has("migrations"),
            "django-admin" => has("migrate"),
            _ => false,
        },
        Program::File(path) => path.ends_with("manage.py") && has("migrate"),
        _ => false,
    }
}
