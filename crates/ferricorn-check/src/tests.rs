//! What holds for every rule: its examples, its id, its explanation.

use std::collections::BTreeMap;

use crate::rules::{Example, ExampleKind, Rule, all};
use crate::{Finding, Report, Safety, check};

fn tree(example: &Example) -> BTreeMap<String, Vec<u8>> {
    example.files.iter().map(|file| (file.path.clone(), file.bytes())).collect()
}

/// The findings of this rule in an example.
fn found(rule: &Rule, report: &Report) -> Vec<Finding> {
    report.findings.iter().filter(|finding| finding.id == rule.id).cloned().collect()
}

fn told(report: &Report, findings: &[Finding]) -> Vec<String> {
    let one = |finding: &Finding| {
        let source = report.facts.sources.get(finding.primary.span.file);
        format!("{}:{} {}", source.path(), source.line_of(finding.primary.span), finding.message)
    };
    findings.iter().map(one).collect()
}

fn bad(rule: &Rule, example: &Example, fixed: Option<&Example>) {
    let report = check(&tree(example));
    let findings = found(rule, &report);
    assert!(!findings.is_empty(), "{}: nothing is found in its bad example {example:?}", rule.id);
    for file in example.files.iter().filter(|file| file.line.is_some()) {
        let lines: Vec<u32> = findings
            .iter()
            .map(|finding| (report.facts.sources.get(finding.primary.span.file), finding.primary.span))
            .filter(|(source, _)| source.path() == file.path)
            .map(|(source, span)| source.line_of(span))
            .collect();
        let told = told(&report, &findings);
        assert!(
            lines.iter().all(|line| Some(*line) == file.line) && !lines.is_empty(),
            "{}: {told:?}",
            rule.id
        );
    }
    let safe = |finding: &Finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe);
    let Some(fixed) = fixed.filter(|_| findings.iter().all(safe)) else { return };
    let edits: Vec<_> =
        findings.iter().filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| &fix.edits).collect();
    for file in &fixed.files {
        let Some(source) = report.facts.sources.at(&file.path) else { continue };
        assert_eq!(crate::apply(source, edits.iter().copied()), file.text, "{}: the fix", rule.id);
    }
}

#[test]
fn every_example_holds() {
    for rule in all() {
        let examples = rule.examples();
        for (at, example) in examples.iter().enumerate() {
            if example.kind == ExampleKind::Bad {
                let fixed = examples.get(at + 1).filter(|next| next.kind == ExampleKind::Fixed);
                bad(rule, example, fixed);
            } else {
                let report = check(&tree(example));
                let told = told(&report, &found(rule, &report));
                assert!(told.is_empty(), "{}: its {:?} example gives {told:?}", rule.id, example.kind);
            }
        }
        for kind in [ExampleKind::Bad, ExampleKind::Fixed, ExampleKind::Good] {
            assert!(examples.iter().any(|it| it.kind == kind), "{} has no {kind:?} example", rule.id);
        }
        let named = examples.iter().flat_map(|it| &it.files).all(|file| !file.path.is_empty());
        assert!(named, "{}: a file of an example has no path", rule.id);
    }
}

#[test]
fn every_id_belongs_to_one_rule() {
    let ids: Vec<_> = all().map(|rule| rule.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn every_explanation_begins_with_why() {
    for rule in all() {
        let first = rule.explanation.lines().next().unwrap_or_default();
        assert!(first.len() > 20 && !first.starts_with('#'), "{}: {first}", rule.id);
        assert!(!rule.title.ends_with('.'), "{}: {}", rule.id, rule.title);
    }
}

/// Docker's ten seconds hold for an image only if no file says which platform runs it.
#[test]
fn the_time_until_sigkill_is_that_of_the_platform() {
    let image =
        ("Dockerfile", "FROM python:3.12-slim\nCMD uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}\n");
    let render = "services:\n  - type: web\n    name: api\n    runtime: docker\n";
    let longer = format!("{render}    maxShutdownDelaySeconds: 120\n");
    let fly = "app = \"api\"\nkill_timeout = 20\n[http_service]\ninternal_port = 8000\n";
    for (others, seconds) in [
        (vec![], 10),
        (vec![("render.yaml", render)], 30),
        (vec![("render.yaml", &longer)], 120),
        (vec![("fly.toml", fly)], 20),
        (vec![("render.yaml", render), ("fly.toml", fly)], 20),
    ] {
        let files = others.iter().chain([&image]);
        let tree: BTreeMap<String, Vec<u8>> =
            files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        let report = check(&tree);
        let finding = report.findings.iter().find(|finding| finding.id.to_string() == "FC301");
        let happens = finding.and_then(|finding| finding.happens.clone()).unwrap_or_default();
        assert!(happens.contains(&format!("is killed after {seconds} s")), "{others:?}: {happens}");
    }
}
