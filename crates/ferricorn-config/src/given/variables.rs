//! Settings in environment variables: those of platforms, uvicorn's, and ferricorn's own.
//!
//! * A platform's variable (`WEB_CONCURRENCY`) is weaker than anything else.
//! * `UVICORN_NAME` is what uvicorn makes of it, without its traps: Kubernetes sets `UVICORN_PORT=tcp://10.0.0.1:80` for
//!   a service called uvicorn, and `UVICORN_VERSION` means nothing here. Where the line speaks gunicorn's dialect only,
//!   gunicorn would not have read these variables, and neither do we.
//! * `FERRICORN_NAME` there is for every setting, under each of its names.
//!
//! An empty variable is one that is not set, as in uvicorn.

use super::{Given, Layer, Spoken, choose::warn};
use crate::{
    options::{self, Dialect, Spelling, Standing, Target},
    values::{Environment, Kind},
};

/// Variables of ferricorn that are not settings: it sets them for its workers and successors. Those of its tests begin
/// with `TEST_`.
const RESERVED: [&str; 4] = ["SLOT", "GENERATION", "UPGRADE", "LAUNCHER"];

/// What the variables say, weakest first. `spoken` is what all that was given otherwise speaks.
pub(crate) fn given(environment: &Environment, spoken: Spoken, warnings: &mut Vec<String>) -> Vec<Given> {
    let mut found = Vec::new();
    for entry in options::all() {
        if let Some((name, text)) = entry.variable.and_then(|name| Some((name, environment.get(name)?))) {
            let spelling = Spelling::first(entry);
            found.push(Given::variable(spelling, text.to_owned(), Layer::Default, name.to_owned()));
        }
    }
    for (rest, text) in environment.beginning("UVICORN_") {
        let name = rest.to_ascii_lowercase();
        let Some(spelling) = options::find_setting(&name).filter(uvicorns) else { continue };
        if text.is_empty() || is_of_kubernetes(text) || (is_service(rest)) {
            continue;
        }
        let variable = format!("UVICORN_{rest}");
        if spoken.gunicorn_alone() {
            let why = "the options are gunicorn's, which does not read it";
            warn(warnings, format!("the environment variable `{variable}` has no effect: {why}"));
            continue;
        }
        let texts = if spelling.entry.repeats {
            text.split_whitespace().map(str::to_owned).collect()
        } else {
            several(&spelling, text, char::is_whitespace)
        };
        for text in texts {
            found.push(Given::variable(spelling, text, Layer::UvicornVariable, variable.clone()));
        }
    }
    for (rest, text) in environment.beginning("FERRICORN_") {
        let ours = RESERVED.contains(&rest) || rest.starts_with("TEST_");
        if text.is_empty() || ours || is_of_kubernetes(text) || is_service(rest) {
            continue;
        }
        let name = rest.to_ascii_lowercase();
        let variable = format!("FERRICORN_{rest}");
        let Some(spelling) = options::find_setting(&name).filter(settable) else {
            let meant = options::nearest_setting(&name)
                .map(|near| format!("; did you mean `FERRICORN_{}`?", near.to_uppercase()));
            let meant = meant.unwrap_or_default();
            warn(warnings, format!("the environment variable `{variable}` is no setting{meant}"));
            continue;
        };
        let separators = |letter: char| letter.is_whitespace() || letter == ',';
        for text in several(&spelling, text, separators) {
            found.push(Given::variable(spelling, text, Layer::Variable, variable.clone()));
        }
    }
    found
}

/// The values of an option that may be given several times; headers and `NAME=VALUE` hold blanks of their own.
fn several(spelling: &Spelling, text: &str, separates: impl Fn(char) -> bool) -> Vec<String> {
    let entry = spelling.entry;
    if !entry.repeats || matches!(entry.kind, Kind::Header | Kind::Verbatim) {
        // A switch that turns something off says `no` by being there.
        return vec![if spelling.on { text.to_owned() } else { negated(text) }];
    }
    text.split(separates).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn negated(text: &str) -> String {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => "false".to_owned(),
        "0" | "false" | "f" | "no" | "n" | "off" => "true".to_owned(),
        _ => text.to_owned(),
    }
}

fn settable(spelling: &Spelling) -> bool {
    let entry = spelling.entry;
    let program = matches!(entry.standing, Standing::Supported(Target::Program));
    !matches!(entry.kind, Kind::Hook(_)) && (!program || matches!(entry.name(), "config" | "env-file"))
}

/// Whether uvicorn reads a variable of this name as this setting.
fn uvicorns(spelling: &Spelling) -> bool {
    let known = spelling.entry.spellings().any(|it| matches!(it.dialect(), Dialect::Uvicorn | Dialect::Both));
    known && settable(spelling)
}

/// The form of the variables that Kubernetes makes of a service.
fn is_of_kubernetes(text: &str) -> bool {
    ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme))
}

/// The names that Kubernetes makes of a service: `_SERVICE_HOST`, `_PORT_8000_TCP_ADDR`, `_PORT_53_UDP_PROTO`.
fn is_service(rest: &str) -> bool {
    rest.starts_with("SERVICE_")
        || rest
            .strip_prefix("PORT_")
            .is_some_and(|rest| ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| rest.contains(protocol)))
}
