//! The access log, which is written when the application has returned.
//!
//! Owns: taking from the scope what a line says. Does not own: the line (`crate::access`), the file and whoever else wants to
//! know of requests (Python's `protocol.access_lines`).
//! Invariant: each request has one line, by one of the two ways.

use std::sync::Arc;

use pyo3::{
    exceptions::PyValueError,
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString, PyTuple},
};

use super::Guarded;
use crate::{Facts, Format, Json, Moment};

/// Writes the lines of one worker.
#[pyclass(frozen, module = "_ferricorn_http")]
pub(super) struct AccessLog {
    format: Format,
    json: Option<Json>,
    process: u32,
    /// Python's half, which says whether lines are written here, and makes those that are not.
    lines: Py<PyAny>,
    write: Py<PyAny>,
    /// Seconds since 1970.
    time: Py<PyAny>,
    /// Seconds, of which only differences count.
    clock: Py<PyAny>,
    second: Guarded<Arc<Second>>,
}

/// The texts of one second.
#[derive(Default)]
struct Second {
    number: i64,
    gunicorns: Vec<u8>,
    date: Vec<u8>,
    zone: Vec<u8>,
}

/// What a response has come to.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) size: u64,
    pub(super) seconds: f64,
    /// The fields of the response, as the application has given them.
    pub(super) fields: Option<Py<PyAny>>,
}

#[pymethods]
impl AccessLog {
    /// `who` is what JSON objects say of the worker; None for lines of text.
    ///
    /// Raises `ValueError` if the format is none that can be written here.
    #[new]
    fn new(
        lines: &Bound<'_, PyAny>,
        format: &str,
        who: Option<String>,
        process: u32,
        time: Py<PyAny>,
        clock: Py<PyAny>,
    ) -> PyResult<Self> {
        let format = Format::read(format).ok_or_else(|| PyValueError::new_err("the format is Python's"))?;
        let json = who.map(|who| Json::new(format.clone(), who));
        let write = lines.getattr("write")?.unbind();
        let lines = lines.clone().unbind();
        Ok(Self { format, json, process, lines, write, time, clock, second: Guarded::default() })
    }
}

impl AccessLog {
    /// Now, for how long a request takes.
    pub(super) fn clock(&self, py: Python<'_>) -> PyResult<f64> {
        self.clock.bind(py).call0()?.extract()
    }

    /// Whether the fields of responses are of interest.
    pub(super) fn shows_response(&self) -> bool {
        !self.format.response_fields().is_empty()
    }

    /// Tells who wants to know that a response begins, if anybody does.
    pub(super) fn begin(&self, scope: &Bound<'_, PyDict>, status: u16) -> PyResult<()> {
        let py = scope.py();
        let lines = self.lines.bind(py);
        if !lines.getattr(intern!(py, "is_plain"))?.is_truthy()? {
            lines.call_method1(intern!(py, "begin"), (scope, status))?;
        }
        Ok(())
    }

    /// Writes the line of a request, or has it written.
    pub(super) fn record(&self, scope: &Bound<'_, PyDict>, outcome: Outcome) -> PyResult<()> {
        let py = scope.py();
        let lines = self.lines.bind(py);
        if lines.getattr(intern!(py, "is_plain"))?.is_truthy()?
            && let Some(line) = self.line(scope, &outcome)?
        {
            self.write.bind(py).call1((PyBytes::new(py, &line),))?;
            return Ok(());
        }
        let fields = outcome.fields.unwrap_or_else(|| PyTuple::empty(py).into_any().unbind());
        let told = (scope, outcome.status, outcome.size, fields, outcome.seconds);
        lines.call_method1(intern!(py, "record"), told).map(|_| ())
    }

    /// The line with its end. `None` if something in it is unusual.
    fn line(&self, scope: &Bound<'_, PyDict>, outcome: &Outcome) -> PyResult<Option<Vec<u8>>> {
        let py = scope.py();
        let (second, microseconds) = self.now(py)?;
        let moment =
            Moment { gunicorns: &second.gunicorns, date: &second.date, microseconds, zone: &second.zone };
        Ok(self.written(scope, outcome, moment))
    }

    fn written(&self, scope: &Bound<'_, PyDict>, outcome: &Outcome, moment: Moment<'_>) -> Option<Vec<u8>> {
        let py = scope.py();
        let get = |key| scope.get_item(key).ok().flatten();
        let client = get(intern!(py, "client")).filter(|client| !client.is_none());
        let host = match &client {
            Some(client) => Some(client.get_item(0).ok()?.cast_into::<PyString>().ok()?),
            None => None,
        };
        let method = get(intern!(py, "method"))?.cast_into::<PyString>().ok()?;
        let path = get(intern!(py, "path"))?.cast_into::<PyString>().ok()?;
        let raw_path = get(intern!(py, "raw_path"))?.cast_into::<PyBytes>().ok()?;
        let query = get(intern!(py, "query_string"))?.cast_into::<PyBytes>().ok()?;
        let version = get(intern!(py, "http_version"))?.cast_into::<PyString>().ok()?;
        if raw_path.as_bytes().is_empty() {
            return None;
        }
        let asked = self.json.as_ref().map_or_else(|| self.format.request_fields(), Json::request_fields);
        let sent = get(intern!(py, "headers"))?;
        let request = Values::of(&sent, asked, false)?;
        let fields = outcome.fields.as_ref().map(|fields| fields.bind(py));
        let response = match fields {
            Some(fields) => Values::of(fields, self.format.response_fields(), true)?,
            None => Values::none(self.format.response_fields().len()),
        };
        let (sent, answered) = (request.bytes(), response.bytes());
        // Each may be a string that UTF-8 has no form for.
        let facts = Facts {
            client: host.as_ref().map(|host| host.to_str()).transpose().ok()?,
            method: method.to_str().ok()?,
            path: path.to_str().ok()?,
            raw_path: raw_path.as_bytes(),
            query: query.as_bytes(),
            version: version.to_str().ok()?,
            status: outcome.status,
            size: outcome.size,
            seconds: outcome.seconds,
            request: &sent,
            response: &answered,
        };
        let mut out = Vec::with_capacity(512);
        match &self.json {
            Some(json) => json.line(&facts, &request.repeated, moment, self.process, &mut out)?,
            None => self.format.line(&facts, moment, self.process, &mut out)?,
        }
        out.push(b'\n');
        Some(out)
    }

    /// The texts of this second, and the microseconds of it.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "seconds since 1970 fit, and so do the microseconds of one"
    )]
    #[allow(clippy::cast_sign_loss, reason = "no clock is before 1970")]
    fn now(&self, py: Python<'_>) -> PyResult<(Arc<Second>, u32)> {
        let now: f64 = self.time.bind(py).call0()?.extract()?;
        let number = now.floor() as i64;
        let microseconds = ((now - now.floor()) * 1_000_000.0) as u32;
        let known = self.second.with(|second| (second.number == number).then(|| Arc::clone(second)));
        if let Some(second) = known {
            return Ok((second, microseconds));
        }
        let (gunicorns, date, zone): (String, String, String) =
            self.lines.bind(py).call_method1(intern!(py, "texts_of"), (number,))?.extract()?;
        let second = Arc::new(Second {
            number,
            gunicorns: gunicorns.into_bytes(),
            date: date.into_bytes(),
            zone: zone.into_bytes(),
        });
        let _before = self.second.with(|kept| std::mem::replace(kept, Arc::clone(&second)));
        Ok((second, microseconds))
    }
}

/// The values of some fields.
struct Values<'py> {
    values: Vec<Option<Bound<'py, PyBytes>>>,
    repeated: Vec<bool>,
}

impl<'py> Values<'py> {
    fn none(count: usize) -> Self {
        Self { values: vec![None; count], repeated: vec![false; count] }
    }

    /// The last value of each of these names. `None` if the list is unusual.
    fn of(fields: &Bound<'py, PyAny>, names: &[Vec<u8>], in_any_case: bool) -> Option<Self> {
        let mut found = Self::none(names.len());
        if names.is_empty() {
            return Some(found);
        }
        for field in fields.cast::<PyList>().ok()?.iter() {
            let pair = field.cast::<PyTuple>().ok()?;
            let name = pair.get_borrowed_item(0).ok()?;
            let name = name.cast::<PyBytes>().ok()?;
            let given = name.as_bytes();
            let is_it = |wanted: &Vec<u8>| {
                wanted.len() == given.len()
                    && (wanted == given || in_any_case && wanted.eq_ignore_ascii_case(given))
            };
            if let Some(place) = names.iter().position(is_it) {
                found.repeated[place] = found.values[place].is_some();
                found.values[place] = Some(pair.get_item(1).ok()?.cast_into::<PyBytes>().ok()?);
            }
        }
        Some(found)
    }

    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method's trait is long to name")]
    fn bytes(&self) -> Vec<Option<&[u8]>> {
        self.values.iter().map(|value| value.as_ref().map(|value| value.as_bytes())).collect()
    }
}
