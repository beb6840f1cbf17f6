//! Bad values: one clear error, gunicorn's exit code. The command line's own tests have the full list.

use ferricorn_test::{PATIENCE, turn};

use crate::ferricorn;

/// Runs to the end; exactly one line says what is wrong, and nothing else is started.
fn refuses(target: Option<&str>, line: &str, code: i32, names: &[&str]) {
    let _turn = turn::together();
    let server = ferricorn().target(target).no_bind().line(line).expect_error("").expect_stranger("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), code, "{line}");
    let lines = server.log().lines();
    let errors: Vec<_> =
        lines.iter().filter(|line| names.iter().all(|name| line.text.contains(name))).collect();
    assert_eq!(errors.len(), 1, "one line with all of {names:?}: {lines:#?}");
    assert_eq!(server.log().count("panicked"), 0);
    assert_eq!(server.log().count("Booting worker"), 0);
    server.finish();
}

#[test]
fn workers_that_are_no_number() {
    refuses(Some("main:app"), "--workers x", 2, &["Error", "--workers", "x"]);
}

#[test]
fn a_port_that_is_no_port() {
    refuses(Some("main:app"), "--bind 1.2.3.4:99999", 1, &["Error", "99999"]);
}

#[test]
fn a_negative_timeout() {
    refuses(Some("main:app"), "--timeout -1", 1, &["Error", "--timeout", "-1"]);
}

#[test]
fn an_unknown_option() {
    refuses(Some("main:app"), "--wrokers 2", 2, &["Error", "--wrokers"]);
}

#[test]
fn no_app() {
    refuses(None, "--workers 2", 1, &["Error", "application"]);
}
