#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    fs,
    io::Write as _,
    os::fd::AsRawFd as _,
    os::unix::fs::{MetadataExt as _, symlink},
    sync::{Mutex, PoisonError},
};

use ferricorn_sys::{
    Access, Exit, Listener, Rights, SpawnPlan, SpawnStage, give, rights, spawn::spawn, wait::reap,
};
use nix::errno::Errno;
use support::{exit_of, shell};

/// A user that every Linux can make a process of, whether it has a name or not.
const SOMEBODY: Rights = Rights { user: 65_534, group: 65_533, groups: None };

/// The children of this process are everybody's to reap: those who start some take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Only who has the capabilities may change to another user.
fn is_root() -> bool {
    let powers = rights::powers();
    if !powers.user {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        // Not `eprintln`, which the runner shows only of tests that fail.
        let _ = std::io::stderr().write_all(format!("skipped: {name}: the rights of root\n").as_bytes());
    }
    powers.user
}

#[test]
fn it_has_the_user_and_the_groups_that_were_named_and_no_others() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("status");
    fs::write(&file, "").unwrap();
    let opened = fs::OpenOptions::new().append(true).open(&file).unwrap();
    let number = opened.as_raw_fd();
    let script = format!("exec grep -E '^(Uid|Gid|Groups|CapEff):' /proc/self/status >&{number}");
    // It starts in a folder that it could not go into by itself.
    let plan = |groups| SpawnPlan {
        rights: Some(Rights { groups, ..SOMEBODY }),
        directory: Some(folder.path().to_owned()),
        ..shell(&script, &[], &[number])
    };
    for (groups, shown) in [(Some(vec![]), ""), (Some(vec![7, 65_533]), "7 65533")] {
        fs::write(&file, "").unwrap();
        let child = spawn(&plan(groups)).unwrap();
        assert_eq!(exit_of(&child), Exit::Code(0));
        let said = fs::read_to_string(&file).unwrap();
        let said: Vec<&str> = said.lines().map(str::trim_end).collect();
        let groups = format!("Groups:\t{shown}");
        let expected = [
            "Uid:\t65534\t65534\t65534\t65534",
            "Gid:\t65533\t65533\t65533\t65533",
            groups.trim_end(),
            "CapEff:\t0000000000000000",
        ];
        assert_eq!(said, expected);
    }
}

/// The kernel forgets whose death is to be signalled when the user changes.
#[test]
fn it_still_dies_with_its_parent() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_root() {
        return;
    }
    let plan = SpawnPlan { rights: Some(SOMEBODY), ..shell("exec sleep 600", &[], &[]) };
    let child = std::thread::spawn(move || spawn(&plan).unwrap()).join().unwrap();
    assert_eq!(exit_of(&child), Exit::Signal { number: 15, core_dumped: false });
}

#[test]
fn rights_that_cannot_be_had_are_a_stage_of_their_own() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // No user has the highest number.
    let nobody_at_all = Rights { user: u32::MAX, group: u32::MAX, groups: None };
    let error = spawn(&SpawnPlan { rights: Some(nobody_at_all), ..shell("exit 0", &[], &[]) }).unwrap_err();
    assert_eq!(error.stage, SpawnStage::Rights, "{error}");
    assert_eq!(error.source.raw_os_error(), Some(Errno::EINVAL as i32));
    assert_eq!(reap(), None, "nothing is left to reap");
}

#[test]
fn accounts_are_found_by_name_and_number() {
    let root = rights::user_by_number(0).unwrap().unwrap();
    assert_eq!(rights::user_by_name(&root.name).unwrap(), Some(root.clone()));
    assert_eq!(rights::user_by_name("no such user").unwrap(), None);
    assert_eq!(rights::group_by_name("no such group").unwrap(), None);
    let groups = rights::groups_of(&root.name, 4711).unwrap();
    assert!(groups.contains(&4711), "{groups:?}");
}

#[test]
fn a_unix_socket_has_the_mode_and_the_owner_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let owner = is_root().then_some((SOMEBODY.user, SOMEBODY.group));
    for (umask, mode) in [(0, 0o777), (0o007, 0o770)] {
        let _listener = Listener::unix(&path, Access { umask, owner }).unwrap();
        let data = fs::metadata(&path).unwrap();
        assert_eq!(data.mode() & 0o777, mode);
        assert_eq!(owner.unwrap_or((data.uid(), data.gid())), (data.uid(), data.gid()));
    }
    let file = folder.path().join("afterwards");
    fs::write(&file, "").unwrap();
    assert_ne!(fs::metadata(file).unwrap().mode() & 0o777, 0o770, "the process has its own umask again");
}

#[test]
fn a_file_is_given_away_unless_it_could_be_another_one() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [log, secret, link, second] =
        ["log", "secret", "link", "second"].map(|name| folder.path().join(name));
    fs::write(&secret, "").unwrap();
    symlink(&secret, &link).unwrap();
    fs::hard_link(&secret, &second).unwrap();
    for path in [&log, &link, &second] {
        give::file(path, SOMEBODY.user, SOMEBODY.group).unwrap();
    }
    let owner = |path| fs::metadata(path).map(|data| (data.uid(), data.gid())).unwrap();
    assert_eq!(owner(&log), (SOMEBODY.user, SOMEBODY.group), "it was made, and given");
    assert_eq!(owner(&secret), (0, 0), "neither by a link nor by a second name");
    give::file(std::path::Path::new("/dev/null"), SOMEBODY.user, SOMEBODY.group).unwrap();
    assert_eq!(owner(&"/dev/null".into()), (0, 0));
}
