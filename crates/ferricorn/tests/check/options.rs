//! What the options that change what is known do: `--app`, `--config`, `--run-config`.

use std::{fs, process::Command};

use super::{BROKEN, repository, run};

const APP: &str = "async def app(scope, receive, send): ...\n";

#[test]
fn config_names_the_file_with_the_wishes() {
    let root = repository(&[
        ("render.yaml", BROKEN),
        ("main.py", APP),
        ("ferricorn.toml", "[check]\nselect = [\"FC3\"]\n"),
        ("ci/check.toml", "[check]\nignore = [\"FC101\"]\n"),
        ("ci/strict.toml", "[tool.ferricorn.check]\nselect = [\"FC101\"]\n"),
        ("ci/other.toml", "[tool.ruff]\n"),
    ]);
    let code = |words: &[&str]| run(root.path(), &[&["check", "--format=concise"], words].concat());
    assert_eq!(code(&[]).2, 0);
    assert_eq!(code(&["--no-config"]).2, 1);
    assert_eq!(code(&["--config", "ci/check.toml"]).2, 0);
    assert_eq!(code(&["--config", "ci/strict.toml"]).2, 1);
    let outside = tempfile::tempdir().expect("a directory");
    let file = outside.path().join("mine.toml");
    fs::write(&file, "[check]\nignore = [\"FC101\"]\n").expect("a file");
    assert_eq!(code(&["--config", file.to_str().expect("UTF-8")]).2, 0);
    for (words, problem) in [
        (&["--config", "ci/other.toml"][..], "it has neither a table [check] nor [tool.ferricorn.check]"),
        (&["--config", "ci/none.toml"], "`ci/none.toml` cannot be read"),
        (&["--config", "ci/check.toml", "--no-config"], "--no-config"),
    ] {
        let (stdout, stderr, code) = code(words);
        assert!(stderr.contains(problem), "{stderr}");
        assert_eq!((stdout.as_str(), code), ("", 2), "{words:?}");
    }
}

#[test]
fn app_names_an_application_that_is_not_found() {
    let service = BROKEN
        .replace(" --worker-class uvicorn.workers.UvicornWorker", "")
        .replace("uvicorn main:app", "python -m uvicorn $TARGET");
    let app =
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/healthz\")\ndef health(): ...\n";
    let root = repository(&[("render.yaml", &service), ("shop/main.py", app), ("shop/__init__.py", "")]);
    let found = |words: &[&str]| run(root.path(), &[&["check", "--format=concise"], words].concat());
    assert!(!found(&[]).0.contains("FC506"));
    let (stdout, _, _) = found(&["--app", "shop.main:app"]);
    assert!(stdout.contains("render.yaml:6:22: warning FC506 nothing serves /health"), "{stdout}");
    let (_, stderr, code) = found(&["--app", "shop/main.py"]);
    assert!(stderr.contains("Write app.main:app"), "{stderr}");
    assert_eq!(code, 2);
}

#[test]
fn run_config_executes_what_a_service_loads() {
    let Some(python) = python() else { panic!("no Python is on PATH") };
    let service = "services:\n  - type: web\n    name: api\n    runtime: python\n    plan: starter\n    \
                   buildCommand: pip install gunicorn uvicorn\n    startCommand: gunicorn main:app\n";
    let settings = "sizes = {\"small\": 2, \"large\": 12}\nworkers = sizes[\"large\"]\n\
                    bind = \"0.0.0.0:\" + str(10 * 1000)\nworker_class = \"uvicorn.workers.UvicornWorker\"\n";
    let root = repository(&[
        ("render.yaml", service),
        ("main.py", APP),
        ("gunicorn.conf.py", settings),
        ("other/gunicorn.conf.py", "raise SystemExit(\"this one is not loaded\")\n"),
    ]);
    let found = |words: &[&str]| run(root.path(), &[&["check", "--format=concise"], words].concat());
    assert!(!found(&[]).0.contains("FC401"));
    let (stdout, stderr, code) = found(&["--run-config", "--python", &python]);
    assert!(stdout.contains("error FC401"), "{stdout}\n{stderr}");
    assert!(stderr.starts_with("--run-config executes `gunicorn.conf.py` with `"), "{stderr}");
    assert_eq!(code, 1);
    fs::write(root.path().join("gunicorn.conf.py"), "raise RuntimeError(\"broken\")\n").expect("a file");
    let (_, stderr, code) = found(&["--run-config", "--python", &python]);
    assert!(stderr.contains("gunicorn.conf.py") && stderr.contains("broken"), "{stderr}");
    assert_eq!(code, 2);
}

fn python() -> Option<String> {
    let program = std::env::var("FERRICORN_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(program).args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
