//! After the stop signal the platform waits for a fixed time, then it kills. If the program itself may take as long, both
//! come at the same time: requests are cut that a shorter graceful timeout would have ended cleanly, and nothing after the
//! requests (closing of connections, last log lines) happens at all.
//!
//! Two seconds are kept for the rest of the shutdown. The platform's time is `maxShutdownDelaySeconds` on Render (30),
//! `kill_timeout` on Fly (5), `terminationGracePeriodSeconds` in Kubernetes (30), `TimeoutStopSec` in a unit (90), and 30 s
//! on Heroku.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --graceful-timeout 30
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --graceful-timeout 25
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --port $PORT --timeout-graceful-shutdown 50
//!     maxShutdownDelaySeconds: 60
//! ```

use std::cmp::Ordering;

use crate::rules::prelude::*;

pub(super) static RULE: Rule = Rule::new(
    302,
    "graceful timeout as long as the platform waits",
    Severity::Warning,
    explanation!("fc302.rs"),
    check,
);

/// What the rest of a shutdown takes, in seconds.
const REST: u64 = 2;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let (Some(given), Some(delay)) = (command.option("graceful-timeout"), deployment.kill_delay.value())
        else {
            continue;
        };
        let Some((seconds, span)) = given.value.known() else { continue };
        let Ok(seconds) = seconds.parse::<u64>() else { continue };
        // 0 is no wait at all.
        if seconds == 0 || seconds + REST <= *delay {
            continue;
        }
        let platform = deployment.platform.name();
        let name = given.spelling.long;
        let message = match seconds.cmp(delay) {
            Ordering::Less => {
                format!("--{name} {seconds} leaves less than {REST} s until {platform}'s SIGKILL")
            }
            Ordering::Equal => format!("--{name} {seconds} and {platform}'s SIGKILL come at the same time"),
            Ordering::Greater => format!("--{name} {seconds} is longer than {platform} waits"),
        };
        let finding = RULE
            .warning(given.span, message)
            .label(format!("{platform} kills {delay} s after the stop signal"))
            .happens("requests that are still running are cut, and nothing is shut down in order");
        let finding = match &deployment.kill_delay {
            Fact::Known(_, place) => finding.also(*place, "the platform's time"),
            Fact::Default(_, why) => finding.help(format!("{why}: the default is {delay} s")),
            Fact::Unknown(_) => finding,
        };
        let shorter = shorter(*delay);
        findings.add(deployment.sign(match shorter {
            Some(shorter) => finding.safe_fix(
                format!("write --{name} {shorter}"),
                vec![Edit::replace(span, shorter.to_string())],
            ),
            None => finding,
        }));
    }
}

/// Five seconds less, or what is left of a short time.
fn shorter(delay: u64) -> Option<u64> {
    match delay {
        10.. => Some(delay - 5),
        4..10 => Some(delay - REST),
        _ => None,
    }
}
