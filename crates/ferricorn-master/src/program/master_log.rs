//! The master's part in its own log.
//!
//! Its form and its files are the program's.

use std::io;

use ferricorn_config::{LogLevel, Settings};

/// The log that the master's events go to.
pub trait MasterLog {
    /// Whether the names of levels on standard error are coloured, which holds for the workers' lines as well.
    fn colors(&self) -> bool;
    /// Whether it is shown on a terminal.
    fn is_terminal(&self) -> bool;
    /// Reopens its file (SIGUSR1). On an error the old one is kept.
    fn reopen(&mut self) -> io::Result<()>;
    /// Shows lines from this level on.
    fn set_level(&mut self, level: LogLevel);
    /// Opens what these settings need (SIGHUP), and changes nothing yet. `colors`: `None` means on a terminal. The
    /// error is the text of one line.
    fn prepare(&mut self, settings: &Settings, colors: Option<bool>) -> Result<NextLog, String>;
}

/// A log that is ready to take the place of the one that holds. Dropped, it closes what it has opened.
pub struct NextLog {
    /// Whether the names of levels on standard error are coloured.
    pub colors: bool,
    /// Takes the place.
    pub begin: Box<dyn FnOnce()>,
}
