//! Who nobody waits for gives way: what that must not do to the application's own processes, nor to who is waited for.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use ferricorn_test::{Load, PATIENCE, Server, eventually, processes, skip, turn, within};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Starts a process in each of the usual ways, and notes its pid; one more at its shutdown.
const FAMILY: &str = r#"
import multiprocessing, os, subprocess, threading, time

SLEEP = ["sleep", "300"]
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def note(kind, pid):
    with open(os.environ["CHILDREN"], "a") as file:
        file.write(f"{os.getpid()} {kind} {pid}\n")


def leave_behind():
    """Its parent ends: it gets another one. `env -i` takes away every variable."""
    script = "env -i PATH=$PATH setsid sleep 300 >/dev/null 2>&1 & echo $!"
    return int(subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE).stdout)


def startup():
    note("child", subprocess.Popen(SLEEP, **SILENT).pid)
    with_child = subprocess.Popen(["sh", "-c", "sleep 300 2>/dev/null >&2 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    note("parent", with_child.pid)
    note("grandchild", int(with_child.stdout.readline()))
    note("left-behind", leave_behind())
    thread = threading.Thread(target=lambda: note("of-a-thread", subprocess.Popen(SLEEP, **SILENT).pid))
    thread.start()
    thread.join()
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=time.sleep, args=(300,), daemon=True)
        process.start()
        note(method, process.pid)
    note("nicer-by-3", subprocess.Popen(["nice", "-n", "3", *SLEEP], **SILENT).pid)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        startup()
        # A boot gives way for as long as two of them take: so that it still does when it comes here.
        time.sleep(3)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        # The master gives it less of the processors first.
        until = time.monotonic() + 20
        while os.nice(0) == int(os.environ["OWN"]) and time.monotonic() < until:
            time.sleep(0.01)
        note("at-the-end", leave_behind())
        return await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
"#;

/// What each worker has started.
fn children(file: &Path) -> BTreeMap<i32, BTreeMap<String, i32>> {
    let mut found: BTreeMap<i32, BTreeMap<String, i32>> = BTreeMap::new();
    for line in fs::read_to_string(file).unwrap_or_default().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (worker, pid) = (words[0].parse().expect("a pid"), words[2].parse().expect("a pid"));
        found.entry(worker).or_default().insert(words[1].to_owned(), pid);
    }
    found
}

fn niceness(pid: i32) -> Option<i32> {
    processes::Process::read(pid).map(|it| it.niceness)
}

fn own_niceness() -> i32 {
    niceness(i32::try_from(std::process::id()).expect("a pid")).expect("it lives")
}

/// The slice that a process is given, in nanoseconds; `None` on kernels that know none.
fn slice(pid: i32) -> Option<u64> {
    let sched = fs::read_to_string(format!("/proc/{pid}/sched")).ok()?;
    sched.lines().find(|line| line.starts_with("se.slice"))?.rsplit(' ').next()?.parse().ok()
}

/// Replaces a worker that only is old, and gives the pid of the other.
fn replace(server: &Server, worker: i32) -> i32 {
    let before = server.workers();
    processes::signal(worker, Signal::SIGTERM);
    let new = || server.workers().into_iter().find(|pid| !before.contains(pid));
    within(PATIENCE, new).expect("a replacement")
}

#[test]
fn what_a_worker_starts_while_it_gives_way_has_its_turn_like_everybody() {
    let _turn = turn::together();
    let (own, usual) = (own_niceness(), slice(i32::try_from(std::process::id()).expect("a pid")));
    let builder = ferricorn();
    let notes = builder.folder().join("children");
    let server = builder
        .app(FAMILY)
        .variable("CHILDREN", &notes)
        .variable("OWN", own.to_string())
        .line("--workers 1 --reload-probation 0 --timeout 90 --graceful-timeout 90")
        .serve(1);
    let first = server.workers()[0];
    let second = replace(&server, first);
    let gives_way = within(Duration::from_secs(2), || (niceness(second) == Some(own + 10)).then_some(()));
    let is_usual = |pid: i32, more: i32| niceness(pid) == Some(own + more) && slice(pid) == usual;
    server.wait_for_ready(2);
    let second_family = children(&notes).remove(&second).expect("it has noted them");
    assert_eq!(second_family.len(), 8, "{second_family:?}");
    for (kind, pid) in &second_family {
        let more = if kind == "nicer-by-3" { 3 } else { 0 };
        eventually(PATIENCE, &format!("{kind} gives way no more"), || is_usual(*pid, more));
    }
    server.wait_for_line("exited with code 0.", PATIENCE);
    // It was started by one that had drained and gave way to its end.
    let last = children(&notes)[&first]["at-the-end"];
    eventually(PATIENCE, "what was left behind gives way no more", || is_usual(last, 0));

    // A reload waits for its workers, and they give no way; the old ones do.
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    server.wait_for_count("exited with code 0.", 2, PATIENCE);
    let families = children(&notes);
    assert_eq!(families.len(), 3, "{families:?}");
    for (worker, family) in families {
        for (kind, pid) in family.into_iter().filter(|(_, pid)| processes::alive(*pid)) {
            let more = if kind == "nicer-by-3" { 3 } else { 0 };
            eventually(PATIENCE, &format!("{kind} of {worker} is as usual"), || is_usual(pid, more));
        }
    }
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    for pid in children(&notes).values().flat_map(BTreeMap::values) {
        processes::signal(*pid, Signal::SIGKILL);
    }
    eventually(PATIENCE, "all are gone", || server.living().is_empty());
    server.discard();
    if gives_way.is_none() {
        skip("CAP_SYS_NICE, or a limit that allows to go back");
    }
}

/// The ledger application with an import that first does something.
fn after(work: &str) -> String {
    let future = "from __future__ import annotations";
    format!("{future}\n{work}\n{}", ferricorn_test::ledger::APP.replace(future, ""))
}

/// What the boot of a worker took, in milliseconds.
fn boot_of(server: &Server, worker: i32) -> u64 {
    let limit = Duration::from_secs(240);
    let line = server.wait_for_line(&format!("Worker ready (pid: {worker})"), limit).text;
    let number = line.split("boot_ms=").nth(1).expect("it says so").split(' ').next().expect("a word");
    number.parse().expect("a number")
}

#[test]
fn a_replacement_for_which_nobody_waits_boots_under_full_load_in_a_few_times_its_own_time() {
    let _turn = turn::alone();
    let server = ferricorn()
        .app(&after("sum(number * number for number in range(4_000_000))"))
        .line("--workers 2")
        .expect_error("was sent SIGKILL!")
        .serve(2);
    let killed = server.workers()[0];
    let before = server.workers();
    processes::signal(killed, Signal::SIGKILL);
    let new = || server.workers().into_iter().find(|pid| !before.contains(pid));
    let alone = boot_of(&server, within(PATIENCE, new).expect("a replacement"));

    let load = Load::on(&server.address()).clients(8).limit(Duration::from_secs(240)).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 100);
    let old = server.workers()[0];
    let loaded = boot_of(&server, replace(&server, old));
    load.stop().assert_nothing_lost();
    // With a tenth of what each of the others gets it takes more than ten times as long, on two processors.
    assert!(loaded < alone * 8, "{alone} ms alone, {loaded} ms under load");
    server.finish();
}

#[test]
fn a_worker_that_takes_too_much_memory_is_replaced_in_a_hurry() {
    let _turn = turn::together();
    let slow = after("import time\ntime.sleep(1.5)");
    let server = ferricorn().app(&slow).line("--workers 1 --max-worker-memory 150").serve(1);
    let before = server.workers();
    assert_eq!(server.get("/take?mib=150").map(|response| response.status), Ok(200));
    let new = || server.workers().into_iter().find(|pid| !before.contains(pid));
    let replacement = within(PATIENCE, new).expect("a replacement");
    // Its import takes longer.
    let gives_way = || (niceness(replacement) != Some(own_niceness())).then_some(());
    assert_eq!(within(Duration::from_secs(1), gives_way), None, "somebody waits for it");
    server.wait_for_line("reason=max-memory", PATIENCE);
    server.finish();
}
