//! Templates that come to harm while they import, and forks that fail: the service goes on, or ends as without a template.

use ferricorn_test::{PATIENCE, processes, turn};
use nix::sys::signal::Signal;

use super::{APP, imports, lines, preload, template, words};
use crate::{ferricorn, inherits::command_line, rights};

/// Dies in its first import, and in no other one.
const KILLED_ONCE: &str = "import os, signal\n\
    if not os.path.exists('imports'):\n\
    \x20   open('imports', 'w').close()\n\
    \x20   os.kill(os.getpid(), signal.SIGKILL)\n";

#[test]
fn a_template_that_is_killed_in_its_first_import_is_no_verdict_on_the_application() {
    let _turn = turn::together();
    let source = format!("{KILLED_ONCE}{APP}");
    let line = "--preload --lifespan off --workers 2";
    let server = ferricorn().app(&source).line(line).expect_error("").serve(2);
    let said = lines(&server, "Template exited (pid: ");
    assert!(said.len() == 1 && said[0].contains("cause=SIGKILL"), "{said:?}");
    server.wait_for_line("Template ready (pid: ", PATIENCE);
    assert_eq!(imports(&server).len(), 3, "two workers, and the template that came back");
    assert_eq!(words(&server)[0], "one");
    server.finish();
}

#[test]
fn an_import_that_finds_no_memory_ends_the_first_start_with_its_words_said_once() {
    let _turn = turn::together();
    let source = "import resource\n\
        with open('/proc/self/statm') as file: used = int(file.read().split()[0]) * resource.getpagesize()\n\
        resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20), -1))\n\
        everything = bytearray(1 << 30)\n";
    let server = ferricorn().app(source).line("--preload --workers 3").expect_error("").start();
    assert_eq!(server.wait_exit(PATIENCE).code(), 3);
    let said = lines(&server, "Reason: ");
    assert!(said.len() == 1 && said[0].contains("Worker failed to boot. MemoryError"), "{said:?}");
    server.finish();
}

#[test]
fn a_reload_whose_template_hangs_or_is_killed_is_rejected_and_the_old_one_goes_on() {
    let _turn = turn::together();
    let server =
        preload().line("--workers 2 --boot-timeout 30").expect_error("").expect_stranger("").serve(2);
    let before = template(&server);
    let cases = [
        ("import time\nprint('importing 2', flush=True)\ntime.sleep(1000)\n", "importing 2", Signal::SIGKILL),
        // Only SIGKILL ends what stands still: the boot's limit of time does it.
        (
            "import os, signal\nprint('importing 3', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)\n",
            "importing 3",
            Signal::SIGSTOP,
        ),
    ];
    for (source, told, signal) in cases {
        let mark = server.log().mark();
        server.write_app(source);
        server.signal(Signal::SIGHUP);
        server.wait_for_line_after(mark, told, PATIENCE);
        let mut others = server.workers().into_iter().filter(|pid| command_line(*pid).contains("template"));
        let new = others.find(|pid| *pid != before).expect("the template that imports");
        processes::signal(new, signal);
        server.wait_for_line_after(mark, "Reload rejected", PATIENCE);
        assert_eq!(words(&server)[0], "one");
    }
    // What serves is forked all the same.
    let victim = server.workers().into_iter().find(|pid| *pid != before).expect("a worker");
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_ready(3);
    assert!(processes::alive(before));
    assert_eq!(imports(&server), [before]);
    server.finish();
}

#[test]
fn a_worker_that_hangs_in_its_boot_says_where() {
    let _turn = turn::together();
    let at_import = "import time\ntime.sleep(1000)\n".to_owned();
    let in_startup = "import time\n\
        async def app(scope, receive, send):\n\
        \x20   await receive()\n    time.sleep(1000)\n"
        .to_owned();
    // Long enough to get there on a busy machine; all at once, so that nobody waits for it three times.
    let cases = [("", at_import, 2), ("", in_startup.clone(), 4), ("--preload", in_startup, 4)];
    let servers = cases.map(|(option, source, line)| {
        let builder = ferricorn().app(&source).line("--workers 1 --boot-timeout 20").line(option);
        (builder.expect_error("").expect_stranger("").start(), line)
    });
    for (server, line) in servers {
        server.wait_for_line("Worker is not ready after", PATIENCE);
        server.wait_for_line(&format!("main.py\", line {line} in "), PATIENCE);
        assert_eq!(lines(&server, "TEMPLATE BOOT TIMEOUT"), [""; 0]);
        assert!(!lines(&server, "WORKER BOOT TIMEOUT (pid:").is_empty());
        server.discard();
    }
}

#[test]
fn a_stop_does_not_wait_for_a_template_that_imports() {
    let _turn = turn::together();
    let source = "import time\nprint('importing', flush=True)\ntime.sleep(1000)\n";
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server =
            ferricorn().app(source).line("--preload --workers 2").expect_stranger("importing").start();
        server.wait_for_line("importing", PATIENCE);
        assert_eq!(server.stop(signal, PATIENCE), 0);
        server.wait_nobody_left(PATIENCE);
        server.finish();
    }
}

#[test]
fn a_template_that_may_make_no_process_is_told_of_once_and_its_workers_are_spawned_plainly() {
    let _turn = turn::together();
    let Some(builder) = rights::for_nobody() else { return };
    let source =
        format!("import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))\n{}", rights::APP);
    // A number that is nobody else's.
    let line = "--preload --user 64321 --group 64321 --workers 3";
    let server = builder.app(&source).line(line).expect_error("").serve(3);
    let said = lines(&server, "the template cannot fork a worker");
    assert!(said.len() == 1 && said[0].contains("Resource temporarily unavailable"), "{said:?}");
    assert_eq!(server.get("/").expect("an answer").status, 200);
    server.finish();
}
