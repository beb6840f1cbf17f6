//! What a worker has from its master, and what others see of both: variables, the process list, no secrets.

use std::{fs, process::Command};

use ferricorn_test::{PATIENCE, Planned, turn};
use nix::sys::signal::Signal;

use crate::{PROGRAM, ferricorn, rights::APP};

pub(crate) fn command_line(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).expect("it is alive");
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}

#[test]
fn the_process_list_shows_the_name() {
    let _turn = turn::together();
    let file = |name: &str| format!("proc_name = '{name}'\nworkers = 2\n");
    let builder = ferricorn();
    let path = builder.folder().join("gunicorn.conf.py");
    fs::write(&path, file("shop")).expect("the run's folder can be written");
    let server = builder.line("--reload-probation 0").serve(2);
    let shown = |name: &str| {
        assert_eq!(command_line(server.pid()), format!("ferricorn: master [{name}]"));
        for worker in server.wait_for_workers(2, PATIENCE) {
            assert_eq!(command_line(worker), format!("ferricorn: worker [{name}]"));
        }
    };
    shown("shop");
    // More than the words of the command line have room for.
    let long = "a shop with a name ".repeat(10);
    fs::write(&path, file(long.trim())).expect("the run's folder can be written");
    Planned::Reload.let_happen(&server);
    let master = command_line(server.pid());
    assert_eq!(master, format!("ferricorn: master [{}]", long.trim()));
    let worker = command_line(server.wait_for_workers(2, PATIENCE)[0]);
    assert!(
        worker.starts_with("ferricorn: worker [a shop with a name a shop"),
        "as far as there is room: {worker}"
    );
    server.finish();

    let server = ferricorn().line("--workers 1").serve(1);
    assert!(command_line(server.pid()).contains("ferricorn main:app --bind"), "without a name it stays");
    assert_eq!(command_line(server.workers()[0]), "ferricorn: worker [main:app]");
    server.finish();
}

#[test]
fn a_worker_has_the_variables_that_the_page_names_and_not_those_of_the_service_manager() {
    let _turn = turn::together();
    let mut builder = ferricorn().line("--env COLOUR=red --workers 1");
    for name in ["LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_FDS", "NOTIFY_SOCKET", "SERVER_SOFTWARE"] {
        builder = builder.variable(name, "1");
    }
    let server = builder.variable("KEPT", "1").serve(1);
    let environment = fs::read(format!("/proc/{}/environ", server.workers()[0])).expect("it is alive");
    let environment = String::from_utf8(environment).expect("text");
    let value = |name: &str| {
        let found = environment.split('\0').filter_map(|pair| pair.split_once('='));
        found.into_iter().find(|(it, _)| *it == name).map(|(_, value)| value.to_owned())
    };
    let software = format!("ferricorn/{} (gunicorn compatible)", env!("CARGO_PKG_VERSION"));
    for (name, expected) in [
        ("SERVER_SOFTWARE", Some(software.as_str())),
        ("FERRICORN_SLOT", Some("0")),
        ("FERRICORN_GENERATION", Some("1")),
        ("COLOUR", Some("red")),
        ("KEPT", Some("1")),
        ("LISTEN_FDNAMES", None),
        ("LISTEN_PID", None),
        ("LISTEN_FDS", None),
        ("NOTIFY_SOCKET", None),
    ] {
        assert_eq!(value(name).as_deref(), expected, "{name}");
    }
    server.finish();
}

/// Of what was given once, on a command line that is the user's own affair, nothing is shown again.
#[test]
fn secrets_are_neither_printed_nor_logged_nor_passed_on_by_command_lines() {
    let _turn = turn::together();
    let app = "import os, pathlib\n\nsaid = pathlib.Path('/proc/self/cmdline').read_text()\nassert 'hunter2' not in said, \
               said\nassert os.environ['API_KEY'] == 'hunter2'\n";
    let words = "--env API_KEY=hunter2 --env DATABASE_URL=postgres://shop:hunter2@db/shop --ssl-keyfile-password hunter2";
    for print in ["--print-config", "--check-config"] {
        let server =
            ferricorn().app(&format!("{app}{APP}")).line(words).line(print).expect_stranger("").start();
        assert_eq!(server.wait_exit(PATIENCE).code(), 0);
        let said: Vec<String> = server.log().lines().into_iter().map(|line| line.text).collect();
        assert!(!said.iter().any(|line| line.contains("hunter2")), "{said:#?}");
        let shown = said.iter().any(|line| line.contains("API_KEY=***, DATABASE_URL=***"));
        assert_eq!(shown, print == "--print-config");
        server.finish();
    }
    let words = words.split(" --ssl").next().expect("the first of them");
    let server = ferricorn().app(&format!("{app}{APP}")).line(words).line("--log-level debug").serve(1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    assert!(!command_line(server.workers()[0]).contains("hunter2"));
    let asked =
        Command::new(PROGRAM).args(["ctl", "--pid", &server.pid().to_string(), "status", "--json"]).output();
    assert!(!String::from_utf8_lossy(&asked.expect("it can be started").stdout).contains("hunter2"));
    server.stop(Signal::SIGTERM, PATIENCE);
    assert_eq!(server.log().count("hunter2"), 0);
    server.finish();
}
