//! The application hears that its worker leaves, whatever for: streams without an end are over soon, and nothing is cut.

use std::{
    fs,
    time::{Duration, Instant},
};

use ferricorn_test::{Connection, PATIENCE, Planned, Server, eventually, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Endless events of sse-starlette's, a long poll that waits for the application's own handler of SIGTERM, and short
/// answers.
const APP: &str = "import asyncio, os, signal\n\
                   from sse_starlette import EventSourceResponse\n\
                   stopping = asyncio.Event()\n\
                   async def events():\n    \
                   while True:\n        \
                   yield {'data': 'here'}\n        \
                   await asyncio.sleep(0.05)\n\
                   async def app(scope, receive, send):\n    \
                   if scope['type'] == 'lifespan':\n        \
                   await receive()\n        \
                   if os.environ['HANDLER'] == 'loop':\n            \
                   asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)\n        \
                   else:\n            \
                   signal.signal(signal.SIGTERM, lambda *_: stopping.set())\n        \
                   await send({'type': 'lifespan.startup.complete'})\n        \
                   await receive()\n        \
                   await send({'type': 'lifespan.shutdown.complete'})\n    \
                   elif scope['path'] == '/events':\n        \
                   await EventSourceResponse(events())(scope, receive, send)\n    \
                   else:\n        \
                   if scope['path'] == '/poll':\n            \
                   await stopping.wait()\n        \
                   await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n        \
                   await send({'type': 'http.response.body', 'body': b'done'})\n";

/// The limit that streams would be cut at: far above what a busy machine takes to end them.
const GRACE: Duration = Duration::from_secs(120);

fn serve(stack: &str, more: &str) -> Server {
    let (event_loop, handler) = stack.split_once(' ').expect("a loop and a way to set a handler");
    let grace = GRACE.as_secs();
    let line =
        format!("--workers 1 --loop {event_loop} --graceful-timeout {grace} --reload-probation 0 {more}");
    let builder = ferricorn().app(APP).variable("HANDLER", handler).line(&line);
    // uvicorn's remark about a stream that sse-starlette leaves without an end.
    builder.expect_error("ASGI callable returned without completing response").serve(1)
}

/// An endless stream, and a long poll.
fn waiting(server: &Server) -> (Connection, Connection) {
    let mut events = server.connect();
    events.send(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    assert_eq!(events.receive_head().expect("the stream has begun").0, 200);
    let mut poll = server.connect();
    poll.send(b"GET /poll HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    (events, poll)
}

fn assert_over((mut events, mut poll): (Connection, Connection), since: Instant) {
    assert_eq!(poll.receive().expect("the poll is answered").text(), "done");
    events.wait_closed().expect("the stream is over");
    assert!(since.elapsed() < GRACE / 2, "{:?}", since.elapsed());
}

#[test]
fn streams_and_polls_end_when_the_worker_leaves_whatever_for() {
    let _turn = turn::together();
    for stack in ["asyncio loop", "asyncio signal", "uvloop loop", "uvloop signal"] {
        let server = serve(stack, "");
        let first = waiting(&server);
        let begun = Instant::now();
        Planned::Reload.let_happen(&server);
        assert_over(first, begun);
        let second = waiting(&server);
        let begun = Instant::now();
        assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
        assert_over(second, begun);
        assert!(
            !server.log().lines().iter().any(|line| line.text.contains("cut")),
            "{stack}: nothing was cut"
        );
        server.finish();
    }
}

#[test]
fn streams_and_polls_end_when_a_worker_is_recycled() {
    let _turn = turn::together();
    for event_loop in ["asyncio", "uvloop"] {
        let server = serve(&format!("{event_loop} signal"), "--max-requests 5");
        let open = waiting(&server);
        let begun = Instant::now();
        eventually(PATIENCE, "the worker is recycled", || {
            server.get("/").expect("an answer");
            server.log().count("reason=max-requests") > 0
        });
        assert_over(open, begun);
        server.finish();
    }
}

#[test]
fn children_that_were_forked_hold_neither_the_port_nor_a_connection() {
    let _turn = turn::together();
    let app = "import multiprocessing, os, time\n\
               fork = multiprocessing.get_context('fork')\n\
               async def app(scope, receive, send):\n    \
               if scope['type'] != 'http':\n        return\n    \
               body = b'here'\n    \
               if scope['path'] == '/pool':\n        \
               app.pool = fork.Pool(2)\n        \
               body = str(app.pool.apply(os.getpid)).encode()\n    \
               if scope['path'] == '/end':\n        \
               child = fork.Process(target=time.sleep, args=(600,))\n        \
               child.start()\n        \
               begun = time.monotonic()\n        \
               child.terminate()\n        \
               child.join()\n        \
               body = f'{child.exitcode} {time.monotonic() - begun < 1}'.encode()\n    \
               await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
               await send({'type': 'http.response.body', 'body': body})\n";
    for event_loop in ["asyncio", "uvloop"] {
        let builder = ferricorn().app(app).line(&format!("--workers 1 --loop {event_loop}"));
        let mut server = builder.expect_error("was sent SIGKILL").serve(1);
        assert_eq!(server.get("/end").expect("an answer").text(), "-15 True", "{event_loop}");
        let mut asks = server.connect();
        let headers = [("Connection", "close")];
        let child = asks.request("GET", "/pool", &headers, b"").expect("an answer").text();
        asks.wait_closed().expect("the worker closes, and nobody else has it open");
        // Master and worker die at once, so that nobody tells anybody to end.
        let worker = server.workers()[0];
        server.kill_master();
        ferricorn_test::processes::signal(worker, Signal::SIGKILL);
        eventually(PATIENCE, "the port is free", || !ferricorn_test::http::listens(&server.address()));
        assert!(fs::metadata(format!("/proc/{child}")).is_ok(), "the pool lives on");
        let told = server.log().lines().iter().filter(|line| line.text.contains("Master is gone")).count();
        assert!(told <= 1, "the worker may have said it, and no child");
        server.discard();
    }
}
