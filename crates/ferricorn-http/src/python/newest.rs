//! The newest requests of a worker, in memory that its master reads if the worker cannot speak.
//!
//! Owns: the number of each request. Does not own: the layout, and how a place is written (`reports/in_flight.py`, which
//! gives both).
//! Invariant: a request is there before any code of the application runs for it.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::{prelude::*, types::PyBytes};

/// A ring of places.
#[pyclass(frozen, module = "_ferricorn_http")]
pub(super) struct Newest {
    /// `struct.Struct.pack_into`, for the number, the method and the path.
    pack: Py<PyAny>,
    page: Py<PyAny>,
    places: u64,
    place_bytes: u64,
    begun: AtomicU64,
}

#[pymethods]
impl Newest {
    #[new]
    fn new(pack: Py<PyAny>, page: Py<PyAny>, places: u64, place_bytes: u64) -> Self {
        Self { pack, page, places: places.max(1), place_bytes, begun: AtomicU64::new(0) }
    }

    /// How many requests have begun.
    #[getter]
    fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Notes a request that begins.
    pub(super) fn note(
        &self,
        py: Python<'_>,
        method: &Bound<'_, PyBytes>,
        path: &Bound<'_, PyBytes>,
    ) -> PyResult<()> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let place = number % self.places * self.place_bytes;
        self.pack.bind(py).call1((&self.page, place, number, method, path)).map(|_| ())
    }
}
