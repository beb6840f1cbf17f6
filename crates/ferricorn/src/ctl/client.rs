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

use ferricorn_wire::control::{Request, Response, Status, address, pid_of};

/// How long a master may take to answer what it need not wait for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a master is looked at that replaces itself.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Failure {
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
    pub(super) fn hint(&self) -> Option<&'static str> {
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
                write!(formatter, "the ferricorn with pid {pid} cannot be asked: {error}")
            }
            Self::NoAnswer(pid) => write!(formatter, "the ferricorn with pid {pid} did not answer"),
        }
    }
}

/// The pid in a pid file.
pub(super) fn pid_in(file: &Path) -> Result<u32, Failure> {
    let failed = |why: String| Failure::PidFile(file.to_owned(), why);
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    text.trim().parse().map_err(|_| failed("there is no pid in it".to_owned()))
}

/// The only master of this user's.
pub(super) fn only_master() -> Result<u32, Failure> {
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
    match pids[..] {
        [] => Err(Failure::NoMaster),
        [pid] => Ok(pid),
        _ => Err(Failure::Several(pids.into_iter().map(|pid| (pid, status_of(pid))).collect())),
    }
}

/// How a master is, if it says so.
fn status_of(pid: u32) -> Option<Status> {
    match exchange(pid, Request::Status) {
        Ok(Some(Response::Status(status))) => Some(status),
        Ok(_) | Err(_) => None,
    }
}

/// Asks the master with this pid.
pub(super) fn ask(pid: u32, request: Request) -> Result<Response, Failure> {
    match exchange(pid, request)? {
        Some(response) => Ok(response),
        // A master that replaces itself in place has lost the connection.
        None if request == (Request::Upgrade { wait: true }) => outcome_in_place(pid),
        None => Err(Failure::NoAnswer(pid)),
    }
}

/// None when the connection ended without a response.
fn exchange(pid: u32, request: Request) -> Result<Option<Response>, Failure> {
    let unreachable = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::NoneAt(pid),
        _ => Failure::Unreachable(pid, error),
    };
    let name = address(&pid_namespace(), pid);
    let address = SocketAddr::from_abstract_name(name).map_err(unreachable)?;
    let mut stream = UnixStream::connect_addr(&address).map_err(unreachable)?;
    let waits = matches!(request, Request::Reload { wait: true } | Request::Upgrade { wait: true });
    stream.set_read_timeout((!waits).then_some(PATIENCE)).map_err(unreachable)?;
    let mut line = ferricorn_wire::encode(&request);
    line.push(b'\n');
    let mut answer = String::new();
    // What goes wrong from here on is the end of the master, or its silence.
    let heard = stream.write_all(&line).and_then(|()| BufReader::new(stream).read_line(&mut answer));
    Ok(heard.ok().and_then(|_| ferricorn_wire::decode(answer.as_bytes()).ok()))
}

/// What has become of a master that is another program by now: its first reload tells.
fn outcome_in_place(pid: u32) -> Result<Response, Failure> {
    let given_up = Instant::now() + PATIENCE;
    loop {
        match exchange(pid, Request::Status) {
            Ok(Some(Response::Status(Status { reloading: true, .. }))) => {}
            Ok(Some(Response::Status(Status { frozen: true, .. }))) => {
                let text =
                    "the new program has taken over, but its workers do not work; the old ones serve on";
                return Ok(Response::Failed { text: text.to_owned() });
            }
            Ok(Some(Response::Status(_))) => {
                return Ok(Response::Done { text: "the new program has taken over".to_owned() });
            }
            Ok(_) | Err(_) if Instant::now() > given_up => return Err(Failure::NoAnswer(pid)),
            Ok(_) | Err(_) => {}
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn pid_namespace() -> String {
    fs::read_link("/proc/self/ns/pid").unwrap_or_default().to_string_lossy().into_owned()
}
