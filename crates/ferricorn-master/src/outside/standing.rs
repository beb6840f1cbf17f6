//! What the service manager is sent while the service runs: a status line, reloads, signs of life.
//!
//! Owns: when something is worth a message, and its words (`sd_notify(3)`). Does not own: the socket (`manager`), the facts.
//!
//! Invariants: a line that says the same is not sent again; the watchdog is fed by a loop that has looked at the workers, so
//! that a master which hangs, or whose workers all do, is restarted.

use std::{
    env,
    time::{Duration, Instant},
};

use ferricorn_sys::clock;

use super::manager;

/// The least time between two lines about the service, unless something has changed.
const EVERY: Duration = Duration::from_secs(5);

/// The least time between two lines at all.
const LEAST: Duration = Duration::from_millis(500);

/// How much time a boot asks for, and how often.
const EXTENSION: Duration = Duration::from_secs(20);

/// How long a first boot without a limit of its own may ask for more. One that hangs is for the manager to end.
const FIRST_BOOT: Duration = Duration::from_secs(600);

/// What was sent so far.
pub(crate) struct Standing {
    line: String,
    told_at: Option<Instant>,
    /// Something has happened since then.
    changed: bool,
    /// How often the manager wants a sign of life; `None`: it does not.
    watchdog: Option<Duration>,
    fed_at: Option<Instant>,
    extended_at: Option<Instant>,
    /// The manager knows that the service is ready, and waits for no boot any more.
    is_ready: bool,
    is_reloading: bool,
}

impl Standing {
    /// Nothing was sent. `succeeds`: the variables were another master's before, and name its pid.
    pub(crate) fn new(succeeds: bool) -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let is_ours =
            succeeds || number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(ferricorn_sys::pid()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| *usec > 0 && is_ours);
        Self {
            line: String::new(),
            told_at: None,
            changed: true,
            // Twice as often, as the manager's documentation advises.
            watchdog: watchdog.map(|usec| Duration::from_micros(usec) / 2),
            fed_at: None,
            extended_at: None,
            is_ready: succeeds,
            is_reloading: false,
        }
    }

    /// Something has happened that changes the line.
    pub(crate) fn change(&mut self) {
        self.changed = true;
    }

    /// Whether a new line is due.
    pub(crate) fn is_due(&self) -> bool {
        let least = if self.changed { LEAST } else { EVERY };
        manager::exists() && self.told_at.is_none_or(|at| at.elapsed() >= least)
    }

    /// A new line will be there in a moment.
    pub(crate) fn begin(&mut self) {
        self.told_at = Some(Instant::now());
        self.changed = false;
    }

    /// Tells the line.
    pub(crate) fn tell(&mut self, line: String) {
        if self.line != line {
            manager::tell(&format!("STATUS={line}"));
            self.line = line;
        }
    }

    /// A reload begins. The time in the same message is what a manager since systemd 253 asks for.
    pub(crate) fn reload(&mut self) {
        self.is_reloading = true;
        manager::tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", clock::monotonic_nanos() / 1000));
    }

    /// It is over, whatever has come of it.
    pub(crate) fn reloaded(&mut self, line: &str) {
        if std::mem::take(&mut self.is_reloading) {
            line.clone_into(&mut self.line);
            manager::tell(&format!("READY=1\nSTATUS={line}"));
        }
    }

    /// Gives a sign of life when one is due.
    pub(crate) fn live(&mut self) {
        let Some(every) = self.watchdog else { return };
        if self.fed_at.is_none_or(|at| at.elapsed() >= every) {
            self.fed_at = Some(Instant::now());
            manager::tell("WATCHDOG=1");
        }
    }

    /// The service is ready.
    pub(crate) fn ready(&mut self) {
        self.is_ready = true;
        manager::tell("READY=1");
    }

    /// Asks for more time if the first boot continues: it has taken so much, and has a limit of its own, or none if zero.
    pub(crate) fn boot(&mut self, took: Duration, limit: Duration) {
        let limit = if limit.is_zero() { FIRST_BOOT } else { limit };
        if self.is_ready || took >= limit || !manager::exists() {
            return;
        }
        if self.extended_at.is_none_or(|at| at.elapsed() >= EXTENSION / 4) {
            self.extended_at = Some(Instant::now());
            manager::tell(&format!("EXTEND_TIMEOUT_USEC={}", EXTENSION.as_micros()));
        }
    }
}
