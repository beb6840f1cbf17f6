//! `ferricorn ctl`: asks a running master, and shows what it answers.
//!
//! Owns: its part of the command line, and what the user reads. Does not own: the conversation ([`client`]), nor the
//! messages (`ferricorn-wire`). An application whose module is called `ctl` is started as `ferricorn ctl:app`.

pub(crate) mod client;

use std::{collections::BTreeSet, ffi::OsString, fmt::Write as _};

use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind, value_parser};
use ferricorn_config::{LogLevel, MOST_WORKERS};
use ferricorn_telemetry::metrics::Histogram;
use ferricorn_wire::control::{Request, Response, Status};

use crate::{report, usage};
use client::{Failure, Target};

/// The word that makes a command line one of these.
pub const WORD: &str = "ctl";

/// Runs `ferricorn ctl ...`; the words are those after `ctl`. Gives the exit code: 0 when it was done, 1 when not, 2 when
/// the words mean nothing.
pub fn run(words: &[OsString]) -> u8 {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => {
            return report::print(&error.render().to_string());
        }
        Err(error) => {
            report::error(&usage::complaint(&error, &command()));
            return 2;
        }
    };
    match ask(&matches) {
        Ok(Response::Done { text }) => report::print(&format!("{text}\n")),
        Ok(Response::Failed { text }) => report::error(&text),
        Ok(Response::Moved { pid }) => report::error(&format!("the service is on its way to pid {pid}")),
        Ok(Response::Text { text }) => report::print(&text),
        Ok(Response::Observation(observation)) => {
            report::print(&format!("{}\n", String::from_utf8_lossy(&ferricorn_wire::encode(&observation))))
        }
        Ok(Response::Status(status)) => report::print(&shown(&status, matches.subcommand())),
        Err(failure) => {
            let hint = failure.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            report::error(&format!("{failure}{hint}"))
        }
    }
}

fn ask(matches: &ArgMatches) -> Result<Response, Failure> {
    let target = Target::of(matches);
    let wait = |matches: &ArgMatches| matches.get_flag("wait");
    let request = match matches.subcommand() {
        Some(("reload", matches)) => Request::Reload { wait: wait(matches) },
        Some(("upgrade", matches)) => Request::Upgrade { wait: wait(matches) },
        Some(("stop", matches)) if wait(matches) => return client::stop_and_wait(&target),
        Some(("stop", _)) => Request::Stop,
        Some(("recycle", matches)) => Request::Recycle { slot: slot(matches) },
        Some(("dump", matches)) => Request::Dump { slot: slot(matches) },
        Some(("log-level", matches)) => {
            let level = matches.get_one("level").copied().unwrap_or(LogLevel::Info);
            Request::LogLevel { level: level.as_str().to_owned() }
        }
        Some(("scale", matches)) => {
            let workers = matches.get_one("workers").copied().unwrap_or(1);
            if wait(matches) {
                return client::scale_and_wait(&target, workers);
            }
            Request::Scale { workers }
        }
        _ => Request::Status,
    };
    client::ask(&target, &request)
}

fn slot(matches: &ArgMatches) -> u16 {
    matches.get_one("slot").copied().unwrap_or(0)
}

fn command() -> Command {
    let wait = || {
        Arg::new("wait")
            .long("wait")
            .action(ArgAction::SetTrue)
            .help("Wait for the outcome; exit with 1 if it failed")
    };
    let slot = || {
        Arg::new("slot")
            .value_name("SLOT")
            .required(true)
            .value_parser(value_parser!(u16))
            .help("The slot, from 0")
    };
    client::with_target(Command::new("ferricorn ctl"))
        .bin_name("ferricorn ctl")
        .about("Asks a running ferricorn")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("status")
                .about("Shows the master and its workers")
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As a JSON object")),
        )
        .subcommand(Command::new("reload").about("Replaces every worker, as HUP does").arg(wait()))
        .subcommand(
            Command::new("upgrade").about("Hands over to the program on disk, as USR2 does").arg(wait()),
        )
        .subcommand(Command::new("stop").about("Stops gracefully, as TERM does").arg(wait()))
        .subcommand(
            Command::new("recycle")
                .bin_name("ferricorn ctl recycle")
                .about("Replaces the worker of one slot, without loss")
                .arg(slot()),
        )
        .subcommand(
            Command::new("dump")
                .bin_name("ferricorn ctl dump")
                .about("Shows what the worker of one slot is doing: stacks, requests, tasks")
                .arg(slot()),
        )
        .subcommand(
            Command::new("log-level")
                .bin_name("ferricorn ctl log-level")
                .about("Changes the level of the log, of master and workers, until the next start")
                .arg(
                    Arg::new("level")
                        .value_name("LEVEL")
                        .required(true)
                        .value_parser(log_level)
                        .help(format!("The least severe level to log: {}", names_of_levels())),
                ),
        )
        .subcommand(
            Command::new("scale")
                .bin_name("ferricorn ctl scale")
                .about("Changes the number of workers")
                .arg(
                    Arg::new("workers")
                        .value_name("N")
                        .required(true)
                        .allow_negative_numbers(true)
                        .value_parser(number_of_workers)
                        .help("How many workers"),
                )
                .arg(wait()),
        )
}

/// At least one, as with gunicorn's TTOU: a service without workers is stopped, not scaled.
fn number_of_workers(word: &str) -> Result<u16, String> {
    let number = word.parse().ok().filter(|number| (1..=MOST_WORKERS).contains(number));
    number.ok_or_else(|| format!("give a whole number from 1 to {MOST_WORKERS}"))
}

fn log_level(word: &str) -> Result<LogLevel, String> {
    LogLevel::named(word).ok_or_else(|| format!("give one of {}", names_of_levels()))
}

fn names_of_levels() -> String {
    LogLevel::ALL.map(LogLevel::as_str).join(", ")
}

/// In how many slots a worker serves. A slot may have two workers for a moment: the second one is on probation, or is
/// told to serve before the first one is told to leave.
fn slots_ready(status: &Status) -> usize {
    let ready =
        status.workers.iter().filter(|worker| ["ready", "probation"].contains(&worker.stage.as_str()));
    ready.map(|worker| worker.slot).collect::<BTreeSet<_>>().len()
}

fn shown(status: &Status, command: Option<(&str, &ArgMatches)>) -> String {
    if command.is_some_and(|(_, matches)| matches.get_flag("json")) {
        return format!("{}\n", String::from_utf8_lossy(&ferricorn_wire::encode(status)));
    }
    let ready = slots_ready(status);
    let mut text = format!("ferricorn {}, master {}\n", status.version, status.pid);
    let addresses = status.addresses.join(", ");
    let _ = match (status.listening, addresses.as_str()) {
        (_, "") => writeln!(text, "not listening any more"),
        (true, _) => writeln!(text, "listening at {addresses}"),
        (false, _) => writeln!(text, "bound, not listening yet: {addresses}"),
    };
    let _ = write!(text, "generation {}, {ready} workers ready of {}", status.generation, status.target);
    let under_way = [
        (status.reloading, "a reload is under way"),
        (status.upgrading, "an upgrade is under way"),
        (status.frozen, "the last reload was rejected"),
        (status.stopping, "stopping"),
    ];
    for (_, words) in under_way.iter().filter(|(holds, _)| *holds) {
        let _ = write!(text, ", {words}");
    }
    if let Some(traffic) = status.traffic.as_ref().filter(|traffic| traffic.counted) {
        let times = Histogram::from_cells(&traffic.cells, traffic.seconds);
        let milliseconds =
            |share| times.quantile(share).map_or_else(|| "-".to_owned(), |it| format!("{:.1} ms", it * 1e3));
        let _ = write!(
            text,
            "\n{} requests, {} errors (5xx), p50 {}, p99 {}",
            traffic.requests(),
            traffic.errors(),
            milliseconds(0.5),
            milliseconds(0.99),
        );
    }
    text.push_str("\n\nslot      pid  generation  stage        requests  in flight  connections\n");
    for worker in &status.workers {
        let _ = writeln!(
            text,
            "{:>4}  {:>7}  {:>10}  {:<9}  {:>10}  {:>9}  {:>11}",
            worker.slot,
            worker.pid,
            worker.generation,
            worker.stage,
            worker.requests,
            worker.in_flight,
            worker.connections
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_can_be_made() {
        command().debug_assert();
    }

    #[test]
    fn strange_words_are_usage_errors() {
        for line in [
            "stat",
            "scale",
            "scale 0",
            "scale x",
            "scale 99999",
            "dump",
            "recycle x",
            "log-level",
            "log-level loud",
            "status --wait",
            "--pid 0 status",
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert!(command().try_get_matches_from(&words).is_err(), "{line}");
        }
    }
}
