//! The example sets, scored: what must be said, what must not, and what must stay without a word.
//!
//! A set is a small repository with an `EXPECT.toml`. `[[must]]`: rule and file agree, and the line is within 2 of the
//! named one or inside the same command; the severity too. `[[must_not]]`: no error or warning of that rule at that file
//! (`*`: any) and line (0: any). `clean`: no error and no warning at all. `only`: none but those of `[[must]]`.
//!
//! A set that does not hold yet has an empty file `NOT_YET`. The test fails if it holds, so that the file is deleted; a file
//! of its own for each set, so that two branches never touch the same lines.

mod tree;

use std::{fs, path::Path};

use ferricorn_check::{Finding, Report, Severity, check};
use toml::{Table, Value};
use tree::SETS;

struct Set {
    name: String,
    /// Whether it is known not to hold.
    not_yet: bool,
    expect: Table,
    report: Report,
}

impl Set {
    fn open(directory: &Path) -> Self {
        let mut tree = tree::read(directory);
        let expect = tree.remove("EXPECT.toml").expect("a set says what is expected");
        let expect = String::from_utf8(expect).expect("UTF-8").parse().expect("TOML");
        let not_yet = tree.remove("NOT_YET").is_some();
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, not_yet, expect, report: check(&tree) }
    }

    fn file(&self, finding: &Finding) -> &str {
        self.report.facts.sources.get(finding.primary.span.file).path()
    }

    /// The first and the last line of a finding, or of the command line in which it stands.
    fn lines(&self, finding: &Finding) -> (u32, u32) {
        let span = finding.primary.span;
        let source = self.report.facts.sources.get(span.file);
        let lines = self.report.facts.lines().map(|(_, line)| line.written.span);
        let around = lines.filter(|line| line.contains(span)).last().unwrap_or(span);
        (source.position(around.start).line, source.position(around.end).line)
    }

    fn told(&self, finding: &Finding) -> String {
        let source = self.report.facts.sources.get(finding.primary.span.file);
        let line = source.line_of(finding.primary.span);
        format!("{}:{line}: {} {} {}", source.path(), finding.severity, finding.id, finding.message)
    }

    /// What does not hold.
    fn problems(&self) -> Vec<String> {
        let loud: Vec<&Finding> =
            self.report.findings.iter().filter(|finding| finding.severity > Severity::Advice).collect();
        let mut problems = Vec::new();
        for must in entries(&self.expect, "must") {
            if !self.report.findings.iter().any(|finding| self.meets(must, finding)) {
                problems.push(format!(
                    "missing: {} at {}:{}",
                    text(must, "rule"),
                    text(must, "file"),
                    line(must)
                ));
            }
        }
        for not in entries(&self.expect, "must_not") {
            let broken = loud.iter().filter(|finding| self.breaks(not, finding));
            problems.extend(broken.map(|finding| format!("must not come: {}", self.told(finding))));
        }
        if self.expect.get("only").and_then(Value::as_bool) == Some(true) {
            let wanted =
                |finding: &Finding| entries(&self.expect, "must").any(|must| self.meets(must, finding));
            let others = loud.iter().filter(|finding| !wanted(finding));
            problems.extend(others.map(|finding| format!("nothing else: {}", self.told(finding))));
        }
        if self.expect.get("clean").and_then(Value::as_bool) == Some(true) {
            problems.extend(loud.iter().map(|finding| format!("a right set: {}", self.told(finding))));
        }
        problems
    }

    fn meets(&self, must: &Table, finding: &Finding) -> bool {
        let (first, last) = self.lines(finding);
        let source = self.report.facts.sources.get(finding.primary.span.file);
        let own = source.line_of(finding.primary.span);
        let near = own.abs_diff(line(must)) <= 2 || (first..=last).contains(&line(must));
        // A set that wants one line of several findings wants each at its own.
        let severity = must.get("severity").and_then(Value::as_str).unwrap_or_default();
        finding.id.to_string() == text(must, "rule")
            && self.file(finding) == text(must, "file")
            && near
            && finding.severity.to_string() == severity
    }

    fn breaks(&self, not: &Table, finding: &Finding) -> bool {
        let source = self.report.facts.sources.get(finding.primary.span.file);
        let own = source.line_of(finding.primary.span);
        finding.id.to_string() == text(not, "rule")
            && (text(not, "file") == "*" || self.file(finding) == text(not, "file"))
            && (line(not) == 0 || own == line(not))
    }
}

fn entries<'e>(expect: &'e Table, key: &str) -> impl Iterator<Item = &'e Table> {
    expect.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn text<'e>(entry: &'e Table, key: &str) -> &'e str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn line(entry: &Table) -> u32 {
    entry.get("line").and_then(Value::as_integer).and_then(|line| line.try_into().ok()).unwrap_or_default()
}

#[test]
fn every_set_holds_that_is_not_marked() {
    let mut directories: Vec<_> =
        fs::read_dir(SETS).expect("the sets").flatten().map(|entry| entry.path()).collect();
    directories.sort();
    assert!(directories.len() >= 30, "only {} sets are there", directories.len());
    let mut wrong = Vec::new();
    for directory in directories {
        let set = Set::open(&directory);
        let problems = set.problems();
        match (problems.is_empty(), set.not_yet) {
            (true, true) => wrong.push(format!("{} holds now: delete its NOT_YET", set.name)),
            (false, false) => wrong.push(format!("{}\n    {}", set.name, problems.join("\n    "))),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The incident that this program exists for: the true errors and no others.
#[test]
fn the_incident_gives_its_true_errors_and_no_others() {
    let errors = |name: &str| -> Vec<(u32, String)> {
        let set = Set::open(&Path::new(SETS).join(name));
        let errors = set.report.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let place =
            |it: &Finding| set.report.facts.sources.get(it.primary.span.file).line_of(it.primary.span);
        errors.map(|finding| (place(finding), finding.id.to_string())).collect()
    };
    let found = |id: &str, line| (line, id.to_owned());
    assert_eq!(
        errors("001-seed-before"),
        [found("FC101", 13), found("FC111", 13), found("FC111", 17), found("FC111", 19)]
    );
    assert_eq!(errors("003-seed-after"), []);
}
