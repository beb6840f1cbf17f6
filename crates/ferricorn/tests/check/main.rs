//! `ferricorn check` as a user calls it: the real binary over directories on the disk, compared to the letter.

mod formats;
mod incident;
mod options;
mod schema;
mod secrets;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use ferricorn_check::data::ORIGINS;
use tempfile::TempDir;

/// One error, and nothing that would be advice.
const BROKEN: &str = "services:
  - type: web
    name: api
    runtime: python
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --worker-class uvicorn.workers.UvicornWorker --timeout-keep-alive 120 --timeout-graceful-shutdown 20
    healthCheckPath: /health
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
    let app = "async def app(scope, receive, send): ...\n";
    let root = repository(&[("render.yaml", BROKEN), ("main.py", app), ("api/notes.txt", "")]);
    let expected = "render.yaml:5:64: error FC101 uvicorn has no option --worker-class\n\n\
                    ❌ 1 error in 1 file - not ready for deployment (1 fixable with --fix)\n";
    // From below too: it is the repository around that is read.
    for directory in ["", "api"] {
        let told = run(&root.path().join(directory), &["check", "--format", "concise"]);
        assert_eq!(told, (expected.to_owned(), String::new(), 1), "{directory}");
    }
    let path = root.path().to_str().expect("UTF-8");
    assert_eq!(
        run(Path::new("/"), &["check", "--format", "concise", path]),
        (expected.to_owned(), String::new(), 1)
    );
}

#[test]
fn a_right_repository_passes() {
    let right = BROKEN.replace(" --worker-class uvicorn.workers.UvicornWorker", "");
    let root = repository(&[("render.yaml", &right)]);
    let passed = "✅ ALL CHECKS PASSED - Ready for deployment!";
    assert_eq!(run(root.path(), &["check"]), (format!("{passed}\n"), String::new(), 0));
    let late = right.replace("shutdown 20", "shutdown 30");
    fs::write(root.path().join("render.yaml"), late).expect("a file");
    let (stdout, _, code) = run(root.path(), &["check", "--format=concise"]);
    assert!(stdout.ends_with(&format!("{passed} (1 warning, 1 fixable with --fix)\n")), "{stdout}");
    assert!(stdout.starts_with("render.yaml:5:89: warning FC302 "), "{stdout}");
    assert_eq!(code, 0);
}

#[test]
fn a_file_narrows_the_report_but_not_the_reading() {
    let root = repository(&[("render.yaml", BROKEN), ("requirements.txt", "uvicorn[standard]==0.34.0\n")]);
    let (stdout, _, code) = run(root.path(), &["check", "requirements.txt"]);
    assert_eq!((stdout.as_str(), code), ("✅ ALL CHECKS PASSED - Ready for deployment!\n", 0));
    let (stdout, _, code) =
        run(root.path(), &["check", "--format=concise", "requirements.txt", "render.yaml"]);
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

/// The file nearest to a path says whether git ignores it, the last pattern of a file wins, and a repository's patterns hold
/// for a check of one of its directories.
#[test]
fn patterns_of_git_hold_as_for_git() {
    let root = repository(&[
        (".git/info/exclude", "/private\n"),
        (".gitignore", "*.yaml\n/build/\n!kept/*.yaml\n"),
        ("render.yaml", BROKEN),
        ("private/render.yaml", BROKEN),
        ("build/render.yaml", BROKEN),
        ("kept/render.yaml", BROKEN),
        ("back/.gitignore", "!render.yaml\nold/\n"),
        ("back/render.yaml", BROKEN),
        ("back/old/render.yaml", BROKEN),
        ("back/build/render.yaml", BROKEN),
        ("back/private/render.yaml", BROKEN),
    ]);
    let files = |words: &[&str]| {
        let (stdout, _, _) = run(root.path(), &[&["check", "--format=concise"], words].concat());
        let path = |line: &str| line.split(':').next().map(str::to_owned);
        let mut files: Vec<_> =
            stdout.lines().filter(|line| line.contains("FC101")).filter_map(path).collect();
        files.sort();
        files
    };
    let below = ["build/render.yaml", "private/render.yaml", "render.yaml"];
    let back = below.map(|path| format!("back/{path}"));
    assert_eq!(files(&[]), [&back[..], &["kept/render.yaml".to_owned()]].concat());
    assert_eq!(files(&["back"]), below);
}

/// An image that is built here gets an ignored `.env` too; one that a platform builds out of git does not.
#[test]
fn an_ignored_env_file_reaches_an_image_that_is_built_here() {
    let image = "FROM python:3.12-slim\nCOPY . .\nCMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\"]\n";
    let files = [("Dockerfile", image), (".gitignore", ".env\n"), (".env", "TOKEN=hidden-from-everybody\n")];
    let root = repository(&files);
    let (stdout, _, _) = run(root.path(), &["check", "--format=concise"]);
    assert!(stdout.contains("Dockerfile:2:1: warning FC606 "), "{stdout}");
    assert!(!stdout.contains("hidden"), "{stdout}");
    let render = ("render.yaml", "services:\n  - type: web\n    name: api\n    runtime: docker\n");
    let root = repository(&[&files[..], &[render]].concat());
    let (stdout, _, _) = run(root.path(), &["check", "--format=concise"]);
    assert!(!stdout.contains("FC606"), "{stdout}");
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

#[test]
fn the_text_shows_the_place_what_happens_and_what_to_write() {
    let root = repository(&[("render.yaml", BROKEN)]);
    let (stdout, _, code) = run(root.path(), &["check"]);
    for part in [
        "error[FC101]: uvicorn has no option --worker-class\n --> render.yaml:5:64\n",
        "^^^^^^^^^^^^^^ gunicorn's option\n",
        "what happens: uvicorn exits 2: No such option '--worker-class'\n",
        "(--fix does it)\n",
        "❌ 1 error in 1 file - not ready for deployment (1 fixable with --fix)\n",
    ] {
        assert!(stdout.contains(part), "{part:?} is not in\n{stdout}");
    }
    assert!(!stdout.contains('\u{1b}'), "colours on a pipe: {stdout:?}");
    assert_eq!(code, 1);
    let (styled, _, _) = run(root.path(), &["check", "--color=always"]);
    assert!(styled.contains("\u{1b}["), "{styled}");
}

/// Of the errors, the one that stops the deploy first: the platform reads, builds, starts, and leads requests there.
#[test]
fn what_stops_the_deploy_first_comes_first() {
    let many = "services:
  - type: web
    name: api
    runtime: python
    envVars:
      - key: STRIPE_KEY
        value: sk_live_0123456789abcdef0123456789
    startCommand: uvicorn main:app --host 127.0.0.1 --port $PORT --preload --timeout-graceful-shutdown 30
    buildCommand: apt-get install -y ffmpeg && pip install -r requirements.txt
    numInstance: 1
";
    let root = repository(&[("render.yaml", many), ("requirements.txt", "uvicorn\n")]);
    let (stdout, _, _) = run(root.path(), &["check", "--format=concise"]);
    let ids: Vec<&str> = stdout.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    let wanted = ["FC502", "FC516", "FC101", "FC201", "FC601", "FC302"];
    let found: Vec<&str> = ids.into_iter().filter(|id| wanted.contains(id)).collect();
    assert_eq!(found, wanted, "{stdout}");
}

#[test]
fn the_worst_come_first() {
    let late = BROKEN.replace("shutdown 20", "shutdown 30");
    let root = repository(&[("render.yaml", &late)]);
    let (stdout, _, _) = run(root.path(), &["check"]);
    let (error, warning) = (stdout.find("error[FC101]"), stdout.find("warning[FC302]"));
    assert!(error.is_some() && error < warning, "{stdout}");
}

/// The one finding of [`BROKEN`] in the forms that programs read.
#[test]
fn machines_read_their_own_forms() {
    let root = repository(&[("render.yaml", BROKEN)]);
    let told = |format: &str| {
        let (stdout, stderr, code) = run(root.path(), &["check", "--format", format]);
        assert_eq!((stderr.as_str(), code), ("", 1), "{format}");
        stdout
    };
    let read = |format: &str| -> serde_json::Value { serde_json::from_str(&told(format)).expect("JSON") };
    let json = read("json");
    let finding = &json["findings"][0];
    assert_eq!((&json["version"], &finding["id"]), (&1.into(), &"FC101".into()));
    assert_eq!(
        finding["start"],
        serde_json::json!({ "line": 5, "column": 64, "offset": BROKEN.find("--worker-class") })
    );
    assert_eq!(finding["fix"]["safety"], "safe");
    let sarif = read("sarif");
    let run = &sarif["runs"][0];
    assert_eq!((&sarif["version"], &run["results"][0]["ruleId"]), (&"2.1.0".into(), &"FC101".into()));
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["endColumn"]),
        (&"render.yaml".into(), &78.into())
    );
    let at =
        run["results"][0]["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok()).expect("an index");
    assert_eq!(run["tool"]["driver"]["rules"][at]["id"], "FC101");
    assert_eq!(run["results"][0]["partialFingerprints"]["ferricornCheck/v1"], finding["fingerprint"]);
    let gitlab = read("gitlab");
    assert_eq!(
        (&gitlab[0]["check_name"], &gitlab[0]["location"]["lines"]["begin"]),
        (&"FC101".into(), &5.into())
    );
    assert_eq!(gitlab[0]["fingerprint"], finding["fingerprint"]);
    let github = told("github");
    let line = "::error file=render.yaml,line=5,col=64,endLine=5,endColumn=78,title=FC101::uvicorn has no option --worker-class%0A";
    assert!(github.starts_with(line), "{github}");
}

#[test]
fn a_clean_report_is_still_whole() {
    let right = BROKEN.replace(" --worker-class uvicorn.workers.UvicornWorker", "");
    let root = repository(&[("render.yaml", &right)]);
    let file = root.path().join("out.sarif");
    let told = run(root.path(), &["check", "--format=sarif", "--output", "out.sarif"]);
    assert_eq!(told, (String::new(), String::new(), 0));
    let sarif: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(file).expect("it is written")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert!(sarif["runs"][0]["tool"]["driver"]["rules"].as_array().is_some_and(|rules| rules.len() > 5));
    assert_eq!(run(root.path(), &["check", "--format=gitlab"]), ("[]\n".to_owned(), String::new(), 0));
}

#[test]
fn rules_are_chosen_by_id_and_by_beginning() {
    let late = BROKEN.replace("shutdown 20", "shutdown 30");
    let root = repository(&[("render.yaml", &late)]);
    let ids = |words: &[&str]| {
        let (stdout, _, code) = run(root.path(), &[&["check", "--format=concise"], words].concat());
        (["FC101", "FC302"].map(|id| stdout.contains(id)), code)
    };
    assert_eq!(ids(&[]), ([true, true], 1));
    assert_eq!(ids(&["--select", "FC3"]), ([false, true], 0));
    assert_eq!(ids(&["--select", "FC3", "--strict"]), ([false, true], 1));
    assert_eq!(ids(&["--ignore", "fc101,FC302"]), ([false, false], 0));
    let (_, stderr, code) = run(root.path(), &["check", "--select", "FC109x"]);
    assert!(stderr.starts_with("Error: --select: no rule has the id `FC109X`."), "{stderr}");
    assert_eq!(code, 2);
    let (_, stderr, code) = run(root.path(), &["check", "--format", "sarf"]);
    assert!(stderr.contains("`sarif`"), "the nearest is not named: {stderr}");
    assert_eq!(code, 2);
}

#[test]
fn rules_explain_themselves() {
    let root = repository(&[]);
    let (stdout, _, code) = run(root.path(), &["check", "--explain", "fc111"]);
    assert!(stdout.starts_with("FC111 text behind a backslash (error)\n\nA backslash"), "{stdout}");
    assert!(stdout.ends_with("\nSuppress: # ferricorn: ignore=FC111 reason\n"), "{stdout}");
    assert_eq!(code, 0);
    let (stdout, _, _) = run(root.path(), &["check", "--list-rules"]);
    assert!(stdout.contains("\nFC111 error   text behind a backslash\n"), "{stdout}");
    let (stdout, _, _) = run(root.path(), &["check", "--list-rules", "--format=json"]);
    let rules: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(rules.as_array().is_some_and(|rules| rules.iter().any(|rule| rule["id"] == "FC111")));
}

/// Each file of data says of which day it is, and where from.
#[test]
fn data_has_a_date_and_a_source() {
    let root = repository(&[]);
    let (stdout, _, code) = run(root.path(), &["check", "--list-data"]);
    assert_eq!((stdout.lines().count(), code), (ORIGINS.len(), 0), "{stdout}");
    let (json, _, _) = run(root.path(), &["check", "--list-data", "--format=json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for (at, origin) in ORIGINS.iter().enumerate() {
        assert!(stdout.contains(origin.date) && stdout.contains(origin.source), "{stdout}");
        assert_eq!(json[at]["name"], origin.name);
    }
}

const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ferricorn-check/tests/sets");

/// The incident's `render.yaml`: four errors, mended by `--fix`, and nothing but the mistakes changes.
#[test]
fn the_incident_passes_after_fix() {
    let read =
        |name: &str| fs::read_to_string(format!("{SETS}/001-seed-before/{name}")).expect("a file of the set");
    let before = read("render.yaml");
    let root = repository(&[
        ("render.yaml", &before),
        ("requirements.txt", &read("requirements.txt")),
        ("apps/backend/main.py", &read("apps/backend/main.py")),
    ]);
    let file = root.path().join("render.yaml");
    let (patch, stderr, code) = run(root.path(), &["check", "--diff"]);
    assert!(patch.starts_with("--- a/render.yaml\n+++ b/render.yaml\n@@ "), "{patch}");
    assert!(
        patch.contains("\n-        --worker-class uvicorn.workers.UvicornWorker \\  # not for uvicorn\n"),
        "{patch}"
    );
    assert!(stderr.ends_with(" fixes would be applied in `render.yaml`\n"), "{stderr}");
    assert_eq!((code, fs::read_to_string(&file).expect("it is there")), (1, before.clone()));

    let (stdout, stderr, code) = run(root.path(), &["check", "--fix"]);
    assert!(stderr.ends_with(" fixes applied in `render.yaml`\n"), "{stderr}");
    assert!(stdout.contains("✅ ALL CHECKS PASSED - Ready for deployment!"), "{stdout}");
    assert_eq!(code, 0);
    let after = fs::read_to_string(&file).expect("it is there");
    assert!(
        !after.contains("--worker-class") && after.contains("    # not for uvicorn?\n    startCommand: |\n"),
        "{after}"
    );
    for kept in
        ["        --loop uvloop \\\n", "        --limit-max-requests 5000 \\\n", "    ipAllowList: []\n"]
    {
        assert!(after.contains(kept), "{kept}{after}");
    }
    let left: Vec<_> =
        fs::read_dir(root.path()).expect("a directory").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left.len(), 4, "something is left beside the files: {left:?}");

    let (_, stderr, code) = run(root.path(), &["check", "--fix"]);
    assert_eq!((stderr.as_str(), code), ("nothing to fix\n", 0));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), after);
}

#[test]
fn unsafe_fixes_are_asked_for_by_name() {
    let odd = BROKEN.replace("--worker-class uvicorn.workers.UvicornWorker", "--preload");
    let root = repository(&[("render.yaml", &odd)]);
    let file = root.path().join("render.yaml");
    let (_, stderr, code) = run(root.path(), &["check", "--fix"]);
    assert_eq!((stderr.as_str(), code), ("nothing to fix without a doubt (1 fix with --unsafe-fixes)\n", 1));
    let (_, stderr, code) = run(root.path(), &["check", "--unsafe-fixes"]);
    assert!(stderr.starts_with("Error: --unsafe-fixes needs --fix"), "{stderr}");
    assert_eq!(code, 2);
    let (stdout, _, code) = run(root.path(), &["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(code, 0, "{stdout}");
    let after = fs::read_to_string(file).expect("it is there");
    assert_eq!(after, odd.replace("uvicorn main:app", "ferricorn main:app"));
}

#[test]
fn a_comment_with_a_reason_silences_a_finding() {
    let silenced = BROKEN
        .replace("    startCommand", "    # ferricorn: ignore=FC101 a wrapper takes it\n    startCommand");
    let root = repository(&[("render.yaml", &silenced)]);
    let passed = "✅ ALL CHECKS PASSED - Ready for deployment!";
    let told = run(root.path(), &["check", "--ignore=FC505"]);
    assert_eq!(told, (format!("{passed}\n"), String::new(), 0));
    let moved = format!("# ferricorn: ignore=FC101,FC1O1 x\n{BROKEN}");
    fs::write(root.path().join("render.yaml"), moved).expect("a file");
    let (stdout, _, code) = run(root.path(), &["check", "--advice", "--format=concise"]);
    for line in [
        "render.yaml:1:21: advice FC001 ",
        "render.yaml:1:27: warning FC002 ",
        "render.yaml:6:64: error FC101 ",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    assert_eq!(code, 1);
}

#[test]
fn a_baseline_knows_findings_but_not_their_lines() {
    let root = repository(&[("render.yaml", BROKEN)]);
    let words = ["check", "--select=FC1", "--baseline", "known.json"];
    let (_, stderr, code) = run(root.path(), &words);
    assert!(stderr.starts_with("Error: --baseline: `known.json` cannot be read: No such file"), "{stderr}");
    assert_eq!(code, 2);
    let written = run(root.path(), &[&words[..], &["--write-baseline"]].concat());
    assert_eq!(written, (String::new(), "1 finding written to `known.json`\n".to_owned(), 0));
    fs::write(root.path().join("render.yaml"), format!("# moved\n{BROKEN}")).expect("a file");
    let (stdout, _, code) = run(root.path(), &words);
    let line = "✅ ALL CHECKS PASSED - Ready for deployment! [1 finding in the baseline]\n";
    assert_eq!((stdout.as_str(), code), (line, 0));
    fs::write(root.path().join("render.yaml"), BROKEN.replace("--host", "--preload --host")).expect("a file");
    assert_eq!(run(root.path(), &words).2, 1, "a new finding");
    fs::write(root.path().join("known.json"), "[]").expect("a file");
    let (_, stderr, code) = run(root.path(), &words);
    assert!(stderr.contains("`known.json` is no baseline"), "{stderr}");
    assert_eq!(code, 2);
}

#[test]
fn facts_are_printed_without_the_values_of_variables() {
    let text = format!("{BROKEN}    envVars:\n      - key: API_KEY\n        value: hunter22-hunter22\n");
    let root = repository(&[("render.yaml", &text)]);
    let (stdout, _, code) = run(root.path(), &["check", "--print-facts"]);
    let facts: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let service = &facts["deployments"][0];
    assert_eq!((&service["platform"], &service["service"]), (&"render".into(), &"api".into()));
    assert_eq!(
        (&service["command"]["program"], &service["command"]["target"]),
        (&"uvicorn".into(), &"main:app".into())
    );
    assert_eq!(service["environment"], serde_json::json!(["API_KEY"]));
    assert!(!stdout.contains("hunter22"), "{stdout}");
    assert_eq!(code, 0);
}

#[test]
fn required_variables_are_asked_for_on_the_command_line_and_in_files() {
    let variables = "    envVars:\n      - key: DATABASE_URL\n        sync: false\n";
    let right = BROKEN.replace(" --worker-class uvicorn.workers.UvicornWorker", "") + variables;
    let root = repository(&[("render.yaml", &right)]);
    let concise = ["check", "--format=concise", "--required-env", "DATABASE_URL,REDIS_URL"];
    let (stdout, _, code) = run(root.path(), &concise);
    let line = "render.yaml:3:11: warning FC603 REDIS_URL is required and not set\n";
    assert!(stdout.starts_with(line), "{stdout}");
    assert_eq!(code, 0);
    let (_, stderr, code) = run(root.path(), &["check", "--required-env=A B"]);
    assert_eq!(
        (stderr.starts_with("Error: --required-env: `A B` cannot be the name"), code),
        (true, 2),
        "{stderr}"
    );
    let file = root.path().join("ferricorn.toml");
    fs::write(&file, "[check]\nrequired_env = [\"REDIS_URL\"]\n").expect("a file");
    let (stdout, _, _) = run(root.path(), &["check", "--format=concise"]);
    assert!(stdout.starts_with(line), "{stdout}");
    let (stdout, _, _) = run(root.path(), &["check", "--format=concise", "--no-config"]);
    assert!(!stdout.contains("FC603"), "{stdout}");
    let (stdout, _, code) = run(root.path(), &["check", "--fix"]);
    assert!(!stdout.contains("FC603"), "{stdout}");
    assert_eq!(code, 0);
    let mended = fs::read_to_string(root.path().join("render.yaml")).expect("it is there");
    assert_eq!(mended, format!("{right}      - key: REDIS_URL\n        sync: false\n"));
    fs::write(&file, "[check]\nignores = []\n").expect("a file");
    let (_, stderr, code) = run(root.path(), &["check"]);
    let problem = "Error: ferricorn.toml:2: `check` has no setting `ignores`: is `ignore` meant?\n";
    assert_eq!((stderr.as_str(), code), (problem, 2));
}

#[test]
fn the_table_of_the_check_is_not_the_servers() {
    let settings = "workers = 3\n[check]\nrequired_env = [\"A\"]\n";
    let root = repository(&[("ferricorn.toml", settings)]);
    let told = || run(root.path(), &["main:app", "--print-config", "--python", "/nowhere"]).0;
    let is_line = |text: &str, name: &str, value: &str| {
        text.lines().any(|line| line.starts_with(name) && line.contains(value))
    };
    assert!(is_line(&told(), "workers", "= 3"), "{}", told());
    // A file that has nothing else in it hides no other file.
    fs::write(root.path().join("ferricorn.toml"), "[check]\nrequired_env = [\"A\"]\n").expect("a file");
    fs::write(root.path().join("pyproject.toml"), "[tool.ferricorn]\nworkers = 5\n").expect("a file");
    assert!(is_line(&told(), "workers", "= 5"), "{}", told());
}

#[test]
fn what_cannot_be_read_is_a_notice() {
    let right = BROKEN.replace(" --worker-class uvicorn.workers.UvicornWorker", "");
    let root = repository(&[
        ("render.yaml", &right),
        ("compose.yaml", "services:\n  a: [\n"),
        ("k8s/app.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${NAME}\n"),
        ("chart/app.yaml", "apiVersion: apps/v1\nkind: {{ .Kind }}\n"),
        (".github/workflows/ci.yaml", "run: ${{ github.ref }}\n"),
    ]);
    fs::write(root.path().join("fly.toml"), b"app = \"a\0\"\n").expect("a file");
    let (stdout, stderr, code) = run(root.path(), &["check"]);
    assert!(stdout.starts_with("✅ ALL CHECKS PASSED"), "{stdout}");
    let mut notices: Vec<&str> = stderr.lines().collect();
    notices.sort_unstable();
    let template = "it is a template, whose values are not known";
    assert_eq!(notices[0], format!("Notice: `chart/app.yaml` is not read: {template}"));
    assert!(notices[1].starts_with("Notice: `compose.yaml` is not read: line "), "{stderr}");
    assert_eq!(notices[2], "Notice: `fly.toml` is not read: it is a binary file");
    assert_eq!(notices[3], format!("Notice: `k8s/app.yaml` is not read: {template}"));
    assert_eq!((notices.len(), code), (4, 0));
    for (format, part) in [
        ("json", "\"message\": \"`fly.toml` is not read: it is a binary file\""),
        ("sarif", "\"text\": \"`fly.toml` is not read: it is a binary file\""),
        ("github", "\n::notice file=fly.toml::`fly.toml` is not read: it is a binary file\n"),
    ] {
        let (stdout, stderr, code) = run(root.path(), &["check", "--format", format]);
        assert!(format!("\n{stdout}").contains(part), "{stdout}");
        assert_eq!((stderr.as_str(), code), ("", 0));
    }
    let (_, stderr, code) = run(root.path(), &["check", "fly.toml"]);
    assert!(stderr.ends_with("Error: `fly.toml` cannot be read: it is a binary file\n"), "{stderr}");
    assert_eq!(code, 2);
}
