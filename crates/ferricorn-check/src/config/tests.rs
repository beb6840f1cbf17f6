use std::collections::BTreeMap;

use super::*;
use crate::{Report, check_with};

const SERVICE: &str = "services:\n  - type: web\n    name: api\n    runtime: python\n    startCommand: uvicorn main:app --port $PORT --host 0.0.0.0 --preload\n";

fn report(files: &[(&str, &str)], given: &Config) -> Report {
    let own = [("render.yaml", SERVICE)];
    let tree: BTreeMap<String, Vec<u8>> =
        own.iter().chain(files).map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    check_with(&tree, given)
}

fn wanted(report: &Report) -> Vec<String> {
    let path = |it: &Finding| report.facts.sources.get(it.primary.span.file).path().to_owned();
    let wanted = report.findings.iter().filter(|it| report.facts.config.wants(it, &path(it)));
    wanted.map(|it| it.id.to_string()).filter(|id| id == "FC101" || id == "FC603").collect()
}

#[test]
fn the_first_file_with_the_table_counts() {
    let none = Config::default();
    assert_eq!(wanted(&report(&[], &none)), ["FC101"]);
    let ignores = "[tool.ferricorn.check]\nignore = \"FC1\"\n";
    assert_eq!(wanted(&report(&[("pyproject.toml", ignores)], &none)), [""; 0]);
    let both =
        [("pyproject.toml", ignores), ("ferricorn.toml", "workers = 2\n[check]\nselect = ['fc101']\n")];
    assert_eq!(wanted(&report(&both, &none)), ["FC101"]);
    let given = Config { no_file: true, ..Config::default() };
    assert_eq!(wanted(&report(&[("pyproject.toml", ignores)], &given)), ["FC101"]);
}

#[test]
fn files_and_platforms_are_left_out() {
    let with = |text: &str| wanted(&report(&[("ferricorn.toml", text)], &Config::default()));
    assert_eq!(with("[check.per-file-ignores]\n\"render.*\" = [\"FC101\"]\n"), [""; 0]);
    assert_eq!(with("[check.per-file-ignores]\n\"deploy/*\" = [\"FC101\"]\n"), ["FC101"]);
    assert_eq!(with("[check]\nexclude = [\"render.yaml\"]\n"), [""; 0]);
    assert_eq!(with("[check]\nplatform = \"fly\"\n"), [""; 0]);
    assert_eq!(with("[check]\nplatform = [\"render\"]\n"), ["FC101"]);
}

#[test]
fn required_variables_come_from_both_places() {
    let given = Config {
        required_env: vec![Required { name: "A".to_owned(), place: None }],
        ignore: vec!["FC101".to_owned()],
        ..Config::default()
    };
    let report = report(&[("ferricorn.toml", "[check]\nrequired_env = [\"A\", \"B\"]\n")], &given);
    let names: Vec<_> = report.facts.config.required_env.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    assert_eq!(wanted(&report), ["FC603"]);
}

#[test]
fn mistakes_are_said_with_their_line() {
    let text = "[check]\nignor = []\nselect = [\"FC9999\"]\nrequired_env = [\"A B\", 3]\nplatform = \"rendr\"\nenv = true\nworker_mb = \"many\"\n";
    let report = report(&[("ferricorn.toml", text)], &Config::default());
    let problems = &report.facts.config.problems;
    for (line, part) in [
        (2, "no setting `ignor`: is `ignore` meant?"),
        (3, "no rule has the id `FC9999`"),
        (4, "`A B` cannot be the name of a variable"),
        (4, "`required_env` is a list of texts"),
        (5, "`rendr` is no platform: render, heroku"),
        (6, "`env` is \"complete\""),
        (7, "`worker_mb` is a number of MB"),
    ] {
        let begin = format!("ferricorn.toml:{line}: ");
        assert!(
            problems.iter().any(|it| it.starts_with(&begin) && it.contains(part)),
            "{part}: {problems:?}"
        );
    }
    assert_eq!(problems.len(), 7);
}
