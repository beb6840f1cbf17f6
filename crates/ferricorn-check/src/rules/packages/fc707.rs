//! uvicorn-worker 0.4 calls what uvicorn has since 0.36 only. With an older uvicorn, or a gunicorn below 21, pip finds no
//! set of versions that fits, or the workers do not start.
//!
//! ## Bad
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn_worker.UvicornWorker
//! ```
//!
//! ```text requirements.txt:2
//! gunicorn==23.0.0
//! uvicorn==0.34.0
//! uvicorn-worker==0.4.0
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
//! uvicorn==0.38.0
//! uvicorn-worker==0.4.0
//! ```
//!
//! ## Good
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

use crate::{readers::versions::Version, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(707, "uvicorn-worker beside an old server", Severity::Advice, explanation!("fc707.rs"), check);

/// What uvicorn-worker wants from this version on.
const WORKER: [u64; 2] = [0, 4];
const WANTS: [(&str, [u64; 2]); 2] = [("uvicorn", [0, 36]), ("gunicorn", [21, 0])];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let packages = &application.packages;
        let Some((worker, place)) = packages.version("uvicorn-worker") else { continue };
        if *worker < Version::release(&WORKER) {
            continue;
        }
        for (name, least) in WANTS {
            let Some((version, span)) = packages.version(name) else { continue };
            let least = Version::release(&least);
            if *version < least {
                findings.add(
                    deployment.sign(
                        RULE.advice(span, format!("uvicorn-worker {worker} wants {name} {least} or newer"))
                            .label(format!("{name} {version}"))
                            .also(place, "this version")
                            .help(format!("raise {name}, or take uvicorn-worker 0.3.0")),
                    ),
                );
            }
        }
    }
}
