//! Arguments, environment and defaults become one checked [`Settings`]. Pure over its inputs.
//!
//! Owns: the one table of options ([`options`]), the grammar of their values, and who wins ([`resolve()`]). Does not own:
//! the parsing of a command line into options, nor what is printed; that is the program's. Reads no file, no variable and
//! no clock.

mod access;
mod address;
mod bind;
mod choose;
mod directories;
mod draft;
mod env_file;
mod environment;
mod error;
mod expand;
mod file;
mod gather;
mod given;
mod log_config;
mod logs;
mod numbers;
pub mod options;
mod resolve;
mod rights;
mod secrets;
mod settings;
mod shell_words;
mod show;
mod spoken;
mod toml_file;
mod value;
mod variables;
mod worker_class;

pub use draft::Draft;
pub use environment::Environment;
pub use error::{ConfigError, Layer, Origin, Place, Problem};
pub use file::{FileContent, FileEntry, FileValue};
pub use given::Given;
pub use logs::{LogConfig, LogFormat, LogOptions, Statsd, Syslog, SyslogAddress};
pub use resolve::{DEFAULT_ACCESS_FORMAT, Facts, Input, Resolved, Task, resolve};
pub use rights::{Accounts, Rights};
pub use settings::{
    AccessLog, Bind, ListenWhen, LogLevel, MOST_WORKERS, PythonFile, PythonTarget, Settings, UvicornValue,
};
pub use shell_words::split;
pub use show::Shown;
pub use toml_file::read_toml;
pub use value::Value;
