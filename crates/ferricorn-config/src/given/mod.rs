//! One option as it was given, whatever the place: a command line, a variable, a configuration file.

mod address;
mod choose;
mod error;
mod file;
mod gather;
mod input;
mod names;
mod shell_words;
mod spoken;
mod toml_file;
mod variables;

pub(crate) use address::{UVICORNS, decisive, place};
pub(crate) use choose::{Choice, Choices, overrides, value_error, warn};
pub use error::{ConfigError, Layer, Origin, Place};
pub use file::{FileContent, FileEntry, FileValue};
pub(crate) use gather::{Gathered, application_environment, gather};
pub use input::{Accounts, Facts, Input, MemoryLimit};
pub use names::complete;
pub use shell_words::split;
pub(crate) use spoken::Spoken;
pub use toml_file::read_toml;

use crate::{options::Spelling, values::Environment};

/// One option as it was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The option, under the name that was used.
    pub spelling: Spelling,
    /// Its value as typed; `true` or `false` for a switch.
    pub text: String,
    /// How strong it is.
    pub layer: Layer,
    /// Where it was given, for messages.
    pub origin: Origin,
}

impl Given {
    /// An option of the command line, or of `GUNICORN_CMD_ARGS`.
    pub fn option(spelling: Spelling, text: String, layer: Layer) -> Self {
        Self { spelling, text, layer, origin: Origin::Option(layer, spelling) }
    }

    /// Whether the value is one of its option's kind, without regard to anything else.
    pub fn check(&self) -> Result<(), ConfigError> {
        choose::read(self.spelling.entry.kind, &self.text, &self.origin, &Environment::default()).map(drop)
    }

    /// A value of an environment variable.
    pub(crate) fn variable(spelling: Spelling, text: String, layer: Layer, name: String) -> Self {
        Self { spelling, text, layer, origin: Origin::Variable(name) }
    }
}
