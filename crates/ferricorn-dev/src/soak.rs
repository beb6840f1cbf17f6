//! `cargo dev soak`: random faults under load, for minutes; what was lost, and what the master has taken.
//!
//! Owns: the command line, what is shown, the page in `benches/results/`. Does not own: the faults and the judgement, which
//! are those of the end-to-end test (`ferricorn_test::soak`).

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use ferricorn_test::{
    Server, Verdict,
    soak::{self, Fault, Plan, Progress, Report},
};

use crate::{
    bench::{
        contender::Ground,
        report::{Machine, Page, Table},
    },
    failure::{Failure, panic_text},
    say::say,
    venv::Python,
    workspace::Workspace,
};

/// Requests per second. Two processors can do more; a soak needs spare time in which a hang differs from load.
const RATE: f64 = 100.0;

/// Deal random faults under load, and say what is lost and what the master takes
#[derive(Args, Debug, PartialEq)]
pub(crate) struct Arguments {
    /// How long, at most 10000
    #[arg(long, default_value_t = 10.0, value_name = "N", value_parser = minutes)]
    minutes: f64,
    /// Seed of the faults, as an earlier run has shown it; random by default
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes: &f64| (0.0..=10_000.0).contains(minutes));
    minutes.ok_or_else(|| "a number of minutes, such as 10".to_owned())
}

/// Soaks; fails if anything is not as it has to be.
pub(crate) fn run(asked: &Arguments) -> Result<ExitCode, Failure> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Short enough to be typed.
    let seed = asked.seed.unwrap_or(since_1970.as_secs() % 1_000_000);
    let workspace = Workspace::find()?;
    say("Preparing");
    let ground = Ground::prepare(&workspace, Python::find()?.venv(&workspace, "newest")?)?;
    let machine = Machine::look(&workspace, &ground)?;
    let command = format!("cargo dev soak --minutes {} --seed {seed}", asked.minutes);
    say(&format!("\nSoaking, to be repeated by `{command}`"));
    let plan = Plan { lasts: Duration::from_secs_f64(asked.minutes * 60.0), seed, rate: RATE };
    let soaked = catch_unwind(AssertUnwindSafe(|| {
        let builder = Server::command(&ground.ferricorn).python(ground.venv.program("python"));
        soak::run(soak::prepare(builder), plan, show)
    }));
    let report = soaked.map_err(|panic| Failure::new(panic_text(&*panic)))?;
    let log = ground.logs.join("soak.log");
    let written = fs::write(&log, &report.transcript);
    written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", log.display())))?;
    let page = page(&report, command);
    say(&format!("\n{}", page.tables()));
    for violation in &report.violations {
        say(&format!("  VIOLATED: {violation}"));
    }
    say(&format!("  {}\n  {}", page.write(&workspace, &machine, "soak")?, log.display()));
    Ok(if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(Progress { took, faults, answered, sample }: &Progress) {
    say(&format!(
        "  {:>4.0} s: {faults} faults, {answered} requests answered; master {}: {} KiB, {} descriptors",
        took.as_secs_f64(),
        sample.master,
        sample.resident_kib,
        sample.descriptors
    ));
}

fn page(report: &Report, command: String) -> Page {
    let method = format!(
        "The application is `crates/ferricorn-test/python/ledger.py`. Open-loop traffic of every shape, {RATE} requests a \
         second on kept and on new connections: GET, trickled bodies, streamed responses, server-sent events, WebSockets. \
         Clients are strict and never send a request again. The faults are a deck that is shuffled and dealt again and \
         again; in a third of the steps another worker dies or stands still in the middle. After each step the service has to \
         be whole again. A request may be lost only with a worker that a fault has ended: one that the worker had begun, one \
         that lay unread in its connection, or one that was sent there after its end, since these clients do not look whether a \
         connection was closed. The master's numbers are medians of the first and of the \
         last quarter of the samples after each step, without the first tenth, of the last master: there are no upgrades in \
         the second half."
    );
    let mut page = Page::new("Faults under load", method).made_by(command).run_in("a folder of its own");
    page.command(format!("ferricorn main:app --bind 127.0.0.1:0 {}", soak::LINE));
    page.table(verdicts(report));
    page.table(faults(report));
    page
}

fn verdicts(report: &Report) -> Table {
    let tally = &report.tally;
    let zero = |count: usize| (if count == 0 { "0: holds" } else { "0: MISSED" }).to_owned();
    let flat = |is_flat: bool| (if is_flat { "flat: holds" } else { "flat: MISSED" }).to_owned();
    let counted = |verdict| (tally.count(verdict).to_string(), zero(tally.count(verdict)));
    let (refused, errors, twice) =
        (counted(Verdict::Refused), counted(Verdict::ServerError), counted(Verdict::Duplicate));
    let faults: usize = report.faults.values().sum();
    let otherwise = tally.lost() - report.losses.total();
    let rows = [
        ("time", format!("{:.0} s", report.took.as_secs_f64()), String::new()),
        ("faults", faults.to_string(), String::new()),
        ("requests", tally.total().to_string(), String::new()),
        ("lost with a worker that had begun them", report.losses.begun.to_string(), String::new()),
        ("lost unread with the worker of their connection", report.losses.unread.to_string(), String::new()),
        ("sent on the connection of a worker that was gone", report.losses.late.to_string(), String::new()),
        ("lost otherwise", otherwise.to_string(), zero(otherwise)),
        ("refused", refused.0, refused.1),
        ("status 500 or more", errors.0, errors.1),
        ("begun twice", twice.0, twice.1),
        (
            "anything else that is not as it has to be",
            report.violations.len().to_string(),
            zero(report.violations.len()),
        ),
        ("masters, one after the other", report.masters.to_string(), String::new()),
        ("resident memory of the last master, KiB", report.memory.to_string(), flat(report.memory.is_flat())),
        ("its descriptors", report.descriptors.to_string(), flat(report.descriptors.is_flat())),
        (
            "afterwards: no child, no zombie, no descriptor more, exit code 0",
            "all hold".to_owned(),
            String::new(),
        ),
    ];
    let mut table = Table::new(["the soak", "", "target"]);
    for (name, found, target) in rows {
        table.row([name.to_owned(), found, target]);
    }
    table
}

fn faults(report: &Report) -> Table {
    let mut table = Table::new(["fault", "how often"]);
    for fault in Fault::ALL {
        let times = report.faults.get(&fault).copied().unwrap_or_default();
        table.row([fault.to_string(), times.to_string()]);
    }
    table
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

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        Line::try_parse_from(format!("soak {line}").split_whitespace()).map(|line| line.asked)
    }

    #[test]
    fn minutes_and_seed_can_be_given() {
        assert_eq!(read("").expect("fine"), Arguments { minutes: 10.0, seed: None });
        assert_eq!(read("--seed 7 --minutes 0.5").expect("fine"), Arguments { minutes: 0.5, seed: Some(7) });
        for line in ["--minutes", "--minutes ten", "--minutes -1", "--minutes 10001", "--seed x", "10"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
