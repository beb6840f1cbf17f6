//! The pages about `ferricorn check`: every rule, and what is known about each platform.
//!
//! Owns: how a rule's explanation becomes a section, and which platform a rule speaks about: the check runs over its bad
//! examples, and the findings say it.

use std::{collections::BTreeMap, fmt::Write as _};

use ferricorn_check::{
    Platform, check,
    facts::{Deployment, Fact},
    rules::{self, ExampleKind, Rule},
};

const RULES: &str = "\
# Rules of the check

Made by `cargo dev docs` from the rules in `crates/ferricorn-check/src/rules`: do not edit. `ferricorn check --explain FC101`
prints the same. The examples are run as tests.

An **error** fails for certain. A **warning** fails under a likely condition. **Advice** is hidden unless you give `--advice`. A
finding may be less severe than its rule's entry here. An id never changes its meaning. [The guide](../guides/check.md) says how to
silence a rule.

| id | worst | what is wrong |
|---|---|---|
";

const PLATFORMS: &str = "\
# What the check knows about each platform

Made by `cargo dev docs` from the rules and facts in `crates/ferricorn-check`: do not edit.

The rules about [command lines](rules.md#command-line) apply on every platform. This page lists each platform's defaults, and the
rules that have an example there. A value that comes from a variable or a dashboard is unknown, and no rule judges it.
";

/// The groups of rules by the first digit of their ids.
const GROUPS: [(u16, &str); 9] = [
    (0, "Comments"),
    (1, "Command line"),
    (2, "Port and address"),
    (3, "Life cycle"),
    (4, "Workers and memory"),
    (5, "Files of platforms"),
    (6, "Variables and secrets"),
    (7, "Python packages"),
    (8, "Containers and scripts"),
];

/// A platform with the smallest file of it that starts something.
const SMALLEST: [(Platform, &str, &str); 8] = [
    (
        Platform::Render,
        "render.yaml",
        "services:\n  - type: web\n    name: api\n    runtime: python\n    startCommand: uvicorn main:app\n",
    ),
    (Platform::Docker, "Dockerfile", "FROM python:3.12\nCMD [\"uvicorn\", \"main:app\"]\n"),
    (
        Platform::Kubernetes,
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n    - name: api\n      command: [uvicorn, main:app]\n",
    ),
    (
        Platform::CloudRun,
        "service.yaml",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: api}\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          command: [uvicorn, main:app]\n",
    ),
    (Platform::Systemd, "api.service", "[Service]\nExecStart=/srv/bin/uvicorn main:app\n"),
    (Platform::Heroku, "Procfile", "web: uvicorn main:app\n"),
    (Platform::Fly, "fly.toml", "app = \"api\"\n[processes]\napp = \"uvicorn main:app\"\n"),
    (Platform::Railway, "railway.toml", "[deploy]\nstartCommand = \"uvicorn main:app\"\n"),
];

/// Every rule, in full.
pub(super) fn rules_page() -> String {
    let mut page = RULES.to_owned();
    for rule in rules::all() {
        let _ =
            writeln!(page, "| [{0}](#{1}) | {2} | {3} |", rule.id, anchor(rule), rule.severity, rule.title);
    }
    for (digit, title) in GROUPS {
        let _ = write!(page, "\n## {title}\n");
        for rule in rules::all().filter(|rule| rule.id.0 / 100 == digit) {
            let _ = write!(page, "\n### {} {}\n\n", rule.id, rule.title);
            page.push_str(&section(rule));
        }
    }
    page
}

/// Where the heading of a rule is found.
fn anchor(rule: &Rule) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let words: String =
        format!("{} {}", rule.id, rule.title).to_lowercase().chars().filter(|it| plain(*it)).collect();
    words.replace(' ', "-")
}

/// An explanation: its headings one deeper, the names of the files above their texts.
fn section(rule: &Rule) -> String {
    let mut text = String::new();
    let mut inside = false;
    for line in rule.explanation.trim_end().lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside;
            let mut words = info.split_whitespace();
            let language = words.next().unwrap_or_default();
            let file = words.next().and_then(|name| name.split(':').next()).filter(|_| inside);
            if let Some(file) = file {
                let _ = write!(text, "`{file}`\n\n");
            }
            let _ = writeln!(text, "```{}", if inside { language } else { "" });
        } else if let Some(heading) = line.strip_prefix("## ").filter(|_| !inside) {
            let _ = writeln!(text, "**{heading}**");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// What is known about each platform.
pub(super) fn platforms_page() -> String {
    let mut page = PLATFORMS.to_owned();
    let mut about: BTreeMap<Platform, Vec<&Rule>> = BTreeMap::new();
    for rule in rules::all() {
        let mut platforms = platforms(rule);
        platforms.sort_unstable();
        platforms.dedup();
        for platform in platforms {
            about.entry(platform).or_default().push(rule);
        }
    }
    for (platform, path, text) in SMALLEST {
        let _ = write!(page, "\n## {}\n\n", platform.name());
        let tree: BTreeMap<String, Vec<u8>> = [(path.to_owned(), text.as_bytes().to_vec())].into();
        let report = check(&tree);
        for deployment in report.facts.deployments.iter().filter(|it| it.platform == platform) {
            page.push_str(&silent(deployment));
        }
        let _ = write!(page, "| id | worst | what is wrong |\n|---|---|---|\n");
        for rule in about.get(&platform).into_iter().flatten() {
            let _ = writeln!(
                page,
                "| [{0}](rules.md#{1}) | {2} | {3} |",
                rule.id,
                anchor(rule),
                rule.severity,
                rule.title
            );
        }
    }
    page
}

/// The platforms on which the bad examples of a rule are found.
fn platforms(rule: &Rule) -> Vec<Platform> {
    let bad = rule.examples().into_iter().filter(|example| example.kind == ExampleKind::Bad);
    let found = bad.flat_map(|example| {
        let tree: BTreeMap<String, Vec<u8>> =
            example.files.iter().map(|file| (file.path.clone(), file.bytes())).collect();
        let findings = check(&tree).findings.into_iter();
        findings
            .filter(|finding| finding.id == rule.id)
            .filter_map(|finding| finding.platform)
            .collect::<Vec<_>>()
    });
    found.collect()
}

/// What holds if the file says nothing about it, as a list.
fn silent(deployment: &Deployment) -> String {
    let mut text = String::new();
    let mut say = |what: &str, said: Option<String>| {
        if let Some(said) = said {
            let _ = writeln!(text, "* {what}: {said}.");
        }
    };
    say("Port", told(&deployment.port, ""));
    say("Time between the stop signal and SIGKILL", told(&deployment.kill_delay, " s"));
    say("Plan", told(&deployment.resources.plan, ""));
    say("Memory", told(&deployment.resources.memory, " MB"));
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn told<T: std::fmt::Display>(fact: &Fact<T>, unit: &str) -> Option<String> {
    match fact {
        Fact::Default(value, why) => {
            Some(format!("{value}{unit}, if {why}").replace("if Heroku", "because Heroku"))
        }
        Fact::Known(value, _) => Some(format!("{value}{unit}")),
        Fact::Unknown(_) => None,
    }
}
