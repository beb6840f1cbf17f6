//! Connections spread over the workers, and none of them waits for Nagle.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ferricorn_test::{Connection, PATIENCE, Server, Verdict, eventually, turn};

use crate::ferricorn;

/// Opens connections at once, one thread each; says who answered on each.
fn open_at_once(server: &Server, count: usize) -> Vec<(Connection, i32)> {
    let address = server.address();
    let barrier = Arc::new(Barrier::new(count));
    let threads: Vec<_> = (0..count)
        .map(|_| {
            let (address, barrier) = (address.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                let mut connection = Connection::open(&address).expect("the server listens");
                let pid = who(&mut connection);
                (connection, pid)
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().expect("a client does not panic")).collect()
}

fn who(connection: &mut Connection) -> i32 {
    connection.get("/").expect("an answer").header("x-worker").expect("it says").parse().expect("a pid")
}

fn shares(connections: &[(Connection, i32)]) -> BTreeMap<i32, usize> {
    let mut shares = BTreeMap::new();
    for (_, pid) in connections {
        *shares.entry(*pid).or_default() += 1;
    }
    shares
}

/// Connections that the workers have not closed, by the kernel's table: established, or ended by the client alone.
fn open_connections(server: &Server) -> usize {
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux has it");
    let port = format!(":{:04X}", server.address().port());
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        let ours = fields.next().is_some_and(|local| local.ends_with(&port));
        ours && fields.nth(1).is_some_and(|state| ["01", "08"].contains(&state))
    };
    table.lines().filter(is_open).count()
}

/// How late a short sleep ends while something else is done: what a worker that waits for a connection may wait more.
fn lateness_of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    const NAP: Duration = Duration::from_millis(1);
    let over = Arc::new(AtomicBool::new(false));
    let sleeper = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut latest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                thread::sleep(NAP);
                latest = latest.max(began.elapsed().saturating_sub(NAP));
            }
            latest
        }
    });
    let done = work();
    over.store(true, Ordering::Relaxed);
    (done, sleeper.join().expect("it only sleeps"))
}

/// A worker leaves its sibling at most 10 ms: a try in which the machine was later than that says nothing about the spread.
/// Where every try is like that, the best one has to be even.
fn spreads(event_loop: &str) {
    const PAUSE: Duration = Duration::from_millis(10);
    const EVEN: usize = 14;
    let server = ferricorn().line("--workers 2 --loop").args([event_loop]).serve(2);
    let mut tries = Vec::new();
    let judged = |tries: &[(usize, Duration)]| {
        let mut judged: Vec<_> =
            tries.iter().filter(|(_, late)| *late < PAUSE).map(|(most, _)| *most).collect();
        judged.sort_unstable();
        judged
    };
    for _ in 0..60 {
        let (connections, late) = lateness_of(|| open_at_once(&server, 20));
        tries.push((shares(&connections).values().max().copied().unwrap_or_default(), late));
        drop(connections);
        eventually(PATIENCE, "the workers have closed them", || open_connections(&server) == 0);
        if judged(&tries).len() >= 10 {
            break;
        }
    }
    let judged = judged(&tries);
    let verdict = match judged.get(judged.len() / 2) {
        Some(median) if judged.len() >= 5 => *median,
        _ => tries.iter().map(|(most, _)| *most).min().unwrap_or(usize::MAX),
    };
    assert!(verdict <= EVEN, "{tries:?}");
    server.finish();
}

#[test]
fn twenty_connections_at_once_spread_over_two_workers_with_uvloop() {
    let _turn = turn::alone();
    spreads("uvloop");
}

#[test]
fn twenty_connections_at_once_spread_over_two_workers_with_asyncio() {
    let _turn = turn::alone();
    spreads("asyncio");
}

#[test]
fn a_worker_at_its_limit_accepts_no_more_and_the_others_take_over() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --worker-connections 5").serve(2);
    let mut connections = open_at_once(&server, 10);
    let full = shares(&connections);
    assert!(full.len() == 2 && full.values().all(|share| *share == 5), "{full:?}");
    // All are full: one more waits in the queue of the kernel, and is served when somebody leaves.
    let mut waiting = Connection::open_within(&server.address(), Duration::from_millis(500)).expect("queued");
    assert_eq!(waiting.get("/").expect_err("nobody may take it"), Verdict::Timeout);
    drop(waiting);
    let address = server.address();
    let next = thread::spawn(move || who(&mut Connection::open(&address).expect("queued")));
    let (_, left) = connections.swap_remove(0);
    assert_eq!(next.join().expect("a client does not panic"), left, "the one with room takes it");
    drop(connections);
    server.finish();
}

#[test]
fn keep_alive_answers_of_asyncio_workers_do_not_take_40_ms() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --loop asyncio").serve(2);
    let mut connection = server.connect();
    let mut times: Vec<Duration> = (0..100).map(|_| connection.get("/").expect("an answer").took).collect();
    times.sort();
    // With Nagle's algorithm each of them waits for a delayed acknowledgement, 40 ms.
    assert!(times[10] < Duration::from_millis(20), "nine of ten take more than {:?}", times[10]);
    server.finish();
}
