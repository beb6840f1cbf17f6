//! The one place that writes to standard output.

use std::io::{Write as _, stdout};

/// Prints a line. A reader that has gone (`cargo dev test | head`) is no reason to stop the work.
pub(crate) fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
