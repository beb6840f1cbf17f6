//! A worker whose event loop has ended, and whose process has not: threads, `atexit` functions, the interpreter's own end.

use ferricorn_test::{PATIENCE, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Takes `ATEXIT` seconds in an `atexit` function, then `TEARDOWN` seconds while the interpreter takes its modules apart, which
/// it does only if there is a tool that measures.
const SLOW_TO_END: &str = r#"
import asyncio, atexit, os, sys, time

sleep = time.sleep
atexit.register(sleep, float(os.environ.get("ATEXIT", "0")))


class Last:
    def __del__(self, sleep=sleep, seconds=float(os.environ.get("TEARDOWN", "0"))):
        sleep(seconds)


LAST = Last()
if "TEARDOWN" in os.environ:
    import cProfile


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    if scope["path"] == "/exit":
        asyncio.get_running_loop().call_soon(sys.exit, 7)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
"#;

/// What would blame a worker that ends.
const BLAME: [&str; 4] = ["WORKER TIMEOUT", "event loop has not run for", "SIGUSR2", "not by the master"];

#[test]
fn a_worker_may_take_longer_to_end_than_its_event_loop_may_be_silent() {
    let _turn = turn::together();
    for (variable, signal) in
        [("ATEXIT", Signal::SIGTERM), ("TEARDOWN", Signal::SIGTERM), ("TEARDOWN", Signal::SIGHUP)]
    {
        let server = ferricorn()
            .app(SLOW_TO_END)
            .variable(variable, "4")
            .line("--workers 1 --timeout 1 --slow-loop 0.5 --reload-probation 0")
            .serve(1);
        let worker = server.workers()[0];
        if signal == Signal::SIGHUP {
            server.signal(signal);
        } else {
            processes::signal(worker, signal);
        }
        server.wait_for_ready(2);
        let line = server.wait_for_line(&format!("Worker (pid:{worker}) exited with code 0."), PATIENCE);
        assert!(line.text.contains("[INFO]"), "{}", line.text);
        for blame in BLAME {
            assert_eq!(server.log().count(blame), 0, "{variable}: {}", server.log().transcript());
        }
        server.finish();
    }
}

#[test]
fn a_worker_that_never_ends_is_killed_after_a_time_of_its_own_and_the_log_says_for_what() {
    let _turn = turn::together();
    let server = ferricorn()
        .app(SLOW_TO_END)
        .variable("ATEXIT", "600")
        .line("--workers 1 --timeout 2 --graceful-timeout 1")
        .expect_error("cause=exit-timeout")
        .serve(1);
    let worker = server.workers()[0];
    processes::signal(worker, Signal::SIGTERM);
    server.wait_for_ready(2);
    server.wait_for_line("Worker's event loop has ended but its process has not", PATIENCE);
    let line = server.wait_for_line("cause=exit-timeout", PATIENCE).text;
    assert!(line.contains("was sent SIGKILL! the master killed it: its event loop had ended"), "{line}");
    assert_eq!(server.log().count("did not finish within the graceful timeout"), 0);
    server.stop(Signal::SIGINT, PATIENCE);
    server.discard();
}

#[test]
fn a_slot_is_filled_while_the_worker_that_has_left_it_still_ends() {
    let _turn = turn::together();
    let server = ferricorn()
        .app(SLOW_TO_END)
        .variable("TEARDOWN", "4")
        .line("--workers 1 --timeout 1 --slow-loop 0.5")
        .expect_error("ended because of this exception")
        .expect_error("exited with code 7")
        .serve(1);
    let worker = server.workers()[0];
    let _reset = server.get("/exit");
    server.wait_for_ready(2);
    assert!(processes::alive(worker), "it takes 4 s to end, and nobody waits for that");
    server.wait_for_line("exited with code 7", PATIENCE);
    for blame in BLAME {
        assert_eq!(server.log().count(blame), 0, "{}", server.log().transcript());
    }
    server.finish();
}

/// Takes the handler of the master's question away, as a library may that uses the signal itself, and blocks.
const UNCAUGHT: &str = r#"
import faulthandler, signal, time


async def app(scope, receive, send):
    assert scope["type"] == "http"
    faulthandler.unregister(signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    time.sleep(600)
"#;

#[test]
fn no_stranger_is_blamed_for_a_death_by_the_masters_own_question() {
    let _turn = turn::together();
    let server = ferricorn()
        .app(UNCAUGHT)
        .line("--workers 1 --slow-loop 0.5")
        .expect_error("was sent SIGUSR2!")
        .expect_error("Requests in flight when")
        .serve(1);
    let _reset = server.get("/");
    let line = server.wait_for_line("was sent SIGUSR2!", PATIENCE).text;
    assert!(line.contains("the master asked for its stack") && line.contains("cause=stack-signal"), "{line}");
    server.wait_for_ready(2);
    server.finish();
}
