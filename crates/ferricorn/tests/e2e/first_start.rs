//! A first start that cannot succeed: what has to be known is said once, in the last line, and what cannot heal is not tried
//! again.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, net::UnixDatagram},
};

use ferricorn_test::{Builder, Entry, PATIENCE, layout, turn};

use crate::ferricorn;

/// The lines of a run that ends with this code.
fn lines(builder: Builder, code: i32) -> Vec<String> {
    let server = builder.expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), code);
    let lines = server.log().lines().into_iter().map(|line| line.text).collect();
    server.finish();
    lines
}

/// The only error of a run that ends with this code, which is the end of its log; it was tried once.
fn only_error(builder: Builder, code: i32) -> String {
    let lines = lines(builder, code);
    let is_error = |line: &&String| {
        Entry::parse(line).is_some_and(|it| matches!(it.level, "ERROR" | "CRITICAL" | "WARNING"))
    };
    let errors = lines.iter().filter(is_error).count();
    assert_eq!(errors, 1, "{lines:#?}");
    let last = lines.iter().rposition(|line| is_error(&line)).expect("there is one");
    assert!(lines[last + 1..].iter().all(|line| line.starts_with("hint: ")), "{lines:#?}");
    let ends = lines.iter().filter(|line| line.contains("] Worker (pid:")).count();
    assert!(ends <= 1, "it was tried again: {lines:#?}");
    let (_, text) = lines[last].split_once("] Reason: ").expect("gunicorn's last line");
    [&[text.to_owned()], &lines[last + 1..]].concat().join("\n")
}

#[test]
fn what_the_environment_lacks_is_the_only_error_and_the_last_line() {
    let _turn = turn::together();
    let missing = "No such file or directory";
    for (line, expected) in [
        ("--certfile gone.pem", format!("`gone.pem` of `--certfile` cannot be read: {missing}")),
        ("--log-config gone.json", "gone.json".to_owned()),
        ("--loop nowhere:Loop", "`nowhere:Loop` of `--loop` cannot be used".to_owned()),
    ] {
        let said = only_error(ferricorn().line("--workers 1").line(line), 1);
        assert!(said.starts_with("Worker failed to boot. ") && said.contains(&expected), "{said}");
    }
    let builder = ferricorn().line("--workers 1");
    layout::empty_virtual_environment(&builder.folder().join("venv"));
    let python = builder.folder().join("venv/bin/python3");
    let said = only_error(builder.python(&python), 1);
    let expected = format!("Worker failed to boot. uvicorn is not installed for `{}`", python.display());
    assert!(
        said.starts_with(&expected) && said.contains("\nhint: ") && said.contains("pip install"),
        "{said}"
    );
}

#[test]
fn a_python_that_is_none_is_tried_once() {
    let _turn = turn::together();
    for (python, expected) in [
        (
            "/bin/false",
            "`/bin/false` ended with code 1 before it ran a worker\nhint: is it a Python, 3.10 or newer?",
        ),
        ("/bin/true", "`/bin/true` ended with code 0 before it ran a worker\nhint: "),
    ] {
        let said = only_error(ferricorn().line("--workers 1").python(python), 1);
        assert!(said.starts_with(&format!("Worker failed to boot. {expected}")), "{said}");
    }
    // What is no program at all the system gives to a shell.
    let builder = ferricorn().line("--workers 1").expect_stranger("python3: ");
    let text = builder.folder().join("python3");
    fs::write(&text, "no program").expect("the folder can be written");
    fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).expect("it was written");
    let said = only_error(builder.python(&text), 1);
    let expected = format!("Worker failed to boot. `{}` ended with code ", text.display());
    assert!(said.starts_with(&expected) && said.contains(" before it ran a worker\nhint: "), "{said}");
}

#[test]
fn a_module_or_an_attribute_that_is_not_there_is_the_only_error() {
    let _turn = turn::together();
    let said = only_error(ferricorn().target(Some("mian:app")).line("--workers 1"), 3);
    let expected =
        "Worker failed to boot. ModuleNotFoundError: No module named 'mian'\nhint: did you mean `main:app`?";
    assert_eq!(said, expected);
    let said = only_error(ferricorn().target(Some("main:appp")).line("--workers 1"), 4);
    assert!(
        said.starts_with("App failed to load. Failed to find attribute 'appp' in 'main'.\nhint: "),
        "{said}"
    );
}

#[test]
fn an_exception_of_the_application_is_shown_whole_and_summed_up_in_the_last_line() {
    let _turn = turn::together();
    let app = "def deep():\n    raise ValueError('no such luck')\n\ndeep()\n";
    let lines = lines(ferricorn().app(app).line("--workers 1"), 3);
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!((count("Exception in worker process"), count("in deep")), (1, 1), "{lines:#?}");
    let last = lines.last().expect("it said something");
    assert!(last.ends_with("[ERROR] Reason: Worker failed to boot. ValueError: no such luck"), "{lines:#?}");
}

/// While others serve a boot that fails is told at once, and goes on being tried.
#[test]
fn a_reload_that_cannot_boot_is_told_when_it_fails() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 1 --reload-probation 0").expect_error("").serve(1);
    server.write_app("import not_installed\n");
    let mark = server.log().mark();
    server.signal(nix::sys::signal::Signal::SIGHUP);
    server.wait_for_line_after(mark, "ModuleNotFoundError: No module named 'not_installed'", PATIENCE);
    server.wait_for_line_after(mark, "Reload rejected", PATIENCE);
    fs::remove_file(server.path("main.py")).expect("it was there");
    let mark = server.log().mark();
    server.signal(nix::sys::signal::Signal::SIGHUP);
    server.wait_for_line_after(mark, "Worker cannot boot (pid: ", PATIENCE);
    server.wait_for_line_after(mark, "Reload rejected", PATIENCE);
    assert_eq!(server.get("/").expect("the old one serves").status, 200);
    server.finish();
}

#[test]
fn the_service_manager_is_asked_for_time_until_the_first_worker_is_ready() {
    let _turn = turn::together();
    for line in ["", "--boot-timeout 600"] {
        let builder = ferricorn().line(line);
        let folder = builder.folder().to_owned();
        fs::write(folder.join("closed-gate"), "").expect("the folder can be written");
        let manager = UnixDatagram::bind(folder.join("notify")).expect("bound");
        manager.set_read_timeout(Some(PATIENCE)).expect("set");
        let hear = || {
            let mut buffer = [0; 1000];
            let length = manager.recv(&mut buffer).expect("the manager is told something");
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        let server = builder.variable("NOTIFY_SOCKET", folder.join("notify")).start();
        let mut heard = vec![hear()];
        while !heard.iter().any(|text| text.contains("EXTEND_TIMEOUT_USEC=20000000")) {
            heard.push(hear());
        }
        assert!(!heard.iter().any(|text| text.contains("READY=1")), "{heard:?}");
        fs::remove_file(folder.join("closed-gate")).expect("it is there");
        while !hear().contains("READY=1") {}
        server.finish();
    }
}
