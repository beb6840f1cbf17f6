//! `python -m ferricorn` and the options of its interpreter; what `__main__` and the command line say in every process.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use ferricorn_test::{Builder, PATIENCE, Planned, Server, python, repository, turn};
use nix::sys::signal::Signal;

use crate::{PROGRAM, ferricorn};

/// Says what it sees of its interpreter, a word a line.
const APP: &str = "import os, sys\n\
                   async def app(scope, receive, send):\n    \
                   if scope['type'] != 'http':\n        return\n    \
                   main = sys.modules['__main__']\n    \
                   said = [main.__file__, main.__spec__.name, sys.argv, sys.orig_argv[1:], sys._xoptions,\n            \
                   sys.warnoptions, sys.flags.dev_mode, sys.flags.optimize, os.environ.get('CONFIGURED'),\n            \
                   'FERRICORN_LAUNCHER' in os.environ]\n    \
                   await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
                   await send({'type': 'http.response.body', 'body': '\\n'.join(map(str, said)).encode()})\n";

/// What the hooks' process and the configuration file see.
const CONFIGURATION: &str = "import sys\n\
                             raw_env = [f'CONFIGURED={sys.flags.optimize} {sys.argv[1:]}']\n\
                             def when_ready(server):\n    \
                             server.log.info('hooks see %s %s', sys.flags.optimize, sys.argv[1:])\n";

/// The package as an installer puts it, with the program beside it: `pip install --target`.
fn package(folder: &Path) {
    let package = folder.join("lib/ferricorn");
    fs::create_dir_all(folder.join("lib/bin")).expect("the run's folder can be written");
    fs::create_dir(&package).expect("its folder was made");
    for entry in fs::read_dir(repository().join("python/ferricorn")).expect("the package is there") {
        let entry = entry.expect("readable");
        if entry.path().extension().is_some_and(|it| it == "py") {
            fs::copy(entry.path(), package.join(entry.file_name())).expect("its folder was made");
        }
    }
    symlink(PROGRAM, folder.join("lib/bin/ferricorn")).expect("its folder was made");
}

fn module(options: &[&str]) -> Builder {
    // In its development mode asyncio tells of callbacks that a busy machine makes slow.
    let builder = Server::command(python()).target(None).no_bind().app(APP).expect_stranger("Executing <");
    package(builder.folder());
    let path = builder.folder().join("lib");
    builder.variable("PYTHONPATH", path).args(options).args(["-m", "ferricorn", "main:app"])
}

fn said(server: &Server) -> Vec<String> {
    server.get("/").expect("an answer").text().lines().map(str::to_owned).collect()
}

#[test]
fn the_options_of_the_interpreter_hold_in_every_process_across_reloads_and_upgrades() {
    let _turn = turn::together();
    let options = ["-u", "-X", "dev", "-OO", "-Wignore"];
    let arguments = ["--bind", "127.0.0.1:0", "--workers", "1", "--reload-probation", "0"];
    let builder = module(&options).args(arguments);
    fs::write(builder.folder().join("gunicorn.conf.py"), CONFIGURATION)
        .expect("the run's folder can be written");
    let file = builder.folder().join("lib/ferricorn/__main__.py").display().to_string();
    let server = builder.serve(1);
    let list = |words: &[&str]| {
        format!("[{}]", words.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", "))
    };
    let words = [&["main:app"], &arguments[..]].concat();
    server.wait_for_line(&format!("hooks see 2 {}", list(&words)), PATIENCE);
    let expected = [
        file.clone(),
        "ferricorn.__main__".to_owned(),
        list(&[&[file.as_str()], &words[..]].concat()),
        list(&[&options[..], &["-m", "ferricorn"], &words[..]].concat()),
        "{'dev': True}".to_owned(),
        "['default', 'ignore']".to_owned(),
        "True".to_owned(),
        "2".to_owned(),
        format!("2 {}", list(&words)),
        "False".to_owned(),
    ];
    assert_eq!(said(&server), expected);
    for planned in [Planned::Reload, Planned::Upgrade] {
        planned.let_happen(&server);
        assert_eq!(said(&server), expected, "after {planned:?}");
    }
    server.finish();
}

#[test]
fn a_check_of_the_application_has_them_too() {
    let _turn = turn::together();
    // Without WebSockets: their libraries warn of each other's age, which `-X dev` shows.
    let builder = module(&["-X", "dev"]).args(["--check-config", "--ws", "none"]);
    let builder =
        builder.app("import sys\nprint('checked', sys.flags.dev_mode, sys.argv[1:])\nasync def app(scope, receive, send): pass\n");
    let server = builder.expect_stranger("checked").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.wait_for_line("checked True ['main:app', '--check-config', '--ws', 'none']", PATIENCE);
    server.finish();
}

#[test]
fn the_program_itself_is_the_main_file_without_the_module_form() {
    let _turn = turn::together();
    let server = ferricorn().app(APP).line("--workers 1").serve(1);
    let said = said(&server);
    assert_eq!(said[..2], [PROGRAM, "ferricorn.__main__"]);
    let argv = format!("['{PROGRAM}', 'main:app', '--bind', '127.0.0.1:0', '--workers', '1']");
    assert_eq!(said[2..6], [argv.as_str(), argv.as_str(), "{}", "[]"]);
    server.finish();
}

#[test]
fn load_dotenv_finds_the_file_beside_the_module() {
    let _turn = turn::together();
    let found = Command::new(python()).args(["-c", "import dotenv"]).output().expect("Python starts");
    assert!(found.status.success(), "python-dotenv is among the packages of the tests");
    let app = "import os\nfrom dotenv import load_dotenv\nload_dotenv()\n\
               async def app(scope, receive, send):\n    \
               if scope['type'] != 'http':\n        return\n    \
               await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
               await send({'type': 'http.response.body', 'body': os.environ['SAID'].encode()})\n";
    let builder = ferricorn().line("--workers 1 --app-dir src");
    let folder = builder.folder().to_owned();
    fs::create_dir(folder.join("src")).expect("the run's folder can be written");
    fs::remove_file(folder.join("main.py")).expect("the harness has written it");
    fs::write(folder.join("src/main.py"), app).expect("its folder was made");
    fs::write(folder.join("src/.env"), "SAID=beside\n").expect("its folder was made");
    fs::write(folder.join(".env"), "SAID=the working directory\n").expect("the run's folder can be written");
    let server = builder.serve(1);
    assert_eq!(server.get("/").expect("an answer").text(), "beside");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

/// How long a run of this Python takes, and what it says on standard error.
fn start_of_python(folder: &Path, words: &[&str]) -> (Duration, String) {
    let mut command = Command::new(python());
    command.env("PYTHONPATH", folder.join("lib")).args(words);
    let began = Instant::now();
    let output = command.output().expect("Python starts");
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
    (took, said)
}

fn modules_imported_by(folder: &Path, module: &str) -> BTreeSet<String> {
    let words = ["-X", "importtime", "-m", module, "--version"];
    let (_, said) = start_of_python(folder, &words);
    said.lines().filter_map(|line| line.rsplit_once('|')).map(|(_, name)| name.trim().to_owned()).collect()
}

#[test]
fn the_module_form_costs_little_more_than_the_start_of_an_interpreter() {
    let _turn = turn::alone();
    let builder = ferricorn();
    let folder = builder.folder().to_owned();
    package(&folder);
    fs::create_dir(folder.join("lib/empty")).expect("its folder was made");
    for file in ["__init__.py", "__main__.py"] {
        fs::write(folder.join("lib/empty").join(file), "").expect("its folder was made");
    }
    let of_an_empty_package = modules_imported_by(&folder, "empty");
    let imported = modules_imported_by(&folder, "ferricorn");
    let more: Vec<&String> = imported.difference(&of_an_empty_package).collect();
    assert_eq!(more, ["ferricorn", "ferricorn._find_binary", "ferricorn._worker"]);

    // The shortest of many runs, by turns: whatever else runs on the machine makes some of them longer.
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..200 {
        for (shortest, words) in
            shortest.iter_mut().zip([&["-c", "pass"][..], &["-m", "ferricorn", "--version"]])
        {
            *shortest = start_of_python(&folder, words).0.min(*shortest);
        }
        // Measured 1.7; with `re`, `typing` and `pathlib` it was 7.9.
        if shortest[1] <= shortest[0] * 2 {
            return;
        }
    }
    panic!("{:?} against {:?} of a bare interpreter", shortest[1], shortest[0]);
}
