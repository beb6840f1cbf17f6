//! A service that is worked on, and the keyboard: Ctrl-C, debuggers, and the terminal as it was.

use std::{
    fs,
    io::Write as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Connection, PATIENCE, Server, eventually, free_port, processes, python, skip, turn, websocket::WebSocket,
};
use nix::sys::{signal::Signal, termios::LocalFlags};

use super::{Dev, app, reloading, save, wait_for};
use crate::{
    terminal::{Terminal, modes},
    upgrade::writer,
};

/// Twice what is promised, since others use the machine as well. Without the promise a stream would never end.
const A_SECOND: Duration = Duration::from_secs(2);

/// The application with a debugger in `/debug`, which finds a terminal that does not echo.
fn debugged(number: u32) -> String {
    let debug = r#"
    if scope["path"] == "/debug":
        import sys, termios
        modes = termios.tcgetattr(0)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, modes)
        breakpoint()
    body = str(VERSION)"#;
    app(&number.to_string()).replace("\n    body = str(VERSION)", debug)
}

fn echoes(terminal: &Terminal) -> bool {
    modes(&terminal.end).contains(LocalFlags::ECHO)
}

/// A request that has opened the debugger.
fn in_debugger(server: &Server) -> Connection {
    let mut request = server.connect();
    request.send(b"GET /debug HTTP/1.1\r\nHost: test\r\n\r\n").expect("it is sent");
    server.wait_for_line("-> ", PATIENCE);
    request
}

#[test]
fn a_breakpoint_has_the_terminal_no_timeout_ends_it_and_saves_wait() {
    let _turn = turn::together();
    let builder = reloading()
        .app(&debugged(1))
        .args(["--timeout", "3"])
        .expect_stranger("")
        .expect_error("was sent SIGKILL");
    let (mut terminal, builder) = Terminal::new(builder, &[]);
    let server = builder.serve(1);
    assert!(echoes(&terminal));
    let mut request = in_debugger(&server);
    assert!(!echoes(&terminal));
    save(&server.path(""), &debugged(2));
    server.wait_for_line("Changes wait until the debugger is left", PATIENCE);
    // Nothing shows that something does not come; twice the timeout is long enough.
    thread::sleep(Duration::from_secs(6));
    terminal.end.write_all(b"continue\n").expect("typed");
    assert_eq!(request.receive().expect("a complete answer").text(), "1");
    wait_for(&server, "2");
    eventually(PATIENCE, "the terminal is as it was", || echoes(&terminal));
    assert_eq!(server.log().count("WORKER TIMEOUT"), 0);
    terminal.end.write_all(b"\x03").expect("typed");
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_save_waits_for_a_debugger_that_the_master_hears_of_at_the_same_time() {
    let _turn = turn::together();
    let (mut terminal, builder) = Terminal::new(reloading().app(&debugged(1)).expect_stranger(""), &[]);
    let server = builder.serve(1);
    let master = writer(&server, 0, "Listening at: ");
    // It finds both when it wakes.
    processes::signal(master, Signal::SIGSTOP);
    let mut request = in_debugger(&server);
    save(&server.path(""), &app("2"));
    processes::signal(master, Signal::SIGCONT);
    server.wait_for_line("Changes wait until the debugger is left", PATIENCE);
    terminal.end.write_all(b"continue\n").expect("typed");
    assert_eq!(request.receive().expect("a complete answer").text(), "1");
    wait_for(&server, "2");
    terminal.end.write_all(b"\x03").expect("typed");
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn ctrl_c_in_a_debugger_ends_everything_and_gives_the_terminal_back() {
    let _turn = turn::alone();
    let builder = reloading().app(&debugged(1)).expect_stranger("").expect_error("");
    let (mut terminal, builder) = Terminal::new(builder, &[]);
    let server = builder.serve(1);
    let _request = in_debugger(&server);
    let begun = Instant::now();
    terminal.end.write_all(b"\x03").expect("typed");
    server.wait_nobody_left(PATIENCE);
    assert!(begun.elapsed() < A_SECOND, "{:?}", begun.elapsed());
    assert!(echoes(&terminal));
    server.finish();
}

#[test]
fn ctrl_c_ends_an_open_websocket_and_twice_ends_what_does_not_go() {
    let _turn = turn::alone();
    for times in [1, 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port().to_string();
        // Its shutdown takes longer than anybody waits.
        let text = app("1").replace("message = await receive()\n            await send", "message = await receive()\n            if message[\"type\"] == \"lifespan.shutdown\":\n                await asyncio.sleep(60)\n            await send");
        fs::write(folder.path().join("main.py"), text).expect("a file");
        let mut dev = Dev::start(folder.path(), &["main:app", "--port", &port]);
        dev.wait_for("Listening at");
        let address = ferricorn_test::Address::parse(&format!("http://127.0.0.1:{port}"));
        let mut socket = WebSocket::open(&address, "/").expect("it is open");
        socket.send("hello").expect("it is sent");
        let took = dev.interrupt(times);
        assert!(took < A_SECOND, "{took:?} with {times}");
    }
}

#[test]
fn debugpy_listens_again_after_each_save() {
    let _turn = turn::together();
    let installed = Command::new(python()).args(["-c", "import debugpy"]).output();
    if !installed.is_ok_and(|it| it.status.success()) {
        return skip("debugpy is not installed");
    }
    let port = free_port();
    let listening = |number: &str| {
        let begin = format!(
            "    if scope[\"type\"] == \"lifespan\":\n        import debugpy\n        debugpy.listen((\"127.0.0.1\", {port}))\n"
        );
        app(number).replace("    if scope[\"type\"] == \"lifespan\":\n", &begin)
    };
    let server = reloading().app(&listening("1")).expect_stranger("").serve(1);
    for number in ["1", "2", "3"] {
        save(&server.path(""), &listening(number));
        wait_for(&server, number);
        eventually(PATIENCE, "a debugger can attach", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
    server.signal(Signal::SIGTERM);
    server.wait_exit(PATIENCE);
    server.discard();
}
