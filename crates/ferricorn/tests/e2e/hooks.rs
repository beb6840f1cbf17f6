//! What a configuration file and a worker class of the user's do: hooks, called by the real master and its workers, and
//! the options of a class.

use std::fs;

use ferricorn_test::{PATIENCE, Source, eventually, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Every hook of a life, told on standard output.
pub(crate) const ALL: &str = "
def tell(name, *words):
    print(name, *words, flush=True)

def nworkers_changed(server, new, old):
    tell('nworkers_changed', new, old)

def on_starting(server):
    tell('on_starting', server.pid, server.cfg.workers, server.address[0][0])

def when_ready(server):
    tell('when_ready', server.num_workers)

def pre_fork(server, worker):
    tell('pre_fork', worker.pid, worker.age)

def post_fork(server, worker):
    tell('post_fork', worker.age, server.pid)

def post_worker_init(worker):
    tell('post_worker_init', worker.age)

def on_reload(server):
    tell('on_reload', len(server.WORKERS))

def worker_int(worker):
    tell('worker_int', worker.age)

def worker_exit(server, worker):
    tell('worker_exit', worker.age)

def child_exit(server, worker):
    tell('child_exit', worker.age, worker.pid)

def on_exit(server):
    tell('on_exit', server.num_workers)
";

fn told(server: &ferricorn_test::Server) -> Vec<String> {
    server.log().lines_of(Source::Stdout).into_iter().map(|line| line.text).collect()
}

#[test]
fn every_hook_of_a_life_is_called_in_gunicorns_order() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 1 --reload-probation 0");
    fs::write(builder.folder().join("gunicorn.conf.py"), ALL).expect("the folder can be written");
    let server = builder.serve(1);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    // The old worker may still be leaving.
    server.wait_for_line("child_exit", PATIENCE);
    server.signal(Signal::SIGTTIN);
    server.wait_for_line("nworkers_changed 2 1", PATIENCE);
    server.wait_for_ready(3);
    assert_eq!(server.stop(Signal::SIGQUIT, PATIENCE), 0);
    let told = told(&server);
    let pid = server.pid();
    let place = |text: &str| {
        let found = told.iter().position(|line| line == text || line.starts_with(&format!("{text} ")));
        found.unwrap_or_else(|| panic!("no `{text}` in {told:#?}"))
    };
    let start = [
        "nworkers_changed 1 None".to_owned(),
        format!("on_starting {pid} 1 127.0.0.1"),
        "pre_fork [booting]".to_owned(),
    ];
    assert!(told[..2] == start[..2] && told[2].starts_with(&start[2]), "{told:#?}");
    let first: Vec<&str> = told[2].split(' ').collect();
    let age: u64 = first[2].parse().expect("a number");
    let order = [
        "on_starting".to_owned(),
        format!("post_fork {age} {pid}"),
        format!("post_worker_init {age}"),
        "when_ready 1".to_owned(),
        "on_reload 1".to_owned(),
        format!("worker_exit {age}"),
        format!("child_exit {age}"),
        "worker_int".to_owned(),
        "on_exit 2".to_owned(),
    ];
    let places: Vec<usize> = order.iter().map(|text| place(text)).collect();
    assert!(places.is_sorted(), "{places:?} {told:#?}");
    let count = |text: &str| told.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!(
        (count("pre_fork"), count("post_fork"), count("worker_exit"), count("child_exit")),
        (3, 3, 3, 3)
    );
    assert_eq!((count("worker_int"), count("on_exit"), count("when_ready")), (2, 1, 1));
    server.finish();
}

#[test]
fn a_dead_worker_is_forgotten_by_prometheus() {
    let _turn = turn::together();
    let app = "
import os
from prometheus_client import Gauge
live = Gauge('live', 'x', multiprocess_mode='livesum')
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        live.set(1)
        while True:
            kind = (await receive())['type']
            await send({'type': kind + '.complete'})
            if kind == 'lifespan.shutdown':
                return
    os._exit(7)
";
    let config = "
from prometheus_client import multiprocess
def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
";
    let builder = ferricorn().app(app).line("--workers 1").expect_error("exited with code 7");
    let folder = builder.folder().join("metrics");
    fs::create_dir(&folder).expect("the folder can be written");
    fs::write(builder.folder().join("gunicorn.conf.py"), config).expect("the folder can be written");
    let server = builder.variable("PROMETHEUS_MULTIPROC_DIR", &folder).serve(1);
    let gauges = || -> Vec<String> {
        let files = fs::read_dir(&folder).expect("the folder is there");
        let names = files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("gauge_live")).collect()
    };
    let first = gauges();
    assert_eq!(first.len(), 1, "{first:?}");
    let _ = server.connect().request("GET", "/", &[], b"");
    server.wait_for_ready(2);
    eventually(PATIENCE, "the dead worker's gauge is gone", || !gauges().contains(&first[0]));
    assert_eq!(gauges().len(), 1);
    server.finish();
}

#[test]
fn hooks_that_raise_or_hang_do_not_hurt_the_service() {
    let _turn = turn::together();
    let config = "
import time
def on_starting(server):
    raise RuntimeError('no migration')
def when_ready(server):
    time.sleep(3600)
def pre_fork(server, worker):
    raise ValueError('no fork')
def post_fork(server, worker):
    raise KeyError('nothing')
def on_exit(server):
    print('on_exit', flush=True)
";
    let builder =
        ferricorn().line("--workers 2").expect_error("Hook `").expect_error("hooks of the configuration");
    fs::write(builder.folder().join("gunicorn.conf.py"), config).expect("the folder can be written");
    let server = builder.serve(2);
    for hook in ["on_starting", "pre_fork", "post_fork"] {
        server.wait_for_line(&format!("Hook `{hook}` of the configuration file failed"), PATIENCE);
    }
    assert_eq!(server.connect().request("GET", "/", &[], b"").expect("an answer").status, 200);
    assert_eq!(server.log().count("Hook `pre_fork`"), 1);
    // The hook that hangs is given up, and the stop is not held up for longer than its limit.
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}

#[test]
fn without_a_hook_of_the_masters_there_is_no_process_for_them() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 2");
    let config = "def post_fork(server, worker):\n    print('post_fork', flush=True)\n";
    fs::write(builder.folder().join("gunicorn.conf.py"), config).expect("the folder can be written");
    let server = builder.serve(2);
    assert_eq!(server.wait_for_workers(2, PATIENCE).len(), 2);
    assert_eq!(told(&server), ["post_fork", "post_fork"]);
    server.finish();
}

#[test]
fn a_worker_class_of_the_users_decides_how_uvicorn_runs() {
    let _turn = turn::together();
    let app = "
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        raise RuntimeError('there should be no lifespan')
    body = scope['root_path'].encode()
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'%d' % len(body))]})
    await send({'type': 'http.response.body', 'body': body})
";
    let class = "
from uvicorn.workers import UvicornWorker
class ShopWorker(UvicornWorker):
    CONFIG_KWARGS = {'loop': 'asyncio', 'http': 'h11', 'lifespan': 'off', 'root_path': '/shop'}
";
    let builder = ferricorn().app(app).line("-k shop_workers.ShopWorker");
    fs::write(builder.folder().join("shop_workers.py"), class).expect("the folder can be written");
    let server = builder.serve(1);
    let response = server.connect().request("GET", "/", &[], b"").expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"/shop".as_slice()));
    assert_eq!(server.log().count("Using worker: shop_workers.ShopWorker"), 1);
    server.finish();
}

#[test]
fn a_wsgi_application_is_served_if_it_is_called_one() {
    let _turn = turn::together();
    let app = "
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['PATH_INFO'].encode()]
";
    let server = ferricorn().app(app).line("--interface wsgi").serve(1);
    let response = server.connect().request("GET", "/here", &[], b"").expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"/here".as_slice()));
    server.finish();
}

#[test]
fn a_reload_takes_over_hooks_that_were_written_meanwhile() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 1 --reload-probation 0");
    let config = builder.folder().join("gunicorn.conf.py");
    fs::write(&config, "def post_fork(server, worker):\n    print('old', flush=True)\n").expect("written");
    let server = builder.serve(1);
    let hooks = "
def on_reload(server):
    print('on_reload', flush=True)
def post_fork(server, worker):
    print('new', flush=True)
def child_exit(server, worker):
    print('child_exit', flush=True)
";
    fs::write(&config, hooks).expect("written");
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    eventually(PATIENCE, "the new hooks are called", || {
        let told = told(&server);
        ["old", "on_reload", "new", "child_exit"].iter().all(|word| told.iter().any(|line| line == word))
    });
    server.finish();
}

#[test]
fn after_a_rejected_reload_the_old_hooks_go_on() {
    let _turn = turn::together();
    let app = "async def app(scope, receive, send): pass\n";
    let builder = ferricorn().app(app).line("--workers 1 --reload-probation 0").expect_error("");
    let config = builder.folder().join("gunicorn.conf.py");
    let hooks = |word: &str| {
        format!(
            "print('executed {word}', flush=True)
calls = 0
def on_reload(server):
    print('on_reload {word}', flush=True)
def child_exit(server, worker):
    global calls
    calls += 1
    print('child_exit {word}', calls, flush=True)
def nworkers_changed(server, new, old):
    print('nworkers_changed {word}', new, flush=True)
"
        )
    };
    fs::write(&config, hooks("old")).expect("written");
    let server = builder.serve(1);
    // A new version that does not boot, with hooks of its own.
    fs::write(&config, hooks("new")).expect("written");
    server.write_app("raise RuntimeError('broken on purpose')\n");
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reload rejected: generation 2 does not work", PATIENCE);
    server.wait_for_line("child_exit old 1", PATIENCE);
    server.signal(Signal::SIGTTIN);
    server.wait_for_line("nworkers_changed old 2", PATIENCE);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    let told = told(&server);
    assert!(told.contains(&"on_reload new".to_owned()), "{told:#?}");
    // Once for the settings and once in the process that calls hooks: it was neither started nor made to execute anew.
    assert_eq!(told.iter().filter(|line| *line == "executed old").count(), 2, "{told:#?}");
    server.finish();
}

#[test]
fn an_upgrade_waits_for_pre_exec() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 1 --reload-probation 0");
    let file = "\
import os, time

def pre_exec(server):
    while not os.path.exists('go'):
        time.sleep(0.01)
    print('pre_exec', server.pid, flush=True)
";
    fs::write(builder.folder().join("gunicorn.conf.py"), file).expect("the folder can be written");
    let server = builder.serve(1);
    server.signal(Signal::SIGUSR2);
    server.wait_for_line("Handling signal: usr2", PATIENCE);
    assert_eq!(server.get("/").expect("it serves on").status, 200);
    fs::write(server.path("go"), "").expect("the folder can be written");
    let called = server.wait_for_line(&format!("pre_exec {}", server.pid()), PATIENCE);
    let begun = server.wait_for_line("Succeeding ferricorn", PATIENCE);
    assert!(called.at <= begun.at, "{called:?} {begun:?}");
    let next = server.wait_for_line("Upgraded: this master has taken over", PATIENCE);
    let next = ferricorn_test::Entry::parse(&next.text).expect("a line of the log").pid;
    ferricorn_test::processes::signal(next, Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn a_stop_does_not_wait_for_an_upgrade_that_waits_for_pre_exec() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 1");
    let file =
        "def pre_exec(server):\n    print('called', flush=True)\n    import time\n    time.sleep(60)\n";
    fs::write(builder.folder().join("gunicorn.conf.py"), file).expect("the folder can be written");
    let server = builder.expect_error("").serve(1);
    server.signal(Signal::SIGUSR2);
    server.wait_for_line("called", PATIENCE);
    let began = std::time::Instant::now();
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    assert!(began.elapsed() < std::time::Duration::from_secs(50), "{:?}", began.elapsed());
    assert_eq!(server.log().count("Succeeding ferricorn"), 0);
    server.finish();
}
