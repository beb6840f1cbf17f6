//! Rights that cannot be had, and what cannot be done with them: each is named.

use std::{os::unix::fs::symlink, process::Command};

use ferricorn_test::{Builder, PATIENCE, turn};

use super::{APP, NOBODY, for_nobody, open};
use crate::{PROGRAM, ferricorn};

/// What a first start says that must fail with this code.
fn fails(builder: Builder, code: i32) -> String {
    let server = builder.line("-u 65534 -g 65534").expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), code);
    let lines: Vec<String> = server.log().lines().into_iter().map(|line| line.text).collect();
    server.finish();
    lines.join("\n")
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
    assert_eq!(said.matches("failed to change the user").count(), 1, "it is said once: {said}");
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
    let closed = builder.folder().join("closed");
    let below = closed.join("app");
    std::fs::create_dir_all(&below).expect("made");
    open(&closed, 0o700);
    let said = fails(builder.line(&format!("--app-dir {}", below.display())).target(Some("shop:app")), 3);
    let hint = format!("may not enter `{}`, which `{}` is below", closed.display(), below.display());
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
    let named = format!(
        "the user of the workers (--user) may not execute the interpreter `{}`: the folder `{}` is closed to that user",
        python.display(),
        closed.path().display()
    );
    assert!(said.contains(&named), "{said}");
}
