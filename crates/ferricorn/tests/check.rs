//! `ferricorn check` as a user calls it: the real binary over directories on the disk, compared to the letter.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

const BROKEN: &str = "services:
  - type: web
    name: api
    runtime: python
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --worker-class uvicorn.workers.UvicornWorker
    maxShutdownDelaySeconds: 30
";

/// Runs the program in this directory.
fn run(directory: &Path, words: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ferricorn"))
        .args(words)
        .env_clear()
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the program that cargo has built starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("the program exits by itself"))
}

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join(".git")).expect("a directory");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    root
}

#[test]
fn an_error_is_a_line_and_the_exit_code_is_1() {
    let root = repository(&[("render.yaml", BROKEN), ("api/main.py", "")]);
    let expected = "render.yaml:5:64: error FC101 uvicorn has no option --worker-class\n\n\
                    ❌ 1 error in 1 file - not ready for deployment (1 can be mended without a doubt)\n";
    // From below too: it is the repository around that is read.
    for directory in ["", "api"] {
        let told = run(&root.path().join(directory), &["check"]);
        assert_eq!(told, (expected.to_owned(), String::new(), 1), "{directory}");
    }
    let path = root.path().to_str().expect("UTF-8");
    assert_eq!(run(Path::new("/"), &["check", path]), (expected.to_owned(), String::new(), 1));
}

#[test]
fn a_right_repository_passes() {
    let right = BROKEN.replace(" --worker-class uvicorn.workers.UvicornWorker", "");
    let root = repository(&[("render.yaml", &right)]);
    let passed = "✅ ALL CHECKS PASSED - Ready for deployment!";
    assert_eq!(run(root.path(), &["check"]), (format!("{passed}\n"), String::new(), 0));
    let late = right.replace("--port $PORT", "--port $PORT --timeout-graceful-shutdown 30");
    fs::write(root.path().join("render.yaml"), late).expect("a file");
    let (stdout, _, code) = run(root.path(), &["check"]);
    assert!(stdout.ends_with(&format!("{passed} (1 warning)\n")), "{stdout}");
    assert!(stdout.starts_with("render.yaml:5:64: warning FC302 "), "{stdout}");
    assert_eq!(code, 0);
}

#[test]
fn a_file_narrows_the_report_but_not_the_reading() {
    let root = repository(&[("render.yaml", BROKEN), ("requirements.txt", "uvicorn\n")]);
    let (stdout, _, code) = run(root.path(), &["check", "requirements.txt"]);
    assert_eq!((stdout.as_str(), code), ("✅ ALL CHECKS PASSED - Ready for deployment!\n", 0));
    let (stdout, _, code) = run(root.path(), &["check", "requirements.txt", "render.yaml"]);
    assert!(stdout.starts_with("render.yaml:5:64: error FC101 "), "{stdout}");
    assert_eq!(code, 1);
}

#[test]
fn what_others_wrote_and_what_is_ignored_is_not_read() {
    let files = [(".venv/render.yaml", BROKEN), ("env/pyvenv.cfg", ""), ("env/render.yaml", BROKEN)];
    let root = repository(&[&files[..], &[("tmp/render.yaml", BROKEN), (".gitignore", "tmp/\n")]].concat());
    let (stdout, stderr, code) = run(root.path(), &["check"]);
    assert!(stdout.starts_with("Nothing to check: no deployment file"), "{stdout}");
    assert_eq!((stderr.as_str(), code), ("", 0));
    let path = root.path().to_str().expect("UTF-8");
    let (stdout, stderr, code) = run(root.path(), &["check", path]);
    assert!(stderr.starts_with("Nothing to check: "), "{stderr}");
    assert_eq!((stdout.as_str(), code), ("", 2));
}

#[test]
fn what_cannot_be_understood_exits_with_2() {
    let root = repository(&[]);
    let (_, stderr, code) = run(root.path(), &["check", "nowhere"]);
    assert_eq!(
        (stderr.as_str(), code),
        ("Error: `nowhere` cannot be read: No such file or directory (os error 2)\n", 2)
    );
    let (stdout, stderr, code) = run(root.path(), &["check", "--nothing"]);
    assert_eq!((stdout.as_str(), code), ("", 2));
    assert!(stderr.contains("--nothing"), "{stderr}");
}

#[test]
fn a_module_that_is_called_check_is_an_application() {
    let root = repository(&[]);
    let (stdout, stderr, code) = run(root.path(), &["check:app", "--print-config", "--python", "/nowhere"]);
    assert!(
        stdout.lines().any(|line| line.starts_with("wsgi_app") && line.contains("check:app")),
        "{stdout}{stderr}"
    );
    assert_ne!(code, 0);
}
