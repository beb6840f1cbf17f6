//! The harness of the end-to-end tests: the real program, a free port, a temporary folder, and evidence.
//!
//! Owns: starting and stopping the program ([`Server`]), what it logged ([`LogBook`]), what `/proc` says about its
//! processes ([`processes`]), strict clients ([`http`], [`websocket`]), a [`browser`], load with a verdict per request ([`load`]), runs
//! that have to lose nothing ([`trial`]) over what is [`planned`] and the application that notes what it was asked ([`ledger`]). Does not own: what is right; the tests say that.
//!
//! Invariants:
//! * Nothing waits for a time to pass: everything waits for evidence (a log line, an answer, an exit), with a limit.
//! * No client retries. A request is lost when its client wrote a byte and got no complete answer.
//! * After every test ([`Server::finish`], and otherwise on drop) nothing of the program is left: no process, no
//!   zombie, no log line that cannot be parsed, no error in the log that the test did not announce.
//! * When a test fails, the command and everything the program said are printed.

pub mod browser;
pub mod capacity;
pub mod control;
pub mod http;
pub mod layout;
pub mod ledger;
pub mod load;
pub mod log;
pub mod planned;
pub mod processes;
pub mod server;
pub mod soak;
pub mod stops;
pub mod tls;
pub mod trial;
pub mod turn;
pub mod websocket;

mod builder;
mod control_group;
mod deploy;
mod exit;
mod hung_mount;
mod limits;
mod skip;

pub use browser::Browser;
pub use builder::{Builder, free_port, libraries, python, repository};
pub use control_group::{ControlGroup, Resource};
pub use deploy::Deployed;
pub use exit::Exit;
pub use http::{Address, Connection, Response, Verdict};
pub use hung_mount::HungMount;
pub use limits::{eventually, within};
pub use load::{Load, Mix, Tally};
pub use log::{Entry, Line, LogBook, Source};
pub use planned::Planned;
pub use server::{PATIENCE, Server};
pub use skip::{SKIPPED, skip};
pub use stops::{Amid, Stops};
pub use trial::Trial;
