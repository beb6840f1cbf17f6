//! Starting a child.
//!
//! Owns: what a child inherits (descriptors, signals, rights, the tie to its parent's life). Does not own: what is started,
//! when, and the waiting for it ([`crate::wait`]).
//!
//! The child stays in the master's process group, as gunicorn's workers do: Ctrl-C on a terminal reaches all of them.
//!
//! Between fork and exec only async-signal-safe calls are made: another thread may have held the allocator's lock at
//! the moment of the fork. Everything that allocates happens before.

use std::ffi::{CString, OsString};
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

use crate::guardian;
use crate::process::Process;
use crate::rights::{self, Rights};

/// What to start, and with what. Standard input, output and error are always inherited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpawnPlan {
    /// The program: a path, or a name to look up in the `PATH` of `environment`.
    pub program: PathBuf,
    /// The name that the program sees as its own; none: its path.
    pub name: Option<OsString>,
    /// The arguments, without the program's own name.
    pub arguments: Vec<OsString>,
    /// The complete environment; nothing is added to it.
    pub environment: Vec<(OsString, OsString)>,
    /// Where to start it, if not in our own directory. A relative `program` is looked up from here.
    pub directory: Option<PathBuf>,
    /// Whose rights it has, if not ours. The directory is changed to before, as whoever started us could.
    pub rights: Option<Rights>,
    /// Descriptors that the child gets, under the same numbers. All others but 0, 1 and 2 are closed in it.
    pub inherit: Vec<RawFd>,
    /// What becomes of it when we are gone.
    pub bond: Bond,
}

/// How a child's life hangs on its parent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// The kernel sends it SIGTERM when its parent dies.
    DiesWithUs,
    /// It lives on.
    LivesOn,
    /// It lives on, and a [guardian] stands between us and it. Once that is killed, it is the service
    /// manager's child.
    Guarded,
}

/// A child that was started.
#[derive(Debug)]
pub struct Child {
    /// Its pid.
    pub pid: i32,
    /// To signal it. Dropping it does not touch the child, and does not reap it.
    pub process: Process,
    /// The process that is to be waited for in its place, if there is one: it ends as the child ends.
    pub guardian: Option<Process>,
}

/// How far a start came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SpawnStage {
    /// Before the fork: no descriptors left, a NUL byte in an argument, no memory, too many processes.
    Fork = 0,
    /// Giving signals their default meaning.
    Signals = 1,
    /// Passing the descriptors on; one of them is not open.
    Descriptors = 2,
    /// Changing to the directory.
    Directory = 3,
    /// Changing the user and the groups.
    Rights = 4,
    /// Tying the child's life to its parent's; the parent may have died in between.
    ParentDeathSignal = 5,
    /// Executing the program: not found, not executable.
    Execute = 6,
}

impl SpawnStage {
    /// What was being done, to follow "failed to".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Fork => "create the process",
            Self::Signals => "reset the signals of the process",
            Self::Descriptors => "pass file descriptors to the process",
            Self::Directory => "change the directory of the process",
            Self::Rights => "change the user and group of the process",
            Self::ParentDeathSignal => "tie the process to its parent",
            Self::Execute => "execute the program",
        }
    }
}

/// Why a child could not be started. Nothing of it is left, and there is nothing to reap.
#[derive(Debug, thiserror::Error)]
#[error("failed to {}: {source}", stage.describe())]
pub struct SpawnError {
    /// How far it came.
    pub stage: SpawnStage,
    /// What the system said.
    pub source: io::Error,
}

/// Starts a child. Returns when the program is executing, or when that has failed.
///
/// Call it from the main thread only. The kernel sends the child SIGTERM when the *thread* that forked it ends, not
/// when the process does (`PR_SET_PDEATHSIG`), so that a child of a pool's thread dies with the pool.
///
/// If SIGCHLD is ignored in this process (some parents leave it so), it is set back to its default first: the kernel
/// would otherwise reap children by itself, and how they ended would be lost.
pub fn spawn(plan: &SpawnPlan) -> Result<Child, SpawnError> {
    let before = |source: io::Error| SpawnError { stage: SpawnStage::Fork, source };
    stop_ignoring_children().map_err(before)?;
    let directory = match &plan.directory {
        Some(directory) => {
            Some(CString::new(directory.as_os_str().as_bytes()).map_err(|nul| before(nul.into()))?)
        }
        None => None,
    };
    let inherit = plan.inherit.clone();
    let rights = plan.rights.clone();
    let tied = plan.bond == Bond::DiesWithUs;
    let own_pid = nix::unistd::getpid().as_raw();
    // std reports the errno of a failed child but not where it failed: the child writes that into this pipe.
    let (mut stage_reader, stage_writer) = io::pipe().map_err(before)?;
    let stage_descriptor = stage_writer.as_raw_fd();
    let pids = if plan.bond == Bond::Guarded { Some(io::pipe().map_err(before)?) } else { None };
    let pid_descriptor = pids.as_ref().map(|(_, writer)| writer.as_raw_fd());

    let mut command = Command::new(&plan.program);
    if let Some(name) = &plan.name {
        command.arg0(name);
    }
    command
        .args(&plan.arguments)
        .env_clear()
        .envs(plan.environment.iter().map(|(name, value)| (name, value)));
    let prepare = move || {
        if let Some(descriptor) = pid_descriptor {
            // SAFETY: this is the child of a fork that runs nothing else, with all signals blocked.
            unsafe { guardian::split(descriptor) }.map_err(io::Error::from_raw_os_error)?;
        }
        let result = prepare_child(tied.then_some(own_pid), &inherit, directory.as_ref(), rights.as_ref());
        let stage = result.as_ref().map_or_else(|(stage, _)| *stage, |()| SpawnStage::Execute) as u8;
        // SAFETY: the pipe is open in the child (a copy of the parent's) and the byte lives through the call. If it
        // cannot be written, the parent takes the failure for one of an earlier stage: worse wording, no more.
        unsafe { libc::write(stage_descriptor, (&raw const stage).cast(), 1) };
        result.map_err(|(_, errno)| io::Error::from_raw_os_error(errno))
    };
    // SAFETY: `prepare` makes async-signal-safe system calls only, on memory that was allocated before the fork; an
    // `io::Error` of an errno does not allocate.
    unsafe { command.pre_exec(prepare) };

    // A signal that reaches the child before exec would run the master's handlers in it and be lost. Blocked, it stays
    // pending until the child has its default dispositions.
    let mask = block_signals().map_err(before)?;
    let result = command.spawn();
    restore_signals(&mask);
    drop(stage_writer);

    match result {
        Ok(child) => {
            // Dropping std's Child neither kills nor reaps.
            let pid = i32::try_from(child.id()).expect("a pid_t comes from an i32");
            let Some((mut reader, _writer)) = pids else {
                return Ok(Child { pid, process: Process::open(pid), guardian: None });
            };
            let guardian = Process::open(pid);
            let mut bytes = [0; size_of::<i32>()];
            // The guardian has written it before the program was executed, which has happened.
            reader.read_exact(&mut bytes).map_err(before)?;
            let pid = i32::from_ne_bytes(bytes);
            Ok(Child { pid, process: Process::open(pid), guardian: Some(guardian) })
        }
        Err(source) => {
            let mut stage = [SpawnStage::Fork as u8];
            let _nothing_written = stage_reader.read(&mut stage);
            let stages = [
                SpawnStage::Signals,
                SpawnStage::Descriptors,
                SpawnStage::Directory,
                SpawnStage::Rights,
                SpawnStage::ParentDeathSignal,
                SpawnStage::Execute,
            ];
            let stage = stages.into_iter().find(|known| *known as u8 == stage[0]).unwrap_or(SpawnStage::Fork);
            Err(SpawnError { stage, source })
        }
    }
}

/// Runs in the child, between fork and exec. The errno is returned with the stage that failed.
fn prepare_child(
    parent: Option<i32>,
    inherit: &[RawFd],
    directory: Option<&CString>,
    rights: Option<&Rights>,
) -> Result<(), (SpawnStage, i32)> {
    // SAFETY (all calls below): system calls on numbers and on memory that lives through the call, each of them
    // async-signal-safe (signal-safety(7), or a bare syscall).
    unsafe {
        // exec gives up handlers by itself but keeps "ignore", which Rust sets for SIGPIPE and nohup for SIGHUP.
        // The C library keeps a few numbers above 31 for itself and refuses them, rightly.
        for signal in 1..=64 {
            if signal != libc::SIGKILL && signal != libc::SIGSTOP {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
        let mut none = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut none);
        let result = libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        if result != 0 {
            return Err((SpawnStage::Signals, result));
        }
        // Those that the master itself was born with are not close-on-exec. Before Linux 5.11 this fails and they
        // stay open in workers, which does no harm: our own are close-on-exec one by one.
        let first: libc::c_uint = 3;
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
        for descriptor in inherit {
            // In the child only, so that another child, started at the same moment, does not get it too.
            if libc::fcntl(*descriptor, libc::F_SETFD, 0) != 0 {
                return Err((SpawnStage::Descriptors, errno()));
            }
        }
        if let Some(directory) = directory
            && libc::chdir(directory.as_ptr()) != 0
        {
            return Err((SpawnStage::Directory, errno()));
        }
    }
    if let Some(rights) = rights {
        rights::change_to(rights).map_err(|errno| (SpawnStage::Rights, errno))?;
    }
    parent.map_or(Ok(()), tie_to)
}

/// Lets the kernel end this process with the thread that forked it. After the change of rights, which undoes it.
fn tie_to(parent: i32) -> Result<(), (SpawnStage, i32)> {
    // SAFETY: system calls on numbers.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) != 0 {
            return Err((SpawnStage::ParentDeathSignal, errno()));
        }
        // It only works from now on: the parent may have died since the fork.
        if libc::getppid() != parent {
            return Err((SpawnStage::ParentDeathSignal, libc::ESRCH));
        }
    }
    Ok(())
}

fn errno() -> i32 {
    nix::errno::Errno::last_raw()
}

fn block_signals() -> io::Result<SigSet> {
    let mut before = SigSet::empty();
    pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut before))?;
    Ok(before)
}

fn restore_signals(mask: &SigSet) {
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(mask), None)
        .expect("the mask is the one the kernel gave us");
}

/// With SIGCHLD ignored, or `SA_NOCLDWAIT` set, waiting for a child gives `ECHILD` and its status is lost.
fn stop_ignoring_children() -> io::Result<()> {
    // SAFETY: `current` is memory for the kernel to write to; a zeroed sigaction with SIG_DFL is a valid one.
    unsafe {
        let mut current = std::mem::zeroed::<libc::sigaction>();
        if libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut current) != 0 {
            return Err(io::Error::last_os_error());
        }
        let lost = current.sa_sigaction == libc::SIG_IGN || current.sa_flags & libc::SA_NOCLDWAIT != 0;
        if !lost {
            return Ok(());
        }
        if current.sa_sigaction == libc::SIG_IGN {
            current.sa_sigaction = libc::SIG_DFL;
        }
        current.sa_flags &= !libc::SA_NOCLDWAIT;
        match libc::sigaction(libc::SIGCHLD, &raw const current, std::ptr::null_mut()) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
