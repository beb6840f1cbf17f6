//! What an application decides about the loggers of the access log, side by side with uvicorn and with gunicorn.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use ferricorn_test::{Address, PATIENCE, eventually, free_port, http, python, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Does what the variable CASE says while it is imported.
const APP: &str = r#"
import logging, logging.config, os

U = logging.getLogger("uvicorn.access")
G = logging.getLogger("gunicorn.access")

def theirs():
    handler = logging.FileHandler("theirs.log")
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    return handler

def redirect():
    class Intercept(logging.Handler):
        def emit(self, record):
            logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())
    from loguru import logger
    logger.remove()
    logger.add("theirs.log", format="{message}")
    logging.basicConfig(handlers=[Intercept()], level=logging.INFO, force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True

exec(os.environ["CASE"])

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/fail":
        raise ValueError("on purpose")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"#;

const CASES: [&str; 10] = [
    "pass",
    "U.addFilter(lambda record: record.args[2] != '/health')",
    "U.addFilter(lambda record: 'GET /health ' not in record.getMessage())",
    "U.handlers[0].addFilter(lambda record: record.args[2] != '/health')",
    "U.setLevel(logging.WARNING)",
    "U.disabled = True",
    "U.handlers.clear()",
    "U.handlers = []",
    "U.handlers = [theirs()]",
    "redirect()",
];

/// How often `/health` and `/seen` are in the log of the server, and in that of the application's handlers.
type Counts = [usize; 4];

fn ask(address: &Address) {
    for path in ["/health", "/seen"] {
        assert_eq!(http::get(address, path).expect("an answer").status, 200);
    }
}

fn counts(folder: &Path, log: &str) -> Counts {
    let theirs = fs::read_to_string(folder.join("theirs.log")).unwrap_or_default();
    [log, &theirs]
        .map(|text| ["/health", "/seen"].map(|path| text.matches(path).count()))
        .concat()
        .try_into()
        .expect("four")
}

fn of_ferricorn(case: &str) -> Counts {
    let server = ferricorn().app(APP).variable("CASE", case).line("--access-logfile -").serve(1);
    ask(&server.address());
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    let log: Vec<_> = server.log().lines().into_iter().map(|line| line.text).collect();
    let counts = counts(&server.path(""), &log.join("\n"));
    server.finish();
    counts
}

/// A server of somebody else's, which ends with it.
struct Reference(Child);

impl Drop for Reference {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn of_reference(case: &str, words: &str) -> Counts {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.py"), APP).expect("written");
    let log = folder.path().join("log");
    let port = free_port();
    let output = File::create(&log).expect("a file");
    let mut command = Command::new(python());
    command.arg("-m").args(words.replace("PORT", &port.to_string()).split_whitespace()).arg("main:app");
    command.current_dir(folder.path()).env("CASE", case).stdin(Stdio::null());
    command.stdout(output.try_clone().expect("a copy")).stderr(output);
    let mut reference = Reference(command.spawn().expect("it starts"));
    let address = Address::parse(&format!("http://127.0.0.1:{port}"));
    eventually(PATIENCE, "the other server listens", || http::listens(&address));
    ask(&address);
    let pid = nix::unistd::Pid::from_raw(reference.0.id().try_into().expect("a pid"));
    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("told to stop");
    eventually(PATIENCE, "the other server has stopped", || {
        reference.0.try_wait().is_ok_and(|status| status.is_some())
    });
    counts(folder.path(), &fs::read_to_string(log).expect("a log"))
}

#[test]
fn what_an_application_decides_about_uvicorns_access_logger_holds_as_with_uvicorn_and_gunicorn() {
    let _turn = turn::together();
    for case in CASES {
        let ours = of_ferricorn(case);
        let uvicorn = "uvicorn --port PORT";
        let gunicorn = "gunicorn -k uvicorn.workers.UvicornWorker -b 127.0.0.1:PORT --access-logfile - --log-level error";
        for reference in [uvicorn, gunicorn] {
            assert_eq!(ours, of_reference(case, reference), "`{case}`, {reference}");
        }
    }
}

#[test]
fn a_handler_that_an_application_adds_has_each_line_once_and_alone() {
    let _turn = turn::together();
    for case in
        ["U.addHandler(theirs())", "G.addHandler(theirs())", "U.addHandler(theirs()); G.addHandler(theirs())"]
    {
        assert_eq!(of_ferricorn(case), [0, 0, 1, 1], "`{case}`");
    }
}

#[test]
fn a_configuration_with_its_defaults_loses_no_line_of_the_access_log_and_no_traceback() {
    let _turn = turn::together();
    let case = "logging.config.dictConfig({'version': 1, 'root': {'level': 'INFO'}})";
    let builder = ferricorn().app(APP).variable("CASE", case).expect_error("Exception in ASGI application");
    let server = builder.line("--access-logfile - --log-level debug").serve(1);
    ask(&server.address());
    assert_eq!(http::get(&server.address(), "/fail").expect("an answer").status, 500);
    server.wait_for_line("ValueError: on purpose", PATIENCE);
    server.wait_for_line("\"GET /health HTTP/1.1\" 200", PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.wait_for_line("Worker exiting (pid: ", PATIENCE);
    server.finish();
}
