//! Behind the real `HAProxy` and nginx, with the files of `examples`: what is done to the service shows nobody in front of it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ferricorn_test::{
    Address, Builder, Load, PATIENCE, Server, Verdict, eventually, free_port, http,
    load::{Arrival, Reuse, Running},
    repository, skip, turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// A proxy, which ends with the value.
struct Proxy {
    process: Child,
    address: Address,
}

impl Proxy {
    fn start(command: &mut Command, port: u16) -> Self {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it is installed");
        Self { process, address: at(port) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn at(port: u16) -> Address {
    Address::Tcp(([127, 0, 0, 1], port).into())
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A file of an example, with some of its words replaced, in the folder of a run.
fn configuration(folder: &Path, example: &str, words: &[(&str, String)]) -> String {
    let text =
        fs::read_to_string(repository().join("examples").join(example)).expect("it is in the repository");
    let text = words.iter().fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{example} has no `{old}`");
        text.replace(old, new)
    });
    let path = folder.join("proxy.conf");
    fs::write(&path, text).expect("the run's folder can be written");
    path.display().to_string()
}

/// Clients with connections that they keep, and clients without.
fn crowd(address: &Address) -> [Running; 2] {
    let load = |seed, reuse| Load::on(address).path("/").seed(seed).clients(4).reuse(reuse);
    let start = |load: Load| load.arrival(Arrival::Think(Duration::from_millis(10))).start();
    [start(load(1, Reuse::KeepAlive)), start(load(2, Reuse::PerRequest))]
}

#[track_caller]
fn assert_all_answered(crowd: [Running; 2]) {
    for running in crowd {
        let tally = running.stop();
        assert!(tally.total() > 0);
        assert_eq!(tally.count(Verdict::Ok), tally.total(), "{tally}");
    }
}

fn on(port: u16) -> Builder {
    let line = format!("--bind 127.0.0.1:{port} --workers 2 --keep-alive 75 --drain-delay 3");
    ferricorn().no_bind().line(&line)
}

#[test]
fn each_of_two_sides_is_restarted_behind_haproxy_and_nobody_sees_it() {
    let _turn = turn::alone();
    if !is_installed("haproxy") {
        return skip("haproxy");
    }
    let ports = [free_port(), free_port()];
    let front = free_port();
    let mut sides: Vec<Server> = ports.iter().map(|port| on(*port).serve(2)).collect();
    let words = [
        ("127.0.0.1:8080", format!("127.0.0.1:{front}")),
        ("127.0.0.1:8001", format!("127.0.0.1:{}", ports[0])),
        ("127.0.0.1:8002", format!("127.0.0.1:{}", ports[1])),
    ];
    let folder = sides[0].path("");
    let file = configuration(&folder, "haproxy/haproxy.cfg", &words);
    let proxy = Proxy::start(Command::new("haproxy").args(["-db", "-f", &file]), front);
    let answers = |wanted: &[i32]| {
        let answer = http::get(&proxy.address, "/").ok();
        let worker = answer.and_then(|answer| answer.header("x-worker")?.parse::<i32>().ok());
        worker.is_some_and(|worker| wanted.contains(&worker))
    };
    for side in &sides {
        eventually(PATIENCE, "HAProxy sends to both sides", || answers(&side.workers()));
    }
    let crowd = crowd(&proxy.address);
    for (number, port) in ports.into_iter().enumerate() {
        let old = sides.remove(number);
        assert_eq!(old.stop(Signal::SIGTERM, PATIENCE), 0);
        old.finish();
        let new = on(port).serve(2);
        eventually(PATIENCE, "HAProxy sends to the new side", || answers(&new.workers()));
        sides.insert(number, new);
    }
    assert_all_answered(crowd);
    drop(proxy);
    for side in sides {
        assert_eq!(side.stop(Signal::SIGTERM, PATIENCE), 0);
        side.finish();
    }
}

#[test]
fn reloads_and_recycles_behind_nginx_answer_everybody_over_a_unix_socket() {
    let _turn = turn::alone();
    if !is_installed("nginx") {
        return skip("nginx");
    }
    let front = free_port();
    let builder = ferricorn().no_bind();
    let socket = builder.folder().join("shop.sock").display().to_string();
    let line = format!("--bind unix:{socket} --workers 2 --max-requests 300 --reload-probation 0");
    let server = builder.line(&line).serve(2);
    let folder = server.path("");
    let words = [
        ("/run/shop/shop.sock", socket),
        ("listen 80;", format!("listen 127.0.0.1:{front};")),
        ("events {}", "events {}\ndaemon off;\nuser root;\npid proxy.pid;\nerror_log stderr;".to_owned()),
        ("http {", "http {\n    access_log off;".to_owned()),
    ];
    let file = configuration(&folder, "compose-nginx/nginx.conf", &words);
    let prefix = folder.display().to_string();
    let mut command = Command::new("nginx");
    let proxy = Proxy::start(command.args(["-p", &prefix, "-c", &file]).stderr(Stdio::null()), front);
    eventually(PATIENCE, "nginx serves", || http::get(&proxy.address, "/").is_ok_and(|it| it.status == 200));
    let crowd = crowd(&proxy.address);
    for generation in 2..4 {
        server.signal(Signal::SIGHUP);
        server.wait_for_line(&format!("Reloaded: every worker runs generation {generation}"), PATIENCE);
    }
    server.wait_for_line("reason=max-requests", PATIENCE);
    assert_all_answered(crowd);
    drop(proxy);
    assert_eq!(server.stop(Signal::SIGTERM, PATIENCE), 0);
    server.finish();
}
