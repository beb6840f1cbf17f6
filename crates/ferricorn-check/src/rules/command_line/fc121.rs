//! A shell replaces a `*` that stands alone by the names of all files in the directory. The option gets the first name, and
//! the server takes the second one for an argument.
//!
//! A `*` inside a word, as in `--forwarded-allow-ips=*`, stays as it is, because no file has such a name.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --proxy-headers --forwarded-allow-ips *
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --proxy-headers --forwarded-allow-ips '*'
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--forwarded-allow-ips", "*"]
//! ```
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --forwarded-allow-ips=*
//! ```

use crate::{readers::yaml::Style, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(121, "* that the shell replaces", Severity::Error, explanation!("fc121.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, line) in facts.lines() {
        let servers = line.commands.iter().filter(|it| it.program.is_server() && it.shell.is_some());
        for command in servers {
            let behind = command.words.iter().skip(command.program_word + 1);
            for word in behind.filter(|word| word.text == "*" && word.shell.glob().is_some()) {
                let finding = RULE
                    .error(word.span, "the shell replaces * by the names of the files")
                    .label("needs quotes")
                    .happens(format!("{} gets file names as arguments and exits 2", command.program.name()));
                let inside = command.wrappers.iter().any(|wrapper| wrapper.name.ends_with(" -c"));
                let fixable = !inside && line.written.style != Some(Style::Single);
                findings.add(deployment.sign(if fixable {
                    finding.safe_fix("write '*'", vec![Edit::replace(word.span, "'*'")])
                } else {
                    finding.help("put * in quotes")
                }));
            }
        }
    }
}
