//! Every form of output over every example set: what reads it in CI finds what it wants.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::{SETS, run, schema::problems_of_sarif};

/// Every set with its output in this form, all advice included.
fn each(format: &str, judge: impl Fn(&str, &Path, &str)) {
    let mut sets = 0;
    for entry in fs::read_dir(SETS).expect("the sets").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let (stdout, _, code) = run(&path, &["check", ".", "--advice", "--format", format]);
        // A set of which no file can be read has nothing to check.
        if code != 2 {
            judge(&name, &path, &stdout);
            sets += 1;
        }
    }
    assert!(sets > 25, "only {sets} sets were checked");
}

#[test]
fn sarif_is_what_its_schema_says() {
    each("sarif", |name, _, text| {
        let log: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(problems_of_sarif(&log), [""; 0], "{name}");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("the rules");
        for result in run["results"].as_array().expect("the results") {
            let at = result["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok()).expect("an index");
            assert_eq!(rules[at]["id"], result["ruleId"], "{name}");
            assert!(result["partialFingerprints"]["ferricornCheck/v1"].is_string(), "{name}");
        }
    });
}

/// A workflow command: its word, its properties, its message.
type Parts<'a> = (&'a str, Vec<(&'a str, String)>, String);

/// Takes a workflow command apart.
fn command(line: &str) -> Option<Parts<'_>> {
    let unescape = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let (head, message) = line.strip_prefix("::")?.split_once("::")?;
    let (word, properties) = head.split_once(' ')?;
    let pairs: Option<Vec<_>> = properties
        .split(',')
        .map(|pair| pair.split_once('=').map(|(key, value)| (key, unescape(value))))
        .collect();
    Some((word, pairs?, unescape(message)))
}

#[test]
fn annotations_of_github_name_lines_that_are_there() {
    each("github", |name, root, text| {
        for line in text.lines().filter(|line| line.starts_with("::")) {
            let (word, properties, message) = command(line).unwrap_or_else(|| panic!("{name}: {line}"));
            assert!(matches!(word, "error" | "warning" | "notice"), "{name}: {line}");
            let get =
                |key: &str| properties.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str());
            let file = root.join(get("file").expect("a file"));
            assert!(file.is_file() && !message.is_empty(), "{name}: {line}");
            let Some(first) = get("line").and_then(|it| it.parse::<usize>().ok()) else { continue };
            if let Some(last) = get("endLine").and_then(|it| it.parse::<usize>().ok()) {
                assert!(first >= 1 && first <= last, "{name}: {line}");
            }
        }
    });
}

#[test]
fn gitlab_reads_its_report() {
    each("gitlab", |name, root, text| {
        let entries: Value = serde_json::from_str(text).expect("JSON");
        let mut prints = BTreeSet::new();
        for entry in entries.as_array().expect("a list") {
            for key in ["description", "check_name", "fingerprint", "severity"] {
                assert!(entry[key].as_str().is_some_and(|text| !text.is_empty()), "{name}: {entry}");
            }
            let severity = entry["severity"].as_str().expect("a text");
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity), "{name}: {entry}");
            assert!(entry["location"]["lines"]["begin"].as_u64() >= Some(1), "{name}: {entry}");
            let path = entry["location"]["path"].as_str().expect("a path");
            assert!(root.join(path).is_file(), "{name}: {entry}");
            assert!(prints.insert(entry["fingerprint"].to_string()), "{name}: a fingerprint is there twice");
        }
    });
}

#[test]
fn lines_are_file_line_column_severity_id_message() {
    each("concise", |name, root, text| {
        for line in
            text.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(['✅', '❌']))
        {
            let parts: Vec<&str> = line.splitn(4, ':').collect();
            let [file, row, column, rest] = parts.as_slice() else { panic!("{name}: {line}") };
            assert!(root.join(file).is_file(), "{name}: {line}");
            assert!(row.parse::<u32>().is_ok() && column.parse::<u32>().is_ok(), "{name}: {line}");
            let words: Vec<&str> = rest.trim_start().splitn(3, ' ').collect();
            let [severity, id, message] = words.as_slice() else { panic!("{name}: {line}") };
            assert!(["error", "warning", "advice"].contains(severity), "{name}: {line}");
            assert!(id.starts_with("FC") && id.len() == 5 && !message.is_empty(), "{name}: {line}");
        }
    });
}
