//! What the program prints and how it exits when it does not start: the real binary, compared to the letter.

use std::process::{Command, Stdio};

/// Runs the program with these words in an environment that is empty but for these variables.
fn run(words: &[&str], environment: &[(&str, &str)]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_ferricorn"))
        .args(words)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .expect("the program that cargo has built starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("the program exits by itself"))
}

/// The line is refused as gunicorn's argument parser would refuse it.
fn usage_error(words: &str, message: &str, hint: &str) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let (stdout, stderr, code) = run(&words, &[]);
    let expected = format!("Error: {message}\nhint: {hint}\n");
    assert_eq!((stdout.as_str(), stderr, code), ("", expected, 2), "{words:?}");
}

/// The line is refused for what it means.
fn error(words: &str, environment: &[(&str, &str)], message: &str, hint: &str) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let (stdout, stderr, code) = run(&words, environment);
    let expected = format!("Error: {message}\nhint: {hint}\n");
    assert_eq!((stdout.as_str(), stderr, code), ("", expected, 1), "{words:?}");
}

#[test]
fn the_version_is_printed_in_the_form_of_gunicorn() {
    let expected = format!("ferricorn (version {})\n", env!("CARGO_PKG_VERSION"));
    for word in ["--version", "-v", "--vers"] {
        assert_eq!(run(&[word], &[]), (expected.clone(), String::new(), 0), "{word}");
    }
}

#[test]
fn the_help_lists_what_works_in_groups() {
    let (stdout, stderr, code) = run(&["--help"], &[]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    assert_eq!(stdout, run(&["main:app", "-h", "-w2"], &[]).0);
    let headings: Vec<&str> =
        stdout.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':')).collect();
    let expected = [
        "Application:",
        "Sockets:",
        "Workers:",
        "Reload:",
        "Logging:",
        "HTTP:",
        "WebSockets:",
        "TLS:",
        "Process:",
        "Monitoring:",
    ];
    assert_eq!(headings, expected);
    for shown in [
        "-b, --bind <ADDRESS>",
        "-w, --workers <N>",
        "[also: --timeout-graceful-shutdown]",
        "--no-access-log",
    ] {
        assert!(stdout.contains(shown), "`{shown}` is missing in:\n{stdout}");
    }
    for hidden in ["--daemon", "--spew", "\u{1b}"] {
        assert!(!stdout.contains(hidden), "`{hidden}` is in:\n{stdout}");
    }
    let widest = stdout.lines().map(str::len).max();
    assert!(widest <= Some(110), "{widest:?}");
}

#[test]
fn a_line_that_cannot_be_parsed_exits_with_2() {
    let number = "give a number such as `2`, or `auto` for one per processor";
    let whole = "give a number such as `30`";
    usage_error("a --workers x", "invalid value `x` for `-w/--workers`: not a whole number", number);
    usage_error("a -wx", "invalid value `x` for `-w/--workers`: not a whole number", number);
    usage_error("a --workers=1.5", "invalid value `1.5` for `-w/--workers`: not a whole number", number);
    usage_error("a --keep-alive x", "invalid value `x` for `--keep-alive`: not a whole number", whole);
    usage_error(
        "a -t soon",
        "invalid value `soon` for `-t/--timeout`: not a number of seconds",
        "give a number such as `30` or `0.5`",
    );
    usage_error("a --port http", "invalid value `http` for `--port`: not a port number", PORT);
    usage_error(
        "a --log-level loud",
        "invalid value `loud` for `--log-level`: not one of the choices",
        "choose from `debug`, `info`, `warning`, `error`, `critical`, `trace`",
    );
    usage_error("a --wrokers 2", "unknown option `--wrokers`", "did you mean `--workers`?");
    usage_error("a --keepalive 2", "unknown option `--keepalive`", "did you mean `--keep-alive`?");
    usage_error(
        "a --gracefull-timeout=2",
        "unknown option `--gracefull-timeout`",
        "did you mean `--graceful-timeout`?",
    );
    usage_error(
        "a --completely-unknown",
        "unknown option `--completely-unknown`",
        "`ferricorn --help` lists the options",
    );
    usage_error("a -Z", "unknown option `-Z`", "`ferricorn --help` lists the options");
    usage_error(
        "a --max 2",
        "ambiguous option `--max`: could be `--max-requests`, `--max-requests-jitter`, `--max-worker-lifetime`, `--max-worker-lifetime-jitter`, `--max-worker-memory`",
        "write the name in full",
    );
    usage_error("a --timeout", "a value is missing for `--timeout`", "write `--timeout SECONDS`");
    usage_error("a --bind --workers 2", "a value is missing for `--bind`", "write `--bind ADDRESS`");
    usage_error("a --factory=yes", "`--factory` takes no value", "write `--factory` alone");
}

const PORT: &str = "a port is a number from 0 to 65535";

#[test]
fn a_value_that_cannot_be_honoured_exits_with_1() {
    let zero = "give 0 or more";
    error("", &[], "no application module specified", "name the application, as in `ferricorn main:app`");
    error(
        "--workers 2",
        &[],
        "no application module specified",
        "name the application, as in `ferricorn main:app`",
    );
    error("a --timeout -1", &[], "invalid value `-1` for `-t/--timeout`: below 0", zero);
    error("a --workers=-1", &[], "invalid value `-1` for `-w/--workers`: below 0", zero);
    error("a --graceful-timeout -1", &[], "invalid value `-1` for `--graceful-timeout`: below 0", zero);
    error("a --port 99999", &[], "invalid value `99999` for `--port`: not a port number", PORT);
    error(
        "a --bind 1.2.3.4:99999",
        &[],
        "invalid value `1.2.3.4:99999` for `-b/--bind`: `99999` is not a port number",
        PORT,
    );
    error(
        "a -b 0.0.0.0:$PORT",
        &[],
        "invalid value `0.0.0.0:$PORT` for `-b/--bind`: the variable `PORT` is not set",
        "set `PORT`, or give a default: `${PORT:-VALUE}`",
    );
    error(
        "a -b 0.0.0.0:",
        &[],
        "invalid value `0.0.0.0:` for `-b/--bind`: no port after the colon",
        "a port is a number from 0 to 65535; was it a variable that is not set?",
    );
    error(
        "a -k gevent",
        &[],
        "invalid value `gevent` for `-k/--worker-class`: not a class for ASGI applications",
        "leave `--worker-class` out, or give `uvicorn.workers.UvicornWorker`; a WSGI application also needs `--interface wsgi`",
    );
    error(
        "a --chdir /does/not/exist",
        &[],
        "invalid value `/does/not/exist` for `--chdir`: no such directory",
        "give a directory that exists",
    );
    error(
        "a -c gunicorn.conf.py",
        &[],
        "cannot read the configuration file `gunicorn.conf.py`: no such file",
        "give a file in Python or TOML, or `python:MODULE`",
    );
    error(
        "a -D",
        &[],
        "`-D/--daemon` cannot be used: ferricorn stays in the foreground, where its supervisor can see it",
        "run it as a service of systemd, or in a container",
    );
}

#[test]
fn a_bad_variable_is_named() {
    error(
        "a",
        &[("PORT", "tcp://10.0.0.1:80")],
        "invalid value `tcp://10.0.0.1:80` for the environment variable `PORT`: not a port number",
        PORT,
    );
    error(
        "a",
        &[("WEB_CONCURRENCY", "many")],
        "invalid value `many` for the environment variable `WEB_CONCURRENCY`: not a whole number",
        "give a number such as `2`, or `auto` for one per processor",
    );
    error(
        "a",
        &[("GUNICORN_CMD_ARGS", "--name 'open")],
        "invalid value for the environment variable `GUNICORN_CMD_ARGS`: no closing quotation",
        "quote its words as in a shell",
    );
    error(
        "a",
        &[("GUNICORN_CMD_ARGS", "--timeout -1")],
        "invalid value `-1` for `-t/--timeout` in `GUNICORN_CMD_ARGS`: below 0",
        "give 0 or more",
    );
}

#[test]
fn an_error_log_that_cannot_be_written_prevents_the_start() {
    let (stdout, stderr, code) = run(&["a", "--error-logfile", "/does/not/exist/error.log"], &[]);
    let expected =
        "Error: `/does/not/exist/error.log` isn't writable: No such file or directory (os error 2)\n";
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("", expected, 1));
}

#[test]
fn closed_output_changes_no_exit_code() {
    let closed = |words: &str, redirect: &str| {
        let line = format!("{} {words} {redirect}", env!("CARGO_BIN_EXE_ferricorn"));
        Command::new("sh").args(["-c", &line]).status().expect("there is a shell").code()
    };
    assert_eq!(closed("--help", ">&-"), Some(0));
    assert_eq!(closed("--help", ">/dev/full"), Some(0));
    assert_eq!(closed("--version", "| true"), Some(0));
    assert_eq!(closed("", "2>&-"), Some(1));
    assert_eq!(closed("--workers x", "2>/dev/full"), Some(2));
    assert_eq!(closed("a --workers x", ">&- 2>&- <&-"), Some(2));
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder"))
            .expect("the folder can be written");
        std::fs::write(path, text).expect("the folder can be written");
    }
    folder
}

/// As `run`, in a folder with these files, with the Python of the tests.
fn run_in(files: &[(&str, &str)], words: &str, environment: &[(&str, &str)]) -> (String, String, i32) {
    let folder = folder(files);
    let python = ferricorn_test::python();
    let output = Command::new(env!("CARGO_BIN_EXE_ferricorn"))
        .args(words.split_whitespace())
        .env_clear()
        .env("FERRICORN_PYTHON", &python)
        .envs(environment.iter().copied())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the program that cargo has built starts");
    let place = folder.path().canonicalize().expect("the folder is there").display().to_string();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&place, "FOLDER");
    (text(output.stdout), text(output.stderr), output.status.code().expect("the program exits by itself"))
}

const APP: (&str, &str) = ("main.py", "async def app(scope, receive, send): pass\n");

#[test]
fn a_configuration_file_that_fails_shows_its_own_lines() {
    let file = ("gunicorn.conf.py", "print('reading')\nworkers = 1 / 0\n");
    let (stdout, stderr, code) = run_in(&[file], "main:app", &[]);
    assert_eq!((stdout.as_str(), code), ("reading\n", 1));
    let expected = "Error: cannot read the configuration file `gunicorn.conf.py`: Traceback (most recent call last):\n  \
                    File \"FOLDER/gunicorn.conf.py\", line 2, in <module>\n";
    assert!(stderr.starts_with(expected), "{stderr}");
    assert!(stderr.contains("ZeroDivisionError: division by zero\nhint: "), "{stderr}");
}

#[test]
fn a_bad_value_in_a_file_is_named_with_its_line() {
    for (name, text, message, hint) in [
        (
            "gunicorn.conf.py",
            "\nworkers = 2.5\n",
            "invalid value `2.5` for `workers` in `gunicorn.conf.py:2`: not a whole number",
            "write a number without decimals, or `int(...)` of it",
        ),
        (
            "gunicorn.conf.py",
            "preload_app = 1\n",
            "invalid value `1` for `preload_app` in `gunicorn.conf.py:1`: not a boolean",
            "write True or False",
        ),
        (
            "gunicorn.conf.py",
            "def post_fork(server): pass\n",
            "invalid value `a function` for `post_fork` in `gunicorn.conf.py:1`: the function takes 1 arguments by position",
            "write one that takes 2",
        ),
        (
            "gunicorn.conf.py",
            "keepalive = -1\n",
            "invalid value `-1` for `keepalive` in `gunicorn.conf.py:1`: below 0",
            "give 0 or more",
        ),
        (
            "gunicorn.conf.py",
            "import os\nos._exit(5)\n",
            "cannot read the configuration file `gunicorn.conf.py`: Python ended without an answer (exit code 5)",
            "run the file with `python3` to see why",
        ),
        (
            "gunicorn.conf.py",
            "import sys\nsys.exit(5)\n",
            "cannot read the configuration file `gunicorn.conf.py`: it called `sys.exit(5)`",
            "the lines above say where it failed",
        ),
        (
            "ferricorn.toml",
            "workers = \"x\"\n",
            "invalid value `x` for `workers` in `ferricorn.toml:1`: not a whole number",
            "give a number such as `2`, or `auto` for one per processor",
        ),
        (
            "ferricorn.toml",
            "\nwrokers = 2\n",
            "unknown setting `wrokers` in `ferricorn.toml:2`",
            "did you mean `workers`?",
        ),
        (
            "ferricorn.toml",
            "workers = \n",
            "cannot read the configuration file `ferricorn.toml:1`: string values must be quoted, expected literal string",
            "write `NAME = VALUE`, with texts in quotes",
        ),
        (
            "pyproject.toml",
            "[tool.ferricorn]\nbind = \"::1\"\n",
            "invalid value `::1` for `bind` in `pyproject.toml:2`: an IPv6 address without brackets",
            "write `[::1]:8000`",
        ),
    ] {
        let (stdout, stderr, code) = run_in(&[(name, text)], "main:app", &[]);
        let expected = format!("Error: {message}\nhint: {hint}\n");
        assert_eq!((stdout.as_str(), stderr, code), ("", expected, 1), "{text}");
    }
}

#[test]
fn every_setting_is_printed_with_its_source() {
    let file = ("gunicorn.conf.py", "import os\nbind = '127.0.0.1:1'\nkeepalive = 5\ntimeout = 90\n");
    let environment = [
        ("WEB_CONCURRENCY", "3"),
        ("GUNICORN_CMD_ARGS", "--timeout 60"),
        ("FERRICORN_BACKLOG", "99"),
        ("UVICORN_VERSION", "1"),
        ("UVICORN_PORT", "tcp://10.0.0.1:80"),
    ];
    let (stdout, stderr, code) =
        run_in(&[APP, file], "main:app --print-config --log-level=debug", &environment);
    assert_eq!((stderr.as_str(), code), ("", 0));
    for (name, value, source) in [
        ("bind", "127.0.0.1:1", "gunicorn.conf.py:2"),
        ("keepalive", "5", "gunicorn.conf.py:3"),
        ("timeout", "60", "-t/--timeout in GUNICORN_CMD_ARGS"),
        ("backlog", "99", "FERRICORN_BACKLOG"),
        ("workers", "3", "WEB_CONCURRENCY"),
        ("loglevel", "debug", "--log-level"),
        ("graceful_timeout", "30", "default"),
        ("wsgi_app", "main:app", "the command line"),
    ] {
        let line = stdout.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_default();
        let shown = line.split_once('=').and_then(|(_, rest)| rest.split_once("  # "));
        let shown = shown.map(|(shown, from)| (shown.trim(), from));
        assert_eq!(shown, Some((value, source)), "`{name}` in\n{stdout}");
    }
    let mut sorted: Vec<&str> = stdout.lines().collect();
    sorted.sort_unstable();
    assert_eq!(sorted, stdout.lines().collect::<Vec<_>>());
}

#[test]
fn a_check_loads_the_application_and_serves_nothing() {
    assert_eq!(run_in(&[APP], "main:app --check-config", &[]), (String::new(), String::new(), 0));
    let (stdout, stderr, code) = run_in(&[APP], "main:ap --check-config", &[]);
    assert_eq!((stdout.as_str(), code), ("", 1));
    assert!(stderr.starts_with("Error: the application `main:ap` cannot be loaded\n"), "{stderr}");
    let broken = ("main.py", "import nothing_of_this_name\n");
    let (_, stderr, code) = run_in(&[broken], "main:app --check-config", &[]);
    assert_eq!(code, 1);
    assert!(stderr.contains("No module named 'nothing_of_this_name'"), "{stderr}");
    let (_, stderr, code) = run_in(&[APP], "main:app --check-config --certfile none.pem", &[]);
    let expected = "Error: `none.pem` (`certfile`, from --certfile) cannot be read: No such file or directory (os error 2)\n";
    assert_eq!((stderr.as_str(), code), (expected, 1));
}

#[test]
fn a_check_takes_every_step_of_a_worker_up_to_its_startup() {
    for (words, wrong) in [
        ("-k nowhere.Worker", "worker class `nowhere.Worker` cannot be imported"),
        ("-k main.Worker", "`main` has no worker class `Worker`"),
        ("--log-config nowhere.ini", "`nowhere.ini` of `--log-config` does not exist"),
        ("--log-config main.py", "`main.py` of `--log-config` cannot be used"),
        ("--loop nowhere:Loop", "`nowhere:Loop` of `--loop` cannot be used"),
        ("--ws nowhere:Protocol", "nowhere"),
    ] {
        let (stdout, stderr, code) = run_in(&[APP], &format!("main:app --check-config {words}"), &[]);
        assert_eq!((stdout.as_str(), code), ("", 1), "{words}");
        assert!(stderr.contains(wrong) && !stderr.contains("the application"), "{words}: {stderr}");
    }
    let log = (
        "log.ini",
        "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nhandlers=\n",
    );
    let (_, stderr, code) = run_in(&[APP, log], "main:app --check-config --log-config log.ini", &[]);
    assert_eq!((stderr.as_str(), code), ("", 0));
}

#[test]
fn a_near_miss_in_a_file_is_told_of() {
    let text = "port = 80\nbind = f':{port}'\nworker = 3\nCAPTURE_OUTPUT = True\nlog_level = 'debug'\nmax_requests_per_child = 5\n\
                def pre_forc(server, worker): pass\nhelper = 1\n";
    let (_, stderr, code) = run_in(&[APP, ("gunicorn.conf.py", text)], "main:app --check-config", &[]);
    let warning = |line: &str, near: &str| {
        let (name, line) = line.split_once(':').unwrap_or_default();
        format!("Warning: `{name}` in `gunicorn.conf.py:{line}` is no setting; did you mean `{near}`?\n")
    };
    let expected = [
        warning("worker:3", "workers"),
        warning("CAPTURE_OUTPUT:4", "capture_output"),
        warning("log_level:5", "loglevel"),
        warning("max_requests_per_child:6", "max_requests"),
        warning("pre_forc:7", "pre_fork"),
    ];
    assert_eq!((stderr, code), (expected.concat(), 0));
}

#[test]
fn each_group_of_options_has_a_help_of_one_screen() {
    for group in ["application", "sockets", "workers", "logging", "http", "websockets", "tls", "process"] {
        let (stdout, stderr, code) = run(&["--help", group], &[]);
        assert_eq!((stderr.as_str(), code), ("", 0), "{group}");
        assert!(stdout.lines().count() <= 40, "{group}: {} lines\n{stdout}", stdout.lines().count());
        let headings = stdout.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':')).count();
        assert_eq!(headings, 1, "{stdout}");
        assert_eq!(run(&[&format!("--help={group}")], &[]).0, stdout);
    }
    assert!(run(&["-h", "sock"], &[]).0.contains("--bind"));
    // An application after it is an application.
    assert!(run(&["--help", "main:app"], &[]).0.contains("--certfile"));
}

#[test]
fn completions_and_the_man_page_know_every_option_that_works() {
    for shell in ["bash", "zsh", "fish"] {
        let (stdout, stderr, code) = run(&["--completions", shell], &[]);
        assert_eq!((stderr.as_str(), code), ("", 0));
        for option in ["max-requests-jitter", "timeout-keep-alive", "certfile", "no-access-log"] {
            assert!(stdout.contains(option), "{option} is missing for {shell}");
        }
    }
    let (page, _, code) = run(&["--man-page"], &[]);
    assert_eq!(code, 0);
    assert!(page.contains(".TH ferricorn 1"), "{page}");
    assert!(page.contains("max\\-requests\\-jitter"), "{page}");
    usage_error(
        "--completions tcsh",
        "invalid value `tcsh` for `--completions`: not one of the choices",
        "choose from `bash`, `zsh`, `fish`",
    );
}

#[test]
fn the_completions_of_bash_are_a_script_that_bash_takes() {
    let (script, _, _) = run(&["--completions", "bash"], &[]);
    let folder = folder(&[("completions.bash", &script)]);
    let status = Command::new("bash").arg("-n").arg(folder.path().join("completions.bash")).status();
    // Not every machine has a bash.
    assert!(status.is_err() || status.is_ok_and(|status| status.success()));
}

/// A word that other programs have for a command is a command only where no module is called so.
#[test]
fn a_module_that_is_called_like_a_command_or_a_file_runs() {
    for (files, words) in [
        (["run.py", "other.py"], "run --check-config"),
        (["status/__init__.py", "other.py"], "status --check-config"),
        (["lib/serve.py", "other.py"], "serve --check-config --pythonpath lib"),
        (["src/start.py", "other.py"], "start --check-config --app-dir src"),
        (["sub/reload.py", "other.py"], "reload --check-config --chdir sub"),
        (["main/__init__.py", "main/py.py"], "main.py --check-config"),
    ] {
        let files = files.map(|name| (name, APP.1));
        assert_eq!(run_in(&files, words, &[]), (String::new(), String::new(), 0), "{words}");
    }
    let packages = [("packages/start.py", APP.1)];
    assert_eq!(run_in(&packages, "start --check-config", &[("PYTHONPATH", "packages")]).2, 0);
    // A folder alone is no application.
    let (_, stderr, code) = run_in(&[("run/notes.txt", "")], "run", &[]);
    assert!(stderr.contains("there is no command `run`, and no module of that name\n"), "{stderr}");
    assert_eq!(code, 2);
}

#[test]
fn a_path_is_answered_with_the_name_that_its_application_has() {
    let source = "application = print\n";
    for (words, hint) in [("main.py", "main:application"), ("./shop/main.py", "shop.main:application")] {
        let files = [("main.py", source), ("shop/main.py", source)];
        let (_, stderr, code) = run_in(&files, words, &[]);
        assert!(stderr.ends_with(&format!("hint: write `ferricorn {hint}`\n")), "{stderr}");
        assert_eq!(code, 2);
    }
}

#[test]
fn every_error_has_one_form_and_colours_where_they_are_wanted() {
    let plain = |text: &str| {
        let pieces = text.split("\u{1b}[").enumerate();
        let visible = |(place, piece): (usize, &str)| match piece.split_once('m') {
            Some((_, rest)) if place > 0 => rest.to_owned(),
            _ => piece.to_owned(),
        };
        pieces.map(visible).collect::<String>()
    };
    for (words, code, error, hint) in [
        ("a --wrokers 2", 2, "unknown option `--wrokers`", "did you mean `--workers`?"),
        ("a --port 99999", 1, "invalid value `99999` for `--port`: not a port number", PORT),
        ("run a:b", 2, "`a:b` after `run`: one application at a time", "write `ferricorn a:b`"),
        (
            "ctl",
            2,
            "no command was given",
            "choose from `status`, `reload`, `upgrade`, `stop`, `recycle`, `dump`, `log-level`, `scale`",
        ),
        (
            "ctl --pid 3",
            2,
            "no command was given",
            "choose from `status`, `reload`, `upgrade`, `stop`, `recycle`, `dump`, `log-level`, `scale`",
        ),
        ("ctl statsu", 2, "unknown command `statsu`", "did you mean `status`?"),
        ("ctl help", 2, "unknown command `help`", "`ferricorn ctl --help` shows what it takes"),
        ("ctl status --wait", 2, "unknown option `--wait`", "`ferricorn ctl --help` shows what it takes"),
        ("ctl reload --wiat", 2, "unknown option `--wiat`", "did you mean `--wait`?"),
        ("ctl stop now", 2, "`now` is one word too many", "`ferricorn ctl --help` shows what it takes"),
        ("ctl scale", 2, "`N` is missing", "write `ferricorn ctl scale N`"),
        ("check --advcie", 2, "unknown option `--advcie`", "did you mean `--advice`?"),
        ("check --what", 2, "unknown option `--what`", "`ferricorn check --help` shows what it takes"),
        ("ctl scale x", 2, "invalid value `x` for `N`", "give a whole number from 1 to 4000"),
        ("ctl --pid", 2, "a value is missing for `--pid`", "write `--pid PID`"),
        ("ctl --pid 0 stop", 2, "invalid value `0` for `--pid PID`", "give the pid of a process"),
        ("ctl --pid 1 --pid-file x stop", 2, "`--pid` and `--pid-file` were both given", "give one of them"),
        ("ctl --pid 1 --pid 2 stop", 2, "`--pid` was given twice", "give it once"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let expected = format!("Error: {error}\nhint: {hint}\n");
        assert_eq!(run(&words, &[]), (String::new(), expected.clone(), code), "{words:?}");
        for force in ["FORCE_COLOR", "CLICOLOR_FORCE"] {
            let (_, stderr, _) = run(&words, &[(force, "1")]);
            assert_eq!(plain(&stderr), expected);
            assert!(stderr.starts_with("\u{1b}[1;31mError:\u{1b}[0m "), "{stderr:?}");
            assert!(stderr.contains("\n\u{1b}[1;36mhint:\u{1b}[0m "), "{stderr:?}");
            assert_eq!(run(&words, &[(force, "1"), ("NO_COLOR", "1")]).1, expected);
        }
    }
}
