//! PowerShell's `>` writes UTF-16, and editors on Windows end lines with a carriage return. Platforms read their files as
//! UTF-8: of a Procfile or a Dockerfile in UTF-16 they find no line. A carriage return becomes a part of the last word of a
//! line of a script: the kernel looks for a program `/bin/sh\r`, which is not there.
//!
//! Dockerfiles may end their lines with carriage returns, and pip reads requirements in UTF-16.
//!
//! ## Bad
//!
//! ```text Procfile:1 utf-16
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY start.sh /
//! CMD ["/start.sh"]
//! ```
//!
//! ```sh start.sh:1 crlf
//! #!/bin/sh
//! exec uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY start.sh /
//! CMD ["/start.sh"]
//! ```
//!
//! ```sh start.sh
//! #!/bin/sh
//! exec uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile crlf
//! FROM python:3.12-slim
//! COPY start.sh /
//! RUN sed -i 's/\r$//' /start.sh
//! CMD ["/start.sh"]
//! ```
//!
//! ```sh start.sh crlf
//! #!/bin/sh
//! exec uvicorn main:app --host 0.0.0.0
//! ```

use crate::{rules::prelude::*, sources::has_extension, text::Encoding, text::Source};

pub(super) static RULE: Rule =
    Rule::new(812, "encoding and line ends", Severity::Error, explanation!("fc812.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for finding in facts.sources.all_read().filter_map(|source| encoded(facts, source)) {
        findings.add(finding);
    }
    for script in facts.scripts.iter().filter(|script| !script.repaired) {
        findings_of_returns(facts.sources.get(script.file), findings);
    }
}

/// A file that is not read as what it is.
fn encoded(facts: &Facts, source: &Source) -> Option<Finding> {
    if source.encoding() == (Encoding::Utf8 { mark: false }) {
        return None;
    }
    let span = source.line(1);
    let name = source.name();
    let requirements = name.starts_with("requirements") && has_extension(name, "txt");
    let script = has_extension(name, "sh");
    let platform =
        name == "Procfile" || matches!(name, "render.yaml" | "render.yml") || facts.is_image(source.id());
    match source.encoding() {
        Encoding::Utf16 { .. } if platform || script => Some(
            RULE.error(span, format!("{name} is written in UTF-16"))
                .label("every second byte is no text")
                .happens("it is read as UTF-8, and none of its lines is understood")
                .help("save it as UTF-8 without a byte order mark"),
        ),
        Encoding::Utf16 { .. } if requirements => Some(
            RULE.advice(span, format!("{name} is written in UTF-16"))
                .happens("pip and uv read it, most other tools do not")
                .help("save it as UTF-8"),
        ),
        Encoding::Utf8 { mark: true } if script || name == "Procfile" => Some(
            RULE.error(span, format!("{name} begins with a byte order mark"))
                .label("three bytes stand in front of this")
                .happens("the mark becomes a part of the first word")
                .help("save it as UTF-8 without a byte order mark"),
        ),
        Encoding::Utf8 { mark: true } if platform => Some(
            RULE.advice(span, format!("{name} begins with a byte order mark"))
                .help("save it as UTF-8 without a byte order mark"),
        ),
        _ => None,
    }
}

/// Carriage returns at the ends of a script's lines: one finding for the file.
fn findings_of_returns(source: &Source, findings: &mut Findings) {
    let text = source.text();
    let returns: Vec<usize> = text.match_indices("\r\n").map(|(at, _)| at).collect();
    let Some(first) = returns.first() else { return };
    let span = source.line(source.line_of(source.span(*first..*first)));
    let edits = returns.iter().map(|at| Edit::delete(source.span(*at..at + 1))).collect();
    findings.add(
        RULE.error(span, format!("the lines of {} end with carriage returns", source.name()))
            .label("the carriage return belongs to the last word")
            .happens("the script fails at its first line: not found, or illegal option")
            .safe_fix("end the lines with \\n alone", edits),
    );
}
