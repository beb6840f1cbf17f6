//! Deaths on purpose: each is told in one line, with its true cause.

use std::fs;

use ferricorn_test::{PATIENCE, Server, control, eventually, processes, turn};
use ferricorn_wire::control::{Request, Response, WorkerStatus};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

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

WAYS = {
    "/block": block_the_loop,
    "/crash": read_nothing,
    "/hungry": want_too_much,
    "/exit": lambda: sys.exit(1),
    "/vanish": lambda: os._exit(9),
    "/wait": lambda: None,
}

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

/// What every death says besides its cause, and whether it ended with a code or by a signal.
const FACTS: [&str; 8] =
    ["worker_pid", "slot", "generation", "stage", "age", "requests", "in_flight", "peak_mib"];

#[track_caller]
fn assert_says(line: &str, texts: &[&str]) {
    for text in texts {
        assert!(line.contains(text), "`{text}` is not in: {line}");
    }
    let fact = |name: &&str| line.contains(&format!(" {name}="));
    assert!(FACTS.iter().all(fact), "{line}");
    assert!(fact(&"code") != fact(&"signal"), "one of both: {line}");
}

/// The object that tells of a death, when everything in it is what it should be.
#[track_caller]
fn told(line: &str, cause: &str, level: &str, ended: (&str, Value)) -> Value {
    let told: Value = serde_json::from_str(line).expect("an object");
    assert_eq!((&told["cause"], &told["level"]), (&cause.into(), &level.into()), "{told}");
    let (name, value) = ended;
    assert_eq!(told[name], value, "{told}");
    let other = if name == "code" { "signal" } else { "code" };
    assert!(told.get(other).is_none(), "{told}");
    for fact in FACTS.iter().filter(|fact| **fact != "stage") {
        assert!(told[fact].is_number(), "no number `{fact}` in {told}");
    }
    assert!(told["peak_mib"].as_u64() > Some(5) && told["age"].as_f64() > Some(0.0), "{told}");
    told
}

/// How the workers are, as the master says.
fn workers(server: &Server) -> Vec<WorkerStatus> {
    let answer = control::ask(server.pid(), &Request::Status, PATIENCE).expect("an answer");
    match serde_json::from_str(&answer).expect("an object") {
        Response::Status(status) => status.workers,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_death_in_json_has_every_fact_as_a_member() {
    let _turn = turn::together();
    let server = ferricorn()
        .app(APP)
        .line("--workers 1 --timeout 2 --lifespan on --log-format json")
        .expect_stranger("")
        .serve(1);
    // Six answers, and a request that will never be.
    for _ in 0..6 {
        assert_eq!(server.get("/").expect("an answer").status, 200);
    }
    let mut waiting = server.connect();
    waiting.send(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let counted = |it: &WorkerStatus| it.requests == 6 && it.in_flight == 1;
    eventually(PATIENCE, "the scoreboard has them", || workers(&server).iter().all(counted));
    let some = || server.workers()[0];
    let victim = some();
    let mut ready = 1;
    let mut die = |kill: &dyn Fn()| {
        let mark = server.log().mark();
        kill();
        let line = server.wait_for_line_after(mark, "\"cause\":", PATIENCE).text;
        ready += 1;
        server.wait_for_count("\"Worker ready (pid: ", ready, PATIENCE);
        line
    };
    let line = die(&|| processes::signal(victim, Signal::SIGKILL));
    let told_of = told(&line, "killed", "error", ("signal", "SIGKILL".into()));
    let facts = json!({"worker_pid": victim, "slot": 0, "generation": 1, "stage": "serving", "requests": 6, "in_flight": 1,
                       "restart_in": 0.0});
    for (name, value) in facts.as_object().expect("it is one") {
        assert_eq!(told_of[name], *value, "`{name}` in {told_of}");
    }
    told(&die(&|| processes::signal(some(), Signal::SIGTERM)), "asked", "info", ("code", 0.into()));
    told(&die(&|| ask_for(&server, "/exit")), "sys-exit", "error", ("code", 1.into()));
    told(&die(&|| ask_for(&server, "/vanish")), "exit", "error", ("code", 9.into()));
    told(&die(&|| ask_for(&server, "/crash")), "crash", "error", ("signal", "SIGSEGV".into()));
    told(&die(&|| ask_for(&server, "/block")), "timeout", "error", ("signal", "SIGKILL".into()));
    let told_of = told(&die(&|| server.signal(Signal::SIGHUP)), "reload", "info", ("code", 0.into()));
    assert_eq!(told_of["stage"], "draining");
    fs::write(server.path("no-import"), "").expect("written");
    processes::signal(some(), Signal::SIGKILL);
    let line = server.wait_for_line("\"cause\":\"boot-failed\"", PATIENCE).text;
    assert_eq!(told(&line, "boot-failed", "info", ("code", 3.into()))["stage"], "import");
    fs::remove_file(server.path("no-import")).expect("removed");
    server.wait_for_count("\"Worker ready (pid: ", 9, PATIENCE);
    server.finish();
}

#[test]
fn boots_that_fail_again_and_again_are_told_in_two_lines_each_and_their_budget_in_one() {
    let _turn = turn::alone();
    let server = ferricorn().app(APP).line("--workers 8 --lifespan on").expect_error("").serve(8);
    fs::write(server.path("no-import"), "").expect("written");
    for victim in &server.workers()[1..] {
        processes::signal(*victim, Signal::SIGKILL);
    }
    server.wait_for_line("the restart budget is used up", PATIENCE * 2);
    let failed = || server.log().count("cause=boot-failed");
    let so_far = failed();
    eventually(PATIENCE, "some more have failed", || failed() >= so_far + 2);
    fs::remove_file(server.path("no-import")).expect("removed");
    server.wait_for_ready(15);
    let deaths = failed();
    let log = server.log();
    assert_eq!(log.count("RuntimeError: cannot be imported today"), 1, "its traceback, once");
    assert_eq!(log.count("Worker failed to boot"), deaths, "one line each, besides that of the death");
    assert_eq!(log.count("Worker failed to boot for the same reason as before"), deaths - 1);
    assert_eq!(log.count("the restart budget is used up"), 1);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn eight_deaths_have_eight_true_causes() {
    let _turn = turn::alone();
    let server = ferricorn().app(APP).line("--workers 3 --timeout 2 --lifespan on").expect_error("").serve(3);
    let some = || server.workers()[0];

    let line = death(&server, 4, || processes::signal(some(), Signal::SIGKILL));
    assert_says(&line, &["[ERROR]", "was sent SIGKILL!", "killed by another process", "cause=killed "]);
    assert_says(&line, &[" generation=1 ", " stage=serving ", " signal=SIGKILL "]);

    let line = death(&server, 5, || processes::signal(some(), Signal::SIGTERM));
    assert_says(&line, &["[INFO]", "exited with code 0.", "cause=asked "]);

    let line = death(&server, 6, || ask_for(&server, "/exit"));
    assert_says(&line, &["[ERROR]", "exited with code 1.", "called sys.exit", "cause=sys-exit "]);

    let line = death(&server, 7, || ask_for(&server, "/hungry"));
    assert_says(&line, &["[ERROR]", "exited with code 1.", "MemoryError", "cause=memory-error "]);

    let line = death(&server, 8, || ask_for(&server, "/crash"));
    assert_says(&line, &["[ERROR]", "was sent SIGSEGV!", "cause=crash "]);
    server.wait_for_line("in read_nothing", PATIENCE);
    server.wait_for_line("  GET /crash ", PATIENCE);

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
        assert_says(&line, &["[INFO]", "exited with code 3.", stage]);
        fs::remove_file(server.path(file)).expect("removed");
        server.wait_for_ready(10 + number);
        assert_eq!(server.log().count(text), 1, "its traceback, once");
    }
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}
