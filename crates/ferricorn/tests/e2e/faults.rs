//! Faults that come from the machine, or from a worker that is out of its mind: the service goes on.

use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    process::Command,
    time::{Duration, Instant},
};

use ferricorn_test::{Load, PATIENCE, eventually, ledger, load::Reuse, processes, turn};
use nix::{sys::signal::Signal, sys::stat::Mode, unistd::mkfifo};

use crate::ferricorn;

#[test]
fn a_master_that_was_stopped_blames_nobody() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 1").serve(2);
    let workers = server.workers();
    server.signal(Signal::SIGSTOP);
    let stopped = Instant::now();
    assert_eq!(server.get("/").expect("workers need no master to answer").status, 200);
    eventually(PATIENCE, "three times the timeout", || stopped.elapsed() > Duration::from_secs(3));
    server.signal(Signal::SIGCONT);
    server.wait_for_line("the master was suspended for a while", PATIENCE);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    assert_eq!(server.workers(), workers);
    server.finish();
}

#[test]
fn a_suspend_blames_nobody_but_who_hung_before_it() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 3 --timeout 2").expect_error("").serve(3);
    let workers = server.workers();
    let mut blocked = server.connect();
    blocked.send(b"GET /block?seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "a worker is blocked", || server.ledger().count("start") == 1);
    let hung = server.ledger().pids("start")[0];
    let load = Load::on(&server.address()).path("/").clients(4).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    server.signal_group(Signal::SIGSTOP);
    let stopped = Instant::now();
    eventually(PATIENCE, "twice the timeout", || stopped.elapsed() > Duration::from_secs(4));
    server.signal_group(Signal::SIGCONT);
    let mark = server.log().mark();
    server.wait_for_line("the master was suspended for a while", PATIENCE);
    server.wait_for_line_after(mark, &format!("WORKER TIMEOUT (pid:{hung})"), PATIENCE);
    server.wait_for_ready(4);
    load.stop().assert_nothing_lost();
    assert_eq!(server.log().count("WORKER TIMEOUT"), 1);
    let left = server.wait_for_workers(3, PATIENCE);
    assert_eq!(left.iter().filter(|pid| workers.contains(pid)).count(), 2, "{workers:?} became {left:?}");
    server.finish();
}

#[test]
fn a_worker_that_never_accepts_leaves_its_connections_to_its_sibling() {
    let _turn = turn::together();
    // Its event loop is well, and believes that it watches the listening sockets. The kernel does not know of that.
    let deaf = "\n
import selectors, socket

def listens(descriptor):
    # Of what is no socket, an error says so.
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)

class Deaf(selectors.EpollSelector):
    def register(self, fileobj, events, data=None):
        descriptor = self._fileobj_lookup(fileobj)
        if listens(descriptor):
            return selectors._BaseSelectorImpl.register(self, fileobj, events, data)
        return super().register(fileobj, events, data)

if os.environ['FERRICORN_SLOT'] == '0':
    _hearing = app

    async def app(scope, receive, send):
        if scope['type'] == 'lifespan':
            asyncio.get_running_loop()._selector.__class__ = Deaf
        await _hearing(scope, receive, send)
";
    let app = format!("{}{deaf}", ledger::APP);
    let server = ferricorn().app(&app).line("--workers 2 --lifespan on --loop asyncio --timeout 3").serve(2);
    let slot = |pid: &i32| processes::variable(*pid, "FERRICORN_SLOT");
    let workers = server.workers();
    let hearing = *workers.iter().find(|pid| slot(pid).as_deref() == Some("1")).expect("slot 1 is taken");
    let begun = Instant::now();
    let mut rounds = 0;
    eventually(PATIENCE, "longer than the timeout", || {
        let load = Load::on(&server.address()).seed(rounds).reuse(Reuse::PerRequest);
        let tally = load.clients(4).count(100).limit(Duration::from_secs(2)).run();
        tally.assert_nothing_lost();
        assert_eq!(tally.pids(), [hearing].into());
        rounds += 1;
        begun.elapsed() > Duration::from_secs(4)
    });
    assert_eq!(server.workers(), workers, "its event loop runs, so it is not hung");
    server.finish();
}

#[test]
fn a_stopped_worker_is_found_and_replaced_and_one_that_goes_on_in_time_is_not() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 2").expect_error("").serve(2);
    let victim = server.workers()[0];
    processes::signal(victim, Signal::SIGSTOP);
    let stopped = Instant::now();
    eventually(PATIENCE, "less than the timeout", || stopped.elapsed() > Duration::from_millis(500));
    processes::signal(victim, Signal::SIGCONT);
    for _ in 0..20 {
        assert_eq!(server.get("/").expect("an answer").status, 200);
    }
    assert!(processes::alive(victim));
    processes::signal(victim, Signal::SIGSTOP);
    server.wait_for_line("it is stopped by SIGSTOP", PATIENCE);
    server.wait_for_line("cause=timeout", PATIENCE);
    server.wait_for_ready(3);
    server.finish();
}

#[test]
fn a_worker_that_floods_its_channel_with_garbage_disturbs_nobody() {
    let _turn = turn::alone();
    // A thread, so that its own event loop runs on.
    let flood = "\nimport sys, threading\ndef flood():\n    channel = sys.modules[\"ferricorn_worker.talk.extend\"]._channel._socket\n    \
                 while True:\n        for packet in (b\"{\", b\"x\" * 200_000, b'{\"type\": \"ready\"}', b'[' * 50_000):\n            \
                 try:\n                channel.send(packet)\n            except OSError:\n                pass\n\
                 if os.environ[\"FERRICORN_SLOT\"] == \"0\":\n    threading.Thread(target=flood, daemon=True).start()\n";
    let app = format!("{}{flood}", ledger::APP);
    let server = ferricorn()
        .app(&app)
        .line("--workers 2 --graceful-timeout 3")
        .expect_error("was sent SIGKILL!")
        .serve(2);
    server.wait_for_line("cannot be understood (10 so far)", PATIENCE);
    let load = Load::on(&server.address()).clients(4).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 100);
    // The other one's death is heard of, and its successor's word.
    let other = processes::children(server.pid())
        .into_iter()
        .find(|it| processes::variable(it.pid, "FERRICORN_SLOT").as_deref() == Some("1"))
        .expect("slot 1 is taken");
    drop(load.stop());
    processes::signal(other.pid, Signal::SIGKILL);
    server.wait_for_ready(3);
    assert_eq!(server.get("/").expect("an answer").status, 200);
    let told = server.log().count("cannot be understood");
    assert!(told < 10, "{told} lines about garbage");
    server.finish();
}

#[test]
fn a_reader_of_standard_output_that_stops_reading_stops_nobody() {
    let _turn = turn::alone();
    // Nobody reads the pipe: the program has both ends itself.
    let server = ferricorn();
    mkfifo(&server.folder().join("out"), Mode::from_bits_truncate(0o600)).expect("a named pipe");
    let server = server
        .wrapped(&["sh", "-c", "exec \"$0\" \"$@\" 1<>out"])
        .line("--workers 2 --access-logfile - --timeout 5")
        .serve(2);
    let tally = Load::on(&server.address()).clients(8).count(4_000).run();
    tally.assert_nothing_lost();
    assert_eq!(server.workers().len(), 2);
    let mut reader = File::open(server.path("out")).expect("it is there");
    assert!(reader.read(&mut vec![0; 1 << 20]).expect("there are lines") > 0);
    eventually(PATIENCE, "it is said how many were dropped", || {
        assert_eq!(server.get("/").expect("an answer").status, 200);
        server.log().count("log lines were dropped") > 0
    });
    server.finish();
}

#[test]
fn a_log_on_a_full_disk_stops_nobody() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --access-logfile /dev/full").serve(2);
    for _ in 0..50 {
        assert_eq!(server.get("/").expect("an answer").status, 200);
    }
    server.finish();
}

#[test]
fn a_master_without_descriptors_says_so_and_goes_on_when_it_has_some() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").expect_error("").serve(2);
    let limit = |soft: &str| {
        let pid = server.pid().to_string();
        let set = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={soft}:")]).status();
        assert!(set.expect("prlimit is there").success());
    };
    // Fewer than it has: what the dead worker leaves free does not help either.
    limit("8");
    processes::signal(server.workers()[0], Signal::SIGKILL);
    server.wait_for_line("cannot start a worker", PATIENCE);
    assert_eq!(server.get("/").expect("the other serves on").status, 200);
    limit("1024");
    server.wait_for_ready(3);
    server.finish();
}

#[test]
fn processes_that_cannot_be_made_are_tried_again_and_no_failure_of_the_application() {
    let _turn = turn::together();
    let folder = tempfile::tempdir().expect("a folder");
    let interpreter = folder.path().join("python");
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", ferricorn_test::python().display());
    fs::write(&interpreter, script).expect("written");
    fs::set_permissions(&interpreter, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let server =
        ferricorn().line("--workers 2").variable("FERRICORN_PYTHON", &interpreter).expect_error("").serve(2);
    fs::rename(&interpreter, folder.path().join("gone")).expect("renamed");
    processes::signal(server.workers()[0], Signal::SIGKILL);
    server.wait_for_count("the interpreter is gone", 2, PATIENCE);
    assert_eq!(server.get("/").expect("the other serves on").status, 200);
    fs::rename(folder.path().join("gone"), &interpreter).expect("renamed");
    server.wait_for_ready(3);
    assert_eq!(server.log().count("cause=boot-failed"), 0);
    server.finish();
}
