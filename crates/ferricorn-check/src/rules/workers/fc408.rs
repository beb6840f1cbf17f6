//! gunicorn's workers show that they live by a file, in `/tmp` unless `--worker-tmp-dir` says otherwise. In a container
//! `/tmp` is a directory of the disk: if the disk stands still, the worker seems to hang and is killed. `/dev/shm` is
//! memory.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["gunicorn", "main:app", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["gunicorn", "main:app", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use crate::{finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(408, "heartbeat files on a disk", Severity::Advice, explanation!("fc408.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let container = matches!(deployment.platform, Platform::Docker | Platform::Kubernetes);
        let Some(command) = deployment.server().filter(|_| container) else { continue };
        let unset = command.program == Program::Gunicorn
            && application.number(deployment, command, "worker-tmp-dir").is_none();
        if unset {
            findings.add(
                deployment.sign(
                    RULE.advice(command.program_span, "gunicorn's workers show on a disk that they live")
                        .label("no --worker-tmp-dir")
                        .help("add --worker-tmp-dir /dev/shm"),
                ),
            );
        }
    }
}
