//! One request and its response.
//!
//! Owns: the body that waits for the application, the response under way, the head that waits for the body behind it.
//! Does not own: the connection's order of requests (`turn`), waiting (Python's subclass).
//! Invariants: once it is complete or the client has gone, it no longer knows its connection; a head is held no longer
//! than the event loop's present pass.

use pyo3::{
    exceptions::PyRuntimeError,
    intern,
    prelude::*,
    types::{PyBytes, PyDict},
};

use super::{
    Connection, Guarded, Tally, connection,
    logged::{Addition, Logged},
    message,
    tally::Times,
};
use crate::{Body, Head, RequestBody, Version};

/// The largest body, in bytes, that is copied behind its head: to copy a larger one costs what a system call costs.
const JOINED: usize = 64 * 1024;

/// nginx's number for a request whose client has gone before there was a response.
const CLIENT_GONE: u16 = 499;

/// A request and its response. Python's subclass has the coroutines of ASGI, and `wake`.
#[pyclass(frozen, subclass, weakref, module = "_ferricorn_http")]
pub(super) struct Exchange {
    #[pyo3(get)]
    scope: Py<PyDict>,
    state: Guarded<State>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any order")]
struct State {
    connection: Option<Py<Connection>>,
    /// The first part of the body that the application has not taken, as it is most often the only one.
    first: Option<Py<PyBytes>>,
    /// The parts behind it.
    others: Vec<u8>,
    more_body: bool,
    told_end: bool,
    is_awaited: bool,
    expects_continue: bool,
    keep_alive: bool,
    version: Version,
    is_head: bool,
    /// Whether the application is in its first step, inside of which its response may be complete.
    in_first_step: bool,
    started: bool,
    complete: bool,
    disconnected: bool,
    body: Body,
    /// The head of the response until it is written.
    held: Option<Vec<u8>>,
    /// What is counted of it.
    times: Times,
    /// What its access line will say, if the line is written here.
    logged: Option<Logged>,
}

#[pymethods]
impl Exchange {
    #[new]
    fn new(connection: Py<Connection>, scope: Py<PyDict>) -> Self {
        let state = State {
            connection: Some(connection),
            first: None,
            others: Vec::new(),
            more_body: false,
            told_end: false,
            is_awaited: false,
            expects_continue: false,
            keep_alive: true,
            version: Version::Http11,
            is_head: false,
            in_first_step: false,
            started: false,
            complete: false,
            disconnected: false,
            body: Body::Dropped,
            held: None,
            times: Times::begin(),
            logged: None,
        };
        Self { scope, state: Guarded::new(state) }
    }

    #[getter]
    fn connection(&self, py: Python<'_>) -> Option<Py<Connection>> {
        self.state.with(|state| state.connection.as_ref().map(|connection| connection.clone_ref(py)))
    }

    #[getter]
    pub(super) fn response_started(&self) -> bool {
        self.state.with(|state| state.started)
    }

    #[getter]
    fn response_complete(&self) -> bool {
        self.state.with(|state| state.complete)
    }

    #[getter]
    fn disconnected(&self) -> bool {
        self.state.with(|state| state.disconnected)
    }

    #[getter]
    fn more_body(&self) -> bool {
        self.state.with(|state| state.more_body)
    }

    /// Ends the connection after this response.
    fn end_after(&self) {
        self.state.with(|state| state.keep_alive = false);
    }

    /// The next message for `receive`, or None if there is none yet; `wake` is called when there may be.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        if let Some(connection) = self.connection(py) {
            let connection = connection.bind(py);
            if self.state.with(|state| std::mem::take(&mut state.expects_continue)) {
                connection::write(connection, b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            connection::resume_reading(connection)?;
        }
        let taken = self.state.with(|state| {
            if state.disconnected || state.complete {
                return Some(None);
            }
            let has_some = state.first.is_some() || (!state.more_body && !state.told_end);
            if !has_some {
                state.is_awaited = true;
                return None;
            }
            state.told_end = !state.more_body;
            Some(Some((state.first.take(), std::mem::take(&mut state.others), state.more_body)))
        });
        let Some(taken) = taken else { return Ok(None) };
        let message = PyDict::new(py);
        let Some((first, others, more)) = taken else {
            message.set_item(intern!(py, "type"), intern!(py, "http.disconnect"))?;
            return Ok(Some(message));
        };
        message.set_item(intern!(py, "type"), intern!(py, "http.request"))?;
        message.set_item(intern!(py, "body"), joined(py, first, &others))?;
        message.set_item(intern!(py, "more_body"), more)?;
        Ok(Some(message))
    }

    /// Takes a message of `send`. False if it has to wait until the client has read more: it is not taken then.
    fn put(slf: &Bound<'_, Self>, message: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = slf.py();
        let this = slf.get();
        let (started, complete, disconnected) =
            this.state.with(|state| (state.started, state.complete, state.disconnected));
        let connection = this.connection(py).filter(|_| !complete);
        if connection.as_ref().is_some_and(|connection| connection.get().is_write_paused()) {
            return Ok(false);
        }
        this.note(message)?;
        if disconnected {
            return Ok(true);
        }
        let message = message::dictionary(message)?;
        let Some(connection) = connection else {
            let kind = message::kind_of(&message)?;
            return Err(PyRuntimeError::new_err(format!(
                "Unexpected ASGI message '{kind}' sent, after response already completed."
            )));
        };
        let connection = connection.bind(py);
        if started {
            message::expect(&message, intern!(py, "http.response.body"))?;
            this.send_body(slf, connection, &message)?;
        } else {
            message::expect(&message, intern!(py, "http.response.start"))?;
            this.send_start(slf, connection, &message)?;
        }
        Ok(true)
    }

    /// Begins its access line now, if that is written here. False if it is not.
    fn log_natively(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(connection) = self.connection(py) else { return Ok(false) };
        let Some(log) = &connection.get().wiring()?.server.get().access else { return Ok(false) };
        let logged = Logged::new(py, log)?;
        let _before = self.state.with(|state| state.logged.replace(logged));
        Ok(true)
    }

    /// Writes its access line, when the application has returned or raised an error.
    fn end_log(&self, py: Python<'_>, is_cancelled: bool) -> PyResult<()> {
        match self.state.with(|state| state.logged.take()) {
            Some(logged) => logged.finish(self.scope.bind(py), is_cancelled),
            None => Ok(()),
        }
    }

    /// Counts it, as its connection was lost before its response was complete.
    fn count_lost(&self, py: Python<'_>, tally: &Bound<'_, Tally>) -> PyResult<()> {
        tally.get().finish(py, self.state.with(|state| state.times), CLIENT_GONE)
    }

    /// Writes the head of the response if that still waits for its body.
    fn let_go(&self, py: Python<'_>) -> PyResult<()> {
        let (held, connection) = self.state.with(|state| {
            (state.held.take(), state.connection.as_ref().map(|connection| connection.clone_ref(py)))
        });
        match (held, connection) {
            (Some(held), Some(connection)) => connection::write(connection.bind(py), &held),
            _ => Ok(()),
        }
    }
}

impl Exchange {
    /// Notes what the head of the request says.
    pub(super) fn begin(&self, head: &Head<'_>) {
        self.state.with(|state| {
            state.version = head.version;
            state.is_head = head.method == "HEAD";
            state.keep_alive = head.framing.keep_alive;
            state.expects_continue = head.framing.expects_continue;
            state.more_body = head.framing.body != RequestBody::None;
        });
    }

    /// Notes that the application may take its first step now, inside of which the response may be complete.
    pub(super) fn enter_first_step(&self) {
        self.state.with(|state| state.in_first_step = true);
    }

    /// Notes that it has taken it, or will take it later. It may wait for long now, and the client must not.
    pub(super) fn leave_first_step(&self, py: Python<'_>) -> PyResult<()> {
        self.state.with(|state| state.in_first_step = false);
        self.let_go(py)
    }

    /// Adds a part of the body. How many bytes wait for the application.
    pub(super) fn add_body(slf: &Bound<'_, Self>, part: &[u8]) -> PyResult<usize> {
        let py = slf.py();
        let this = slf.get();
        if this.state.with(|state| state.complete || state.disconnected) {
            return Ok(0);
        }
        let is_first = this.state.with(|state| state.first.is_none());
        let made = is_first.then(|| PyBytes::new(py, part).unbind());
        let waiting = this.state.with(|state| {
            match made {
                Some(made) => state.first = Some(made),
                None => state.others.extend_from_slice(part),
            }
            state.first.as_ref().map_or(0, |first| first.as_bytes(py).len()) + state.others.len()
        });
        this.wake(slf)?;
        Ok(waiting)
    }

    /// Notes that the body is complete.
    pub(super) fn end_body(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().state.with(|state| state.more_body = false);
        slf.get().wake(slf)
    }

    /// Notes that the client has gone.
    pub(super) fn disconnect(slf: &Bound<'_, Self>) -> PyResult<()> {
        let _known = slf.get().state.with(|state| {
            state.disconnected = !state.complete;
            state.held = None;
            state.connection.take()
        });
        slf.get().wake(slf)
    }

    /// Notes what a message will say in the access line.
    fn note(&self, message: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = message.py();
        let log = self.state.with(|state| state.logged.as_ref().map(|logged| logged.log(py)));
        if let Some(log) = log {
            let addition = Addition::of(&message::dictionary(message)?, log.get());
            if let Some(status) = addition.status() {
                log.get().begin(self.scope.bind(py), status)?;
            }
            let _before = self.state.with(|state| state.logged.as_mut().and_then(|it| it.add(addition)));
        }
        Ok(())
    }

    fn wake(&self, slf: &Bound<'_, Self>) -> PyResult<()> {
        if self.state.with(|state| std::mem::take(&mut state.is_awaited)) {
            slf.call_method0(intern!(slf.py(), "wake"))?;
        }
        Ok(())
    }

    fn send_start(
        &self,
        slf: &Bound<'_, Self>,
        connection: &Bound<'_, Connection>,
        message: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        // Before anything that can be wrong with it: what follows would not be understood as another response.
        self.state.with(|state| {
            state.started = true;
            state.expects_continue = false;
        });
        let head = message::start(message, |head| connection::write_default_fields(connection, head))?;
        let must_close = connection::is_last(connection)?;
        let status = head.status();
        let in_first_step = self.state.with(|state| {
            let (held, body, keep) =
                head.finish(state.version, state.is_head, state.keep_alive && !must_close);
            state.held = Some(held);
            state.body = body;
            state.keep_alive = keep;
            state.times.answer(status);
            state.in_first_step
        });
        if in_first_step {
            return Ok(());
        }
        // The application may wait before its body, and the client must not.
        let let_go = slf.getattr(intern!(slf.py(), "let_go"))?;
        connection::call_soon(connection, &let_go)
    }

    fn send_body(
        &self,
        slf: &Bound<'_, Self>,
        connection: &Bound<'_, Connection>,
        message: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let (part, more) = message::body(message)?;
        let bytes = part.as_ref().map(message::bytes).transpose()?.unwrap_or_default();
        let (mut out, mut body) =
            self.state.with(|state| (state.held.take().unwrap_or_default(), state.body));
        let framed = if body.is_plain() && bytes.len() > JOINED {
            body.count(bytes.len()).map(|()| true)
        } else {
            body.part(&bytes, &mut out).map(|()| false)
        };
        let alone = framed.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        self.state.with(|state| {
            state.body = body;
            state.times.streamed |= more;
        });
        let ended = if more { Ok(()) } else { body.end(&mut out) };
        if !out.is_empty() {
            connection::write(connection, &out)?;
        }
        if let (true, Some(part)) = (alone, &part) {
            connection::write_object(connection, part)?;
        }
        ended.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        if more { Ok(()) } else { self.finish(slf, connection) }
    }

    fn finish(&self, slf: &Bound<'_, Self>, connection: &Bound<'_, Connection>) -> PyResult<()> {
        let (_known, keep, times) = self.state.with(|state| {
            state.complete = true;
            (state.connection.take(), state.keep_alive, state.times)
        });
        if let Some(tally) = &connection.get().wiring()?.server.get().tally {
            tally.get().finish(slf.py(), times, 0)?;
        }
        self.wake(slf)?;
        connection::finished(connection, keep)
    }
}

fn joined<'py>(py: Python<'py>, first: Option<Py<PyBytes>>, others: &[u8]) -> Bound<'py, PyBytes> {
    match first {
        Some(first) if others.is_empty() => first.into_bound(py),
        Some(first) => PyBytes::new(py, &[first.as_bytes(py), others].concat()),
        None => PyBytes::new(py, b""),
    }
}
