//! The end-to-end tests: the real program, real workers, real sockets. One module per behaviour.
//!
//! Every test takes its turn first (`together` or `alone`), waits for evidence with a limit, and ends with
//! `Server::finish`, which checks that nothing is left behind.

mod app_loggers;
mod bad_values;
mod balance;
mod config_reload;
mod control;
mod control_groups;
mod courtesy;
mod crash;
mod daemons;
mod deaths;
mod deploy;
mod developing;
mod endings;
mod farewell;
mod faults;
mod first_start;
mod front;
mod hang;
mod hooks;
mod hung_device;
mod inherits;
mod interpreter;
mod journal;
mod logs;
mod loss;
mod master_reload;
mod metrics;
mod module_form;
mod native;
mod offsets;
mod page;
mod pid1;
mod pid_file;
mod preload;
mod preload_savings;
mod proxies;
mod recycle;
mod releases;
mod retire;
mod rights;
mod scale;
mod serve;
mod signals;
mod soak;
mod sockets;
mod start_and_stop;
mod stops;
mod stored_sockets;
mod systemd;
mod terminal;
mod tls;
mod top;
mod upgrade;
mod upgrade_in_place;

use ferricorn_test::{Builder, Server};

/// The program that is tested.
const PROGRAM: &str = env!("CARGO_BIN_EXE_ferricorn");

/// A run of the program with the ledger application, or another.
fn ferricorn() -> Builder {
    Server::command(PROGRAM)
}
