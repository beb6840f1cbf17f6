//! `cargo dev …`: everything a developer does with the repository, on a machine that has just cargo and python3.
//!
//! Owns: the commands below and what they need (virtual environments, logs), all inside cargo's target folder.
//! Does not own: anything that is shipped.

mod bench;
mod ci;
mod demo;
mod docs;
mod extension;
mod failure;
mod faults;
mod fuzz;
mod layers;
mod licences;
mod outcomes;
mod say;
mod served;
mod ship;
mod soak;
mod steps;
mod suite;
mod tally;
mod test;
mod unsteady;
mod venv;
mod wheel;
mod workspace;

use std::process::ExitCode;

use clap::Parser;
use say::say;
use ship::{plots, pythons, release, site, uvicorns, vm};

/// Everything a developer does with the repository.
#[derive(Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev", arg_required_else_help = true)]
#[command(disable_help_subcommand = false, infer_subcommands = false)]
enum Command {
    Demo(demo::Arguments),
    Test(test::Arguments),
    /// Check formatting, lints, layers, licences, generated pages, documentation and the wheel
    Ci,
    /// Measure which crate and which room uses which, and check it against the plans
    Layers,
    Wheel(wheel::Arguments),
    Bench(bench::Arguments),
    Faults(faults::Arguments),
    Soak(soak::Arguments),
    Fuzz(fuzz::Arguments),
    Docs(docs::Arguments),
    Vm(vm::Arguments),
    Pythons(pythons::Arguments),
    Uvicorns(uvicorns::Arguments),
    Site(site::Arguments),
    LintRelease(release::Arguments),
    Plots(plots::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Layers => layers::run(),
        Command::Wheel(arguments) => wheel::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Vm(arguments) => vm::run(&arguments),
        Command::Pythons(arguments) => pythons::run(&arguments),
        Command::Uvicorns(arguments) => uvicorns::run(&arguments),
        Command::Site(arguments) => site::run(&arguments),
        Command::LintRelease(arguments) => release::run(&arguments),
        Command::Plots(arguments) => plots::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        say(&failure.to_string());
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Command as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn options_of_the_demo_go_to_ferricorn_with_and_without_dashes() {
        for words in
            [&["cargo dev", "demo", "--", "--workers", "3"][..], &["cargo dev", "demo", "--workers", "3"]]
        {
            let Ok(Command::Demo(arguments)) = Command::try_parse_from(words) else { panic!("{words:?}") };
            assert_eq!(arguments.options, ["--workers", "3"]);
        }
    }
}
