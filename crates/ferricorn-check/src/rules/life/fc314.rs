//! supervisord or nginx beside the server in one container hide its end: the container looks well while the server is
//! away, and the stop signal goes to the other program, with its own idea of how long to wait.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["supervisord", "-n", "-c", "/etc/supervisord.conf"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["ferricorn", "main:app", "--bind", "0.0.0.0:8000"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM nginx:1.27
//! CMD ["nginx", "-g", "daemon off;"]
//! ```

use crate::{finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(314, "several programs in a container", Severity::Advice, explanation!("fc314.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for deployment in facts.deployments.iter().filter(|it| it.platform == Platform::Docker) {
        let Some(line) = deployment.line() else { continue };
        let serves = line.commands.iter().any(|it| it.program.is_server());
        for command in &line.commands {
            let Program::Other(name) = &command.program else { continue };
            let beside = match name.as_str() {
                "supervisord" => true,
                // `nginx -t` and `service nginx start` are seen by their words.
                "nginx" => serves,
                "service" => serves && command.words.iter().any(|word| word.text == "nginx"),
                _ => false,
            };
            if beside {
                findings.add(
                    deployment.sign(
                        RULE.advice(command.program_span, "several programs share the container")
                            .label("hides the end of the server")
                            .help("run one program in each container, and ferricorn as the server's master"),
                    ),
                );
            }
        }
    }
}
