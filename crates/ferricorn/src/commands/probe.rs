//! `ferricorn probe`: whether the service lives, or is ready, for images without curl and pods without a second port.
//!
//! Owns: its part of the command line, the exit code. Does not own: what readiness is (the master), the conversation
//! (`ctl::client`).

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, error::ErrorKind};
use ferricorn_wire::control::{Request, Response};

use crate::{
    ctl::client::{self, Target},
    report, usage,
};

/// The word that makes a command line one of these.
pub const WORD: &str = "probe";

/// Runs `ferricorn probe ...`; the words are those after `probe`. Gives the exit code: 0 if it holds, 1 if not, 2 if the
/// words mean nothing.
pub fn run(words: &[OsString]) -> u8 {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return report::print(&error.render().to_string());
        }
        Err(error) => {
            report::error(&usage::complaint(&error, &command()));
            return 2;
        }
    };
    match client::ask(&Target::of(&matches), &Request::Observe) {
        // It has answered, so its loop runs: it restarts workers itself.
        Ok(Response::Observation(_)) if matches.get_flag("live") => report::print("ok\n"),
        Ok(Response::Observation(service)) => match service.not_ready {
            None => report::print("ready\n"),
            Some(why) => report::error(&why),
        },
        Ok(Response::Failed { text }) => report::error(&text),
        Ok(_) => report::error("the master is of a version that cannot be probed"),
        Err(failure) => {
            let hint = failure.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            report::error(&format!("{failure}{hint}"))
        }
    }
}

fn command() -> Command {
    let switch = |name: &'static str, other: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).conflicts_with(other).help(help)
    };
    client::with_target(Command::new("ferricorn probe"))
        .about("Exits with 0 if the service is ready, or lives, and with 1 if not")
        .arg(switch("ready", "live", "At least one worker serves and no stop has begun (the default)"))
        .arg(switch("live", "ready", "The master answers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_can_be_made() {
        command().debug_assert();
        assert!(command().try_get_matches_from(["--live", "--ready"]).is_err());
    }
}
