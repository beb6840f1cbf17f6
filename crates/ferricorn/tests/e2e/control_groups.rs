//! What the kernel does to a service whose control group is at its limit: of memory, of processes, of processor time.

use std::time::{Duration, Instant};

use ferricorn_test::{ControlGroup, Load, PATIENCE, Resource, Verdict, eventually, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

#[test]
fn a_worker_that_the_kernel_kills_for_want_of_memory_is_told_apart_from_one_that_somebody_kills() {
    let _turn = turn::together();
    let Some(group) = ControlGroup::new(Resource::Memory) else { return };
    let server = group.around(ferricorn()).line("--workers 2").expect_error("was sent SIGKILL!").serve(2);
    group.limit(300 << 20);
    let workers = server.workers();
    let load = Load::on(&server.address()).path("/work?delay=0.01").clients(4).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    let verdict = server.get("/take?mib=600&id=greedy").expect_err("its worker cannot survive that");
    assert!(matches!(verdict, Verdict::Reset | Verdict::Truncated), "{verdict}");
    let line = server.wait_for_line(" cause=", PATIENCE).text;
    for text in ["[ERROR]", "cause=out-of-memory ", "the kernel killed it", "stage=serving", "peak_mib="] {
        assert!(line.contains(text), "`{text}` is not in: {line}");
    }
    server.wait_for_ready(3);
    let tally = load.stop();
    assert_eq!(tally.count(Verdict::Refused), 0, "{tally}");
    assert!(tally.failures().len() <= 4, "at most one request a client: {tally}");
    let left = server.wait_for_workers(2, PATIENCE);
    let survivor = *workers.iter().find(|pid| left.contains(pid)).expect("the other one was left alone");
    let mark = server.log().mark();
    processes::signal(survivor, Signal::SIGKILL);
    server.wait_for_line_after(mark, "cause=killed ", PATIENCE);
    server.wait_for_ready(4);
    server.finish();
}

#[test]
fn a_part_of_the_memory_is_one_of_the_lowest_limit_that_holds_and_is_said_in_numbers() {
    let _turn = turn::together();
    let Some(outer) = ControlGroup::new(Resource::Memory) else { return };
    // The limit is of a group above the service's own, as of a slice of systemd's.
    let inner = outer.within("service");
    outer.limit(300 << 20);
    inner.limit(400 << 20);
    let server = inner.around(ferricorn()).line("--workers 1 --max-worker-memory 40%").serve(1);
    let line =
        server.wait_for_line("Memory limit of each worker: 40% (120 MiB of 300 MiB, memory.", PATIENCE);
    assert!(line.text.contains(&format!(" of {}", outer.name())), "{}", line.text);
    assert_eq!(server.get("/take?mib=130").map(|response| response.status), Ok(200));
    server.wait_for_line("reason=max-memory", PATIENCE);
    server.finish();
    drop(inner);
}

#[test]
fn a_group_that_may_have_no_more_processes_is_no_failure_of_the_application() {
    let _turn = turn::together();
    let Some(group) = ControlGroup::new(Resource::Processes) else { return };
    let server = group.around(ferricorn()).line("--workers 2").expect_error("").serve(2);
    group.limit(1);
    let workers = server.workers();
    processes::signal(workers[0], Signal::SIGKILL);
    server.wait_for_count("the limit of processes is reached", 2, PATIENCE);
    for _ in 0..10 {
        assert_eq!(server.get("/").expect("the other serves on").status, 200);
    }
    group.lift();
    server.wait_for_ready(3);
    assert!(server.wait_for_workers(2, PATIENCE).contains(&workers[1]));
    assert_eq!(server.log().count("cause=boot-failed"), 0);
    server.finish();
}

#[test]
fn a_service_that_gets_hardly_any_processor_time_is_slow_and_nobody_is_killed_for_it() {
    let _turn = turn::alone();
    let Some(group) = ControlGroup::new(Resource::Processor) else { return };
    let server = group.around(ferricorn()).line("--workers 3 --timeout 1").serve(3);
    let workers = server.workers();
    let limit = Duration::from_secs(60);
    let load = Load::on(&server.address()).clients(6).limit(limit).start();
    eventually(PATIENCE, "the load is under way", || load.answered() > 50);
    group.limit(2);
    let starved = Instant::now();
    eventually(PATIENCE, "several times the timeout", || starved.elapsed() > Duration::from_secs(5));
    group.lift();
    let answered = load.answered();
    eventually(PATIENCE, "it is as quick as before", || load.answered() > answered + 200);
    let tally = load.stop();
    tally.assert_nothing_lost();
    let slowest = tally.latency(1.0);
    assert!(slowest > Duration::from_secs(1), "nobody was late: {slowest:?}");
    let line = server.wait_for_line("the kernel throttles the service", PATIENCE).text;
    assert!(line.contains("has used up its CPU quota (cpu.") && line.contains(&group.name()), "{line}");
    assert_eq!(server.workers(), workers, "{}", server.log().transcript());
    server.finish();
}
