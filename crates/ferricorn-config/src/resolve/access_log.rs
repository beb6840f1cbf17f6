//! Whether there is an access log, and where: gunicorn names a destination, uvicorn has a switch.

use std::path::PathBuf;

use crate::{
    given::{Choices, Spoken, overrides, warn},
    options::Draft,
    settings::AccessLog,
};

/// gunicorn's destination and uvicorn's switch, of which the later one decides whether there is an access log. With
/// neither there is one if no option is gunicorn's: uvicorn has it on, and gunicorn off.
pub(crate) fn access_log(
    draft: &Draft,
    choices: &Choices,
    spoken: Spoken,
    warnings: &mut Vec<String>,
) -> AccessLog {
    let last = |name: &str| choices.get(name).and_then(|choices| choices.last());
    let file = match draft.access_file.as_deref() {
        None => None,
        Some("") => Some(AccessLog::Off),
        Some("-") => Some(AccessLog::Stdout),
        Some(path) => Some(AccessLog::File(PathBuf::from(path))),
    };
    match (file, draft.access_switch) {
        (None | Some(AccessLog::Off), Some(true)) => AccessLog::Stdout,
        (None, None) if !spoken.gunicorn && shows_by_default(draft) => AccessLog::Stdout,
        (None, _) => AccessLog::Off,
        (Some(file), None | Some(true)) => file,
        (Some(file), Some(false)) => {
            let (Some(named), Some(switched)) = (last("access-logfile"), last("access-log")) else {
                return file;
            };
            let off_wins = (switched.layer, switched.index) > (named.layer, named.index);
            if switched.layer == named.layer && file != AccessLog::Off {
                let (winner, loser) = if off_wins { (switched, named) } else { (named, switched) };
                warn(warnings, overrides(winner, loser));
            }
            if off_wins { AccessLog::Off } else { file }
        }
    }
}

/// uvicorn's lines are of level info, and a logging configuration of the user's says where they go, if anywhere.
fn shows_by_default(draft: &Draft) -> bool {
    let level = draft.log_level.as_deref();
    let configured = draft.logs.config.as_deref().is_some_and(|file| !file.is_empty());
    matches!(level, None | Some("trace" | "debug" | "info")) && !configured
}
