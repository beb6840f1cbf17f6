//! Versions of Python: which exist, and what servers want, as <https://www.python.org/downloads/> and the metadata of the
//! packages (`pip download`, `Requires-Python`) said on 2026-11-30.

use super::Origin;

/// Where this is from.
pub const ORIGIN: Origin = Origin {
    name: "python",
    holds: "versions of Python, and those that servers want",
    date: "2026-11-30",
    source: "https://www.python.org/downloads/, metadata of the packages",
};

/// A version of each line that exists.
pub const EXACT: [(&str, &str); 6] = [
    ("3.8", "3.8.18"),
    ("3.9", "3.9.18"),
    ("3.10", "3.10.13"),
    ("3.11", "3.11.11"),
    ("3.12", "3.12.8"),
    ("3.13", "3.13.2"),
];

/// A package, from which version on, and the second number of the Python that it then wants.
pub const LEAST: [(&str, &str, u64); 3] =
    [("uvicorn", "0.34.0", 9), ("uvicorn", "0.40.0", 10), ("gunicorn", "25.0.0", 10)];

/// The last line of Python 3 without security fixes.
pub const LAST_OLD: u32 = 9;
