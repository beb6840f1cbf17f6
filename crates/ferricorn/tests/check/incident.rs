//! The incident from end to end: its files as they were, as they were mended, and each part of the mended ones broken again.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{SETS, repository, run};

/// The variables that the service has to have.
const REQUIRED: &str = "DATABASE_URL,REDIS_URL,OPENAI_API_KEY,CLERK_SECRET_KEY,CLERK_PUBLISHABLE_KEY";

/// A copy of a set, with some texts of one file replaced.
fn copy(set: &str, file: &str, replaced: &[(&str, &str)]) -> TempDir {
    fn files(directory: &Path, root: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).expect("a directory of the set").flatten() {
            let path = entry.path();
            if path.is_dir() {
                files(&path, root, into);
            } else if entry.file_name() != "EXPECT.toml" {
                let name = path.strip_prefix(root).expect("it is inside").to_string_lossy().into_owned();
                into.push((name, fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    let root = Path::new(SETS).join(set);
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    for (name, text) in &mut found {
        for (old, new) in replaced.iter().filter(|_| name.as_str() == file) {
            assert!(text.contains(old), "{old:?} is not in {name}");
            *text = text.replace(old, new);
        }
    }
    let files: Vec<(&str, &str)> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    repository(&files)
}

/// The errors and warnings, each as `file:line ID`.
fn found(root: &TempDir, words: &[&str]) -> (Vec<String>, String, i32) {
    let (stdout, _, code) = run(root.path(), &[&["check", "--format=concise"], words].concat());
    let place = |line: &str| {
        let mut parts = line.splitn(4, ':');
        let (file, line, _, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(format!("{file}:{line} {}", rest.split_whitespace().nth(1)?))
    };
    (stdout.lines().take_while(|line| !line.is_empty()).filter_map(place).collect(), stdout, code)
}

#[test]
fn what_failed_has_its_true_errors_and_passes_after_fix() {
    let root = copy("001-seed-before", "", &[]);
    let (places, stdout, code) = found(&root, &["--required-env", REQUIRED]);
    // Not the other two options, which uvicorn has.
    let errors =
        ["render.yaml:13 FC101", "render.yaml:13 FC111", "render.yaml:17 FC111", "render.yaml:19 FC111"];
    assert_eq!(places[..4], errors, "{stdout}");
    assert_eq!(places[4..], ["render.yaml:3 FC603", "render.yaml:17 FC302"], "{stdout}");
    assert!(
        stdout.contains("OPENAI_API_KEY, CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY are required"),
        "{stdout}"
    );
    assert_eq!(code, 1);
    let (stdout, _, code) = run(root.path(), &["check", "--fix", "--required-env", REQUIRED]);
    assert!(stdout.starts_with("✅ ALL CHECKS PASSED - Ready for deployment!"), "{stdout}");
    assert_eq!(code, 0);
    let mended = fs::read_to_string(root.path().join("render.yaml")).expect("it is there");
    assert!(
        mended.contains("      - key: CLERK_PUBLISHABLE_KEY\n        sync: false\n  - type: keyvalue\n"),
        "{mended}"
    );
}

#[test]
fn what_was_mended_passes_with_its_one_warning() {
    let root = copy("003-seed-after", "", &[]);
    let (places, stdout, code) = found(&root, &[]);
    assert_eq!((places.as_slice(), code), (&["render.yaml:18 FC302".to_owned()][..], 0), "{stdout}");
    let passed = "✅ ALL CHECKS PASSED - Ready for deployment! (1 warning, 1 fixable with --fix;";
    assert!(stdout.contains(passed), "{stdout}");
    let rollback = copy("004-seed-rollback", "", &[]);
    assert_eq!(found(&rollback, &[]).2, 0);
}

/// What the script of the incident promised to check, each broken alone.
#[test]
fn each_part_that_is_broken_again_is_found() {
    for (file, replaced, place) in [
        ("requirements.txt", &[("gunicorn==23.0.0", "# gunicorn==23.0.0")][..], "render.yaml:9 FC701"),
        (
            "requirements.txt",
            &[("gunicorn==23.0.0", "# gunicorn==23.0.0")],
            "apps/backend/Dockerfile:6 FC701",
        ),
        (
            "render.yaml",
            &[("healthCheckPath: /health", "healthCheckPath: /api/health")],
            "render.yaml:23 FC506",
        ),
        ("render.yaml", &[("--workers 2", "--workers 9")], "render.yaml:11 FC401"),
        ("render.yaml", &[("plan: starter", "plan: startr")], "render.yaml:5 FC503"),
        ("render.yaml", &[("value: 3.12.0", "value: 3.12")], "render.yaml:26 FC705"),
        ("render.yaml", &[("main:app", "main:application")], "render.yaml:9 FC113"),
        (
            "apps/backend/Dockerfile",
            &[("\"gunicorn\"", "\"uvicorn\""), ("\"--bind\", \"0.0.0.0:8000\"", "\"--host\", \"0.0.0.0\"")],
            "apps/backend/Dockerfile:9 FC101",
        ),
        ("apps/backend/Dockerfile", &[("0.0.0.0:8000", "127.0.0.1:8000")], "apps/backend/Dockerfile:7 FC201"),
    ] {
        let root = copy("003-seed-after", file, replaced);
        let (places, stdout, _) = found(&root, &[]);
        assert!(places.iter().any(|it| it == place), "{place} is missing for {replaced:?}:\n{stdout}");
    }
}
