//! Under the real systemd: a user's manager that a test starts for itself, in a mount namespace of its own. The unit is the
//! one that README and docs quote; what stands below it, the hardening, is only a system's manager's to do.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use ferricorn_test::{Address, Load, PATIENCE, Server, eventually, http, processes, repository, skip, turn};
use nix::sys::signal::Signal;

use crate::{
    ferricorn,
    upgrade::{TOOK_OVER, writer},
};

/// What systemd is where it is installed; `$MANAGER` to the script below.
const SYSTEMD: &str = "/lib/systemd/systemd";

/// Writes the command that follows as a unit, and becomes the manager. It only runs where the system looks as if systemd
/// had booted it. The service's log goes where the manager's would.
const MANAGE: &str = r#"
mount -t tmpfs none /run && mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR/units" || exit
for word in "$0" "$@"; do printf "'%s' " "$word"; done >"$XDG_RUNTIME_DIR/line"
echo "exec $(cat "$XDG_RUNTIME_DIR/line") >/proc/\$MANAGERPID/fd/2 2>&1" >"$XDG_RUNTIME_DIR/start"
sed -n '/^\[Service\]/,/^$/p' "$UNIT" | sed -e "s|^WorkingDirectory=.*|WorkingDirectory=$PWD|" \
    -e "s|^ExecStart=.*|ExecStart=/bin/sh $XDG_RUNTIME_DIR/start|" -e "s|^ExecReload=[^ ]*|ExecReload=$FERRICORN|" \
    >"$XDG_RUNTIME_DIR/units/app.service"
echo '[Unit]
Wants=app.service' >"$XDG_RUNTIME_DIR/units/default.target"
export SYSTEMD_UNIT_PATH="$XDG_RUNTIME_DIR/units:"
exec "$MANAGER" --user --log-target=null
"#;

/// Whether a test can have a manager of its own here.
fn is_possible() -> bool {
    let mounts = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none", "/run"]).output();
    Path::new(SYSTEMD).exists() && mounts.is_ok_and(|output| output.status.success())
}

struct Manager {
    folder: PathBuf,
}

impl Manager {
    fn systemctl(&self, words: &[&str]) -> String {
        let mut command = Command::new("systemctl");
        command.args(["--user", "--no-pager"]).args(words).env("XDG_RUNTIME_DIR", &self.folder);
        let output = command.env_remove("DBUS_SESSION_BUS_ADDRESS").output().expect("it is where systemd is");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn property(&self, name: &str) -> String {
        self.systemctl(&["show", "app", "--value", "--property", name])
    }
}

#[test]
fn systemd_starts_reloads_upgrades_and_stops_without_loss() {
    let _turn = turn::alone();
    if !is_possible() {
        return skip("systemd, and root");
    }
    let builder = ferricorn();
    let manager = Manager { folder: builder.folder().join("run") };
    fs::create_dir(&manager.folder).expect("a folder");
    let server = builder
        .variable("XDG_RUNTIME_DIR", &manager.folder)
        .variable("MANAGER", SYSTEMD)
        .variable("FERRICORN", crate::PROGRAM)
        .variable("UNIT", repository().join("examples/systemd/ferricorn.service"))
        .wrapped(&["unshare", "--mount", "/bin/sh", "-c", MANAGE])
        .line("--workers 2 --reload-probation 0")
        .serve(2);
    let old = writer(&server, 0, "Listening at: ");
    server.follow(old);
    eventually(PATIENCE, "systemd knows that it serves", || manager.property("ActiveState") == "active");
    assert_eq!(manager.property("MainPID"), old.to_string());

    let load = Load::on(&server.address()).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    manager.systemctl(&["reload", "app"]);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    let mark = server.log().mark();
    processes::signal(old, Signal::SIGUSR2);
    let new = writer(&server, mark, TOOK_OVER);
    eventually(PATIENCE, "the old master has left", || !processes::alive(old));
    assert_eq!(manager.property("MainPID"), new.to_string());
    assert_eq!(manager.property("ActiveState"), "active");
    load.stop().assert_nothing_lost();

    // The stop waits for what is in flight, although this main process is not the one that systemd has started.
    let (address, mark): (Address, usize) = (server.address(), server.log().mark());
    let slow = thread::spawn(move || http::get(&address, "/work?id=slow&delay=2"));
    eventually(PATIENCE, "the request is under way", || !server.ledger().unfinished().is_empty());
    manager.systemctl(&["stop", "app"]);
    assert_eq!(slow.join().expect("no panic").expect("an answer").status, 200);
    server.wait_for_line_after(mark, "Shutting down: Master", PATIENCE);
    assert_eq!(
        (manager.property("Result"), manager.property("ExecMainStatus")),
        ("success".into(), "0".into())
    );
    end(server);
}

/// Ends the manager, which is what the harness has started.
fn end(server: Server) {
    processes::signal(server.pid(), Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.discard();
}
