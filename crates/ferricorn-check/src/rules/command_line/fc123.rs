//! gunicorn reads `./gunicorn.conf.py` by itself, with a dot. `gunicorn_conf.py`, `gunicorn_config.py` and files of other
//! directories are read only with `-c FILE` or `GUNICORN_CMD_ARGS="-c FILE"`. Without, their settings are lost: one sync worker,
//! under which every request to an ASGI application answers 500.
//!
//! ## Bad
//!
//! ```dockerfile Dockerfile:4
//! FROM python:3.12-slim
//! COPY . .
//! RUN pip install fastapi uvicorn gunicorn
//! CMD ["gunicorn", "main:app"]
//! ```
//!
//! ```python gunicorn_conf.py
//! bind = "0.0.0.0:8000"
//! worker_class = "uvicorn.workers.UvicornWorker"
//! ```
//!
//! ## Fixed
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY . .
//! RUN pip install fastapi uvicorn gunicorn
//! CMD ["gunicorn", "-c", "gunicorn_conf.py", "main:app"]
//! ```
//!
//! ```python gunicorn_conf.py
//! bind = "0.0.0.0:8000"
//! worker_class = "uvicorn.workers.UvicornWorker"
//! ```
//!
//! ## Good
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY . .
//! RUN pip install fastapi uvicorn gunicorn
//! CMD ["gunicorn", "main:app"]
//! ```
//!
//! ```python gunicorn.conf.py
//! bind = "0.0.0.0:8000"
//! worker_class = "uvicorn.workers.UvicornWorker"
//! ```

use crate::{facts::Deployment, readers::python::Settings, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(123, "file of settings that nothing loads", Severity::Error, explanation!("fc123.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn && !it.open)
        else {
            continue;
        };
        let arguments = |env: &crate::facts::Environment| env.get("GUNICORN_CMD_ARGS").is_some();
        if command.option("config").is_some()
            || application.settings.is_some()
            || arguments(&command.env)
            || arguments(&deployment.env)
        {
            continue;
        }
        let near = |path: &str| {
            application.nearby.iter().any(|directory| {
                let own = path.rsplit_once('/').map_or("", |(own, _)| own);
                own == directory
            })
        };
        for file in facts.settings.iter().filter(|it| near(&it.path) && !is_loaded(facts, &it.path)) {
            if let Some(finding) = finding(deployment, command, &file.path, &file.settings) {
                findings.add(deployment.sign(finding));
                break;
            }
        }
    }
}

/// Whether anything else names the file.
fn is_loaded(facts: &Facts, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_commands =
        facts.commands().any(|(_, command)| command.words.iter().any(|word| word.text.contains(name)));
    in_commands
        || facts
            .deployments
            .iter()
            .flat_map(|it| &it.env.variables)
            .any(|variable| variable.value.value().is_some_and(|value| value.contains(name)))
}

fn finding(deployment: &Deployment, command: &Command, path: &str, settings: &Settings) -> Option<Finding> {
    let lost =
        |setting: &str, option: &str| settings.get(setting).is_some() && command.option(option).is_none();
    let class = lost("worker_class", "worker-class");
    // Render binds by itself.
    let bind = lost("bind", "bind") && !deployment.native;
    let has_any = settings.get("worker_class").is_some() || settings.get("bind").is_some();
    let message = format!("nothing loads {path}");
    let finding = if class || bind {
        RULE.error(command.program_span, message)
    } else if has_any {
        RULE.warning(command.program_span, message)
    } else {
        return None;
    };
    let finding = finding.label("loads only ./gunicorn.conf.py by itself").happens(if class {
        "worker_class is lost: one sync worker, and every request to an ASGI application answers 500"
    } else {
        "its settings are lost, without a word"
    });
    Some(finding.help(format!("add -c {path}, or name the file gunicorn.conf.py")))
}
