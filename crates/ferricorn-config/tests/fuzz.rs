//! No text that anybody can type makes the settings panic: a bounded run with random and with nearly right words.

#![allow(clippy::unwrap_used, missing_docs)]

mod accounts;

use std::path::PathBuf;

use ferricorn_config::{Environment, Facts, Given, Input, Layer, options, read_toml, resolve, split};
use proptest::prelude::*;

/// Words that are nearly right: what parsers look for, put together at random.
fn nearly_right() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "0",
        "1",
        "8000",
        "65535",
        "65536",
        "99999999999999999999",
        "-1",
        "0x1f",
        "1e309",
        "NaN",
        "inf",
        ".",
        ":",
        "::",
        "[",
        "]",
        "[::1]",
        "unix:",
        "unix:@",
        "fd://",
        "tcp://",
        "http://",
        "localhost",
        "0.0.0.0",
        "/",
        "%",
        "40%",
        "s",
        "ms",
        "m",
        "h",
        "GiB",
        "MiB",
        "k",
        "auto",
        "$PORT",
        "${PORT:-8000}",
        "${",
        "}",
        "\"",
        "'",
        "\\",
        " ",
        "\t",
        "\n",
        "=",
        ",",
        "--",
        "-b",
        "--bind",
        "é",
        "\u{0}",
        "\u{202e}",
        "🦀",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => nearly_right(), 1 => any::<String>()]
}

fn resolved(given: Vec<Given>, environment: &[(&str, &str)]) {
    let environment: Environment = environment.iter().copied().collect();
    let facts = Facts {
        current_directory: PathBuf::from("/srv/app"),
        processors: 2,
        memory: None,
        is_directory: &|_| true,
        accounts: &accounts::Web { own: 0 },
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    let input = Input { app: Some("main:app".to_owned()), given, ..Input::default() };
    // Either is well; each error has its text.
    if let Err(error) = resolve(&input, &environment, &facts) {
        assert!(!error.to_string().is_empty());
        assert!((1..=4).contains(&error.exit_code()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_any_option_panics(value in text()) {
        for spelling in options::all().filter_map(|entry| options::find_long(entry.name())) {
            resolved(vec![Given::option(spelling, value.clone(), Layer::CommandLine)], &[]);
        }
    }

    #[test]
    fn no_variable_panics(port in text(), workers in text(), ips in text(), bind in text()) {
        let variables = [
            ("PORT", port.as_str()),
            ("WEB_CONCURRENCY", workers.as_str()),
            ("FORWARDED_ALLOW_IPS", ips.as_str()),
            ("FERRICORN_BIND", bind.as_str()),
        ];
        resolved(Vec::new(), &variables);
        let spelling = options::find_long("bind").expect("there is --bind");
        resolved(vec![Given::option(spelling, "0.0.0.0:$PORT".to_owned(), Layer::CommandLine)], &variables);
    }

    #[test]
    fn no_line_of_arguments_panics_when_it_is_split(line in text()) {
        if let Ok(words) = split(&line) {
            prop_assert!(words.concat().len() <= line.len());
        }
    }

    #[test]
    fn no_file_panics(content in text()) {
        let _either = read_toml("ferricorn.toml", &content);
    }
}
