//! Deaths on purpose: each is told in one line, with its true cause.

use std::{fs, time::Duration};

use ferricorn_test::{PATIENCE, Server, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// An application that dies of what the path says, and does not start while a file says so.
const APP: &str = r#"
import asyncio, ctypes, os, sys, time

if os.path.exists("no-import"):
    raise RuntimeError("cannot be imported today")

def block_the_loop():
    time.sleep(60)

def read_nothing():
    ctypes.string_at(0)

def want_too_much():
    try:
        bytes(1 << 60)
    except MemoryError:
        sys.exit(1)

WAYS = {"/block": block_the_loop, "/crash": read_nothing, "/hungry": want_too_much, "/exit": lambda: sys.exit(1)}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup" and os.path.exists("no-lifespan"):
                raise RuntimeError("no database today")
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    elif scope["path"] == "/":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    else:
        asyncio.get_running_loop().call_soon(WAYS[scope["path"]])
        await asyncio.sleep(60)
"#;

/// Lets a worker die, and gives the one line that tells of it.
fn death(server: &Server, ready: usize, kill: impl FnOnce()) -> String {
    let mark = server.log().mark();
    kill();
    let line = server.wait_for_line_after(mark, " cause=", PATIENCE).text;
    server.wait_for_ready(ready);
    line
}

fn ask_for(server: &Server, path: &str) {
    let mut connection = server.connect();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.send(request.as_bytes()).expect("sent");
}

fn assert_says(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(line.contains(text), "`{text}` is not in: {line}");
    }
}

#[test]
fn eight_deaths_have_eight_true_causes() {
    let _turn = turn::alone();
    let server = ferricorn().app(APP).line("--workers 3 --timeout 2 --lifespan on").expect_error("").serve(3);
    let some = || server.workers()[0];

    let line = death(&server, 4, || processes::signal(some(), Signal::SIGKILL));
    assert_says(&line, &["[ERROR]", "was sent SIGKILL!", "another process killed it", "cause=killed "]);
    let facts = ["slot=", "generation=1", "stage=serving", "age=", "requests=", "in_flight=", "peak_mib="];
    assert_says(&line, &facts);

    let line = death(&server, 5, || processes::signal(some(), Signal::SIGTERM));
    assert_says(&line, &["[INFO]", "exited with code 0.", "cause=asked "]);

    let line = death(&server, 6, || ask_for(&server, "/exit"));
    assert_says(&line, &["[ERROR]", "exited with code 1.", "called sys.exit", "cause=sys-exit "]);

    let line = death(&server, 7, || ask_for(&server, "/hungry"));
    assert_says(&line, &["[ERROR]", "exited with code 1.", "MemoryError", "cause=memory-error "]);

    let line = death(&server, 8, || ask_for(&server, "/crash"));
    assert_says(&line, &["[ERROR]", "was sent SIGSEGV!", "cause=crash "]);
    server.wait_for_line("in read_nothing", Duration::from_secs(5));
    server.wait_for_line("  GET /crash ", Duration::from_secs(5));

    let line = death(&server, 9, || ask_for(&server, "/block"));
    assert_says(&line, &["[ERROR]", "was sent SIGKILL!", "the master killed it", "cause=timeout "]);

    for (number, (file, stage, text)) in [
        ("no-import", "stage=import", "RuntimeError: cannot be imported today"),
        ("no-lifespan", "stage=lifespan", "RuntimeError: no database today"),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(server.path(file), "").expect("written");
        let mark = server.log().mark();
        processes::signal(some(), Signal::SIGKILL);
        let line = server.wait_for_line_after(mark, "cause=boot-failed", PATIENCE).text;
        assert_says(&line, &["[ERROR]", "exited with code 3.", stage]);
        fs::remove_file(server.path(file)).expect("removed");
        server.wait_for_ready(10 + number);
        assert_eq!(server.log().count(text), 1, "its traceback, once");
    }
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}
