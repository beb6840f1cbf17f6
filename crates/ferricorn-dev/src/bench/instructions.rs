//! Instructions per request, which valgrind counts: to see what a change to the shim costs.
//!
//! Owns: the count of what a worker executes outside the kernel. Does not own: what that takes in time, which
//! [`super::cost`] measures and noise of some percent covers.
//!
//! Theory of operation: each server's one worker runs under callgrind, whose counters are set to zero before a load and
//! read after it (`vgdb`). A worker also works without requests: the event loops of all three wake up now and then. In
//! valgrind a load takes a hundred times as long as outside, so that this share, which is next to nothing there, is
//! measured without load and subtracted. What a wake-up does more under load stays in: some percent, and the more the
//! slower the machine is. So it does not compare servers, and has no target.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{
    Effort,
    contender::{ALL, APPS, Contender, Ground, Plan},
    report::{Page, Table},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

/// Requests before anything is counted, and requests that are.
const WARM_UP: usize = 400;
const REQUESTS: usize = 800;
/// More dumps than a process is asked for.
const MOST_DUMPS: u32 = 9;
/// How long the worker is watched without load.
const IDLE: Duration = Duration::from_secs(3);

/// Whether the machine has what it takes.
pub(super) fn is_possible() -> bool {
    ["valgrind", "vgdb"].iter().all(|name| Command::new(name).arg("--version").output().is_ok())
}

/// Makes the page.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    if !is_possible() {
        return Err(Failure::new("`valgrind` and `vgdb` are not on the PATH")
            .hint("most distributions have them in a package `valgrind`"));
    }
    let starts = if effort.is_quick() { 1 } else { 3 };
    let mut page = Page::new(
        "Instructions per request",
        format!(
            "What a worker executes for a request outside the kernel, in instructions, as valgrind's callgrind counts them \
            in the running server: {REQUESTS} requests on 4 kept connections after {WARM_UP} others, less what the worker \
            executes in the same time without a request. {starts} starts of each server. The \
            number of workers changes nothing in that. In valgrind the regular wake-ups of a worker, which do more under load, \
            are some percent of it: that is not so outside, and servers are judged by their processor time, in another page."
        ),
    );
    let mut table = Table::new([
        "application",
        "ferricorn",
        "uvicorn",
        "gunicorn",
        "ferricorn / uvicorn",
        "ferricorn / gunicorn",
    ]);
    let counting = Counting::prepare(ground)?;
    for (app, name) in APPS {
        let plan = Plan::new(app, 1);
        let mut found = [const { Vec::new() }; 3];
        for _ in 0..starts {
            for (contender, found) in ALL.into_iter().zip(&mut found) {
                found.push(counting.count(contender, plan)?);
                page.commands([(contender, plan)]);
            }
        }
        let [ferricorn, uvicorn, gunicorn] = &found;
        let median = |found: &Vec<f64>| format!("{:.0}", Summary::of(found.iter().copied()).median);
        let (to_uvicorn, to_gunicorn) =
            (Summary::of_ratios(ferricorn, uvicorn), Summary::of_ratios(ferricorn, gunicorn));
        table.row([
            name.to_owned(),
            median(ferricorn),
            median(uvicorn),
            median(gunicorn),
            to_uvicorn.to_string(),
            to_gunicorn.to_string(),
        ]);
    }
    page.table(table);
    Ok(page)
}

/// Servers whose Python runs under callgrind.
struct Counting {
    ground: Ground,
    /// What the counts are written to, less pid and number.
    out: PathBuf,
}

impl Counting {
    fn prepare(ground: &Ground) -> Result<Self, Failure> {
        let out = ground.logs.join("callgrind");
        let launcher = ground.logs.join("python-counted");
        let failed =
            |error: std::io::Error| Failure::new(format!("cannot write `{}`: {error}", launcher.display()));
        let script = format!(
            "#!/bin/sh\nexec valgrind --tool=callgrind --trace-children=yes --callgrind-out-file='{}.%p' '{}' \"$@\"\n",
            out.display(),
            ground.venv.program("python").display()
        );
        fs::write(&launcher, script).map_err(failed)?;
        fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(Self { ground: ground.with_python(launcher), out })
    }

    /// Instructions per request.
    fn count(&self, contender: Contender, plan: Plan) -> Result<f64, Failure> {
        let server = Server::start(&self.ground, contender, plan)?;
        let worker = server.worker()?;
        let mut load = server.load_after(WARM_UP)?;
        let begin = Instant::now();
        tell(worker, "zero")?;
        let answered = load.run(REQUESTS)?;
        let (with, took) = (self.read(worker)?, begin.elapsed());
        tell(worker, "zero")?;
        let begin = Instant::now();
        thread::sleep(IDLE);
        let idle = self.read(worker)? / begin.elapsed().as_secs_f64();
        let answered = u32::try_from(answered).unwrap_or(u32::MAX);
        Ok((with - idle * took.as_secs_f64()) / f64::from(answered))
    }

    /// Instructions since the counters were set to zero.
    fn read(&self, pid: u32) -> Result<f64, Failure> {
        tell(pid, "dump")?;
        // Dumps are numbered; an earlier one was read and removed.
        let mut files = (1..=MOST_DUMPS).map(|number| format!("{}.{pid}.{number}", self.out.display()));
        let text = files.find_map(|file| {
            let text = fs::read_to_string(&file).ok()?;
            fs::remove_file(file).ok()?;
            Some(text)
        });
        let text = text.unwrap_or_default();
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
        total.ok_or_else(|| Failure::new(format!("callgrind has counted nothing for the process {pid}")))
    }
}

fn tell(pid: u32, order: &str) -> Result<(), Failure> {
    let output = Command::new("vgdb").arg(format!("--pid={pid}")).arg(order).output();
    let output = output.map_err(|error| Failure::new(format!("cannot run `vgdb`: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`vgdb {order}` ended with {}: {}", output.status, complaint.trim())))
}
