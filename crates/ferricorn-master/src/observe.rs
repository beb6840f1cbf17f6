//! Notices become log lines. gunicorn's wording is kept where people and their alerts look for it.

use ferricorn_core::{BootFailure, Exit, Notice, Retirement, StopMode, WorkerId};
use ferricorn_sys::wait::signal_name;
use tracing::{debug, error, info, warn};

use crate::crew::{Crew, Member};

/// gunicorn's last line about a first start that failed.
pub(crate) fn reason(failure: BootFailure) -> &'static str {
    match failure {
        BootFailure::App => "Reason: App failed to load.",
        BootFailure::Boot | BootFailure::Environment => "Reason: Worker failed to boot.",
    }
}

/// Writes the log.
#[derive(Default)]
pub(crate) struct Observer {
    /// The text of the boot failure that was shown last: the same text is not shown again at every retry.
    shown: Option<String>,
}

impl Observer {
    pub(crate) fn tell(&mut self, notice: Notice, crew: &mut Crew) {
        match notice {
            Notice::Ready { id, boot } => {
                self.shown = None;
                let boot_ms = u64::try_from(boot.as_millis()).unwrap_or(u64::MAX);
                with(crew, id, |it| {
                    let (slot, generation) = (it.slot.0, it.generation.0);
                    info!(slot, generation, boot_ms, "Worker ready (pid: {})", it.pid);
                });
            }
            Notice::Draining { id, why } => with(crew, id, |it| {
                let (slot, generation) = (it.slot.0, it.generation.0);
                info!(slot, generation, reason = why.as_str(), "Worker draining (pid: {})", it.pid);
            }),
            Notice::BootFailed { id, failures, retry_in } => {
                self.boot_failed(id, crew);
                if let Some(retry_in) = retry_in {
                    let retry_in = seconds(retry_in);
                    with(crew, id, |it| {
                        warn!(
                            slot = it.slot.0,
                            failures, retry_in, "Worker failed to boot (pid: {})", it.pid
                        );
                    });
                }
            }
            Notice::SpawnFailed { error, retry_in, .. } => {
                error!(retry_in = seconds(retry_in), "cannot start a worker: {error}");
            }
            Notice::Crashed { id, exit, restart_in } => with(crew, id, |it| {
                let (slot, generation) = (it.slot.0, it.generation.0);
                error!(slot, generation, restart_in = seconds(restart_in), "{}", ended(it.pid, exit));
            }),
            Notice::Exited { id, exit, why } => with(crew, id, |it| exited(it, exit, why)),
            Notice::TimedOut { id, silent_for } => with(crew, id, |it| {
                let (slot, silent_for) = (it.slot.0, seconds(silent_for));
                error!(critical = true, slot, silent_for, "WORKER TIMEOUT (pid:{})", it.pid);
            }),
            Notice::OverMemory { id, memory } => with(crew, id, |it| {
                let (slot, mebibytes) = (it.slot.0, memory >> 20);
                error!(critical = true, slot, mebibytes, "WORKER MEMORY LIMIT (pid:{})", it.pid);
            }),
            Notice::BootTimedOut { id } => with(crew, id, |it| {
                error!(critical = true, slot = it.slot.0, "WORKER BOOT TIMEOUT (pid:{})", it.pid);
            }),
            Notice::DrainTimedOut { id } => with(crew, id, |it| {
                warn!(
                    slot = it.slot.0,
                    "Worker did not finish within the graceful timeout (pid: {})", it.pid
                );
            }),
            Notice::ReloadStarted(generation) => info!("Reloading: starting generation {generation}"),
            Notice::ReloadProven(generation) => debug!("generation {generation} works, replacing the others"),
            Notice::ReloadCommitted(generation) => {
                info!("Reloaded: every worker runs generation {generation}");
            }
            Notice::ReloadRejected(generation) => error!(
                "Reload rejected: generation {generation} does not work, the old one serves on; \
                 workers are not recycled until a reload succeeds"
            ),
            Notice::RecyclingFrozen { id } => with(crew, id, |it| {
                warn!(
                    "Worker is due for recycling and kept, since the last reload was rejected (pid: {})",
                    it.pid
                );
            }),
            Notice::Scaled { from, to } => info!("Workers: {from} to {to}"),
            Notice::Overslept(gap) => {
                warn!(
                    gap = seconds(gap),
                    "the master was not running for a while; no worker is blamed for it"
                );
            }
            Notice::StopAnnounced(delay) => {
                info!("Stopping in {} s, after clients were told to close", seconds(delay));
            }
            Notice::Stopping(StopMode::Graceful) => debug!("stopping gracefully"),
            Notice::Stopping(StopMode::Quick) => debug!("stopping quickly"),
        }
    }

    fn boot_failed(&mut self, id: WorkerId, crew: &mut Crew) {
        let Some(member) = crew.get_mut(id) else { return };
        let pid = member.pid;
        let Some((stage, text)) = member.boot_failure.take() else {
            error!("Worker (pid:{pid}) ended while it booted, without saying why");
            return;
        };
        if self.shown.as_ref() == Some(&text) {
            error!("Worker (pid:{pid}) failed to boot for the same reason as before");
            return;
        }
        error!("Exception in worker process (pid: {pid}, stage: {})\n{text}", stage.as_str());
        self.shown = Some(text);
    }
}

fn with(crew: &Crew, id: WorkerId, say: impl FnOnce(&Member)) {
    if let Some(member) = crew.get(id) {
        say(member);
    }
}

fn exited(member: &Member, exit: Exit, why: Retirement) {
    let pid = member.pid;
    let reason = why.as_str();
    match (exit, why) {
        (_, Retirement::BootFailed) => error!("{}", ended(pid, exit)),
        (Exit::Code(0), _) => debug!("Worker (pid:{pid}) exited with code 0."),
        // A boot that was cut short dies of our own SIGTERM.
        (Exit::Signal(15), _) => debug!("Worker (pid:{pid}) ended while booting"),
        (
            Exit::Signal(9),
            Retirement::Timeout
            | Retirement::DrainTimeout
            | Retirement::BootTimeout
            | Retirement::MemoryLimit,
        ) => {
            error!(by = "master", reason, "{}", ended(pid, exit));
        }
        (Exit::Code(_) | Exit::Signal(_), _) => warn!(reason, "{}", ended(pid, exit)),
    }
}

fn ended(pid: i32, exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("Worker (pid:{pid}) exited with code {code}."),
        Exit::Signal(number) => format!("Worker (pid:{pid}) was sent {}!", signal_name(number)),
    }
}

/// Seconds with a precision that a log needs.
fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}
