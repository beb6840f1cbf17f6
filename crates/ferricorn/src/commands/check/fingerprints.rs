//! How a finding is recognised in another run.

use std::collections::BTreeMap;

use ferricorn_check::{Finding, Report};

/// Every finding with its fingerprint. Two that differ only in their place are distinguished by a number, in
/// the order of the file.
pub(super) fn of(report: &Report) -> Vec<(&Finding, String)> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let one = |finding| {
        let print = Finding::fingerprint(finding, &report.facts.sources);
        let times = seen.entry(print.clone()).or_default();
        *times += 1;
        let print = if *times == 1 { print } else { format!("{print}-{times}") };
        (finding, print)
    };
    report.findings.iter().map(one).collect()
}
