//! The table of faults in `docs/reliability.md` names tests that exist.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, path::Path};

#[test]
fn every_test_in_the_table_of_faults_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let table = fs::read_to_string(crates.parent().unwrap().join("docs/reliability.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| F")).collect();
    assert_eq!(rows.len(), 35);
    for row in rows {
        let named = row.split('`').skip(1).step_by(2).count();
        assert!(named > 0 || row.contains("not tested"), "neither a test nor a reason: {row}");
        for name in row.split('`').skip(1).step_by(2) {
            let (file, test) = match name.split_once(':').unwrap() {
                ("core", test) => ("ferricorn-core/tests/scenarios.rs".to_owned(), test),
                ("sys", test) => (format!("ferricorn-sys/tests/{test}.rs"), test),
                ("shim", test) => ("ferricorn-master/python/tests/test_signals.py".to_owned(), test),
                (module, test) => {
                    (format!("ferricorn/tests/e2e/{module}.rs"), test.strip_prefix(':').unwrap())
                }
            };
            let source =
                fs::read_to_string(crates.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            let defined = source.contains(&format!("fn {test}(")) || source.contains(&format!("def {test}("));
            assert!(defined, "`{test}` is not in {file}");
        }
    }
}
