//! `cargo dev bench`: what supervision costs, side by side with uvicorn's and gunicorn's in one run.
//!
//! Owns: the measurements of the product's speed and size, and of what it loses, their targets, and the pages in `benches/results/`.
//! Does not own: whether a target is kept; it says so and ends with success either way, because a busy machine is no
//! fault of the program.
//!
//! Theory of operation: all servers of a comparison run at the same time and take turns (A B C A B C …) in short rounds;
//! each round gives one ratio, and the median of the ratios counts. Processor time is preferred to time on the wall,
//! which other work on the machine disturbs more. Servers are restarted several times, because the layout of its
//! memory makes one process some percent faster than the next.

mod boot;
mod check;
pub(crate) mod contender;
mod cost;
mod dev;
mod instructions;
mod load;
mod loss;
mod memory;
mod new_connections;
mod preload;
mod process;
mod recycling;
pub(crate) mod report;
mod rivals;
mod server;
mod settings;
mod statistics;
mod stolen;
mod stops;

use std::process::ExitCode;

use clap::Args;
use contender::Ground;

use crate::{failure::Failure, say::say, venv::Python, workspace::Workspace};

type Measurement = fn(&Ground, Effort) -> Result<report::Page, Failure>;

/// The measurements by name, in the order in which they are made.
const MEASUREMENTS: [(&str, Measurement); 14] = [
    ("cpu", cost::cpu),
    ("instructions", instructions::measure),
    ("access", cost::access),
    ("connections", new_connections::measure),
    ("memory", memory::measure),
    ("preload", preload::measure),
    ("boot", boot::measure),
    ("settings", settings::measure),
    ("check", check::measure),
    ("loss", loss::measure),
    ("stops", stops::measure),
    ("recycling", recycling::measure),
    ("dev", dev::measure),
    ("rivals", rivals::measure),
];

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    /// How often the servers are started.
    starts: usize,
    /// How many rounds follow on each start.
    rounds: usize,
    /// How often each server is started to see how long that takes.
    boots: usize,
}

impl Effort {
    /// Whether `--quick` was given.
    fn is_quick(self) -> bool {
        self.starts == QUICK.starts
    }
}

const FULL: Effort = Effort { starts: 24, rounds: 10, boots: 30 };
const QUICK: Effort = Effort { starts: 3, rounds: 6, boots: 5 };

/// Compare with uvicorn and gunicorn, side by side in one run
#[derive(Args)]
pub(crate) struct Arguments {
    /// Which measurements to make; all of them by default
    #[arg(value_parser = MEASUREMENTS.map(|(name, _)| name), value_name = "NAME")]
    names: Vec<String>,
    /// Fewer rounds
    #[arg(long)]
    quick: bool,
}

/// Makes the measurements that are named, or all; shows each table and writes it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let effort = if arguments.quick { QUICK } else { FULL };
    let names: Vec<&str> = arguments.names.iter().map(String::as_str).collect();
    let workspace = Workspace::find()?;
    say("Preparing");
    let venv = Python::find()?.venv(&workspace, "bench")?;
    let ground = Ground::prepare(&workspace, venv)?;

    for (name, measure) in MEASUREMENTS {
        if names.is_empty() && name == "instructions" && !instructions::is_possible() {
            say("\nLeft out: instructions, which valgrind counts, and it is not here");
        } else if names.is_empty() && name == "stops" {
            // It is a scene of `loss`, with a name of its own for who wants nothing else.
        } else if names.is_empty() || names.contains(&name) {
            say(&format!("\nMeasuring {name}"));
            let machine = report::Machine::look(&workspace, &ground)?;
            let page = measure(&ground, effort)?;
            say(&page.tables());
            let written = page.write(&workspace, &machine, name)?;
            say(&format!("  {written}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
