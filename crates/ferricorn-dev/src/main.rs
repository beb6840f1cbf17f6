//! `cargo dev …`: everything a developer does with the repository, on a machine that has just cargo and python3.
//!
//! Owns: the commands below and what they need (virtual environments, logs), all inside cargo's target folder.
//! Does not own: anything that is shipped.

mod bench;
mod ci;
mod demo;
mod docs;
mod failure;
mod faults;
mod layers;
mod licences;
mod outcomes;
mod say;
mod served;
mod soak;
mod steps;
mod suite;
mod tally;
mod test;
mod venv;
mod wheel;
mod workspace;

use std::process::ExitCode;

use failure::Failure;
use say::say;

const USAGE: &str = "\
Usage: cargo dev COMMAND

  demo [-- OPTIONS]   serve examples/fastapi on 2 supervised workers; OPTIONS go to ferricorn
  test [FILTER...]    every test, Rust and Python, on the newest and the oldest uvicorn
  ci                  formatting, lints, layers, licences, the wheel, the documentation
  wheel [--check]     build the wheel; --check installs it into an empty environment and serves from it
  bench [NAME...]     compare with uvicorn and gunicorn: cpu, access, connections, memory, boot, settings,
                      loss; --quick: fewer rounds
  faults [F01...]     inject the faults that were thought of, all or these, and write docs/reliability.md
  soak [--minutes N] [--seed N]
                      random faults under load for 10 minutes, or N; what is lost, what the master takes
  docs [--check]      write the generated pages; --check only compares them";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    match run(&command, &rest) {
        Ok(code) => code,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, rest: &[String]) -> Result<ExitCode, Failure> {
    match command {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "ci" => ci::run(rest),
        "bench" => bench::run(rest),
        "wheel" => wheel::run(rest),
        "faults" => faults::run(rest),
        "soak" => soak::run(rest),
        "docs" => docs::run(rest),
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            Err(Failure::new(format!("unknown command `{command}`"))
                .hint("`cargo dev help` lists the commands"))
        }
    }
}
