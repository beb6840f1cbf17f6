//! The same command line, variables and files given to ferricorn and to the real gunicorn and uvicorn: what both accept
//! means the same, and what they accept for an ASGI application is accepted.
//!
//! The cases are in `cases.txt`, the configuration files in `files/`. Each version of the references answers all cases in
//! one Python process. Only settings that have an effect here are compared: those without one say so (another test). That
//! goes for what nobody gave as well: where a default is another one on purpose, [`DIFFERENCES`] has it with the reason.

#![allow(missing_docs)]

mod case;
mod compare;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::OnceLock,
};

use case::{Answer, Case};
use compare::Found;
use ferricorn_config::options::DIFFERENCES;
use serde_json::Value;

/// The Pythons with the references: gunicorn 27.0.1 and uvicorn 0.54.0, then gunicorn 23.0.0 and uvicorn 0.30.6.
fn references() -> &'static [Vec<Answer>; 2] {
    static ANSWERS: OnceLock<[Vec<Answer>; 2]> = OnceLock::new();
    ANSWERS.get_or_init(|| ["newest", "oldest"].map(|name| case::ask(name, cases())))
}

fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(case::read)
}

/// What ferricorn makes of each case: the settings, or the error.
fn ours() -> &'static [Result<BTreeMap<String, compare::Shown>, String>] {
    static OURS: OnceLock<Vec<Result<BTreeMap<String, compare::Shown>, String>>> = OnceLock::new();
    OURS.get_or_init(|| cases().iter().map(compare::resolve).collect())
}

#[test]
fn the_table_is_as_long_as_it_has_to_be() {
    assert!(cases().len() >= 300, "{} cases", cases().len());
    let files = cases().iter().filter(|case| case.text.contains("files/")).count();
    assert!(files >= 30, "{files} cases with a configuration file");
    let accepted =
        |answers: &[Answer]| answers.iter().filter(|answer| matches!(answer, Answer::Settings(_))).count();
    for answers in references() {
        assert!(accepted(answers) >= 250, "only {} lines are accepted by the references", accepted(answers));
    }
}

/// All comparisons, with the case and the age of the reference.
fn comparisons() -> impl Iterator<Item = (&'static Case, &'static str, Found)> {
    ["newest", "oldest"].into_iter().zip(references()).flat_map(|(age, answers)| {
        cases().iter().zip(answers).zip(ours()).filter_map(move |((case, answer), ours)| {
            let (Answer::Settings(theirs), Ok(ours)) = (answer, ours) else { return None };
            Some((case, age, compare::compare(theirs, baseline(case, answers), ours)))
        })
    })
}

#[test]
fn what_both_accept_means_the_same() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for (case, age, found) in comparisons() {
        compared += found.compared;
        differences.extend(found.differences.into_iter().map(|it| format!("{} ({age}): {it}", case.text)));
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 10_000, "only {compared} settings were compared");
}

#[test]
fn a_default_differs_only_where_it_is_meant_to() {
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for (case, age, found) in comparisons() {
        for (name, theirs, ours) in found.defaults {
            let listed = DIFFERENCES.iter().position(|it| {
                (it.setting, it.theirs, it.ours) == (&name, &theirs, &ours) && it.program == case.program
            });
            match listed {
                Some(place) => drop(seen.insert(place)),
                None => complaints
                    .push(format!("{} ({age}): `{name}` is `{theirs}` there and `{ours}` here", case.text)),
            }
        }
    }
    for (place, difference) in DIFFERENCES.iter().enumerate() {
        if !seen.contains(&place) {
            complaints.push(format!("it does not differ, or nothing shows it: {difference:?}"));
        }
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// What the program makes of the application alone.
fn baseline<'a>(case: &Case, answers: &'a [Answer]) -> &'a Value {
    let alone = |other: &&(&Case, &Answer)| {
        other.0.program == case.program && other.0.words == ["main:app"] && other.0.environment.is_empty()
    };
    let pairs: Vec<(&Case, &'a Answer)> = cases().iter().zip(answers).collect();
    let found = pairs.iter().find(alone).map(|(_, answer)| *answer);
    match found {
        Some(Answer::Settings(settings)) => settings,
        other => panic!("the application alone is a case, and is accepted: {other:?}"),
    }
}

/// What the references accept and ferricorn refuses, by the beginning of its error, and the words that the page of
/// differences has about it.
const REFUSED: &[(&str, &str)] = &[
    ("`-D/--daemon` cannot be used", "`--daemon`"),
    ("`--paste` cannot be used", "Paste"),
    ("`--proxy-protocol` cannot be used", "PROXY protocol"),
    ("`--dirty-workers` cannot be used", "dirty workers"),
    ("`--dirty-app` cannot be used", "dirty workers"),
    ("invalid value `sync` for `-k/--worker-class`", "WSGI"),
    ("invalid value `gthread` for `-k/--worker-class`", "WSGI"),
    ("invalid value `gevent` for `-k/--worker-class`", "WSGI"),
    ("invalid value `127.0.0.1:80:90`", "127.0.0.1:80:90"),
    ("invalid value `1.2.3.4:99999`", "above 65535"),
    ("`other:app` after `main:app`", "a second application"),
];

#[test]
fn what_they_accept_is_accepted_or_listed_as_refused() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/about/differences-from-gunicorn.md");
    let page = std::fs::read_to_string(page).expect("the page of differences is there");
    let mut complaints = Vec::new();
    for (version, answers) in ["newest", "oldest"].iter().zip(references()) {
        for ((case, answer), ours) in cases().iter().zip(answers).zip(ours()) {
            let (Answer::Settings(_), Err(error)) = (answer, ours) else { continue };
            match REFUSED.iter().find(|(beginning, _)| error.starts_with(beginning)) {
                Some((_, words)) if page.contains(words) => {}
                Some((_, words)) => {
                    complaints.push(format!("the page of differences does not have `{words}`"));
                }
                None => complaints.push(format!("{} ({version}): {error}", case.text)),
            }
        }
    }
    assert!(complaints.is_empty(), "{} lines are refused:\n{}", complaints.len(), complaints.join("\n"));
}
