//! Reading: the bytes that have come become requests, one at a time.
//!
//! Owns: the order of requests on a connection. Does not own: running the application (Python's `start`).
//! Invariants: a request begins when the response before it is complete, so that responses keep their order and a client
//! that sends many ahead fills a buffer and not the memory; at most `MOST` requests run in one pass of the event loop.

use pyo3::{intern, prelude::*, types::PyBytes};

use super::{
    Connection, Exchange,
    connection::{self, HIGH_WATER, State},
    scope,
};
use crate::{Event, Head, Refusal, RequestBody, Step};

/// Requests of one connection that may run before others have their turn.
const MOST: usize = 16;

/// Reads what has come, or what was left if nothing has.
pub(super) fn take(slf: &Bound<'_, Connection>, data: &[u8]) -> PyResult<()> {
    enum Plan {
        Nothing,
        Keep { is_full: bool },
        Read(Option<Vec<u8>>),
    }
    let plan = slf.get().state.with(|state| {
        if state.is_stopped {
            return Plan::Nothing;
        }
        state.touch();
        if state.is_reading || state.is_answering && state.reader.is_between() {
            state.unread.extend_from_slice(data);
            return Plan::Keep { is_full: state.unread.len() > HIGH_WATER };
        }
        state.is_reading = true;
        if state.unread.is_empty() {
            return Plan::Read(None);
        }
        state.unread.extend_from_slice(data);
        Plan::Read(Some(std::mem::take(&mut state.unread)))
    });
    match plan {
        Plan::Nothing | Plan::Keep { is_full: false } => Ok(()),
        Plan::Keep { is_full: true } => connection::pause_reading(slf),
        Plan::Read(kept) => {
            let input = kept.as_deref().unwrap_or(data);
            let mut turn = Turn { connection: slf, input, at: 0, begun: 0, unstarted: None, is_cut: false };
            let outcome = turn.run();
            let (rest, is_cut) = (&input[turn.at..], turn.is_cut);
            slf.get().state.with(|state| {
                state.is_reading = false;
                state.ahead = 0;
                if !state.is_stopped && !rest.is_empty() {
                    state.unread.splice(..0, rest.iter().copied());
                }
            });
            outcome?;
            conclude(slf, is_cut)
        }
    }
}

/// Sees to what comes next when everything is read that can be.
fn conclude(slf: &Bound<'_, Connection>, is_cut: bool) -> PyResult<()> {
    let (is_stopped, is_answering, unread, is_between, is_partial) = slf.get().state.with(|state| {
        let is_partial = state.reader.is_between() && !state.unread.is_empty();
        (state.is_stopped, state.is_answering, state.unread.len(), state.reader.is_between(), is_partial)
    });
    if is_stopped {
        Ok(())
    } else if is_answering {
        if is_between && unread > HIGH_WATER { connection::pause_reading(slf) } else { Ok(()) }
    } else if is_partial {
        if is_cut {
            slf.call_method0(intern!(slf.py(), "go_on_soon"))?;
            return Ok(());
        }
        connection::await_head(slf)
    } else {
        connection::rest(slf)
    }
}

struct Turn<'a, 'py> {
    connection: &'a Bound<'py, Connection>,
    input: &'a [u8],
    at: usize,
    begun: usize,
    /// Whether requests are left for the next pass, because enough have begun in this one.
    is_cut: bool,
    /// A request that has not been started, since more of its body may be here.
    unstarted: Option<Bound<'py, Exchange>>,
}

impl<'a, 'py> Turn<'a, 'py> {
    fn run(&mut self) -> PyResult<()> {
        loop {
            let step = self.read();
            match step {
                None | Some(Step::More) => return self.start(),
                Some(Step::Refused(refusal)) => {
                    return self.refuse(refusal);
                }
                Some(Step::Event(Event::Head(head))) => {
                    if !self.begin(&head)? {
                        return Ok(());
                    }
                }
                Some(Step::Event(Event::Body(part))) => self.add_body(part)?,
                Some(Step::Event(Event::End)) => {
                    if let Some(exchange) = self.exchange() {
                        Exchange::end_body(&exchange)?;
                    }
                    self.start()?;
                }
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> PyResult<()> {
        let py = self.connection.py();
        let is_answering = self.connection.get().state.with(|state| {
            let is_answering = state.is_answering;
            state.stop();
            is_answering
        });
        // The middle of a body: the application sees that the request will not be complete.
        let unfinished = if is_answering { self.exchange() } else { None };
        let may_answer = unfinished.as_ref().is_none_or(|exchange| !exchange.get().response_started());
        if let Some(exchange) = unfinished {
            Exchange::disconnect(&exchange)?;
        }
        self.unstarted = None;
        let told = (refusal.status(), refusal.to_string(), may_answer);
        self.connection.call_method1(intern!(py, "refuse"), told).map(|_| ())
    }

    /// The next step, or None if the next request has to wait.
    fn read(&mut self) -> Option<Step<'a>> {
        let input = &self.input[self.at..];
        let enough = self.begun >= MOST && !input.is_empty();
        let read = self.connection.get().state.with(|state| {
            let waits = state.reader.is_between() && (state.is_answering || enough);
            (!state.is_stopped && !waits).then(|| state.reader.read(input))
        });
        self.is_cut = enough && read.is_none();
        let (taken, step) = read?;
        self.at += taken;
        Some(step)
    }

    fn exchange(&self) -> Option<Bound<'py, Exchange>> {
        let py = self.connection.py();
        let latest =
            self.connection.get().state.with(|state| state.exchange.as_ref().map(|it| it.clone_ref(py)));
        latest.map(|exchange| exchange.into_bound(py))
    }

    /// Makes the request that a head begins. False if its connection belongs to another protocol now.
    fn begin(&mut self, head: &Head<'_>) -> PyResult<bool> {
        let py = self.connection.py();
        let this = self.connection.get();
        let wiring = this.wiring()?;
        this.state.with(|state| state.head_until = None);
        self.begun += 1;
        let app_state = wiring.app_state.bind(py);
        let scope = scope::of(py, wiring.server.get(), this.wire()?.scope.bind(py), app_state, head)?;
        if let Some(protocol) = head.framing.upgrade
            && head.framing.body == RequestBody::None
            && head.method == "GET"
        {
            let rest = &self.input[self.at..];
            let offer = (&scope, head.target.raw.as_bytes(), protocol, rest);
            if self.connection.call_method1(intern!(py, "upgrade"), offer)?.is_truthy()? {
                this.state.with(State::stop);
                self.at = self.input.len();
                return Ok(false);
            }
        }
        if let Some(newest) = &wiring.server.get().newest
            && let Some(path) = scope.get_item(intern!(py, "raw_path"))?
        {
            newest.get().note(py, &PyBytes::new(py, head.method.as_bytes()), path.cast()?)?;
        }
        let made = wiring.exchange.bind(py).call1((self.connection, scope))?.cast_into::<Exchange>()?;
        made.get().begin(head);
        let kept = made.clone().unbind();
        let _before = this.state.with(|state| {
            state.is_answering = true;
            state.exchange.replace(kept)
        });
        self.unstarted = Some(made);
        if head.framing.body == RequestBody::None {
            self.start()?;
        }
        Ok(true)
    }

    fn add_body(&mut self, part: &[u8]) -> PyResult<()> {
        let Some(exchange) = self.exchange() else { return Ok(()) };
        if Exchange::add_body(&exchange, part)? > HIGH_WATER {
            connection::pause_reading(self.connection)?;
        }
        Ok(())
    }

    fn start(&mut self) -> PyResult<()> {
        let Some(exchange) = self.unstarted.take() else { return Ok(()) };
        let py = self.connection.py();
        let ahead = self.input.len() - self.at;
        self.connection.get().state.with(|state| state.ahead = ahead);
        exchange.get().enter_first_step();
        let started = self.connection.call_method1(intern!(py, "start"), (&exchange,));
        exchange.get().leave_first_step(py)?;
        started.map(|_| ())
    }
}
