//! `cargo dev fuzz`: the properties of the HTTP reader, with other requests each time, until the time is up.
//!
//! Owns: how long. Does not own: the properties, nor the few thousand cases of each that every run of the tests has
//! (`crates/ferricorn-http/tests/reading/cuts.rs`).

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{failure::Failure, say::say, steps::loudly, workspace::Workspace};

/// Cases of each property in one run of the tests: some seconds.
const CASES: u64 = 50_000;

/// Look for bytes that break a property of the HTTP reader: a panic, a hang, a result that depends on how they are cut
#[derive(Args, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How long; the run under way is finished
    #[arg(default_value_t = 600)]
    seconds: u64,
}

/// Fuzzes; fails if a property does not hold, with the smallest bytes that show it.
pub(crate) fn run(asked: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let until = Instant::now() + Duration::from_secs(asked.seconds);
    let mut tried = 0;
    while tried == 0 || Instant::now() < until {
        let mut tests =
            workspace.cargo(["test", "--quiet", "--package", "ferricorn-http", "--test", "reading"]);
        tests.args(["--", "cuts::"]).env("PROPTEST_CASES", CASES.to_string());
        let (held, _) = loudly("cargo test", &mut tests)?;
        if !held {
            return Ok(ExitCode::FAILURE);
        }
        tried += CASES;
        say(&format!("{tried} cases of each property hold"));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        asked: Arguments,
    }

    #[test]
    fn the_time_can_be_given() {
        let read = |line: &str| Line::try_parse_from(line.split_whitespace()).map(|line| line.asked);
        assert_eq!(read("fuzz").expect("fine"), Arguments { seconds: 600 });
        assert_eq!(read("fuzz 60").expect("fine"), Arguments { seconds: 60 });
        assert!(read("fuzz ten").is_err());
    }
}
