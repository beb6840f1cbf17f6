//! Users, groups and modes: the workers have the rights that were asked for, and everything goes on as ever.
//!
//! Only root can give rights away. Whoever else runs the tests sees that the rest is skipped.

mod files;
mod refused;

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use ferricorn_test::{Builder, Deployed, PATIENCE, Planned, eventually, processes, turn};
use nix::sys::signal::Signal;

use crate::{
    PROGRAM, ferricorn,
    inherits::command_line,
    pid1::{master, namespace},
};

/// A user and a group that need no name.
const NOBODY: &str = "65534";
const ANOTHER: &str = "65533";

/// Says hello, and keeps no books: its folder is not its own.
pub(crate) const APP: &str = "\
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
pub(crate) fn for_nobody() -> Option<Builder> {
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

pub(crate) fn has_rights(pid: i32, user: &str, group: &str) {
    assert_eq!(status(pid, "Uid:"), [user; 4].join(" "));
    assert_eq!(status(pid, "Gid:"), [group; 4].join(" "));
    assert_eq!(status(pid, "Groups:"), group);
    assert_eq!(status(pid, "CapEff:"), "0000000000000000");
}

fn owner(path: &Path) -> (u32, u32) {
    let data = fs::metadata(path).expect("it is there");
    (data.uid(), data.gid())
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
fn a_killed_master_takes_workers_of_another_user_with_it() {
    let _turn = turn::together();
    let Some(builder) = for_nobody() else { return };
    let mut server = builder.line("-u 65534 -g 65534 --workers 3").serve(3);
    let port = server.address().port();
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
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

/// Makes a container of what follows, as far as its files tell.
const CONTAINER: [&str; 5] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mount -t tmpfs none /run && : >/run/.containerenv && exec \"$0\" \"$@\"",
];

#[test]
fn root_in_a_container_gets_one_hint_and_whoever_has_chosen_or_is_restricted_none() {
    let _turn = turn::together();
    let hint = "run as root in this container";
    let Some(builder) = for_nobody() else { return };
    let server = builder.wrapped(&CONTAINER).line("--workers 2").serve(2);
    assert_eq!(server.log().count(hint), 1);
    Planned::Reload.let_happen(&server);
    assert_eq!(server.log().count(hint), 1);
    server.finish();
    let Some(builder) = for_nobody() else { return };
    let server = builder.wrapped(&CONTAINER).line("-u 65534 -g 65534").serve(1);
    assert_eq!(server.log().count(hint), 0);
    server.finish();
    let restrictions: [&[&str]; 3] = [
        &["setpriv", "--no-new-privs"],
        &["setpriv", "--inh-caps=-all", "--bounding-set=-all"],
        &["unshare", "--user", "--map-root-user"],
    ];
    for words in restrictions {
        let Some(builder) = for_nobody() else { return };
        let server = builder.wrapped(&[&CONTAINER[..], words].concat()).serve(1);
        assert_eq!(server.log().count(hint), 0, "{words:?}");
        server.finish();
    }
}
