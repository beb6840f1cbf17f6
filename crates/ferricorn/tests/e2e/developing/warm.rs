//! What an application that is worked on imports from elsewhere is imported once, and not at each save.

use std::{fs, path::Path};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, turn};
use nix::sys::signal::Signal;

use super::save;
use crate::ferricorn;

/// An application that answers with the number of its save, what its library holds, and whether this process has imported that.
fn app(number: u32) -> String {
    format!(
        r#"
import os

import library

SAVE = {number}


async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = f"{{SAVE}} {{library.VALUE}} {{library.PID == os.getpid()}}".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": body}})
"#
    )
}

/// Writes the library where pip would put it.
fn install(packages: &Path, value: &str, more: &str) {
    let text = format!("import os\n{more}\nPID = os.getpid()\nVALUE = {value}\n");
    fs::write(packages.join("library.py"), text).expect("a library can be written");
}

/// A service with a library in a folder of packages, which is dropped at the end of the test.
fn builder(more: &str) -> (Builder, tempfile::TempDir) {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let packages = elsewhere.path().join("site-packages");
    fs::create_dir(&packages).expect("a folder can be made");
    install(&packages, "'one'", more);
    let builder = ferricorn()
        .app(&app(1))
        .args(["--reload", "--log-level", "debug"])
        .variable("PYTHONPATH", &packages)
        .variable("PYTHONDONTWRITEBYTECODE", "1");
    (builder, elsewhere)
}

fn saved(server: &Server, number: u32, expected: &str) {
    save(&server.path(""), &app(number));
    let expected = format!("{number} {expected}");
    eventually(PATIENCE, "the last save is served as it should be", || {
        let answer = server.get("/").expect("no request is refused").text();
        // Whatever answers with the new number answers with all of it.
        assert!(!answer.starts_with(&number.to_string()) || answer == expected, "{answer}");
        answer == expected
    });
}

#[test]
fn a_save_imports_the_code_alone_until_a_library_changes() {
    let _turn = turn::together();
    let (builder, elsewhere) = builder("");
    // Its module comes out of the program, and from no folder.
    let server = builder.args(["--http", "native"]).serve(1);
    assert_eq!(server.get("/").expect("an answer").text(), "1 one True");
    server.wait_for_count("Template ready", 1, PATIENCE);
    saved(&server, 2, "one False");
    saved(&server, 3, "one False");
    assert_eq!(server.log().count("Template ready"), 1, "it outlives saves");
    install(&elsewhere.path().join("site-packages"), "'another'", "");
    saved(&server, 4, "another True");
    server.wait_for_count("Template ready", 2, PATIENCE);
    saved(&server, 5, "another False");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn what_is_imported_for_the_first_time_is_there_at_the_save_after_the_next() {
    let _turn = turn::together();
    let (builder, elsewhere) = builder("");
    let server = builder.serve(1);
    server.wait_for_count("Template ready", 1, PATIENCE);
    let new = elsewhere.path().join("site-packages/another.py");
    fs::write(new, "import os\nPID = os.getpid()\n").expect("a library can be written");
    let with_it = |number| {
        app(number).replace("library.PID", "another.PID").replace("import library", "import another, library")
    };
    save(&server.path(""), &with_it(2));
    eventually(PATIENCE, "it is served", || server.get("/").expect("an answer").text() == "2 one True");
    server.wait_for_count("Template ready", 2, PATIENCE);
    save(&server.path(""), &with_it(3));
    eventually(PATIENCE, "it is served", || server.get("/").expect("an answer").text() == "3 one False");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn what_is_gone_from_disk_does_not_live_on_in_a_worker() {
    let _turn = turn::together();
    let (builder, elsewhere) = builder("");
    let builder = builder.app(&app(1).replace("import library", "import library, helper"));
    fs::write(builder.folder().join("helper.py"), "").expect("a module can be written");
    let server = builder
        .expect_error("Exception in worker process")
        .expect_error("exited with code")
        .expect_stranger("")
        .serve(1);
    server.wait_for_count("Template ready", 1, PATIENCE);
    let lacks = |module: &str| {
        let reason = format!("No module named '{module}'");
        eventually(PATIENCE, "what is missing is named", || {
            server.get("/").expect("no request is refused").text().contains(&reason)
        });
    };
    // A module of the application's own that gets another name.
    fs::rename(server.path("helper.py"), server.path("other.py")).expect("it can be renamed");
    lacks("helper");
    saved(&server, 2, "one False");
    // A library that is taken away.
    let library = elsewhere.path().join("site-packages/library.py");
    fs::remove_file(library).expect("it can be removed");
    save(&server.path(""), &app(3));
    lacks("library");
    install(&elsewhere.path().join("site-packages"), "'again'", "");
    saved(&server, 4, "again True");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_library_that_a_fork_does_not_survive_is_imported_at_each_save() {
    let _turn = turn::together();
    let thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), name='ticker', daemon=True).start()";
    let (builder, _elsewhere) = builder(thread);
    let server = builder.expect_stranger("").serve(1);
    server.wait_for_line("Each save imports everything anew", PATIENCE);
    server.wait_for_line("thread `ticker`", PATIENCE);
    saved(&server, 2, "one True");
    saved(&server, 3, "one True");
    assert_eq!(server.log().count("Each save imports everything anew"), 1, "it is said once");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn without_it_each_save_imports_everything() {
    let _turn = turn::together();
    let (builder, _elsewhere) = builder("");
    let server = builder.args(["--no-warm"]).serve(1);
    saved(&server, 2, "one True");
    saved(&server, 3, "one True");
    assert_eq!(server.log().count("template"), 0);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}
