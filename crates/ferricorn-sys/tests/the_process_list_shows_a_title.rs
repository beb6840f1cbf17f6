#![allow(clippy::unwrap_used, missing_docs)]

use std::{collections::BTreeMap, env, ffi::OsString, fs, process::Command};

use ferricorn_sys::title;

const INSIDE: &str = "TITLE_TEST_INSIDE";

/// A program of its own, since a test runner has threads and an unknown command line.
#[test]
fn the_process_list_shows_a_title() {
    if let Ok(what) = env::var(INSIDE) {
        return show(&what);
    }
    // Shorter than the command line, and much longer.
    for title in ["ferricorn: master [shop]".to_owned(), format!("ferricorn: master [{}]", "s".repeat(300))] {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_process_list_shows_a_title", "--nocapture", "--test-threads=1"])
            .env(INSIDE, &title)
            .env("AFTERWARDS", "x".repeat(1000))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn show(text: &str) {
    let before: BTreeMap<OsString, OsString> = env::vars_os().collect();
    for text in [text, "ferricorn: short", text] {
        title::set(text).unwrap();
        let line = String::from_utf8(fs::read("/proc/self/cmdline").unwrap()).unwrap();
        assert_eq!(line.trim_end_matches('\0'), text);
        assert_eq!(env::vars_os().collect::<BTreeMap<_, _>>(), before);
    }
}
