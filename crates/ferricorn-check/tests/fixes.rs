//! Every safe fix on every example set: the files still read, nothing but the edits changes, what was mended is not found
//! again, and a second run changes nothing.

mod tree;

use std::fs;

use ferricorn_check::{Config, Finding, Mended, Report, Safety, Severity, apply, check, mend, rules};
use tree::{SETS, Tree};

/// The sets, and the bad examples of the rules.
fn trees() -> Vec<(String, Tree)> {
    let mut trees = Vec::new();
    for entry in fs::read_dir(SETS).expect("the sets").flatten() {
        trees.push((entry.file_name().to_string_lossy().into_owned(), tree::read(&entry.path())));
    }
    assert!(trees.len() >= 30, "only {} sets are there", trees.len());
    for rule in rules::all() {
        let bad = rule.examples().into_iter().filter(|it| it.kind == rules::ExampleKind::Bad);
        trees.extend(bad.enumerate().map(|(at, example)| {
            let tree = example.files.iter().map(|file| (file.path.clone(), file.bytes())).collect();
            (format!("{} bad {at}", rule.id), tree)
        }));
    }
    trees.sort();
    trees
}

fn key(report: &Report, finding: &Finding) -> String {
    let path = report.facts.sources.get(finding.primary.span.file).path();
    format!("{path}: {} {}", finding.id, finding.message)
}

fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe && !fix.edits.is_empty())
}

fn safely(tree: &Tree) -> Mended {
    mend(tree, &Config::default(), &|_, finding| is_safe(finding))
}

fn written(tree: &Tree, mended: &Mended) -> Tree {
    let mut after = tree.clone();
    for file in &mended.files {
        assert_eq!(tree[&file.path], file.before);
        after.insert(file.path.clone(), file.after.clone());
    }
    after
}

#[test]
fn safe_fixes_mend_every_set_and_change_nothing_else() {
    let mut fixed = 0;
    for (name, tree) in trees() {
        let before = check(&tree);
        let mended = safely(&tree);
        let after = written(&tree, &mended);
        let report = check(&after);
        fixed += mended.applied;
        // It still reads.
        let broken = |report: &Report| report.facts.sources.unreadable().len();
        assert!(broken(&report) <= broken(&before), "{name}: {:?}", report.facts.sources.unreadable());
        // The findings are gone, or their fixes were taken back.
        for finding in report.findings.iter().filter(|finding| is_safe(finding)) {
            let key = key(&report, finding);
            assert!(mended.taken_back.contains(&key), "{name}: {key} is still there");
        }
        // No error is new.
        let old: Vec<String> = before.findings.iter().map(|finding| key(&before, finding)).collect();
        for error in report.findings.iter().filter(|it| it.severity == Severity::Error) {
            assert!(old.contains(&key(&report, error)), "{name}: {} is new", key(&report, error));
        }
        // Idempotent.
        let again = safely(&after);
        assert_eq!((again.applied, again.files.len()), (0, 0), "{name}: a second run changes something");
    }
    assert!(fixed > 50, "only {fixed} fixes: the sets do not show them any more");
}

/// The rule about line ends, whose fix is about every line.
const LINE_ENDS: &str = "FC812";

/// Each fix alone: lines without an edit stay as they are, to the byte.
#[test]
fn a_fix_changes_only_its_lines() {
    for (name, tree) in trees() {
        let report = check(&tree);
        let judged = |finding: &&Finding| is_safe(finding) && finding.id.to_string() != LINE_ENDS;
        for finding in report.findings.iter().filter(judged) {
            let Some(fix) = &finding.fix else { continue };
            for edit in &fix.edits {
                let source = report.facts.sources.get(edit.span.file);
                let after = apply(source, &fix.edits);
                let (first, last) = fix.edits.iter().filter(|it| it.span.file == source.id()).fold(
                    (u32::MAX, 0),
                    |(first, last), it| {
                        (first.min(source.line_of(it.span)), last.max(source.position(it.span.end).line))
                    },
                );
                let head = source.text()[..source.line(first).range().start].to_owned();
                let tail = &source.text()[source.line(last).range().end..];
                assert!(after.starts_with(&head), "{name}: {} changes what is above", finding.id);
                assert!(after.ends_with(tail), "{name}: {} changes what is below", finding.id);
                assert_ne!(after, source.text(), "{name}: {} changes nothing", finding.id);
            }
        }
    }
}
