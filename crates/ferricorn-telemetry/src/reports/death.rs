//! Why a worker has ended: the evidence becomes one cause, and one line.
//!
//! Owns: the judgement, and the words. Does not own: gathering the evidence (the master), what follows from a death
//! (the core).
//!
//! Invariant: nothing is guessed. A kill is ours only if we sent it; memory is to blame only if the control group has
//! counted a kill; what cannot be known (who sent a SIGKILL) is said to be unknown.

use ferricorn_core::{Exit, Retirement};
use ferricorn_sys::wait::signal_name;
use ferricorn_wire::{BootStage, DyingCause};

/// What is known of a death.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// How the process has ended.
    pub exit: Exit,
    /// Why the worker was told to leave, if it was.
    pub told: Option<Retirement>,
    /// The master has sent it SIGKILL.
    pub killed: bool,
    /// The master has sent it the signal that it ended by, another one than SIGKILL: it meant no end, or not yet.
    pub signalled: bool,
    /// The stage of the boot that it said had failed.
    pub boot_stage: Option<BootStage>,
    /// What it said had ended it.
    pub dying: Option<DyingCause>,
    /// The control group has counted a kill for lack of memory since the last death.
    pub out_of_memory: bool,
}

/// The log level of a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// It ended as it was told to.
    Info,
    /// It ended as it was told to, and not well.
    Warning,
    /// Nobody has told it to.
    Error,
}

/// The one true cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its name, for the field `cause` and for metrics: one of a small set.
    pub cause: &'static str,
    /// A sentence, or nothing if the name says it all.
    pub sentence: &'static str,
    /// How loud it is to be told.
    pub loudness: Loudness,
}

const SIGNALS_OF_A_CRASH: [&str; 6] = ["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP"];

/// Judges.
pub fn judge(evidence: &Evidence) -> Verdict {
    let told = evidence.told.filter(|why| *why != Retirement::BootFailed);
    match evidence.exit {
        Exit::Signal(9) => judge_kill(evidence, told),
        Exit::Signal(number) if evidence.signalled => judge_own_signal(number, told),
        Exit::Signal(number) => judge_signal(number, told),
        Exit::Code(code) => judge_code(code, evidence, told),
    }
}

fn error(cause: &'static str, sentence: &'static str) -> Verdict {
    Verdict { cause, sentence, loudness: Loudness::Error }
}

fn judge_kill(evidence: &Evidence, told: Option<Retirement>) -> Verdict {
    match told {
        Some(why) if evidence.killed => error(why.as_str(), our_kill(why)),
        None if evidence.killed => {
            error("boot-failed", "the master killed it: it did not exit after its boot failed")
        }
        _ if evidence.out_of_memory => {
            error("out-of-memory", "the kernel killed it: the control group was out of memory")
        }
        _ => error("killed", "killed by another process (not by the master, not by the OOM killer)"),
    }
}

/// Why the master has killed it, in words.
fn our_kill(why: Retirement) -> &'static str {
    match why {
        Retirement::Timeout => "the master killed it: its event loop was silent for longer than the timeout",
        Retirement::DrainTimeout => "the master killed it: its drain took longer than the graceful timeout",
        Retirement::ExitTimeout => {
            "the master killed it: its event loop had ended, but a thread, an atexit function or the interpreter's exit took too long"
        }
        Retirement::BootTimeout => "the master killed it: its boot took longer than the boot timeout",
        Retirement::MemoryLimit => "the master killed it: it used more than twice its memory limit",
        _ => "the master killed it: it did not exit when it was told to",
    }
}

/// The master asks for a stack with SIGUSR2, and for a last word with SIGABRT. Both end a process that has no handler for
/// them: the application has taken it away, or the interpreter has at its end.
fn judge_own_signal(number: i32, told: Option<Retirement>) -> Verdict {
    match (signal_name(number), told) {
        // Its answer is no longer needed: it was told to leave, and is gone.
        ("SIGUSR2", Some(why)) if why != Retirement::Timeout => Verdict {
            cause: why.as_str(),
            sentence: "the master asked for its stack while it exited, and its handler was already gone",
            loudness: Loudness::Warning,
        },
        ("SIGUSR2" | "SIGABRT", Some(why)) => error(why.as_str(), our_kill(why)),
        ("SIGUSR2", None) => error(
            "stack-signal",
            "the master asked for its stack, and the application had removed the handler",
        ),
        _ => judge_signal(number, told),
    }
}

fn judge_signal(number: i32, told: Option<Retirement>) -> Verdict {
    match told {
        _ if SIGNALS_OF_A_CRASH.contains(&signal_name(number)) => {
            error("crash", "it crashed in native code, or another process made it crash")
        }
        // A boot that was cut short dies of our own SIGTERM.
        Some(why) if signal_name(number) == "SIGTERM" => {
            Verdict { cause: why.as_str(), sentence: "", loudness: Loudness::Info }
        }
        _ => error("signal", "not by the master: another process or the worker itself sent it"),
    }
}

fn judge_code(code: i32, evidence: &Evidence, told: Option<Retirement>) -> Verdict {
    if let Some(dying) = evidence.dying {
        let sentence = match dying {
            DyingCause::SysExit => "the application called sys.exit or raised SystemExit",
            DyingCause::MemoryError => "Python ran out of memory (MemoryError)",
            DyingCause::Exception => "an exception ended its event loop",
        };
        return error(dying.as_str(), sentence);
    }
    match (told, code) {
        (Some(why), 0) => Verdict { cause: why.as_str(), sentence: "", loudness: Loudness::Info },
        (Some(why), _) => {
            let sentence = "its shutdown failed";
            Verdict { cause: why.as_str(), sentence, loudness: Loudness::Warning }
        }
        (None, _) if evidence.told.is_some() => match evidence.boot_stage {
            // It has reported why, which is logged elsewhere.
            Some(_) => Verdict { cause: "boot-failed", sentence: "", loudness: Loudness::Info },
            None => error("boot-failed", "it exited during its boot without a message"),
        },
        (None, _) => error("exit", "it exited without a message: os._exit, or the exit of a library"),
    }
}

/// The exit code, or else the name of the signal.
pub fn status(exit: Exit) -> (Option<i32>, Option<&'static str>) {
    match exit {
        Exit::Code(code) => (Some(code), None),
        Exit::Signal(number) => (None, Some(signal_name(number))),
    }
}

/// gunicorn's words for an end.
pub fn ended(pid: i32, exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("Worker (pid:{pid}) exited with code {code}."),
        Exit::Signal(number) => format!("Worker (pid:{pid}) was sent {}!", signal_name(number)),
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Counter;

    use super::*;

    const PLAIN: Evidence = Evidence {
        exit: Exit::Code(0),
        told: None,
        killed: false,
        signalled: false,
        boot_stage: None,
        dying: None,
        out_of_memory: false,
    };

    fn cause(evidence: &Evidence) -> (&'static str, Loudness) {
        let verdict = judge(evidence);
        assert!(Counter::exit(verdict.cause).is_some(), "`{}` is not counted", verdict.cause);
        (verdict.cause, verdict.loudness)
    }

    #[test]
    fn a_clean_end_is_no_error() {
        for why in [Retirement::Stop, Retirement::Reload, Retirement::MaxRequests, Retirement::Asked] {
            let evidence = Evidence { told: Some(why), ..PLAIN };
            assert_eq!(cause(&evidence), (why.as_str(), Loudness::Info));
        }
        let cut_short = Evidence { exit: Exit::Signal(15), told: Some(Retirement::ScaleDown), ..PLAIN };
        assert_eq!(cause(&cut_short), ("scale-down", Loudness::Info));
    }

    #[test]
    fn a_kill_is_ours_only_if_we_sent_it() {
        let killed = Evidence { exit: Exit::Signal(9), ..PLAIN };
        assert_eq!(cause(&killed).0, "killed");
        let timeout = Evidence { told: Some(Retirement::Timeout), ..killed };
        assert_eq!(cause(&Evidence { killed: true, ..timeout }).0, "timeout");
        assert_eq!(cause(&timeout).0, "killed", "somebody was quicker");
        assert_eq!(cause(&Evidence { out_of_memory: true, ..killed }).0, "out-of-memory");
        let ours = Evidence { out_of_memory: true, killed: true, ..timeout };
        assert_eq!(cause(&ours).0, "timeout", "somebody else ran out of memory");
    }

    #[test]
    fn no_stranger_is_blamed_for_a_signal_of_ours() {
        let number =
            |name| (1..32).find(|number| signal_name(*number) == name).expect("the signal has a number");
        let (stack, abort) = (number("SIGUSR2"), number("SIGABRT"));
        let by = |number, told, signalled| {
            cause(&Evidence { exit: Exit::Signal(number), told, signalled, ..PLAIN })
        };
        assert_eq!(by(stack, Some(Retirement::Reload), true), ("reload", Loudness::Warning));
        assert_eq!(by(stack, Some(Retirement::Timeout), true), ("timeout", Loudness::Error));
        assert_eq!(by(abort, Some(Retirement::Timeout), true), ("timeout", Loudness::Error));
        assert_eq!(by(stack, None, true), ("stack-signal", Loudness::Error));
        assert_eq!(by(stack, None, false), ("signal", Loudness::Error));
        assert_eq!(by(abort, Some(Retirement::Timeout), false), ("crash", Loudness::Error));
    }

    #[test]
    fn what_a_worker_says_goes_before_its_exit_status() {
        let exited = Evidence { exit: Exit::Code(1), ..PLAIN };
        assert_eq!(cause(&exited).0, "exit");
        for dying in [DyingCause::SysExit, DyingCause::MemoryError, DyingCause::Exception] {
            assert_eq!(cause(&Evidence { dying: Some(dying), ..exited }), (dying.as_str(), Loudness::Error));
        }
        let boot = Evidence { told: Some(Retirement::BootFailed), ..exited };
        assert_eq!(judge(&boot).sentence, "it exited during its boot without a message");
        let said = Evidence { boot_stage: Some(BootStage::Import), ..boot };
        assert_eq!(cause(&said), ("boot-failed", Loudness::Info));
    }

    #[test]
    fn a_crash_is_one_whatever_the_worker_was_told_before() {
        for number in [4, 6, 7, 8, 11] {
            for told in [None, Some(Retirement::Reload), Some(Retirement::BootFailed)] {
                assert_eq!(cause(&Evidence { exit: Exit::Signal(number), told, ..PLAIN }).0, "crash");
            }
        }
        assert_eq!(cause(&Evidence { exit: Exit::Signal(15), ..PLAIN }).0, "signal");
    }
}
