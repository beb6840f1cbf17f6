//! The passes of `--fix`.

use std::collections::{BTreeMap, BTreeSet};

use super::apply_to_bytes;
use crate::{
    Config, Report, check_with,
    finding::{Edit, Finding, Severity},
    sources::Tree,
    text::{Span, Unreadable},
};

/// A fix may make room for another that overlapped it. More passes than this do not come to an end.
const MOST_PASSES: usize = 10;

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its path.
    pub path: String,
    /// What it holds.
    pub before: Vec<u8>,
    /// What it shall hold.
    pub after: Vec<u8>,
}

/// What came of the fixes.
pub struct Mended {
    /// The files that change, by path.
    pub files: Vec<Changed>,
    /// How many fixes were applied.
    pub applied: usize,
    /// Findings whose fix was taken back, as `path: ID message`.
    pub taken_back: BTreeSet<String>,
    /// What is found afterwards.
    pub report: Report,
}

/// Applies the fixes of the findings that `wanted` picks.
///
/// All that do not overlap go together. If something is worse afterwards, they are tried one by one, and those that do it
/// are taken back. `given` is what the command line says about the check.
pub fn mend(tree: &dyn Tree, given: &Config, wanted: &dyn Fn(&Report, &Finding) -> bool) -> Mended {
    let mut state = State {
        given,
        tree: Overlay { base: tree, paths: tree.paths(), changed: BTreeMap::new() },
        applied: 0,
        taken_back: BTreeSet::new(),
    };
    let mut report = check_with(&state.tree, given);
    for _ in 0..MOST_PASSES {
        let before = state.applied;
        report = state.pass(report, wanted);
        if state.applied == before {
            break;
        }
    }
    let State { tree: overlay, applied, taken_back, .. } = state;
    let changed = |(path, after): (String, Vec<u8>)| {
        let before = tree.read(&path).unwrap_or_default();
        (before != after).then_some(Changed { path, before, after })
    };
    let files = overlay.changed.into_iter().filter_map(changed).collect();
    Mended { files, applied, taken_back, report }
}

struct State<'t> {
    given: &'t Config,
    tree: Overlay<'t>,
    applied: usize,
    taken_back: BTreeSet<String>,
}

impl State<'_> {
    /// One pass; gives what is found after it.
    fn pass(&mut self, report: Report, wanted: &dyn Fn(&Report, &Finding) -> bool) -> Report {
        let chosen = self.choose(&report, wanted);
        if chosen.is_empty() {
            return report;
        }
        let all: Vec<&Finding> = chosen.iter().map(|at| &report.findings[*at]).collect();
        if let Some((next, after)) = self.attempt(&report, &all) {
            return self.accept(next, after, all.len());
        }
        // One of them makes it worse. The first one that holds is taken: the others have moved then, and wait for the
        // next pass.
        for finding in all {
            if let Some((next, after)) = self.attempt(&report, &[finding]) {
                return self.accept(next, after, 1);
            }
            self.taken_back.insert(key(&report, finding));
        }
        report
    }

    fn accept(&mut self, changed: BTreeMap<String, Vec<u8>>, report: Report, fixes: usize) -> Report {
        self.tree.changed = changed;
        self.applied += fixes;
        report
    }

    /// The findings, by their number, whose fixes do not overlap.
    fn choose(&self, report: &Report, wanted: &dyn Fn(&Report, &Finding) -> bool) -> Vec<usize> {
        let mut taken: Vec<Span> = Vec::new();
        let mut chosen = Vec::new();
        for (at, finding) in report.findings.iter().enumerate() {
            let Some(fix) = &finding.fix else { continue };
            if fix.edits.is_empty()
                || !wanted(report, finding)
                || self.taken_back.contains(&key(report, finding))
            {
                continue;
            }
            let free = |edit: &Edit| !taken.iter().any(|span| overlap(*span, edit.span));
            if fix.edits.iter().all(free) {
                taken.extend(fix.edits.iter().map(|edit| edit.span));
                chosen.push(at);
            }
        }
        chosen
    }

    /// The files with these fixes and what is found then; `None` if something is worse.
    fn attempt(&self, report: &Report, findings: &[&Finding]) -> Option<(BTreeMap<String, Vec<u8>>, Report)> {
        let edits: Vec<&Edit> =
            findings.iter().filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| &fix.edits).collect();
        let files: BTreeSet<_> = edits.iter().map(|edit| edit.span.file).collect();
        let mut changed = self.tree.changed.clone();
        for file in files {
            let source = report.facts.sources.get(file);
            let bytes = self.tree.read(source.path()).ok()?;
            let edits = edits.iter().copied();
            changed.insert(source.path().to_owned(), apply_to_bytes(source, &bytes, edits));
        }
        let tree = Overlay { base: self.tree.base, paths: self.tree.paths.clone(), changed };
        let after = check_with(&tree, self.given);
        is_better(report, &after, findings).then_some((tree.changed, after))
    }
}

/// Whether no file became unreadable, no error is new, and each of these findings is gone.
fn is_better(before: &Report, after: &Report, findings: &[&Finding]) -> bool {
    let unreadable = |report: &Report| -> BTreeSet<String> {
        report.facts.sources.unreadable().iter().map(|(path, _)| path.clone()).collect()
    };
    let count = |report: &Report, loud: bool| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for finding in report.findings.iter().filter(|it| !loud || it.severity == Severity::Error) {
            *counts.entry(key(report, finding)).or_default() += 1;
        }
        counts
    };
    let (old, new) = (count(before, true), count(after, true));
    let no_new_error = new.iter().all(|(key, number)| old.get(key).is_some_and(|old| number <= old));
    let mut left = count(before, false);
    for finding in findings {
        if let Some(number) = left.get_mut(&key(before, finding)) {
            *number -= 1;
        }
    }
    let now = count(after, false);
    let gone = findings.iter().all(|finding| {
        let key = key(before, finding);
        now.get(&key).copied().unwrap_or_default() <= left.get(&key).copied().unwrap_or_default()
    });
    no_new_error && gone && unreadable(after).is_subset(&unreadable(before))
}

/// What a finding is, without its place, which edits move.
fn key(report: &Report, finding: &Finding) -> String {
    let path = report.facts.sources.get(finding.primary.span.file).path();
    format!("{path}: {} {}", finding.id, finding.message)
}

/// Whether two edits cannot be made at once. Insertions at the border of another edit can.
fn overlap(a: Span, b: Span) -> bool {
    a.file == b.file && a.start < b.end && b.start < a.end
}

/// A tree with some files changed.
struct Overlay<'t> {
    base: &'t dyn Tree,
    paths: Vec<String>,
    changed: BTreeMap<String, Vec<u8>>,
}

impl Tree for Overlay<'_> {
    fn paths(&self) -> Vec<String> {
        self.paths.clone()
    }

    fn ignored_env(&self) -> Vec<String> {
        self.base.ignored_env()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        self.changed.get(path).map_or_else(|| self.base.read(path), |bytes| Ok(bytes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: &str = "services:\r\n  - type: web\r\n    name: é\r\n    runtime: python\r\n    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --keep-alive 5 --worker-class uvicorn.workers.UvicornWorker\r\n";

    fn tree(text: &[u8]) -> BTreeMap<String, Vec<u8>> {
        [("render.yaml".to_owned(), text.to_vec())].into()
    }

    #[test]
    fn only_the_edit_changes_and_a_second_run_changes_nothing() {
        let marked = [b"\xef\xbb\xbf", SPLIT.as_bytes()].concat();
        for text in [SPLIT.as_bytes(), &marked] {
            let mended = mend(&tree(text), &Config::default(), &|_, finding| finding.is_safely_fixable());
            let expected = String::from_utf8_lossy(text)
                .replace("--keep-alive", "--timeout-keep-alive")
                .replace(" --worker-class uvicorn.workers.UvicornWorker", "");
            let after = mended.files.first().map(|file| String::from_utf8_lossy(&file.after).into_owned());
            assert_eq!(after, Some(expected.clone()));
            assert_eq!((mended.applied, mended.taken_back.len()), (2, 0));
            let again = mend(&tree(expected.as_bytes()), &Config::default(), &|_, finding| {
                finding.is_safely_fixable()
            });
            assert_eq!((again.files.len(), again.applied), (0, 0));
        }
    }

    /// What a fix has to make better, with the file as another fix would leave it.
    #[test]
    fn what_makes_it_worse_is_no_fix() {
        let report = |text: &str| crate::check(&tree(text.as_bytes()));
        let before = report(SPLIT);
        let own: Vec<&Finding> =
            before.findings.iter().filter(|it| it.message.contains("--keep-alive")).collect();
        assert_eq!(own.len(), 1);
        let right = SPLIT.replace("--keep-alive", "--timeout-keep-alive");
        assert!(is_better(&before, &report(&right), &own));
        for (what, text) in [
            ("the finding is still there", SPLIT.replace("--keep-alive 5", "--keep-alive 7")),
            ("another error came", right.replace("--worker-class", "--preload --worker-class")),
            ("the file is no YAML any more", right.replace("services:", "services: [")),
        ] {
            assert!(!is_better(&before, &report(&text), &own), "{what}");
        }
    }
}
