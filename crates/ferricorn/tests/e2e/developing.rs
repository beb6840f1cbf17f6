//! A service that is being worked on (`--reload`, `ferricorn dev`): saves, broken ones among them, and the keyboard.

mod keyboard;
mod warm;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Address, Builder, Connection, PATIENCE, Server, eventually, free_port, http, python, turn,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{PROGRAM, ferricorn};

/// An application that answers with the number of its save, streams events, and takes WebSockets.
fn app(version: &str) -> String {
    format!(
        r#"
import asyncio

VERSION = {version}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await receive()
        await send({{"type": "websocket.accept"}})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    if scope["path"] == "/events":
        headers = [(b"content-type", b"text/event-stream")]
        await send({{"type": "http.response.start", "status": 200, "headers": headers}})
        while True:
            await send({{"type": "http.response.body", "body": b"data: x\n\n", "more_body": True}})
            await asyncio.sleep(0.05)
    body = str(VERSION).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": body}})
"#
    )
}

/// Saves as editors do: another file takes the place of the old one.
fn save(folder: &Path, text: &str) {
    let new = folder.join(".main.py.new");
    fs::write(&new, text).expect("the folder can be written to");
    fs::rename(&new, folder.join("main.py")).expect("the file can be replaced");
}

fn reloading() -> Builder {
    ferricorn().app(&app("1")).args(["--reload"])
}

fn save_served(server: &Server, text: &str, expected: &str) {
    save(&server.path(""), text);
    wait_for(server, expected);
}

/// Waits until this is answered. Until then every request is answered too, and by nothing older than the last save.
fn wait_for(server: &Server, expected: &str) {
    eventually(PATIENCE, "the last save is served", || {
        server.get("/").expect("no request is refused").text() == expected
    });
}

#[test]
fn six_saves_under_polling_refuse_nobody_and_show_nothing_old_after_something_new() {
    let _turn = turn::together();
    let server = reloading().serve(1);
    let (ends, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (address, over, newest) = (server.address(), Arc::clone(&ends), Arc::clone(&seen));
    let polls = thread::spawn(move || {
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            let answer = http::get(&address, "/").expect("no request is refused");
            let number: u32 = answer.text().parse().expect("the number of a save");
            let before = newest.fetch_max(number, Ordering::Relaxed);
            assert!(number >= before, "{number} after {before}");
            count += 1;
        }
        count
    });
    for number in 2..=7 {
        save(&server.path(""), &app(&number.to_string()));
        eventually(PATIENCE, "each save is served", || seen.load(Ordering::Relaxed) == number);
    }
    ends.store(true, Ordering::Relaxed);
    assert!(polls.join().expect("the polls went well") > 6);
    assert_eq!(server.log().count("Reloading: `main.py` changed"), 6);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_burst_of_saves_boots_a_few_times_and_the_last_one_is_served() {
    let _turn = turn::together();
    let server = reloading().serve(1);
    for number in 2..=21 {
        save(&server.path(""), &app(&number.to_string()));
        thread::sleep(Duration::from_millis(10));
    }
    wait_for(&server, "21");
    let boots = server.log().count("Booting worker") - 1;
    assert!((1..=3).contains(&boots), "{boots} boots");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn what_is_not_the_applications_code_reloads_nothing() {
    let _turn = turn::together();
    let server = reloading().serve(1);
    for folder in ["node_modules/x", ".git/objects", "__pycache__", "venv/lib"] {
        fs::create_dir_all(server.path(folder)).expect("a folder can be made");
    }
    fs::write(server.path("venv/pyvenv.cfg"), "").expect("a file can be written");
    fs::write(server.path(".gitignore"), "generated/\n").expect("a file can be written");
    fs::create_dir_all(server.path("generated")).expect("a folder can be made");
    for number in 0..400 {
        for folder in ["node_modules/x", ".git/objects", "__pycache__", "venv/lib", "generated"] {
            fs::write(server.path(&format!("{folder}/{number}.py")), "x").expect("a file can be written");
        }
        fs::write(server.path("data.sqlite3"), number.to_string()).expect("a file can be written");
    }
    // A save without a change.
    save(&server.path(""), &app("1"));
    // What the application has not imported.
    fs::write(server.path("test_main.py"), "x = 1\n").expect("a file can be written");
    server.wait_for_line("`test_main.py` has changed, and is not imported", PATIENCE);
    // The evidence that all of that was looked at: a save that counts comes after it.
    save_served(&server, &app("2"), "2");
    assert_eq!(server.log().count("Reloading:"), 1);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn included_files_count_and_excluded_ones_do_not() {
    let _turn = turn::together();
    let builder = reloading().args(["--reload-include", "*.html", "--reload-exclude", "main.py"]);
    let server = builder.serve(1);
    save(&server.path(""), &app("2"));
    fs::write(server.path("page.html"), "<p>").expect("a file can be written");
    server.wait_for_line("Reloading: `page.html` changed", PATIENCE);
    wait_for(&server, "2");
    assert_eq!(server.log().count("Reloading:"), 1);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn polling_notices_saves_as_well_and_says_that_it_polls() {
    let _turn = turn::together();
    let forced = reloading().variable("WATCHFILES_FORCE_POLLING", "true");
    for builder in [reloading().args(["--reload-engine", "poll"]), forced] {
        let server = builder.serve(1);
        assert_eq!(server.log().count("for changes by polling"), 1);
        save_served(&server, &app("2"), "2");
        assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
        server.finish();
    }
}

/// Runs what follows where a limit of inotify is zero, as another program may have left it. `None` if no user namespace can be made.
fn without_events(limit: &str) -> Option<Vec<String>> {
    let script = format!("echo 0 > /proc/sys/user/{limit} && exec \"$@\"");
    let words = ["unshare", "--user", "--map-root-user", "sh", "-c", &script, "sh"].map(str::to_owned);
    let tried = Command::new(&words[0]).args(&words[1..]).arg("true").output();
    if tried.is_ok_and(|it| it.status.success()) {
        return Some(words.into());
    }
    ferricorn_test::skip("a user namespace cannot be made");
    None
}

#[test]
fn where_there_are_no_events_it_polls_and_says_why() {
    let _turn = turn::together();
    for (limit, named) in [
        ("max_inotify_instances", "for changes by polling: no events can be had (a limit is reached"),
        ("max_inotify_watches", "Watching by polling from now on: the limit of watches is reached"),
    ] {
        let Some(words) = without_events(limit) else { return };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let server = reloading().wrapped(&words).expect_error("Watching by polling").serve(1);
        assert_eq!(server.log().count(named), 1, "{}", server.log().transcript());
        save_served(&server, &app("2"), "2");
        assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
        server.finish();
    }
}

#[test]
fn a_save_in_the_middle_of_a_boot_is_not_missed() {
    let _turn = turn::together();
    let server = reloading().serve(1);
    let slow = |number| {
        format!("import time, pathlib\npathlib.Path('booting').touch()\ntime.sleep(1000)\n{}", app(number))
    };
    save(&server.path(""), &slow("2"));
    eventually(PATIENCE, "it boots", || server.path("booting").exists());
    save_served(&server, &app("3"), "3");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn an_editors_save_is_one_reload_whatever_it_leaves_for_a_moment() {
    let _turn = turn::together();
    let server = reloading().serve(1);
    // As Vim does: a probe, the old file moved away, the new one written in its place, the old one deleted.
    let (file, backup, probe) = (server.path("main.py"), server.path("main.py~"), server.path("4913"));
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).expect("it can be written");
    fs::rename(&file, &backup).expect("it can be moved");
    fs::write(&file, app("2")).expect("it can be written");
    fs::remove_file(&backup).expect("it can be deleted");
    wait_for(&server, "2");
    // The evidence that nothing else follows: the next one does.
    save_served(&server, &app("3"), "3");
    assert_eq!(server.log().count("Reloading:"), 2);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn preload_is_implied_which_is_said() {
    let _turn = turn::together();
    let server = reloading().args(["--preload"]).serve(1);
    server.wait_for_line("`--preload` changes nothing with `--reload`", PATIENCE);
    save_served(&server, &app("2"), "2");
    assert_eq!(server.log().count("`--preload` changes nothing"), 1);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

/// Saves something broken, looks at its page, saves the fix, and sees it served.
fn shown_and_mended(server: &Server, broken: &str, page: &str) {
    let shown = server.log().count("The failure is shown to whoever asks");
    save(&server.path(""), broken);
    server.wait_for_count("The failure is shown to whoever asks", shown + 1, PATIENCE);
    let plain = server.get("/").expect("no request is refused");
    assert_eq!(plain.status, 500);
    assert!(plain.text().contains(page), "{}", plain.text());
    assert_eq!(plain.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(plain.header("cache-control"), Some("no-store"));
    let mut connection = Connection::open(&server.address()).expect("a connection");
    let browser = connection
        .request("GET", "/", &[("Accept", "text/html,application/xhtml+xml")], b"")
        .expect("no request is refused");
    assert_eq!(browser.header("content-type"), Some("text/html; charset=utf-8"));
    save_served(server, &app("3"), "3");
}

#[test]
fn a_broken_save_is_shown_and_the_fix_is_served() {
    let _turn = turn::together();
    let server = reloading()
        .args(["--boot-timeout", "20"])
        .expect_error("Worker cannot boot")
        .expect_error("exited during its boot")
        .expect_error("exited with code")
        .expect_error("WORKER BOOT TIMEOUT")
        .expect_error("was sent SIGKILL")
        .expect_stranger("")
        .serve(1);
    shown_and_mended(&server, "def broken(:\n", "SyntaxError");
    shown_and_mended(&server, "import os\nos._exit(7)\n", "exited with code 7");
    shown_and_mended(&server, "import time\ntime.sleep(1000)\n", "was not ready in time");
    assert_eq!(server.log().count("SyntaxError"), 1, "once in the terminal");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn a_first_start_that_is_broken_is_shown_too() {
    let _turn = turn::together();
    let server = ferricorn()
        .app("raise RuntimeError('not yet')\n")
        .args(["--reload"])
        .expect_error("Exception in worker process")
        .expect_error("exited with code")
        .expect_stranger("")
        .start();
    server.wait_for_line("The failure is shown to whoever asks", PATIENCE);
    assert_eq!(server.get("/").expect("an answer").status, 500);
    save_served(&server, &app("2"), "2");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

/// `ferricorn dev` in a folder, with its lines.
struct Dev {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Dev {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("dev")
            .args(["--python".as_ref(), python().as_os_str()])
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let (sender, lines) = std::sync::mpsc::channel();
        let log = BufReader::new(child.stderr.take().expect("it is piped"));
        thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn wait_for(&self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line with `{text}`"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Sends Ctrl-C, and gives how long the end has taken.
    fn interrupt(&mut self, times: u32) -> Duration {
        let begun = Instant::now();
        for _ in 0..times {
            let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
            kill(pid, Signal::SIGINT).expect("it lives");
        }
        assert!(self.child.wait().expect("it ends").success());
        begun.elapsed()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn dev_finds_the_application_reads_its_variables_and_ends_with_open_streams() {
    let _turn = turn::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port().to_string();
    fs::write(folder.path().join("main.py"), app("__import__('os').environ['COLOUR']")).expect("a file");
    fs::write(folder.path().join(".env"), "COLOUR=blue\n").expect("a file");
    let mut dev = Dev::start(folder.path(), &["--port", &port]);
    dev.wait_for("Serving `main:app`, since no application was named");
    let line = dev.wait_for("Listening at");
    assert!(line.contains(&format!("http://127.0.0.1:{port}")), "{line}");
    assert_eq!(line.find(" INFO "), Some("20:00:00".len()), "a short time: {line}");
    let address = Address::parse(&format!("http://127.0.0.1:{port}"));
    let answer = || http::get(&address, "/").expect("an answer").text();
    assert_eq!(answer(), "blue");
    fs::write(folder.path().join(".env"), "COLOUR=green\n").expect("a file");
    dev.wait_for("Reloading: `.env` changed");
    eventually(PATIENCE, "the variables are read again", || answer() == "green");
    let mut events = Connection::open(&address).expect("a connection");
    events.send(b"GET /events HTTP/1.1\r\nHost: test\r\n\r\n").expect("it is sent");
    assert_eq!(events.receive_head().expect("it begins").0, 200);
    // Twice the promise, since others use the machine as well; without it the stream would never end.
    let took = dev.interrupt(1);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn dev_takes_the_next_port_if_the_usual_one_is_in_use_and_twice_is_at_once() {
    let _turn = turn::alone();
    let _holder = std::net::TcpListener::bind("127.0.0.1:8000");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.py"), app("1")).expect("a file");
    let mut dev = Dev::start(folder.path(), &["main:app"]);
    dev.wait_for("Port 8000 is in use");
    dev.wait_for("Listening at");
    assert!(dev.interrupt(2) < Duration::from_secs(2));
}
