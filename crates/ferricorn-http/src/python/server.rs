//! What all connections of a worker share.

use std::collections::HashMap;

use pyo3::{
    prelude::*,
    types::{PyBytes, PyList},
};

use super::{AccessLog, Guarded, Newest, Tally};
use crate::{Limits, ResponseHead, has_token};

/// Limit for names of header fields that are kept: browsers send some thirty, and a client must not fill the memory
/// with others.
const MOST_NAMES: usize = 256;

/// Of those names, in bytes.
const LONGEST_NAME: usize = 64;

/// Settings and caches.
#[pyclass(frozen, module = "_ferricorn_http")]
pub(super) struct Server {
    pub(super) limits: Limits,
    /// What stands before the path in `path` and `raw_path`: the root path since uvicorn 0.26.
    pub(super) prefix: String,
    /// In seconds.
    pub(super) keep_alive: f64,
    /// In seconds; 0 for no limit.
    pub(super) head_timeout: f64,
    /// What writes access lines, if that is done here.
    pub(super) access: Option<Py<AccessLog>>,
    /// What counts requests, if anything does.
    pub(super) tally: Option<Py<Tally>>,
    /// Where requests are noted as they begin, if anywhere.
    pub(super) newest: Option<Py<Newest>>,
    names: Guarded<HashMap<Vec<u8>, Py<PyBytes>>>,
    fields: Guarded<Option<DefaultFields>>,
}

/// The default fields of responses as they are written.
struct DefaultFields {
    /// What they were made of; uvicorn makes another list each second.
    list: Py<PyAny>,
    bytes: Vec<u8>,
    says_close: bool,
}

#[pymethods]
impl Server {
    /// A limit of 0 is none.
    #[allow(clippy::too_many_arguments, reason = "Python names each")]
    #[new]
    #[pyo3(signature = (*, prefix, keep_alive, head_timeout, head, request_line, fields, field, access=None, tally=None, newest=None))]
    fn new(
        prefix: String,
        keep_alive: f64,
        head_timeout: f64,
        head: usize,
        request_line: usize,
        fields: usize,
        field: usize,
        access: Option<Py<AccessLog>>,
        tally: Option<Py<Tally>>,
        newest: Option<Py<Newest>>,
    ) -> Self {
        let limit = |most: usize| if most == 0 { usize::MAX } else { most };
        let limits = Limits {
            head: limit(head),
            request_line: limit(request_line),
            fields: limit(fields),
            field: limit(field),
        };
        Self {
            limits,
            prefix,
            keep_alive,
            head_timeout,
            access,
            tally,
            newest,
            names: Guarded::default(),
            fields: Guarded::default(),
        }
    }
}

impl Server {
    /// The name of a header field in small letters.
    pub(super) fn name<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyBytes> {
        let mut buffer = [0; LONGEST_NAME];
        let Some(lower) = buffer.get_mut(..name.len()) else {
            return PyBytes::new(py, &name.to_ascii_lowercase().into_bytes());
        };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        if let Some(known) = self.names.with(|names| names.get(&*lower).map(|name| name.clone_ref(py))) {
            return known.into_bound(py);
        }
        let made = PyBytes::new(py, lower);
        let kept = made.clone().unbind();
        // What does not fit is dropped when the lock is free again.
        let _dropped = self.names.with(|names| {
            if names.len() < MOST_NAMES { names.insert(lower.to_vec(), kept) } else { Some(kept) }
        });
        made
    }

    /// Writes the default fields into a head. `list` is what they are now.
    pub(super) fn write_fields(&self, list: &Bound<'_, PyAny>, head: &mut ResponseHead) -> PyResult<()> {
        let is_written = self.fields.with(|fields| match fields {
            Some(known) if known.list.is(list) => {
                head.written(&known.bytes, known.says_close);
                true
            }
            _ => false,
        });
        if is_written {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let mut says_close = false;
        for field in list.try_iter()? {
            let (name, value): (Bound<'_, PyBytes>, Bound<'_, PyBytes>) = field?.extract()?;
            says_close |= name.as_bytes() == b"connection" && has_token(value.as_bytes(), b"close");
            bytes.extend([name.as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.written(&bytes, says_close);
        // Only a list is sure to say the same when it is asked again.
        if list.cast_exact::<PyList>().is_ok() {
            let made = Some(DefaultFields { list: list.clone().unbind(), bytes, says_close });
            let _before = self.fields.with(|fields| std::mem::replace(fields, made));
        }
        Ok(())
    }
}
