//! Logs: the formats that people's tools read.

use std::fs;

use ferricorn_test::{Entry, PATIENCE, Source, eventually, turn};

use crate::ferricorn;

/// Whether the line is gunicorn's default format with these values:
/// `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`.
fn is_access_line(line: &str, request: &str, status: &str, length: &str, agent: &str) -> bool {
    let Some((host, rest)) = line.split_once(" - - [") else { return false };
    let Some((time, rest)) = rest.split_once("] ") else { return false };
    let shape: String = time
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else if c.is_ascii_alphabetic() {
                'a'
            } else {
                c
            }
        })
        .collect();
    host == "127.0.0.1"
        && shape == "00/aaa/0000:00:00:00 +0000"
        && rest == format!("\"{request}\" {status} {length} \"-\" \"{agent}\"")
}

fn ask(server: &ferricorn_test::Server) {
    let mut connection = server.connect();
    let headers = [("User-Agent", "a \"quoted\" agent")];
    let response = connection.request("GET", "/work?id=7", &headers, b"").expect("an answer");
    assert_eq!(response.status, 200);
}

#[test]
fn the_access_log_on_standard_output_has_gunicorns_format() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --access-logfile -").serve(2);
    let mut connection = server.connect();
    connection.request("GET", "/work?id=7", &[("User-Agent", "tester/1.0")], b"").expect("an answer");
    connection.request("POST", "/post", &[], b"hello").expect("an answer");
    server.wait_for_line("POST /post", PATIENCE);
    let lines: Vec<_> = server.log().lines_of(Source::Stdout).into_iter().map(|line| line.text).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(is_access_line(&lines[0], "GET /work?id=7 HTTP/1.1", "200", "2", "tester/1.0"), "{}", lines[0]);
    assert!(is_access_line(&lines[1], "POST /post HTTP/1.1", "200", "1", "-"), "{}", lines[1]);
    server.finish();
}

#[test]
fn the_access_log_goes_to_a_file_and_not_to_standard_output() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 2");
    let path = builder.folder().join("access.log");
    let server = builder.args(["--access-logfile".as_ref(), path.as_os_str()]).serve(2);
    ask(&server);
    eventually(PATIENCE, "the line is in the file", || {
        fs::read_to_string(&path).is_ok_and(|log| log.contains("\"GET /work?id=7 HTTP/1.1\" 200 2 \"-\""))
    });
    assert!(server.log().lines_of(Source::Stdout).is_empty());
    server.finish();
}

#[test]
fn without_the_option_there_is_no_access_log() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    ask(&server);
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(server.log().count("/work"), 0);
    server.finish();
}

#[test]
fn the_life_of_a_service_is_told_in_gunicorns_words() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 -k uvicorn.workers.UvicornWorker --log-level debug").serve(2);
    let (master, workers) = (server.pid(), server.workers());
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    let lines = server.log().lines_of(Source::Stderr);
    let entries: Vec<_> = lines.iter().filter_map(|line| Entry::parse(&line.text)).collect();
    assert_eq!(entries.len(), lines.len());
    let has = |pid: i32, level: &str, start: &str| {
        let found = entries.iter().any(|e| e.pid == pid && e.level == level && e.message.starts_with(start));
        assert!(found, "no line [{pid}] [{level}] {start}");
    };
    has(master, "INFO", "Starting ferricorn ");
    has(master, "INFO", "Listening at: http://127.0.0.1:");
    has(master, "INFO", "Using worker: uvicorn.workers.UvicornWorker");
    has(master, "INFO", "Handling signal: term");
    has(master, "INFO", "Shutting down: Master");
    for pid in workers {
        has(pid, "INFO", &format!("Booting worker with pid: {pid}"));
        has(pid, "INFO", &format!("Started server process [{pid}]"));
        has(pid, "INFO", "Application startup complete.");
        has(pid, "DEBUG", "Application shutdown complete.");
        has(pid, "DEBUG", &format!("Worker exiting (pid: {pid})"));
        has(master, "INFO", &format!("Worker ready (pid: {pid})"));
        has(master, "DEBUG", &format!("Worker draining (pid: {pid})"));
    }
    server.finish();
}

#[test]
fn the_log_level_silences_what_is_below_it() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --log-level warning").start();
    eventually(PATIENCE, "both workers have started", || server.ledger().count("startup") == 2);
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    let lines = server.log().lines();
    assert!(lines.is_empty(), "{lines:#?}");
    server.finish();
}

#[test]
fn colours_are_for_terminals_only() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    assert_eq!(server.log().count("\u{1b}["), 0);
    server.finish();
    let server = ferricorn()
        .line("--workers 2")
        .variable("TERM", "xterm")
        .terminal()
        .expect_stranger("\u{1b}[")
        .serve(2);
    let coloured = server.log().count("\u{1b}[");
    assert!(coloured > 0, "nothing is coloured on a terminal");
    server.finish();
}

#[test]
fn with_json_every_line_of_master_workers_and_access_log_is_an_object() {
    let _turn = turn::together();
    let server = ferricorn()
        .line("--workers 2 --log-format json --access-logfile - --reload-probation 0")
        .expect_stranger("{")
        .serve(2);
    ask(&server);
    server.signal(nix::sys::signal::Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    let read = |source| -> Vec<serde_json::Value> {
        let lines = server.log().lines_of(source);
        let object = |line: &ferricorn_test::Line| {
            serde_json::from_str(&line.text).unwrap_or_else(|error| panic!("{error}: {}", line.text))
        };
        lines.iter().map(object).collect()
    };
    let errors = read(Source::Stderr);
    for line in &errors {
        for member in ["time", "level", "pid", "logger", "message"] {
            assert!(line.get(member).is_some(), "no `{member}`: {line}");
        }
    }
    let is_ready = |line: &&serde_json::Value| {
        line["pid"] == server.pid()
            && line["message"].as_str().is_some_and(|it| it.starts_with("Worker ready"))
    };
    let slots: Vec<_> = errors
        .iter()
        .filter(is_ready)
        .map(|line| (line["slot"].as_u64(), line["generation"].as_u64()))
        .collect();
    assert_eq!(slots.len(), 4, "{slots:?}");
    assert!(slots.contains(&(Some(1), Some(2))), "{slots:?}");
    assert!(errors.iter().any(|line| line["logger"] == "uvicorn.error" && line["generation"] == 2));
    let access = read(Source::Stdout);
    assert_eq!(access.len(), 1, "{access:?}");
    assert_eq!((&access[0]["path"], &access[0]["status"]), (&"/work".into(), &200.into()));
    server.finish();
}

#[test]
fn after_a_rotation_every_file_is_a_new_one() {
    let _turn = turn::together();
    let app = "
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            kind = (await receive())['type']
            await send({'type': kind + '.complete'})
            if kind == 'lifespan.shutdown':
                return
    print('printed', flush=True)
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'0')]})
    await send({'type': 'http.response.body'})
";
    let builder =
        ferricorn().app(app).line("--workers 2 --capture-output --error-logfile error.log --log-level debug");
    let folder = builder.folder().to_owned();
    let server = builder.line("--access-logfile access.log").start();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    eventually(PATIENCE, "both workers are ready", || {
        read("error.log").matches("Worker ready (pid: ").count() == 2
    });
    let port = read("error.log").lines().find_map(|line| {
        let address = line.split_once("Listening at: http://127.0.0.1:")?.1;
        address.split(' ').next()?.parse::<u16>().ok()
    });
    let port = port.expect("the log names the port");
    let ask = |path: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
        std::io::copy(&mut stream, &mut std::io::sink()).expect("answered");
    };
    ask("/before");
    eventually(PATIENCE, "the first lines", || {
        read("access.log").contains("/before") && read("error.log").contains("printed")
    });
    for name in ["error.log", "access.log"] {
        fs::rename(folder.join(name), folder.join(format!("{name}.1"))).expect("renamed");
    }
    server.signal(nix::sys::signal::Signal::SIGUSR1);
    // The master's new file comes first; a request tells that a worker has its own.
    eventually(PATIENCE, "a request is in the new files", || {
        ask("/after");
        read("access.log").contains("/after") && read("error.log").contains("printed")
    });
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    assert!(read("error.log").contains("Shutting down: Master"));
    assert!(read("error.log").contains("Worker exiting"));
    assert!(!read("error.log.1").contains("Worker exiting"));
    assert!(server.log().lines().is_empty(), "{:?}", server.log().lines());
    server.finish();
}

#[test]
fn a_logging_configuration_gives_the_masters_lines_their_level_as_well() {
    let _turn = turn::together();
    let builder = ferricorn().line("--log-config log.ini");
    let text = "[loggers]\nkeys=root,error\n[handlers]\nkeys=console\n[formatters]\nkeys=\n\
        [handler_console]\nclass=StreamHandler\nargs=(sys.stderr,)\n[logger_root]\nlevel=INFO\nhandlers=console\n\
        [logger_error]\nqualname=gunicorn.error\nlevel=WARNING\npropagate=0\nhandlers=console\n";
    fs::write(builder.folder().join("log.ini"), text).expect("the run's folder can be written");
    let server = builder.expect_stranger("").start();
    eventually(PATIENCE, "the worker has started", || server.ledger().count("startup") == 1);
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    let of_the_master = |line: &str| Entry::parse(line).is_some_and(|entry| entry.pid == server.pid());
    let told: Vec<_> = server.log().lines().into_iter().filter(|it| of_the_master(&it.text)).collect();
    assert!(told.is_empty(), "{told:#?}");
    server.finish();
}

#[test]
fn a_logger_class_of_the_configuration_file_writes_the_access_log() {
    let _turn = turn::together();
    let file = "\
from gunicorn.glogging import Logger

class Mine(Logger):
    def access(self, resp, req, environ, request_time):
        if req.path != '/health':
            super().access(resp, req, environ, request_time)

logger_class = Mine
accesslog = '-'
";
    let builder = ferricorn();
    fs::write(builder.folder().join("gunicorn.conf.py"), file).expect("the run's folder can be written");
    let server = builder.serve(1);
    assert_eq!(server.get("/health").expect("an answer").status, 200);
    ask(&server);
    assert_eq!(server.stop(nix::sys::signal::Signal::SIGTERM, PATIENCE), 0);
    let lines = server.log().lines_of(Source::Stdout);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        is_access_line(&lines[0].text, "GET /work?id=7 HTTP/1.1", "200", "2", "a \\\"quoted\\\" agent"),
        "{lines:?}"
    );
    assert_eq!(server.log().count("Application startup complete."), 1, "each line is written once");
    server.finish();
}
