//! What the access line of a request under way will say.

use pyo3::{intern, prelude::*, types::PyDict};

use super::access::{AccessLog, Outcome};

/// Of an application that has raised an error, or has not answered.
const ERROR: u16 = 500;

/// nginx's number for a request whose client has closed the connection.
const CANCELLED: u16 = 499;

/// The response so far.
pub(super) struct Logged {
    log: Py<AccessLog>,
    started: f64,
    status: Option<u16>,
    size: u64,
    fields: Option<Py<PyAny>>,
}

/// What a message adds.
#[derive(Default)]
pub(super) struct Addition {
    head: Option<(u16, Option<Py<PyAny>>)>,
    size: u64,
}

impl Logged {
    /// Begins with a request.
    pub(super) fn new(py: Python<'_>, log: &Py<AccessLog>) -> PyResult<Self> {
        let started = log.get().clock(py)?;
        Ok(Self { log: log.clone_ref(py), started, status: None, size: 0, fields: None })
    }

    /// The log that it is for.
    pub(super) fn log(&self, py: Python<'_>) -> Py<AccessLog> {
        self.log.clone_ref(py)
    }

    /// Adds what a message has said. What it replaces is to be dropped outside of any lock.
    pub(super) fn add(&mut self, addition: Addition) -> Option<Py<PyAny>> {
        self.size += addition.size;
        let (status, fields) = addition.head?;
        self.status = Some(status);
        std::mem::replace(&mut self.fields, fields)
    }

    /// Writes the line.
    pub(super) fn finish(self, scope: &Bound<'_, PyDict>, is_cancelled: bool) -> PyResult<()> {
        let log = self.log.get();
        let status = match self.status {
            Some(status) => status,
            None if is_cancelled => CANCELLED,
            None => {
                log.begin(scope, ERROR)?;
                ERROR
            }
        };
        let seconds = log.clock(scope.py())? - self.started;
        log.record(scope, Outcome { status, size: self.size, seconds, fields: self.fields })
    }
}

impl Addition {
    /// The status, if a response begins with it.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|(status, _)| *status)
    }

    /// What a message says, whether or not the protocol will take it.
    pub(super) fn of(message: &Bound<'_, PyDict>, log: &AccessLog) -> Self {
        let py = message.py();
        let get = |key| message.get_item(key).ok().flatten();
        if let Some(status) = get(intern!(py, "status")) {
            let fields = log.shows_response().then(|| get(intern!(py, "headers")).map(Bound::unbind));
            return Self { head: status.extract().ok().map(|status| (status, fields.flatten())), size: 0 };
        }
        let size = get(intern!(py, "body")).and_then(|body| body.len().ok()).unwrap_or_default();
        Self { head: None, size: u64::try_from(size).unwrap_or_default() }
    }
}
