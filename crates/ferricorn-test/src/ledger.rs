//! The application that notes what it was asked, and the reader of its notes.
//!
//! Each note is one `write` to a file opened with `O_APPEND`: it survives a SIGKILL of the worker, and notes of
//! several workers do not mix. A request that was begun and not ended is then known, and so is one begun twice.

use std::{collections::BTreeMap, fs, path::Path};

/// The source of the application.
pub const APP: &str = include_str!("../python/ledger.py");

/// The environment variable that names the ledger's file.
pub const VARIABLE: &str = "FERRICORN_TEST_LEDGER";

/// One note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// `startup`, `start`, `end`, `shutdown`.
    pub what: String,
    /// The request; `-` where there is none.
    pub id: String,
    /// The worker.
    pub pid: i32,
}

/// All notes in the order they were made.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The notes.
    pub notes: Vec<Note>,
}

impl Ledger {
    /// Reads the file; one that does not exist has no notes.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let note = |line: &str| {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap_or_else(|| panic!("a torn note: `{line}`"));
            let (what, id, pid) = (word().to_owned(), word().to_owned(), word());
            Note { what, id, pid: pid.parse().unwrap_or_else(|_| panic!("a torn note: `{line}`")) }
        };
        Self { notes: text.lines().map(note).collect() }
    }

    /// The workers that made a note of this kind, in order, each as often as it made one.
    pub fn pids(&self, what: &str) -> Vec<i32> {
        self.notes.iter().filter(|note| note.what == what).map(|note| note.pid).collect()
    }

    /// How many notes of this kind there are.
    pub fn count(&self, what: &str) -> usize {
        self.notes.iter().filter(|note| note.what == what).count()
    }

    /// Requests that were begun more than once.
    pub fn duplicates(&self) -> Vec<String> {
        self.requests("start")
            .into_iter()
            .filter(|(_, times)| *times > 1)
            .map(|(id, _)| id.to_owned())
            .collect()
    }

    /// The worker that began each request, the last one if there were several.
    pub fn begun_by(&self) -> BTreeMap<&str, i32> {
        let starts = self.notes.iter().filter(|note| note.what == "start" && note.id != "-");
        starts.map(|note| (note.id.as_str(), note.pid)).collect()
    }

    /// Requests that were begun and not ended.
    pub fn unfinished(&self) -> Vec<String> {
        let ended = self.requests("end");
        let begun = self.requests("start");
        begun.keys().filter(|id| !ended.contains_key(*id)).map(|id| (*id).to_owned()).collect()
    }

    fn requests(&self, what: &str) -> BTreeMap<&str, usize> {
        let mut times = BTreeMap::new();
        for note in self.notes.iter().filter(|note| note.what == what && note.id != "-") {
            *times.entry(note.id.as_str()).or_default() += 1;
        }
        times
    }
}
