//! Values that are refused: what is said, and that nothing panics.

use ferricorn_config::{
    Given, Layer,
    options::{self, Spelling},
};

use crate::*;

#[test]
fn a_bad_value_is_named_with_its_source() {
    let value =
        |text: &str, origin: &str, reason: &str| format!("invalid value `{text}` for {origin}: {reason}");
    for (line, environment, message, code) in [
        ("--workers 2", &[][..], "no application module specified".to_owned(), 1),
        ("a --workers x", &[], value("x", "`-w/--workers`", "not a whole number"), 2),
        ("a --timeout -1", &[], value("-1", "`-t/--timeout`", "below 0"), 1),
        (
            "a --timeout 0.4",
            &[],
            value("0.4", "`-t/--timeout`", "too short: workers show ten times a second that they live"),
            1,
        ),
        (
            "a --bind :80 --bind 0.0.0.0:80",
            &[],
            value("0.0.0.0:80", "`-b/--bind`", "`0.0.0.0:80` is given twice"),
            1,
        ),
        (
            "a --bind 127.0.0.1:80 --bind unix:a --bind :80",
            &[],
            value(":80", "`-b/--bind`", "`0.0.0.0:80` overlaps with `127.0.0.1:80`"),
            1,
        ),
        ("a --timeout-keep-alive 1.5", &[], value("1.5", "`--timeout-keep-alive`", "not a whole number"), 2),
        (
            "a --bind 1.2.3.4:99999",
            &[],
            value("1.2.3.4:99999", "`-b/--bind`", "`99999` is not a port number"),
            1,
        ),
        ("a --log-level loud", &[], value("loud", "`--log-level`", "not one of the choices"), 2),
        ("a --chdir /nope", &[], value("/nope", "`--chdir`", "no such directory"), 1),
        ("a --backlog 9999999999", &[], value("9999999999", "`--backlog`", "too large"), 1),
        (
            "a --worker-class gevent",
            &[],
            value("gevent", "`-k/--worker-class`", "not a class for ASGI applications"),
            1,
        ),
        ("a", &[("PORT", "x")], value("x", "the environment variable `PORT`", "not a port number"), 1),
        (
            "a",
            &[("WEB_CONCURRENCY", "")],
            value("", "the environment variable `WEB_CONCURRENCY`", "not a whole number"),
            1,
        ),
        ("a --port $PORT", &[], value("$PORT", "`--port`", "the variable `PORT` is not set"), 1),
        ("a --workers ${N:-x}", &[], value("x", "`-w/--workers`", "not a whole number"), 2),
        ("a --max-worker-memory 0.5", &[], value("0.5", "`--max-worker-memory`", "not a whole number"), 2),
        (
            "a --max-worker-memory 101%",
            &[],
            value("101%", "`--max-worker-memory`", "not a percentage from 1 to 100"),
            1,
        ),
    ] {
        assert_eq!(error(line, environment), (message, code), "{line}");
    }
    // What is overridden is not looked at.
    assert_eq!(settings("a --bind :1 --workers 2", &[("PORT", "x"), ("WEB_CONCURRENCY", "x")]).workers, 2);
}

/// Every option of the table with every one of these values: an answer or an error with a hint, never a panic.
#[test]
fn no_option_panics_whatever_its_value_is() {
    let values = [
        "",
        "0",
        "-1",
        "1e308",
        "99999999999999999999",
        "x",
        "é\u{0}",
        "$PORT",
        "${",
        ":",
        "[",
        "a:b",
        "unix:",
    ];
    for entry in options::all() {
        for text in values {
            let given = Given::option(Spelling::first(entry), text.to_owned(), Layer::CommandLine);
            if let Err(error) = run_given(Some("a"), &[given], &[]) {
                assert!(error.hint().is_some(), "`--{} {text}`: {error}", entry.name());
            }
        }
    }
}
