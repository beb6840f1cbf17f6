//! Arguments, environment and defaults become one checked [`Settings`]. Pure over its inputs.
//!
//! Owns: the one table of options ([`options`]), the grammar of their values, and who wins ([`resolve()`]). Does not own:
//! the parsing of a command line into options, nor what is printed; that is the program's. Reads no file, no variable and
//! no clock.

pub mod command_line;
mod given;
pub mod options;
mod resolve;
mod settings;
mod show;
mod values;

pub use given::{
    Accounts, ConfigError, Facts, FileContent, FileEntry, FileValue, Given, Input, Layer, MemoryLimit,
    Origin, Place, complete, read_toml, split,
};
pub use options::Draft;
pub use resolve::{DEFAULT_ACCESS_FORMAT, Resolved, Task, resolve};
pub use settings::{
    AccessLog, Bind, ListenWhen, LogConfig, LogFormat, LogLevel, LogOptions, MOST_WORKERS, Metrics,
    NativeHttp, Preload, PythonFile, PythonTarget, Reload, ReloadEngine, Rights, Settings, Statsd,
    StatsdAddress, Syslog, SyslogAddress, UvicornValue, WorkerMemory,
};
pub use show::Shown;
pub use values::{Environment, Problem, Value};

#[cfg(test)]
mod tests {
    /// Clippy fails here if `clippy.toml` no longer forbids the clock: the expectation would not be met.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "shows that the list of forbidden calls is in force")]
    fn a_call_of_the_clock_is_a_lint() {
        let _ = std::time::Instant::now();
    }
}
