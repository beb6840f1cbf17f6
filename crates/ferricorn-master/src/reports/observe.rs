//! Notices become log lines. Lines that people and their alerts search for keep gunicorn's wording.

use std::collections::VecDeque;

use ferricorn_core::{BootFailure, Notice, Retirement, Scarce, StopMode, WorkerId};
use ferricorn_sys::activity;
use ferricorn_telemetry::reports::boot_failure;
use ferricorn_wire::{BootStage, observation::Death};
use tracing::{debug, error, info, warn};

use super::{
    ends::{blocked, died, recovered},
    reasons, seconds,
};
use crate::crew::{Crew, Member, Stage};

/// gunicorn's last line about a first start that failed.
pub(crate) fn reason(failure: BootFailure) -> &'static str {
    match failure {
        BootFailure::App => "Reason: App failed to load.",
        BootFailure::Boot | BootFailure::Startup | BootFailure::Environment => {
            "Reason: Worker failed to boot."
        }
    }
}

/// Writes the log.
#[derive(Default)]
pub(crate) struct Observer {
    /// The text of the boot failure that was shown last: the same text is not shown again at every retry.
    shown: Option<String>,
    /// What is to be the last line: why the master ends.
    last_word: Option<String>,
    /// The last ends of workers, the newest first.
    deaths: VecDeque<Death>,
}

/// How many ends of workers are remembered.
const DEATHS: usize = 20;

impl Observer {
    #[expect(clippy::too_many_lines, reason = "a line or two for each notice")]
    pub(crate) fn tell(&mut self, notice: Notice, crew: &mut Crew) {
        match notice {
            Notice::Ready { id, boot } => {
                self.shown = None;
                reached(crew, id, Stage::Serving);
                let boot_ms = ferricorn_wire::milliseconds(boot);
                with(crew, id, |it| {
                    let (slot, generation) = (it.slot.0, it.generation.0);
                    info!(slot, generation, boot_ms, "Worker ready (pid: {})", it.pid);
                });
            }
            Notice::PageShown { id } => {
                self.shown = None;
                reached(crew, id, Stage::Serving);
                warn!("The failure is shown to whoever asks, until the code changes");
            }
            Notice::ChangesWait => info!("Changes wait until the debugger is left"),
            Notice::Replacing(generation) => debug!("replacing every worker by generation {generation}"),
            // Told by the world, which knows the addresses, and the templates.
            Notice::Opened
            | Notice::TemplateReady { .. }
            | Notice::TemplateUnfit { .. }
            | Notice::TemplateTimedOut { .. }
            | Notice::TemplateSilent { .. }
            | Notice::TemplateLost { .. } => {}
            Notice::AskedToStop { id } => with(crew, id, |it| {
                info!(slot = it.slot.0, "Worker was sent SIGTERM and is replaced (pid: {})", it.pid);
            }),
            Notice::Draining { id, why } => {
                reached(crew, id, Stage::Draining);
                with(crew, id, |it| {
                    let (slot, generation, reason) = (it.slot.0, it.generation.0, why.as_str());
                    // That the service stops was said.
                    if why == Retirement::Stop {
                        debug!(slot, generation, reason, "Worker draining (pid: {})", it.pid);
                    } else {
                        info!(slot, generation, reason, "Worker draining (pid: {})", it.pid);
                    }
                });
            }
            Notice::BootFailed { id, failures, retry_in, ends } => {
                let again =
                    if self.boot_failed(id, ends, crew) { " for the same reason as before" } else { "" };
                let retry_in = retry_in.map(seconds);
                if !ends && (retry_in.is_some() || !again.is_empty()) {
                    with(crew, id, |it| {
                        let slot = it.slot.0;
                        warn!(slot, failures, retry_in, "Worker failed to boot{again} (pid: {})", it.pid);
                    });
                }
            }
            Notice::SpawnFailed { error, retry_in: Some(retry_in), .. } => {
                error!(retry_in = seconds(retry_in), "cannot start a worker: {error}");
            }
            Notice::SpawnFailed { error, retry_in: None, .. } => {
                self.last_word = Some(format!("cannot start a worker: {error}"));
            }
            Notice::RestartsSlowed { waiting, every } => {
                let every = seconds(every);
                warn!(
                    waiting,
                    every,
                    "Workers fail too often: the restart budget is used up, restarts are now one at a time"
                );
            }
            Notice::Crashed { id, exit, restart_in } => {
                self.remember(died(crew, id, exit, None, Some(restart_in)));
            }
            Notice::Exited { id, exit, why } => self.remember(died(crew, id, exit, Some(why), None)),
            Notice::TimedOut { id, silent_for } => with(crew, id, |it| {
                let (slot, silent_for) = (it.slot.0, seconds(silent_for));
                error!(critical = true, slot, silent_for, "WORKER TIMEOUT (pid:{})", it.pid);
            }),
            Notice::Blocked { id, silent_for } => blocked(crew, id, silent_for),
            Notice::Recovered { id, silent_for } => recovered(crew, id, silent_for),
            Notice::HostStalled { workers, more } => {
                let more = seconds(more);
                warn!(
                    workers,
                    more,
                    "all workers are blocked at once by a device or a file system; extending their timeout"
                );
            }
            Notice::Throttled { scarce, source } => {
                let what = match scarce {
                    Scarce::Memory => "is above its memory limit",
                    Scarce::Processor => "has used up its CPU quota",
                };
                warn!("the kernel throttles the service: its control group {what} ({source})");
            }
            Notice::Unkillable { id } => with(crew, id, |it| {
                let doing = activity::of(it.pid).map_or_else(|| "gone".to_owned(), |it| it.describe());
                error!(
                    slot = it.slot.0,
                    "Worker was killed but has not exited: it is {doing} (pid: {})", it.pid
                );
            }),
            Notice::OverMemory { id, memory } => with(crew, id, |it| {
                let (slot, mebibytes) = (it.slot.0, memory >> 20);
                error!(critical = true, slot, mebibytes, "WORKER MEMORY LIMIT (pid:{})", it.pid);
            }),
            Notice::BootTimedOut { id } => with(crew, id, |it| {
                error!(critical = true, slot = it.slot.0, "WORKER BOOT TIMEOUT (pid:{})", it.pid);
            }),
            Notice::BootCut { id } => with(crew, id, |it| {
                warn!(slot = it.slot.0, "Worker does not stop during its boot: killing it (pid: {})", it.pid);
            }),
            Notice::DrainTimedOut { id } => with(crew, id, |it| {
                warn!(
                    slot = it.slot.0,
                    "Worker did not finish within the graceful timeout (pid: {})", it.pid
                );
            }),
            Notice::ExitTimedOut { id, after } => with(crew, id, |it| {
                let (slot, after) = (it.slot.0, seconds(after));
                warn!(
                    slot,
                    after,
                    "Worker's event loop has ended but its process has not: killing it (pid: {})",
                    it.pid
                );
            }),
            Notice::SettingsRead => debug!("the settings were read again"),
            Notice::SettingsUnread(why) => error!("Not reloaded, nothing changes: {}", reasons::unread(&why)),
            Notice::ReloadStarted(generation) => info!("Reloading: starting generation {generation}"),
            Notice::OnProbation { id, lasts } => with(crew, id, |it| {
                let (slot, generation, lasts) = (it.slot.0, it.generation.0, seconds(lasts));
                info!(
                    slot,
                    generation, lasts, "Worker on probation, then the others follow (pid: {})", it.pid
                );
            }),
            Notice::ReloadProven(generation) => debug!("generation {generation} works, replacing the others"),
            Notice::ReloadCommitted(generation) => {
                info!("Reloaded: every worker runs generation {generation}");
            }
            Notice::ReloadRejected { generation, frozen } => {
                let kept = if frozen { "; workers are not recycled until a reload succeeds" } else { "" };
                error!(
                    "Reload rejected: generation {generation} does not work, the old one keeps serving{kept}"
                );
            }
            Notice::RollingBack { generation, workers } => {
                let them = if workers == 1 { "one worker" } else { &format!("{workers} workers") };
                warn!("Rolling back: {them} of generation {generation} will be replaced");
            }
            Notice::RecyclingFrozen { id } => with(crew, id, |it| {
                warn!(
                    "Worker is due for recycling but kept, because the last reload was rejected (pid: {})",
                    it.pid
                );
            }),
            Notice::Scaled { from, to } => info!("Workers: {from} to {to}"),
            Notice::Overslept(gap) => {
                warn!(
                    gap = seconds(gap),
                    "the master was suspended for a while; worker timeouts were extended"
                );
            }
            Notice::UpgradeStarted => info!("Upgrading: starting the program on disk"),
            Notice::UpgradeUnderWay => info!("An upgrade is already in progress"),
            Notice::UpgradeFailed(why) => {
                error!("Upgrade failed, nothing has changed: {}", reasons::upgrade(&why));
            }
            Notice::UpgradeCalledOff => info!("Upgrade called off: the service stops"),
            Notice::HandedOver => info!("Upgraded: the new master has taken over, this one exits"),
            Notice::SuccessorDied(reason) => warn!("The new master exited before this one: {reason}"),
            Notice::TookOver => info!("Upgraded: this master has taken over"),
            Notice::StopAnnounced(delay) => {
                info!("Stopping in {} s; until then responses say Connection: close", seconds(delay));
            }
            Notice::Stopping { mode: StopMode::Graceful, .. } => debug!("stopping gracefully"),
            Notice::Stopping { mode: StopMode::Now, .. } => debug!("killing every worker"),
            Notice::Stopping { mode: StopMode::Quick, .. } => debug!("stopping quickly"),
        }
    }

    /// Shows why a boot has failed, unless that was the last that was shown; whether it was. What the master ends for is said
    /// at its end, and not here as well unless it has a traceback.
    fn boot_failed(&mut self, id: WorkerId, ends: bool, crew: &mut Crew) -> bool {
        let Some(member) = crew.get_mut(id) else { return false };
        let pid = member.pid;
        let Some((stage, text)) = member.boot_failure.take() else {
            if ends {
                self.last_word =
                    Some(format!("worker (pid: {pid}) exited during its boot without a message"));
            } else {
                error!("Worker (pid:{pid}) exited during its boot");
            }
            return false;
        };
        self.tell_of_boot_failure(pid, stage, text, ends)
    }

    /// The same, of what was said about it. `pid`: whoever said it, a worker or a template.
    pub(crate) fn tell_of_boot_failure(
        &mut self,
        pid: i32,
        stage: BootStage,
        text: String,
        ends: bool,
    ) -> bool {
        if ends {
            self.last_word = Some(boot_failure::summary(&text));
        }
        if self.shown.as_ref() == Some(&text) {
            return true;
        }
        if boot_failure::has_traceback(&text) {
            error!("Exception in worker process (pid: {pid}, stage: {})\n{text}", stage.as_str());
        } else if !ends {
            error!("Worker cannot boot (pid: {pid}, stage: {}): {text}", stage.as_str());
        }
        self.shown = Some(text);
        false
    }

    fn remember(&mut self, death: Option<Death>) {
        self.deaths.truncate(DEATHS - 1);
        if let Some(death) = death {
            self.deaths.push_front(death);
        }
    }

    /// The last ends of workers, the newest first.
    pub(crate) fn deaths(&self) -> impl Iterator<Item = &Death> {
        self.deaths.iter()
    }

    /// What the last line is to say.
    pub(crate) fn ends_for(&mut self, reason: String) {
        self.last_word = Some(reason);
    }

    /// Why the master ends, if it ends for a boot that has failed.
    pub(crate) fn last_word(&mut self) -> Option<String> {
        self.last_word.take()
    }
}

fn with(crew: &Crew, id: WorkerId, say: impl FnOnce(&Member)) {
    if let Some(member) = crew.get(id) {
        say(member);
    }
}

fn reached(crew: &mut Crew, id: WorkerId, stage: Stage) {
    if let Some(member) = crew.get_mut(id) {
        member.history.stage = stage;
    }
}
