//! Tests that cannot show anything on this machine say so, instead of passing in silence.

use std::{
    env,
    fs::OpenOptions,
    io::{Write as _, stderr},
    thread,
};

/// The environment variable that names the file for the names of skipped tests, one on a line. `cargo dev` sets it.
pub const SKIPPED: &str = "FERRICORN_TEST_SKIPPED";

/// Logs that the calling test is skipped, and what it lacks. The table of faults
/// (`crates/ferricorn/tests/faults.toml`) says which tests may.
pub fn skip(missing: &str) {
    // The test runner names the thread after the test.
    let thread = thread::current();
    let name = thread.name().unwrap_or_default();
    // Not `eprintln`, which the runner shows only of tests that fail.
    let _ = stderr().write_all(format!("skipped: {name}: {missing}\n").as_bytes());
    if let Some(path) = env::var_os(SKIPPED) {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        written.expect("the file for skipped tests can be written");
    }
}
