//! Deploys that set the link `current` to another release (Capistrano and its kind): the service was started inside the link,
//! and HUP and USR2 serve what it leads to by then.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, http, layout, processes, turn};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    pid1::{master, namespace},
    upgrade::{TOOK_OVER, writer},
};

/// Says which release it is, by its own code, by the configuration file, by its interpreter and its directory.
const APP: &str = "import os, sys\n\
                   RELEASE = 'RELEASE_NUMBER'\n\
                   async def app(scope, receive, send):\n    \
                   if scope['type'] != 'http':\n        return\n    \
                   said = [RELEASE, os.environ.get('CONFIGURED', ''), sys.prefix, os.getcwd(), __file__]\n    \
                   await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
                   await send({'type': 'http.response.body', 'body': '\\n'.join(said).encode()})\n";

/// Where the virtual environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Venv {
    /// Each release has its own, with a program of its own.
    Inside,
    /// All releases have the same.
    Outside,
}

/// `releases/1` and `releases/2`, and `current` that leads to the first, in the folder of the run. Gives the builder of a run
/// that calls the program as one does from inside `current`.
fn deployed(venv: Venv) -> Builder {
    let program = match venv {
        Venv::Inside => "venv/bin/ferricorn",
        Venv::Outside => "../../venv/bin/ferricorn",
    };
    let builder = Server::command(program).no_python();
    let root = builder.folder().to_owned();
    for number in ["1", "2"] {
        let release = root.join("releases").join(number);
        fs::create_dir_all(&release).expect("the run's folder can be written");
        fs::write(release.join("main.py"), APP.replace("RELEASE_NUMBER", number)).expect("made above");
        let configuration = format!("raw_env = ['CONFIGURED={number}']\n");
        fs::write(release.join("gunicorn.conf.py"), configuration).expect("made above");
        if venv == Venv::Inside {
            install(&release.join("venv"));
        }
    }
    if venv == Venv::Outside {
        install(&root.join("venv"));
    }
    symlink("releases/1", root.join("current")).expect("the run's folder can be written");
    builder
}

fn install(venv: &Path) {
    layout::virtual_environment(venv);
    layout::install(venv, Path::new(PROGRAM));
}

fn switch(server: &Server, number: &str) {
    let next = server.path("current.next");
    symlink(format!("releases/{number}"), &next).expect("the run's folder can be written");
    fs::rename(next, server.path("current")).expect("a link can be renamed");
}

/// Waits until the answer comes from this release in everything.
fn serves(server: &Server, number: &str, venv: Venv) {
    let release = server.path("releases").join(number).canonicalize().expect("it is there");
    let text = || http::get(&server.address(), "/").map(|answer| answer.text()).unwrap_or_default();
    eventually(PATIENCE, "the release answers", || text().starts_with(&format!("{number}\n{number}\n")));
    let text = text();
    let mut lines = text.lines().skip(2).map(PathBuf::from);
    let mut line = || lines.next().expect("five lines").canonicalize().expect("it is there");
    let (prefix, directory, file) = (line(), line(), line());
    assert_eq!((&directory, &file), (&release, &release.join("main.py")));
    if venv == Venv::Inside {
        assert_eq!(prefix, release.join("venv"));
    }
}

fn reload(server: &Server) {
    let mark = server.log().mark();
    processes::signal(server.master(), Signal::SIGHUP);
    server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
}

/// Upgrades, and gives the file that the new master executes.
fn upgrade(server: &Server) -> PathBuf {
    let (mark, old) = (server.log().mark(), server.master());
    processes::signal(old, Signal::SIGUSR2);
    let next = writer(server, mark, TOOK_OVER);
    eventually(PATIENCE, "the old master has left", || !processes::alive(old));
    // Each master but the last loses its parent before it leaves.
    processes::reap_orphans(server.pid());
    server.follow(next);
    executed(next)
}

fn executed(pid: i32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/exe")).expect("it is alive")
}

const LINE: &str = "--workers 1 --reload-probation 0";

#[test]
fn hup_and_usr2_serve_the_release_that_current_leads_to_by_then() {
    let _turn = turn::together();
    for venv in [Venv::Inside, Venv::Outside] {
        let server = deployed(venv).inside("current").line(LINE).serve(1);
        serves(&server, "1", venv);
        switch(&server, "2");
        reload(&server);
        serves(&server, "2", venv);
        switch(&server, "1");
        upgrade(&server);
        serves(&server, "1", venv);
        switch(&server, "2");
        let program = upgrade(&server);
        serves(&server, "2", venv);
        if venv == Venv::Inside {
            let expected = server.path("releases/2/venv/bin/ferricorn").canonicalize().expect("it is there");
            assert_eq!(program, expected);
        }
        server.finish();
    }
}

#[test]
fn pid_1_becomes_the_program_of_the_release_that_current_leads_to_by_then() {
    let _turn = turn::together();
    let Some(namespace) = namespace() else { return };
    let server = deployed(Venv::Inside).inside("current").wrapped(namespace).line(LINE).serve(1);
    let master = master(&server);
    serves(&server, "1", Venv::Inside);
    switch(&server, "2");
    let mark = server.log().mark();
    processes::signal(master, Signal::SIGUSR2);
    server.wait_for_line_after(mark, "Reloaded: every worker runs", PATIENCE);
    serves(&server, "2", Venv::Inside);
    assert!(executed(master).ends_with("releases/2/venv/bin/ferricorn"), "{:?}", executed(master));
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn chdir_through_the_link_follows_it_from_wherever_the_service_was_started() {
    let _turn = turn::together();
    let builder = deployed(Venv::Inside);
    let root = builder.folder().to_owned();
    let program = root.join("current/venv/bin/ferricorn");
    let server = builder
        .program(&program)
        .line(LINE)
        .args(["--chdir", "current", "-c", "current/gunicorn.conf.py"])
        .variable("PWD", &root)
        .serve(1);
    serves(&server, "1", Venv::Inside);
    switch(&server, "2");
    reload(&server);
    serves(&server, "2", Venv::Inside);
    switch(&server, "1");
    upgrade(&server);
    serves(&server, "1", Venv::Inside);
    server.finish();
}

#[test]
fn a_pwd_that_names_another_directory_counts_for_nothing() {
    let _turn = turn::together();
    let app = APP.replace("RELEASE_NUMBER", "0");
    for pwd in ["/", ".", "/does/not/exist"] {
        let server = ferricorn().app(&app).variable("PWD", pwd).line(LINE).serve(1);
        let text = server.get("/").expect("an answer").text();
        let folder = server.path(".").canonicalize().expect("it is there");
        assert!(text.starts_with("0\n") && text.contains(&folder.display().to_string()), "{pwd:?}: {text}");
        server.finish();
    }
}
