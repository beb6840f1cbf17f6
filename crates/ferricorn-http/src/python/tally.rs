//! What is counted of requests, in the memory that a worker shares with its master.
//!
//! Owns: the words for codes and durations of requests. Does not own: the layout, which Python gives (`talk/tally.py`), and
//! the other words of the tally, which Python writes.
//! Invariants: each word has one writer, so Python counts its own requests here as well; a word is stored whole, so the
//! counts are exact however the process ends; a forked child stores nothing.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::Guarded;

/// Codes that are counted.
const CODES: std::ops::RangeInclusive<u16> = 100..=599;

/// The classes of codes, 1 to 5, of which each has a histogram, and another one for responses that were streamed.
const CLASSES: usize = 5;

/// Counts requests.
#[pyclass(frozen, module = "_ferricorn_http")]
pub(super) struct Tally {
    /// The words as numbers, and the same memory as numbers of seconds. Both are indexed by word.
    words: Py<PyAny>,
    floats: Py<PyAny>,
    layout: Layout,
    /// `None` in a forked child.
    stored: Guarded<Option<Stored>>,
}

struct Layout {
    /// The word of the lowest code.
    codes: usize,
    histograms: usize,
    /// Words of a histogram: the sum, then a count for each cell.
    histogram_words: usize,
    /// The number of the histogram for the time to the first byte of streamed responses.
    first_byte: usize,
    /// Upper bounds of the cells, in seconds, but for the last cell, which has none.
    bounds: Vec<f64>,
}

/// What is in the memory. To read it there would cost as much as to write it.
struct Stored {
    words: Vec<u64>,
    sums: Vec<f64>,
}

/// When the parts of a request and its response were there.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// When its head was read.
    begun: Instant,
    /// When the head of its response was given.
    first: Option<Instant>,
    /// Whether the response came in more than one part.
    pub(super) streamed: bool,
    /// The code of the response; 0 while it has none.
    status: u16,
}

impl Times {
    /// Of a request that begins now.
    pub(super) fn begin() -> Self {
        Self { begun: now(), first: None, streamed: false, status: 0 }
    }

    /// Notes the code of the response, which begins now.
    pub(super) fn answer(&mut self, status: u16) {
        self.first = Some(now());
        self.status = status;
    }
}

#[expect(clippy::disallowed_methods, reason = "only the pure part of this crate is given the time")]
fn now() -> Instant {
    Instant::now()
}

#[pymethods]
impl Tally {
    #[new]
    #[pyo3(signature = (words, floats, *, codes, histograms, histogram_words, first_byte, bounds))]
    fn new(
        words: Py<PyAny>,
        floats: Py<PyAny>,
        codes: usize,
        histograms: usize,
        histogram_words: usize,
        first_byte: usize,
        bounds: Vec<f64>,
    ) -> Self {
        let count = histograms + (first_byte + 1) * histogram_words;
        let stored = Stored { words: vec![0; count], sums: vec![0.0; count] };
        let layout = Layout { codes, histograms, histogram_words, first_byte, bounds };
        Self { words, floats, layout, stored: Guarded::new(Some(stored)) }
    }

    /// Counts a request that took so many seconds; `first` is the time to the first byte of a streamed response.
    #[pyo3(signature = (status, took, first=None))]
    fn count(&self, py: Python<'_>, status: u16, took: f64, first: Option<f64>) -> PyResult<()> {
        if !CODES.contains(&status) {
            return Ok(());
        }
        let class = usize::from(status / 100) - 1;
        let streamed = if first.is_some() { CLASSES } else { 0 };
        self.add(py, self.layout.codes + usize::from(status - CODES.start()))?;
        self.note(py, class + streamed, took)?;
        first.map_or(Ok(()), |first| self.note(py, self.layout.first_byte, first))
    }

    /// Stores nothing any more: in a forked child.
    fn let_go(&self) {
        self.stored.with(|stored| *stored = None);
    }
}

impl Tally {
    /// Counts a request whose response is complete or will never be; one that has no code has this one.
    pub(super) fn finish(&self, py: Python<'_>, times: Times, otherwise: u16) -> PyResult<()> {
        let took = now().duration_since(times.begun);
        let status = if times.status == 0 { otherwise } else { times.status };
        let first = times.first.filter(|_| times.streamed).map(|first| first.duration_since(times.begun));
        self.count(py, status, took.as_secs_f64(), first.as_ref().map(Duration::as_secs_f64))
    }

    fn note(&self, py: Python<'_>, histogram: usize, seconds: f64) -> PyResult<()> {
        let sum = self.layout.histograms + histogram * self.layout.histogram_words;
        self.add(py, sum + 1 + self.layout.bounds.partition_point(|bound| *bound < seconds))?;
        let total = self.stored.with(|stored| {
            let total = stored.as_mut()?.sums.get_mut(sum)?;
            *total += seconds;
            Some(*total)
        });
        total.map_or(Ok(()), |total| self.floats.bind(py).set_item(sum, total))
    }

    fn add(&self, py: Python<'_>, word: usize) -> PyResult<()> {
        let count = self.stored.with(|stored| {
            let count = stored.as_mut()?.words.get_mut(word)?;
            *count += 1;
            Some(*count)
        });
        count.map_or(Ok(()), |count| self.words.bind(py).set_item(word, count))
    }
}
