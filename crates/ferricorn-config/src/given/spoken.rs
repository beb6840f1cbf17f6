//! Which program's language the given options are in: gunicorn's, uvicorn's, or both.
//!
//! Names that both programs have decide nothing. A Python file and `GUNICORN_CMD_ARGS` are gunicorn's, whatever
//! is in them.

use super::{Given, Layer};
use crate::{options::Dialect, values::Environment};

/// What of both programs was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken {
    /// Something that gunicorn alone knows.
    pub(crate) gunicorn: bool,
    /// Something that uvicorn alone knows.
    pub(crate) uvicorn: bool,
}

impl Spoken {
    /// Looks at what was given. `python_file`: there is a configuration file in Python.
    pub(crate) fn by(given: &[Given], environment: &Environment, python_file: bool) -> Self {
        let said = |given: &&Given| given.layer != Layer::Development;
        let has = |dialect| given.iter().filter(said).any(|given| given.spelling.dialect() == dialect);
        let variable = environment.get("GUNICORN_CMD_ARGS").is_some()
            || given.iter().any(|given| given.layer == Layer::CommandVariable);
        Self { gunicorn: python_file || variable || has(Dialect::Gunicorn), uvicorn: has(Dialect::Uvicorn) }
    }

    /// Whether it is gunicorn's language alone.
    pub(crate) fn gunicorn_alone(self) -> bool {
        self.gunicorn && !self.uvicorn
    }
}
