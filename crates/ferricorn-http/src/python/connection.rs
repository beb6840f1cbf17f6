//! One connection: its transport, its state, what waits on it.
//!
//! Owns: writing, pausing, deadlines, whether it is idle. Does not own: reading (`turn`), the response under way
//! (`exchange`), timers (Python's subclass, which asks for `deadline` when its timer fires).

use std::sync::OnceLock;

use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict},
};

use super::{Exchange, Guarded, Server, turn};
use crate::{Reader, ResponseHead};

/// Bytes that may wait for the application before the client has to wait.
pub(super) const HIGH_WATER: usize = 64 * 1024;

/// A connection. Python's subclass is the `asyncio.Protocol`.
#[pyclass(frozen, subclass, weakref, module = "_ferricorn_http")]
pub(super) struct Connection {
    wiring: OnceLock<Wiring>,
    wire: OnceLock<Wire>,
    pub(super) state: Guarded<State>,
}

/// What it is made with.
pub(super) struct Wiring {
    pub(super) server: Py<Server>,
    /// The class of requests, a subclass of `Exchange`.
    pub(super) exchange: Py<PyAny>,
    /// The state of the application.
    pub(super) app_state: Py<PyDict>,
    time: Py<PyAny>,
    call_soon: Py<PyAny>,
}

/// What it has from its transport.
pub(super) struct Wire {
    transport: Py<PyAny>,
    write: Py<PyAny>,
    is_closing: Py<PyAny>,
    /// What every scope of this connection says.
    pub(super) scope: Py<PyDict>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any order")]
pub(super) struct State {
    pub(super) reader: Reader,
    /// What has been received and not read.
    pub(super) unread: Vec<u8>,
    /// The latest request.
    pub(super) exchange: Option<Py<Exchange>>,
    /// Whether its response is under way.
    pub(super) is_answering: bool,
    /// Whether a turn is under way.
    pub(super) is_reading: bool,
    /// How many bytes the turn under way has still to read.
    pub(super) ahead: usize,
    /// Whether nothing is read any more: refused, handed over, or gone.
    pub(super) is_stopped: bool,
    pub(super) is_read_paused: bool,
    is_write_paused: bool,
    is_lost: bool,
    /// Whether the next response is the last one, unless a request waits behind it.
    is_last: bool,
    idle_until: Option<f64>,
    pub(super) head_until: Option<f64>,
    /// Whether nothing has ever come, so that `head_until` is the end of the wait for a first byte.
    is_fresh: bool,
    fires_at: f64,
}

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        let state = State {
            reader: Reader::new(crate::Limits::default()),
            unread: Vec::new(),
            exchange: None,
            is_answering: false,
            is_reading: false,
            ahead: 0,
            is_stopped: false,
            is_read_paused: false,
            is_write_paused: false,
            is_lost: false,
            is_last: false,
            idle_until: None,
            head_until: None,
            is_fresh: false,
            fires_at: f64::INFINITY,
        };
        Self { wiring: OnceLock::new(), wire: OnceLock::new(), state: Guarded::new(state) }
    }

    /// Says what it works with. `event_loop` has `time` and `call_soon`.
    fn prepare(
        &self,
        server: Bound<'_, Server>,
        exchange: Py<PyAny>,
        app_state: Py<PyDict>,
        event_loop: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.state.with(|state| state.reader = Reader::new(server.get().limits));
        let wiring = Wiring {
            server: server.unbind(),
            exchange,
            app_state,
            time: event_loop.getattr("time")?.unbind(),
            call_soon: event_loop.getattr("call_soon")?.unbind(),
        };
        // A second time would be a mistake of ours, and the first holds.
        let _ = self.wiring.set(wiring);
        Ok(())
    }

    /// Gives it its transport, and what every scope says.
    fn attach(slf: &Bound<'_, Self>, transport: &Bound<'_, PyAny>, scope: Py<PyDict>) -> PyResult<()> {
        let wire = Wire {
            transport: transport.clone().unbind(),
            write: transport.getattr("write")?.unbind(),
            is_closing: transport.getattr("is_closing")?.unbind(),
            scope,
        };
        let _ = slf.get().wire.set(wire);
        await_first(slf)
    }

    /// Reads what has come.
    fn data_received(slf: &Bound<'_, Self>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
        turn::take(slf, data.as_bytes())
    }

    /// Reads on in what has come before.
    fn go_on(slf: &Bound<'_, Self>) -> PyResult<()> {
        turn::take(slf, b"")
    }

    /// The latest request.
    #[getter]
    fn cycle(&self, py: Python<'_>) -> Option<Py<Exchange>> {
        self.state.with(|state| state.exchange.as_ref().map(|exchange| exchange.clone_ref(py)))
    }

    /// Whether a request waits for its response, or one is partly here, or one is here and not read.
    #[getter]
    fn is_busy(&self) -> bool {
        self.state.with(|state| {
            state.is_answering || state.is_reading || !state.unread.is_empty() || !state.reader.is_between()
        })
    }

    /// Whether a byte of a head is here that is not complete.
    #[getter]
    fn has_begun(&self) -> bool {
        self.state.with(|state| state.reader.is_between() && !state.unread.is_empty())
    }

    /// Whether the request under way is completely read and a byte of the next one is here.
    #[getter]
    fn has_more(&self) -> bool {
        self.state.with(|state| state.has_more())
    }

    /// Makes the next response the last one, unless a request waits behind it.
    fn announce_close(&self) {
        self.state.with(|state| state.is_last = true);
    }

    /// Reads nothing any more.
    fn stop_reading(&self) {
        self.state.with(State::stop);
    }

    fn pause_writing(&self) {
        self.state.with(|state| state.is_write_paused = true);
    }

    /// Notes that the client reads again.
    fn writing_resumed(&self) {
        self.state.with(|state| state.is_write_paused = false);
    }

    /// Notes that the connection is gone.
    fn lost(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let exchange = slf.get().state.with(|state| {
            state.stop();
            state.is_lost = true;
            state.is_write_paused = false;
            state.exchange.as_ref().map(|exchange| exchange.clone_ref(py))
        });
        exchange.map_or(Ok(()), |exchange| Exchange::disconnect(exchange.bind(py)))
    }

    /// When the connection ends if nothing comes, on the event loop's clock.
    #[getter]
    fn get_idle_until(&self) -> Option<f64> {
        self.state.with(|state| state.idle_until)
    }

    #[setter]
    fn set_idle_until(&self, until: Option<f64>) {
        self.state.with(|state| {
            state.touch();
            state.idle_until = until;
        });
    }

    /// When the head that has begun has to be complete, on the event loop's clock.
    #[getter]
    fn head_until(&self) -> Option<f64> {
        self.state.with(|state| state.head_until)
    }

    /// Notes when the timer fires, on the event loop's clock; infinity for never.
    #[setter]
    fn set_fires_at(&self, at: f64) {
        self.state.with(|state| state.fires_at = at);
    }

    #[getter]
    fn get_fires_at(&self) -> f64 {
        self.state.with(|state| state.fires_at)
    }
}

impl Connection {
    pub(super) fn wiring(&self) -> PyResult<&Wiring> {
        self.wiring
            .get()
            .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("the connection is not prepared"))
    }

    pub(super) fn wire(&self) -> PyResult<&Wire> {
        self.wire
            .get()
            .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("the connection has no transport"))
    }

    pub(super) fn is_write_paused(&self) -> bool {
        self.state.with(|state| state.is_write_paused)
    }
}

impl State {
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
        self.is_answering = false;
        self.unread = Vec::new();
        self.idle_until = None;
        self.head_until = None;
    }

    fn has_more(&self) -> bool {
        self.reader.is_between() && (self.ahead > 0 || !self.unread.is_empty())
    }

    /// Notes that something has come.
    pub(super) fn touch(&mut self) {
        self.idle_until = None;
        if std::mem::take(&mut self.is_fresh) {
            self.head_until = None;
        }
    }
}

/// Writes bytes, if the connection is still there.
pub(super) fn write(slf: &Bound<'_, Connection>, bytes: &[u8]) -> PyResult<()> {
    write_object(slf, PyBytes::new(slf.py(), bytes).as_any())
}

/// Writes an object that has bytes.
pub(super) fn write_object(slf: &Bound<'_, Connection>, object: &Bound<'_, PyAny>) -> PyResult<()> {
    // uvloop raises an error once the connection is lost.
    if !slf.get().state.with(|state| state.is_lost) {
        slf.get().wire()?.write.bind(slf.py()).call1((object,))?;
    }
    Ok(())
}

/// Calls this in the event loop's next pass.
pub(super) fn call_soon(slf: &Bound<'_, Connection>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
    slf.get().wiring()?.call_soon.bind(slf.py()).call1((callback,))?;
    Ok(())
}

/// Writes what the server says in every response.
pub(super) fn write_default_fields(slf: &Bound<'_, Connection>, head: &mut ResponseHead) -> PyResult<()> {
    let py = slf.py();
    let list = slf.getattr(intern!(py, "server_state"))?.getattr(intern!(py, "default_headers"))?;
    slf.get().wiring()?.server.get().write_fields(&list, head)
}

/// Whether the response that begins is to be the connection's last one.
pub(super) fn is_last(slf: &Bound<'_, Connection>) -> PyResult<bool> {
    let (is_last, has_more) = slf.get().state.with(|state| (state.is_last, state.has_more()));
    if !is_last || has_more {
        return Ok(false);
    }
    // Only the kernel knows of what has come and was not read yet.
    Ok(!slf.call_method0(intern!(slf.py(), "has_bytes"))?.is_truthy()?)
}

/// Lets the client send again.
pub(super) fn resume_reading(slf: &Bound<'_, Connection>) -> PyResult<()> {
    let resumes = slf.get().state.with(|state| {
        // What is here of the next request is more than enough.
        let is_full = state.reader.is_between() && state.unread.len() > HIGH_WATER;
        !is_full && std::mem::take(&mut state.is_read_paused)
    });
    if resumes {
        slf.get().wire()?.transport.call_method0(slf.py(), intern!(slf.py(), "resume_reading"))?;
    }
    Ok(())
}

/// Keeps the client from sending.
pub(super) fn pause_reading(slf: &Bound<'_, Connection>) -> PyResult<()> {
    if !slf.get().state.with(|state| std::mem::replace(&mut state.is_read_paused, true)) {
        slf.get().wire()?.transport.call_method0(slf.py(), intern!(slf.py(), "pause_reading"))?;
    }
    Ok(())
}

/// Goes on behind a complete response.
pub(super) fn finished(slf: &Bound<'_, Connection>, keep: bool) -> PyResult<()> {
    let py = slf.py();
    let wire = slf.get().wire()?;
    slf.get().state.with(|state| state.is_answering = false);
    let counted = slf.getattr(intern!(py, "server_state"))?;
    let requests: u64 = counted.getattr(intern!(py, "total_requests"))?.extract()?;
    counted.setattr(intern!(py, "total_requests"), requests + 1)?;
    let is_closing = wire.is_closing.bind(py).call0()?.is_truthy()?;
    if !keep {
        slf.get().state.with(State::stop);
        if !is_closing {
            wire.transport.call_method0(py, intern!(py, "close"))?;
        }
        return Ok(());
    }
    if is_closing {
        return Ok(());
    }
    resume_reading(slf)?;
    let (is_reading, has_more) = slf.get().state.with(|state| (state.is_reading, state.has_more()));
    if is_reading {
        // The turn that is under way goes on by itself.
        return Ok(());
    }
    if has_more {
        // Not at once: the next request must not run inside of this one, nor see its context.
        slf.call_method0(intern!(py, "go_on_soon"))?;
        return Ok(());
    }
    rest(slf)
}

/// Begins to wait for the next request.
pub(super) fn rest(slf: &Bound<'_, Connection>) -> PyResult<()> {
    let wiring = slf.get().wiring()?;
    let until = now(slf)? + wiring.server.get().keep_alive;
    let fires_at = slf.get().state.with(|state| {
        state.idle_until = Some(until);
        state.fires_at
    });
    arm(slf, until, fires_at)
}

/// Begins to wait for the first byte of a new connection, if there is a limit to heads.
///
/// A client that connects ahead (a browser, a proxy with a pool) may take as long for its first request as for any later
/// one: to close earlier would cost the request that is on its way.
fn await_first(slf: &Bound<'_, Connection>) -> PyResult<()> {
    let server = slf.get().wiring()?.server.get();
    if server.head_timeout <= 0.0 {
        return Ok(());
    }
    let until = now(slf)? + server.head_timeout.max(server.keep_alive);
    let fires_at = slf.get().state.with(|state| {
        state.is_fresh = true;
        state.head_until = Some(until);
        state.fires_at
    });
    arm(slf, until, fires_at)
}

/// Begins to wait for the rest of a head, if there is a limit to that.
pub(super) fn await_head(slf: &Bound<'_, Connection>) -> PyResult<()> {
    let limit = slf.get().wiring()?.server.get().head_timeout;
    if limit <= 0.0 || slf.get().state.with(|state| state.head_until.is_some()) {
        return Ok(());
    }
    let until = now(slf)? + limit;
    let fires_at = slf.get().state.with(|state| {
        state.head_until = Some(until);
        state.fires_at
    });
    arm(slf, until, fires_at)
}

fn arm(slf: &Bound<'_, Connection>, until: f64, fires_at: f64) -> PyResult<()> {
    // A timer that fires earlier looks then how much is left: a busy connection costs one timer in each such time.
    if until < fires_at {
        slf.call_method1(intern!(slf.py(), "arm"), (until,))?;
    }
    Ok(())
}

fn now(slf: &Bound<'_, Connection>) -> PyResult<f64> {
    slf.get().wiring()?.time.bind(slf.py()).call0()?.extract()
}
