//! `--preload`: one process imports, workers are forked of it, and whatever becomes of it costs nobody anything.

mod faults;
mod hooks;
mod libraries;
mod surroundings;
mod upgrades;

use std::{collections::BTreeSet, fs};

use ferricorn_test::{Builder, PATIENCE, Server, eventually, load::Load, processes, turn, within};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// An application that notes who has imported it, and answers with the import and the pid.
const APP: &str = "import os, random\n\
    with open('imports', 'a') as file:\n    print(os.getpid(), file=file)\n\
    VERSION = 'one'\n\
    async def app(scope, receive, send):\n\
    \x20   if scope['type'] != 'http': return\n\
    \x20   words = [VERSION, os.getpid(), os.environ.get('FERRICORN_SLOT'), os.getppid(), random.random()]\n\
    \x20   body = ' '.join(map(str, words)).encode()\n\
    \x20   await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'%d' % len(body))]})\n\
    \x20   await send({'type': 'http.response.body', 'body': body})\n";

fn preload() -> Builder {
    ferricorn().app(APP).line("--preload --lifespan off --reload-probation 0.1")
}

/// Who has imported the application, in order.
fn imports(server: &Server) -> Vec<i32> {
    let text = fs::read_to_string(server.path("imports")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// The pid of the last template that was ready.
fn template(server: &Server) -> i32 {
    let lines = server.log().lines();
    let line = lines.iter().rev().find(|line| line.text.contains("Template ready (pid: "));
    let line = line.expect("a template was ready");
    let (_, rest) = line.text.split_once("(pid: ").expect("it was asked for");
    rest.split(')').next().and_then(|pid| pid.parse().ok()).expect("a number")
}

fn words(server: &Server) -> Vec<String> {
    let answer = server.get("/").expect("it answers");
    String::from_utf8_lossy(&answer.body).split(' ').map(str::to_owned).collect()
}

/// The lines that contain the text.
fn lines(server: &Server, text: &str) -> Vec<String> {
    server.log().lines().into_iter().map(|line| line.text).filter(|line| line.contains(text)).collect()
}

#[test]
fn one_process_imports_and_the_workers_are_forked_of_it() {
    let _turn = turn::together();
    let server = preload().line("--workers 3").serve(3);
    let template = template(&server);
    assert_eq!(imports(&server), [template]);
    let children = server.wait_for_workers(4, PATIENCE);
    assert!(children.contains(&template), "{children:?}");
    // Of a worker's own: number, slot, parent, and what is drawn at random.
    let mut seen = BTreeSet::new();
    let mut drawn = BTreeSet::new();
    eventually(PATIENCE, "every worker answers", || {
        let words = words(&server);
        assert_eq!(words[3], server.master().to_string(), "the master is the parent");
        seen.insert((words[2].clone(), words[1].clone()));
        drawn.insert(words[4].clone());
        seen.len() == 3
    });
    assert!(drawn.len() >= 3, "{drawn:?}");
    assert_eq!(seen.iter().map(|(slot, _)| slot.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
    let listeners =
        processes::descriptors(server.master()).into_values().filter(|it| it.starts_with("socket:"));
    let shared: Vec<String> = listeners.collect();
    let held = processes::descriptors(template);
    assert!(
        held.values().all(|it| !shared.contains(it)),
        "the template has a socket of the master's: {held:?}"
    );
    server.finish();
}

#[test]
fn recycling_and_crashes_import_nothing_and_lose_nothing() {
    let _turn = turn::alone();
    let server = ferricorn().line("--preload --workers 2 --max-requests 200").serve(2);
    let load = Load::on(&server.address()).clients(6).start();
    let done = within(PATIENCE, || (server.log().count("reason=max-requests") >= 12).then_some(()));
    let tally = load.stop();
    assert!(done.is_some(), "{} recycles", server.log().count("reason=max-requests"));
    tally.assert_nothing_lost();
    assert_eq!(lines(&server, "Template ready").len(), 1);
    assert_eq!(lines(&server, "spawned plainly"), [""; 0]);
    server.finish();
}

#[test]
fn a_template_that_is_killed_costs_no_worker_and_comes_back() {
    let _turn = turn::together();
    let server = preload().line("--workers 2").expect_error("").serve(2);
    let before = template(&server);
    let workers: Vec<_> = server.workers().into_iter().filter(|pid| *pid != before).collect();
    processes::signal(before, Signal::SIGKILL);
    let line = server.wait_for_line("Template exited (pid: ", PATIENCE).text;
    assert!(line.contains("cause=SIGKILL") && line.contains("spawned plainly until it is back"), "{line}");
    server.wait_for_count("Template ready (pid: ", 2, PATIENCE);
    assert!(workers.iter().all(|pid| processes::alive(*pid)), "nobody had to go with it");
    let after = template(&server);
    // From then on a worker is forked again.
    processes::signal(workers[0], Signal::SIGKILL);
    server.wait_for_ready(3);
    assert_eq!(imports(&server), [before, after]);
    server.finish();
}

#[test]
fn a_template_that_stands_still_is_replaced_and_a_worker_is_spawned_plainly() {
    let _turn = turn::together();
    let server = preload().line("--workers 2").expect_error("").serve(2);
    let before = template(&server);
    processes::signal(before, Signal::SIGSTOP);
    let victim = server.workers().into_iter().find(|pid| *pid != before).expect("a worker");
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_line("Template does not fork, and is killed", PATIENCE);
    server.wait_for_ready(3);
    assert_eq!(lines(&server, "Template does not fork").len(), 1);
    server.finish();
}

#[test]
fn an_import_that_fails_ends_the_first_start_with_its_words_said_once() {
    let _turn = turn::together();
    let cases = [
        ("raise ValueError('no luck')\n", 3, "Worker failed to boot. ValueError: no luck"),
        ("other = 1\n", 4, "App failed to load. Failed to find attribute 'app' in 'main'."),
    ];
    for (source, code, reason) in cases {
        let server = ferricorn().app(source).line("--preload --workers 3").expect_error("").start();
        assert_eq!(server.wait_exit(PATIENCE).code(), code);
        let said = lines(&server, "Reason: ");
        assert!(said.len() == 1 && said[0].contains(reason), "{said:?}");
        assert!(lines(&server, "Traceback (most recent call last)").len() <= 1);
        server.finish();
    }
}

#[test]
fn an_import_that_hangs_is_shown_and_ends_the_first_start() {
    let _turn = turn::together();
    let app = "import time\nasync def app(scope, receive, send): pass\ntime.sleep(1000)\n";
    let server =
        ferricorn().app(app).line("--preload --workers 4 --boot-timeout 20").expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), 3);
    let stack = server.log().transcript();
    assert!(stack.contains("TEMPLATE BOOT TIMEOUT (pid:") && stack.contains("main.py\", line 3"), "{stack}");
    assert_eq!(lines(&server, "the application was not loaded in time").len(), 1);
    server.finish();
}

#[test]
fn a_reload_has_a_template_of_its_own_and_a_broken_one_keeps_the_old_code() {
    let _turn = turn::together();
    let server = preload().line("--workers 2 --max-requests 30").expect_error("").serve(2);
    let first = template(&server);
    server.write_app("raise ValueError('broken')\n");
    server.signal(Signal::SIGHUP);
    let line = server.wait_for_line("Reload rejected: generation 2", PATIENCE).text;
    assert!(!line.contains("recycled"), "{line}");
    // Recycling goes on, with the old code: nobody imports what is on disk.
    let recycled = within(PATIENCE, || {
        assert_eq!(words(&server)[0], "one");
        (server.log().count("reason=max-requests") >= 4).then_some(())
    });
    assert!(recycled.is_some() && processes::alive(first));
    assert_eq!(imports(&server), [first]);
    server.write_app(&APP.replace("'one'", "'two'"));
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    eventually(PATIENCE, "the new code answers", || words(&server)[0] == "two");
    eventually(PATIENCE, "the old template goes with the commit", || !processes::alive(first));
    assert_eq!(imports(&server), [first, template(&server)]);
    server.finish();
}

#[test]
fn what_a_fork_does_not_survive_is_named_with_its_line_and_the_workers_import_by_themselves() {
    let _turn = turn::together();
    let thread = "import threading, time\n\
        threading.Thread(target=time.sleep, args=(1000,), daemon=True, name='poller').start()\n";
    let socket = "import socket\nLOCK = socket.socket()\nLOCK.bind(('127.0.0.1', 0))\n";
    let folder = "import tempfile\nFOLDER = tempfile.TemporaryDirectory()\n";
    let lock = "import fcntl\nLEADER = open('leader', 'w')\nfcntl.flock(LEADER, fcntl.LOCK_SH)\n";
    let event_loop = "import asyncio\nLOOP = asyncio.new_event_loop()\n";
    for (source, named, place) in [
        (thread, "thread `poller`", "main.py:2"),
        (socket, "socket at 127.0.0.1:", "main.py:3"),
        (folder, "temporary folder `/", ""),
        (lock, "lock of the file `", ""),
        (event_loop, "an event loop that was left open", ""),
    ] {
        let app = format!("{source}{APP}");
        let server =
            ferricorn().app(&app).line("--preload --workers 2 --lifespan off").expect_error("").serve(2);
        let text = server.log().transcript();
        assert!(text.contains("The application is not preloaded"), "{source}{text}");
        assert!(text.contains(named) && text.contains(place), "{source}{text}");
        assert_eq!(lines(&server, "The application is not preloaded").len(), 1);
        server.wait_for_workers(2, PATIENCE);
        assert_eq!(imports(&server).len(), 3, "the template and both workers");
        server.finish();
    }
}

#[test]
fn what_else_a_fork_does_not_survive_is_named_too() {
    let _turn = turn::together();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let pool = "from concurrent.futures import ThreadPoolExecutor\nPOOL = ThreadPoolExecutor(1)\nPOOL.submit(int).result()\n";
    let queue = "import logging.handlers, queue\n\
        LISTENER = logging.handlers.QueueListener(queue.SimpleQueue())\n\
        LISTENER.start()\n";
    let connection = format!("import socket\nCONNECTION = socket.create_connection(('127.0.0.1', {port}))\n");
    let memory = "from multiprocessing import shared_memory\n\
        BLOCK = shared_memory.SharedMemory(create=True, size=64)\n";
    let process = "import subprocess\nCHILD = subprocess.Popen(['sleep', '1000'])\n";
    for (source, named, place) in [
        (pool, "thread `ThreadPoolExecutor-0_0`", "main.py:3"),
        (queue, "thread `", "main.py:3"),
        (&connection, "connection to 127.0.0.1:", "main.py:2"),
        (memory, "resource_tracker", ""),
        (process, "`sleep 1000`", ""),
    ] {
        let app = format!("{source}{APP}");
        let line = "--preload --lifespan off";
        let server = ferricorn().app(&app).line(line).expect_error("").expect_stranger("").serve(1);
        let text = server.log().transcript();
        assert!(text.contains("The application is not preloaded"), "{source}{text}");
        assert!(text.contains(named) && text.contains(place), "{source}{text}");
        assert_eq!(imports(&server).len(), 2, "the template and the worker");
        server.discard();
    }
}

#[test]
fn what_a_fork_survives_is_used() {
    let _turn = turn::together();
    let source = "import asyncio, fcntl, multiprocessing, os, socket, ssl, tempfile, threading\n\
        from concurrent.futures import ThreadPoolExecutor\n\
        POOL, LOCK, CONTEXT = ThreadPoolExecutor(4), asyncio.Lock(), ssl.create_default_context()\n\
        asyncio.run(asyncio.to_thread(int))\n\
        thread = threading.Thread(target=int); thread.start(); thread.join()\n\
        with tempfile.TemporaryDirectory(), tempfile.NamedTemporaryFile(), socket.socket() as it:\n\
        \x20   it.bind(('127.0.0.1', 0))\n\
        with open('lock', 'w') as file: fcntl.flock(file, fcntl.LOCK_EX)\n\
        FOLDER = tempfile.mkdtemp(dir=os.getcwd())\n";
    let app = format!("{source}{APP}")
        .replace("    words = ", "    assert POOL.submit(int).result() == 0\n    words = ");
    let server = ferricorn().app(&app).line("--preload --workers 2 --lifespan off").serve(2);
    assert_eq!(imports(&server).len(), 1, "{}", server.log().transcript());
    assert_eq!(words(&server)[0], "one");
    server.finish();
}

#[test]
fn a_template_that_forks_nobody_takes_its_temporary_files_with_it() {
    let _turn = turn::together();
    let source = "import tempfile\n\
        FOLDER = tempfile.TemporaryDirectory(prefix='own-', dir='.')\n\
        FILE = tempfile.NamedTemporaryFile(prefix='own-', dir='.')\n\
        KEPT = tempfile.NamedTemporaryFile(prefix='kept-', dir='.', delete=False)\n";
    let server = ferricorn()
        .app(&format!("{source}{APP}"))
        .line("--preload --workers 2 --lifespan off")
        .expect_error("")
        .serve(2);
    let left = |prefix: &str| {
        let entries = fs::read_dir(server.path("")).expect("the folder can be read");
        let names = entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(prefix)).count()
    };
    assert_eq!(imports(&server).len(), 3, "the template and both workers");
    assert_eq!(left("own-"), 4, "a folder and a file for each worker");
    assert_eq!(left("kept-"), 3, "as it was asked for");
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    assert_eq!(left("own-"), 0);
    server.finish();
}

#[test]
fn a_lock_that_makes_a_leader_makes_one() {
    let _turn = turn::together();
    let source = format!(
        "import fcntl\nLOCK = open('leader', 'w')\n\
        try:\n\
        \x20   fcntl.flock(LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)\n    LEADS = 'leader'\n\
        except OSError:\n    LEADS = 'follower'\n{}",
        APP.replace("VERSION, ", "LEADS, ")
    );
    let server =
        ferricorn().app(&source).line("--preload --workers 3 --lifespan off").expect_error("").serve(3);
    let mut seen = BTreeSet::new();
    eventually(PATIENCE, "every worker answers", || {
        let words = words(&server);
        seen.insert((words[1].clone(), words[0].clone()));
        seen.len() == 3
    });
    assert_eq!(seen.iter().filter(|(_, leads)| leads == "leader").count(), 1, "{seen:?}");
    server.finish();
}

#[test]
fn always_does_not_look() {
    let _turn = turn::together();
    let app = format!("import asyncio\nLOOP = asyncio.new_event_loop()\n{APP}");
    let server = ferricorn().app(&app).line("--preload always --workers 2 --lifespan off").serve(2);
    assert_eq!(imports(&server).len(), 1);
    server.finish();
}

#[test]
fn nobody_is_left_behind_by_a_master_that_is_killed() {
    let _turn = turn::together();
    let mut server = preload().line("--workers 2").serve(2);
    let template = template(&server);
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
    assert!(!processes::alive(template));
    server.finish();

    // Nor by one that is killed while the template imports.
    let app = "import time\nprint('importing', flush=True)\ntime.sleep(1000)\n";
    let mut server = ferricorn().app(app).line("--preload").expect_stranger("importing").start();
    server.wait_for_line("importing", PATIENCE);
    server.kill_master();
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn without_the_option_no_process_and_no_orphan_is_the_masters() {
    let _turn = turn::together();
    let server = ferricorn().app(APP).line("--workers 2 --lifespan off").serve(2);
    assert_eq!(server.wait_for_workers(2, PATIENCE).len(), 2);
    assert_eq!(imports(&server).len(), 2);
    assert_eq!(lines(&server, "emplate"), [""; 0]);
    server.finish();
}

#[test]
fn log_files_are_opened_by_each_worker_and_rotated_as_without_it() {
    let _turn = turn::together();
    let server = preload().line("--workers 2 --access-logfile access.log --max-requests 20").serve(2);
    let template = template(&server);
    let holds = |pid: i32| processes::descriptors(pid).values().any(|it| it.contains("access.log"));
    assert!(!holds(template), "a rotated file would keep its room");
    let _ = words(&server);
    fs::rename(server.path("access.log"), server.path("access.log.1")).expect("it is there");
    server.signal(Signal::SIGUSR1);
    eventually(PATIENCE, "the new file is written to", || {
        let _ = words(&server);
        fs::read_to_string(server.path("access.log")).is_ok_and(|text| text.lines().count() > 0)
    });
    // A worker that is forked later knows nothing of the old file.
    let recycled = within(PATIENCE, || {
        let _ = words(&server);
        (server.log().count("reason=max-requests") >= 4).then_some(())
    });
    assert!(recycled.is_some());
    eventually(PATIENCE, "nobody has the old file", || {
        let mut all = server.workers().into_iter().flat_map(|pid| processes::descriptors(pid).into_values());
        !all.any(|it| it.contains("access.log.1"))
    });
    server.finish();
}

#[test]
fn a_service_under_load_outlives_reloads_and_dead_templates() {
    let _turn = turn::alone();
    let server = ferricorn().line("--preload --workers 2 --reload-probation 0.1 --max-requests 200");
    let server = server.expect_error("").serve(2);
    let load = Load::on(&server.address()).clients(6).start();
    for round in 2..5 {
        processes::signal(template(&server), Signal::SIGKILL);
        server.wait_for_count("Template ready (pid: ", 2 * round - 2, PATIENCE);
        server.signal(Signal::SIGHUP);
        server.wait_for_line(&format!("Reloaded: every worker runs generation {round}"), PATIENCE);
        server.wait_for_count("Template ready (pid: ", 2 * round - 1, PATIENCE);
    }
    load.stop().assert_nothing_lost();
    server.finish();
}
