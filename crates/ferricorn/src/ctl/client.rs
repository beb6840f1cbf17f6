//! The conversation with a master: finding it, one request, one response.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            fs::MetadataExt as _,
            net::{SocketAddr, UnixStream},
        },
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use clap::{Arg, ArgMatches, Command, value_parser};
use ferricorn_wire::control::{Request, Response, Status, address, pid_of};

/// How long a master may take to answer what it need not wait for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a master is looked at that is on its way to something.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often the only master is looked for again that was not found.
const LOOKS: u32 = 3;

/// How often it is looked whether a master has ended.
const GONE_EVERY: Duration = Duration::from_millis(10);

/// How many masters are followed, each of which has handed over to the next.
const HOPS: u32 = 8;

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No master of this user runs.
    NoMaster,
    /// Several do.
    Several(Vec<(u32, Option<Status>)>),
    /// The pid file cannot be read, or has no pid in it.
    PidFile(PathBuf, String),
    /// No master has this pid.
    NoneAt(u32),
    /// The master of this pid cannot be asked.
    Unreachable(u32, io::Error),
    /// It ended, or did not answer.
    NoAnswer(u32),
}

impl Failure {
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoMaster | Self::NoneAt(_) | Self::Unreachable(..) => {
                Some("ask as the user that it runs as, in the same container, or send the master signals")
            }
            Self::Several(_) => Some("name one with `--pid` or `--pid-file`"),
            Self::PidFile(..) | Self::NoAnswer(_) => None,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoMaster => write!(formatter, "no running ferricorn was found"),
            Self::Several(masters) => {
                write!(formatter, "several run:")?;
                masters.iter().try_for_each(|(pid, status)| {
                    let addresses = status.as_ref().map(|it| it.addresses.join(", ")).unwrap_or_default();
                    let at = if addresses.is_empty() { "" } else { " at " };
                    write!(formatter, "\n  pid {pid}{at}{addresses}")
                })
            }
            Self::NoneAt(pid) => write!(formatter, "no ferricorn runs as pid {pid}"),
            Self::PidFile(file, why) => {
                write!(formatter, "cannot use the pid file `{}`: {why}", file.display())
            }
            Self::Unreachable(pid, error) => {
                write!(formatter, "cannot reach the ferricorn with pid {pid}: {error}")
            }
            Self::NoAnswer(pid) => write!(formatter, "the ferricorn with pid {pid} did not answer"),
        }
    }
}

/// Which master is meant.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The one with this pid.
    Pid(u32),
    /// The one that this file names.
    File(PathBuf),
    /// The only one of this user's.
    OnlyOne,
}

/// A command whose words come without the program's name, with the options that name a master.
pub(crate) fn with_target(command: Command) -> Command {
    command
        .no_binary_name(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("pid")
                .long("pid")
                .global(true)
                .value_name("PID")
                .value_parser(value_parser!(u32).range(1..))
                .conflicts_with("pid-file")
                .help("The pid of the master [default: the only ferricorn of this user]"),
        )
        .arg(
            Arg::new("pid-file")
                .long("pid-file")
                .global(true)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("The file that the master was given by its --pid"),
        )
}

impl Target {
    /// The one that the options of [`with_target`] name.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        match (matches.get_one::<u32>("pid"), matches.get_one::<PathBuf>("pid-file")) {
            (Some(pid), _) => Self::Pid(*pid),
            (None, Some(file)) => Self::File(file.clone()),
            (None, None) => Self::OnlyOne,
        }
    }

    /// Its pid now: it may be another one after an upgrade.
    fn pid(&self) -> Result<u32, Failure> {
        match self {
            Self::Pid(pid) => Ok(*pid),
            Self::File(file) => pid_in(file),
            Self::OnlyOne => only_master(),
        }
    }
}

/// The pid in a pid file.
fn pid_in(file: &Path) -> Result<u32, Failure> {
    let failed = |why: String| Failure::PidFile(file.to_owned(), why);
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    text.trim().parse().map_err(|_| failed("there is no pid in it".to_owned()))
}

/// The only master of this user's. While one hands over to another there are two for a moment, and the kernel's table may
/// be read in the middle of the change: so it is read again before an error is reported.
fn only_master() -> Result<u32, Failure> {
    let mut tries = 0;
    loop {
        let mut pids = masters();
        if pids.len() > 1 {
            let heirs: Vec<u32> =
                pids.iter().filter_map(|pid| status_of(*pid)).filter_map(|it| it.successor).collect();
            pids.retain(|pid| !heirs.contains(pid));
        }
        match pids[..] {
            [pid] => return Ok(pid),
            _ if tries < LOOKS => {}
            [] => return Err(Failure::NoMaster),
            _ => return Err(Failure::Several(pids.into_iter().map(|pid| (pid, status_of(pid))).collect())),
        }
        tries += 1;
        thread::sleep(LOOK_EVERY);
    }
}

/// The pids of all masters of this user's, in their order.
fn masters() -> Vec<u32> {
    let namespace = pid_namespace();
    let table = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let user = |pid: &str| fs::metadata(format!("/proc/{pid}")).ok().map(|it| it.uid());
    let mut pids: Vec<u32> = table
        .lines()
        // Abstract names are shown with an `@` in front, and every connection of the socket's has the name as well.
        .filter_map(|line| pid_of(&namespace, line.rsplit_once(" @")?.1))
        .filter(|pid| user(&pid.to_string()).is_some_and(|owner| Some(owner) == user("self")))
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// How a master is, if it says so.
fn status_of(pid: u32) -> Option<Status> {
    match exchange(pid, &Request::Status) {
        Ok(Some(Response::Status(status))) => Some(status),
        Ok(_) | Err(_) => None,
    }
}

/// Asks a master. One that has handed over meanwhile is followed to the one that serves.
pub(crate) fn ask(target: &Target, request: &Request) -> Result<Response, Failure> {
    ask_one(target, request).map(|(_, response)| response)
}

/// As [`ask`], with the pid of the master that has answered.
fn ask_one(target: &Target, request: &Request) -> Result<(u32, Response), Failure> {
    let mut pid = target.pid()?;
    for _ in 0..HOPS {
        match ask_at(pid, request) {
            Ok(Response::Moved { pid: next }) => pid = next,
            // What was read a moment ago may name one that has just handed over.
            Err(failure @ (Failure::NoneAt(_) | Failure::NoAnswer(_))) => match target.pid() {
                Ok(next) if next != pid => pid = next,
                _ => return Err(failure),
            },
            answered => return answered.map(|response| (pid, response)),
        }
    }
    Err(Failure::NoAnswer(pid))
}

fn ask_at(pid: u32, request: &Request) -> Result<Response, Failure> {
    match (exchange(pid, request)?, request) {
        (Some(response), _) => Ok(response),
        // A master that replaces itself in place has lost the connection.
        (None, Request::Upgrade { wait: true }) => {
            outcome_in_place(pid, |_| "the new program has taken over".to_owned())
        }
        (None, Request::Reload { wait: true }) => {
            outcome_in_place(pid, |status| format!("every worker runs generation {}", status.generation))
        }
        (None, Request::Status | Request::Observe) => exchange(pid, request)?.ok_or(Failure::NoAnswer(pid)),
        (None, _) => Err(Failure::NoAnswer(pid)),
    }
}

/// Stops a service, and waits until no process of its master is left.
pub(crate) fn stop_and_wait(target: &Target) -> Result<Response, Failure> {
    // Known before: another process may get the number afterwards.
    let begun = target.pid().ok().and_then(|pid| Some((pid, started_at(pid)?)));
    let (pid, response) = ask_one(target, &Request::Stop)?;
    if !matches!(response, Response::Done { .. }) {
        return Ok(response);
    }
    let started =
        begun.filter(|(known, _)| *known == pid).map(|(_, started)| started).or_else(|| started_at(pid));
    while started.is_some() && started_at(pid) == started {
        thread::sleep(GONE_EVERY);
    }
    Ok(Response::Done { text: "the service has stopped".to_owned() })
}

/// When a process was started, in the kernel's count; none if it has ended.
fn started_at(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold blanks and brackets; the last bracket ends it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if ["Z", "X"].contains(&state) { None } else { fields.nth(18).map(str::to_owned) }
}

/// Changes the number of workers, and waits until so many serve and there are no others.
pub(crate) fn scale_and_wait(target: &Target, workers: u16) -> Result<Response, Failure> {
    let (mut pid, response) = ask_one(target, &Request::Scale { workers })?;
    if !matches!(response, Response::Done { .. }) {
        return Ok(response);
    }
    loop {
        let status = match ask_one(&Target::Pid(pid), &Request::Status)? {
            (next, Response::Status(status)) => {
                pid = next;
                status
            }
            (_, other) => return Ok(other),
        };
        let failed = |text: &str| Ok(Response::Failed { text: text.to_owned() });
        if status.stopping {
            return failed("the service is stopping");
        }
        if status.target != workers {
            return failed(&format!("{} workers are wanted by now", status.target));
        }
        let serve = status.workers.iter().filter(|worker| worker.stage == "ready").count();
        if serve == usize::from(workers) && status.workers.len() == serve {
            return Ok(response);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// None when the connection ended without a response.
fn exchange(pid: u32, request: &Request) -> Result<Option<Response>, Failure> {
    let unreachable = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::NoneAt(pid),
        _ => Failure::Unreachable(pid, error),
    };
    let name = address(&pid_namespace(), pid);
    let address = SocketAddr::from_abstract_name(name).map_err(unreachable)?;
    let mut stream = UnixStream::connect_addr(&address).map_err(unreachable)?;
    let waits = matches!(request, Request::Reload { wait: true } | Request::Upgrade { wait: true });
    stream.set_read_timeout((!waits).then_some(PATIENCE)).map_err(unreachable)?;
    let mut line = ferricorn_wire::encode(request);
    line.push(b'\n');
    let mut answer = String::new();
    // What goes wrong from here on is the end of the master, or its silence.
    let heard = stream.write_all(&line).and_then(|()| BufReader::new(stream).read_line(&mut answer));
    Ok(heard.ok().and_then(|_| ferricorn_wire::decode(answer.as_bytes()).ok()))
}

/// The outcome of an upgrade in place, by the new program's first reload. `done`: what to print if it is good.
fn outcome_in_place(pid: u32, done: impl Fn(&Status) -> String) -> Result<Response, Failure> {
    let given_up = Instant::now() + PATIENCE;
    loop {
        match exchange(pid, &Request::Status) {
            Ok(Some(Response::Status(Status { reloading: true, .. }))) => {}
            Ok(Some(Response::Status(Status { frozen: true, .. }))) => {
                let text =
                    "the new program has taken over, but its workers do not work; the old ones serve on";
                return Ok(Response::Failed { text: text.to_owned() });
            }
            Ok(Some(Response::Status(status))) => return Ok(Response::Done { text: done(&status) }),
            // The socket is left to the new program: none there means that the master has ended.
            Err(Failure::NoneAt(pid)) => return Err(Failure::NoAnswer(pid)),
            Ok(_) | Err(_) if Instant::now() > given_up => return Err(Failure::NoAnswer(pid)),
            Ok(_) | Err(_) => {}
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn pid_namespace() -> String {
    fs::read_link("/proc/self/ns/pid").unwrap_or_default().to_string_lossy().into_owned()
}
