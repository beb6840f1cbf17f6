//! Users, groups and modes: the workers have the rights that were asked for, and everything goes on as ever.
//!
//! Only root can give rights away. Whoever else runs the tests sees that the rest is skipped.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use ferricorn_test::{Address, Builder, Deployed, PATIENCE, Planned, eventually, http, processes, turn};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    pid1::{master, namespace},
};

/// A user and a group that need no name.
const NOBODY: &str = "65534";
const ANOTHER: &str = "65533";

const APP: &str = "\
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            message = await receive()
            await send({'type': message['type'] + '.complete'})
            if message['type'] == 'lifespan.shutdown':
                return
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'hello'})
";

/// A run in a folder that everybody may read, or none where it cannot be shown.
fn for_nobody() -> Option<Builder> {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has /proc");
    let root = status.lines().any(|line| line.trim_end() == "Uid:\t0\t0\t0\t0");
    let Some((python, packages)) = root.then(python_for_nobody).flatten() else {
        ferricorn_test::skip("root, `setpriv`, and a Python that every user may run");
        return None;
    };
    let builder = ferricorn().app(APP).python(python).variable("PYTHONPATH", packages);
    open(builder.folder(), 0o755);
    Some(builder.line("--reload-probation 0"))
}

/// A Python that everybody may run, and the packages of the tests' own: that one may be root's, in a closed folder.
fn python_for_nobody() -> Option<(PathBuf, String)> {
    let own = ferricorn_test::python();
    let ask = "import sysconfig; print(sysconfig.get_path('platlib'))";
    let packages = Command::new(&own).args(["-c", ask]).output().expect("the tests' own Python works").stdout;
    let packages = String::from_utf8(packages).expect("a path").trim().to_owned();
    let works = |python: &PathBuf| {
        // A shell in between, since `setpriv` itself executes with the rights of root.
        let exec = "exec \"$0\" -c 'import uvicorn, pydantic_core'";
        let output = Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "sh", "-c", exec])
            .arg(python)
            .env("PYTHONPATH", &packages)
            .output();
        output.is_ok_and(|output| output.status.success())
    };
    let python = [own, "/usr/bin/python3".into(), "/usr/local/bin/python3".into()].into_iter().find(works)?;
    Some((python, packages))
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// A line of `/proc/PID/status` without its name: the numbers.
fn status(pid: i32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it is alive");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has_rights(pid: i32, user: &str, group: &str) {
    assert_eq!(status(pid, "Uid:"), [user; 4].join(" "));
    assert_eq!(status(pid, "Gid:"), [group; 4].join(" "));
    assert_eq!(status(pid, "Groups:"), group);
    assert_eq!(status(pid, "CapEff:"), "0000000000000000");
}

fn owner(path: &Path) -> (u32, u32) {
    let data = fs::metadata(path).expect("it is there");
    (data.uid(), data.gid())
}

fn command_line(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).expect("it is alive");
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}

#[test]
fn every_worker_runs_as_the_user_and_the_master_does_not() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let line = "--user nobody --group 65534 --workers 2 --max-requests 10";
    let server = builder.line(line).expect_error("was sent SIGKILL!").serve(2);
    let all_have_them = || server.workers().iter().for_each(|pid| has_rights(*pid, NOBODY, NOBODY));
    all_have_them();
    assert_eq!(status(server.pid(), "Uid:"), "0 0 0 0");
    for _ in 0..40 {
        assert_eq!(server.get("/").expect("an answer").body, b"hello");
    }
    server.wait_for_line("reason=max-requests", PATIENCE);
    processes::signal(server.workers()[0], Signal::SIGKILL);
    server.wait_for_line("was sent SIGKILL!", PATIENCE);
    Planned::Reload.let_happen(&server);
    server.wait_for_workers(2, PATIENCE);
    all_have_them();
    let asked = Command::new(PROGRAM).args(["ctl", "--pid", &server.pid().to_string(), "status"]).output();
    assert!(asked.expect("it can be started").status.success(), "root is answered as ever");
    assert_eq!(server.log().count("run as root in this container"), 0);
    server.finish();
}

#[test]
fn a_new_program_gives_its_workers_the_same_rights() {
    let _turn = turn::alone();
    let Some(builder) = for_nobody() else { return };
    let line = "-u 65534 -g 65534 -n shop --workers 2 --pid app.pid";
    let server = builder.line(line).linked().serve(2);
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    Planned::Upgrade.let_happen(&server);
    for worker in server.wait_for_workers(2, PATIENCE) {
        has_rights(worker, NOBODY, NOBODY);
    }
    assert_eq!(command_line(server.master()), "ferricorn: master [shop]");
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn a_program_that_takes_its_own_place_does_as_well() {
    let _turn = turn::alone();
    let Some(namespace) = namespace() else { return };
    let Some(builder) = for_nobody() else { return };
    let line = "-u 65534 -g 65534 -n shop --workers 2";
    let server = builder.line(line).wrapped(namespace).linked().serve(2);
    let master = master(&server);
    server.deploy(Deployed::Program(Path::new(PROGRAM)));
    processes::signal(master, Signal::SIGUSR2);
    server.wait_for_line("Reloaded: every worker runs", PATIENCE);
    eventually(PATIENCE, "two workers are left", || processes::children(master).len() == 2);
    for worker in processes::children(master) {
        has_rights(worker.pid, NOBODY, NOBODY);
    }
    assert_eq!(command_line(master), "ferricorn: master [shop]");
    assert_eq!(server.get("/").expect("an answer").status, 200);
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn rights_that_the_container_does_not_have_are_no_failure_of_the_application() {
    let _turn = turn::together();
    let namespace = ["unshare", "--user", "--map-root-user"];
    if !Command::new(namespace[0]).args(&namespace[1..]).arg("true").status().is_ok_and(|it| it.success()) {
        return ferricorn_test::skip("`unshare`, and user namespaces");
    }
    let said = fails(ferricorn().app(APP).wrapped(&namespace), 1);
    assert!(
        said.contains("cannot start a worker: failed to change the user and group of the process: "),
        "{said}"
    );
    assert!(
        said.contains("; is the container, or its user namespace, allowed to have this user and group?"),
        "{said}"
    );
}

#[test]
fn with_initgroups_a_worker_has_the_groups_of_its_user() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let server = builder.line("--user nobody --group 4711 --initgroups").serve(1);
    let worker = server.workers()[0];
    assert_eq!(status(worker, "Gid:"), "4711 4711 4711 4711");
    let groups = Command::new("id").args(["-G", "nobody"]).output().expect("there is `id`");
    let groups = String::from_utf8(groups.stdout).expect("numbers");
    for group in groups.split_whitespace().chain(["4711"]) {
        let has = status(worker, "Groups:");
        // The first one is that of the account, and `--group` stands in its place.
        let of_the_account = groups.split_whitespace().next() == Some(group);
        assert!(of_the_account || has.split(' ').any(|it| it == group), "{group} is not in {has}");
    }
    server.finish();
}

#[test]
fn log_files_in_a_folder_of_roots_are_written_and_opened_anew() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let line =
        "-u 65534 -g 65534 --workers 2 --access-logfile access.log --error-logfile error.log --pid app.pid";
    let server = builder.line(line).no_bind().line("--bind unix:app.sock").start();
    let files = ["access.log", "error.log"].map(|name| server.path(name));
    let address = Address::Unix(server.path("app.sock"));
    let holds = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|log| log.contains(text));
    let ask = || http::get(&address, "/").expect("an answer").status;
    eventually(PATIENCE, "it listens", || holds(&files[1], "Listening at"));
    for round in 0..2 {
        assert_eq!(ask(), 200);
        eventually(PATIENCE, "the request is in the log", || holds(&files[0], "GET / HTTP/1.1"));
        assert!(round == 1 || holds(&files[1], "Booting worker with pid"), "the workers' own lines");
        assert_eq!(files.each_ref().map(|path| owner(path)), [(65_534, 65_534); 2]);
        if round == 0 {
            for path in &files {
                fs::rename(path, path.with_extension("1")).expect("root may");
            }
            server.signal(Signal::SIGUSR1);
            eventually(PATIENCE, "the files are there again", || files.iter().all(|path| path.exists()));
            // The workers are told after the master has opened its own.
            eventually(PATIENCE, "the workers write to the new one", || {
                ask() == 200 && holds(&files[0], "GET / HTTP/1.1")
            });
        }
    }
    server.stop(Signal::SIGTERM, PATIENCE);
    assert!(holds(&files[1], "Worker exiting"), "the workers have opened the error log anew");
    assert!(!holds(&files[1], "ERROR"), "{}", fs::read_to_string(&files[1]).expect("a log"));
    server.finish();
}

#[test]
fn a_standard_stream_can_be_named_as_a_file() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let server = builder.line("-u 65534 -g 65534 --access-logfile /dev/stdout").serve(1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.wait_for_line("GET / HTTP/1.1", PATIENCE);
    server.finish();
}

#[test]
fn a_unix_socket_is_open_to_everybody_unless_the_umask_says_otherwise() {
    let _turn = turn::together();
    for (line, mode) in [("", 0o777), ("--umask 0o007", 0o770), ("-m 18", 0o755)] {
        let server = ferricorn().no_bind().line("--bind unix:app.sock").line(line).serve(1);
        let path = server.path("app.sock");
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, mode, "{line}");
        assert_eq!(http::get(&Address::Unix(path), "/").expect("an answer").status, 200);
        let (master, worker) = (server.pid(), server.workers()[0]);
        assert_eq!(status(worker, "Umask:"), status(master, "Umask:"), "it is for sockets, as in gunicorn");
        server.finish();
    }
    let Some(builder) = for_nobody() else { return };
    let server = builder.no_bind().line("--bind unix:app.sock -u 65534 -g 65533 -m 007").serve(1);
    assert_eq!(owner(&server.path("app.sock")), (65_534, 65_533));
    server.finish();
}

#[test]
fn a_killed_master_takes_workers_of_another_user_with_it() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let mut server = builder.line("-u 65534 -g 65534 --workers 3").serve(3);
    let port = server.address().port();
    server.kill_master();
    server.wait_nobody_left(Duration::from_secs(5));
    drop(TcpListener::bind(("127.0.0.1", port)).expect("the port is free"));
    server.finish();
}

#[test]
fn a_reload_changes_the_user_and_a_wrong_one_changes_nothing() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let write = |folder: &Path, user: &str| {
        let text = format!("user = {user}\ngroup = 65534\nworkers = 2\naccesslog = 'access.log'\n");
        fs::write(folder.join("gunicorn.conf.py"), text).expect("the run's folder can be written");
    };
    let folder = builder.folder().to_owned();
    write(&folder, "65534");
    let server = builder.expect_error("Not reloaded, nothing changes").serve(2);
    assert_eq!(owner(&server.path("access.log")), (65_534, 65_534));
    write(&folder, "65533");
    Planned::Reload.let_happen(&server);
    let workers = server.wait_for_workers(2, PATIENCE);
    for worker in &workers {
        has_rights(*worker, ANOTHER, NOBODY);
    }
    assert_eq!(owner(&server.path("access.log")), (65_533, 65_534));
    write(&folder, "'no-such-user'");
    server.signal(Signal::SIGHUP);
    let said = server.wait_for_line("Not reloaded, nothing changes", PATIENCE).text;
    assert!(said.contains("`no-such-user` for `user` in `gunicorn.conf.py:1`: no such name"), "{said}");
    assert_eq!(server.workers(), workers);
    server.finish();
}

#[test]
fn an_unknown_user_is_one_error_and_exit_code_1() {
    let output = Command::new(PROGRAM).args(["main:app", "--user", "no-such-user"]).output();
    let output = output.expect("it can be started");
    assert_eq!(output.status.code(), Some(1));
    let said = "Error: invalid value `no-such-user` for `-u/--user`: no such name\nhint: give a name that the system \
                knows, or a number\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
}

#[test]
fn somebody_else_than_root_is_told_that_only_root_may() {
    if for_nobody().is_none() {
        return;
    }
    let words =
        ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", PROGRAM, "main:app", "--user", "root"];
    let output = Command::new("setpriv").args(words).output().expect("it can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.starts_with("setpriv: ") {
        return ferricorn_test::skip("a folder of the build that every user may read");
    }
    assert!(
        said.starts_with("Error: invalid value `root` for `-u/--user`: only root may change it"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
}

/// What a first start says that must fail with this code.
fn fails(builder: Builder, code: i32) -> String {
    let server = builder.line("-u 65534 -g 65534").expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), code);
    let lines: Vec<String> = server.log().lines().into_iter().map(|line| line.text).collect();
    server.finish();
    lines.join("\n")
}

#[test]
fn what_the_user_may_not_read_is_named() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let folder = builder.folder().to_owned();
    open(&folder, 0o700);
    let said = fails(builder, 3);
    let hint = format!("may not read `{}`; see --user and --group", folder.display());
    assert!(said.contains(&hint), "{said}");

    let Some(builder) = for_nobody() else { return };
    open(&builder.folder().join("main.py"), 0o600);
    let said = fails(builder, 3);
    assert!(said.contains("Permission denied") && said.contains("hint: it runs as the user"), "{said}");

    let Some(builder) = for_nobody() else { return };
    let closed = tempfile::tempdir().expect("a folder that only we may enter");
    open(closed.path(), 0o700);
    let python = closed.path().join("python3");
    symlink("/bin/sh", &python).expect("made");
    let said = fails(builder.python(&python), 1);
    assert!(said.contains("the user of the workers (--user) may not execute the interpreter"), "{said}");
}

#[test]
fn root_in_a_container_gets_one_hint_and_whoever_has_chosen_none() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let server = builder.variable("container", "podman").line("--workers 2").serve(2);
    assert_eq!(server.log().count("run as root in this container"), 1);
    Planned::Reload.let_happen(&server);
    assert_eq!(server.log().count("run as root in this container"), 1);
    server.finish();
    let Some(builder) = for_nobody() else { return };
    let server = builder.variable("container", "podman").line("-u 65534 -g 65534").serve(1);
    assert_eq!(server.log().count("run as root in this container"), 0);
    server.finish();
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
