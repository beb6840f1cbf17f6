//! What became of one worker: a hang, its end, and what it has left behind.
//!
//! Owns: the log lines of these. Does not own: the verdict about a death and the text of a hang (`ferricorn_telemetry`).

use std::time::{Duration, SystemTime};

use ferricorn_core::{Exit, Retirement, WorkerId};
use ferricorn_sys::activity;
use ferricorn_telemetry::{
    metrics::Counter,
    reports::{
        death::{self, Evidence, Loudness, Verdict},
        hang::{self, Hang},
    },
};
use ferricorn_wire::{BootStage, observation::Death};
use tracing::{debug, error, info, warn};

use super::seconds;
use crate::crew::{Crew, Stage};

/// What a worker does whose event loop does not run.
pub(super) fn blocked(crew: &mut Crew, id: WorkerId, silent_for: Duration) {
    let Some(member) = crew.get(id) else { return };
    let (pid, slot, generation) = (member.pid, member.slot.0, member.generation.0);
    let doing = activity::of(pid).map_or_else(|| "gone".to_owned(), |it| it.describe());
    let silent_for = seconds(silent_for);
    let hang = Hang::read(&crew.open_black_box(id), &crew.in_flight(member));
    let shown = hang.text_after(member.history.hang.as_ref());
    let what = match member.history.stage {
        Stage::Booting => "Worker is not ready after",
        _ => "Worker's event loop has not run for",
    };
    warn!(
        "{what} {silent_for} s (pid: {pid}, slot: {slot}, generation: {generation}), it \
         is {doing}:\n{shown}"
    );
    if let Some(member) = crew.get_mut(id) {
        member.history.hang = Some(hang);
    }
}

/// A worker's event loop runs again. A process that stood still as a whole (SIGSTOP, state D) could not write its stack when
/// it was asked to, and has done so before anything else.
pub(super) fn recovered(crew: &mut Crew, id: WorkerId, silent_for: Duration) {
    let Some(member) = crew.get_mut(id) else { return };
    member.history.hang = None;
    let Some(member) = crew.get(id) else { return };
    let (pid, slot, silent_for) = (member.pid, member.slot.0, seconds(silent_for));
    warn!(slot, silent_for, "Worker's event loop runs again (pid: {pid})");
    let late = crew.open_black_box(id);
    if hang::has_stack(&late) {
        let hang = Hang::read(&late, &crew.in_flight(member));
        warn!("Worker (pid: {pid}) was suspended here:\n{hang}");
    }
}

/// The one line about a death, and what the worker left behind.
pub(super) fn died(
    crew: &Crew,
    id: WorkerId,
    exit: Exit,
    told: Option<Retirement>,
    restart_in: Option<Duration>,
) -> Option<Death> {
    let member = crew.get(id)?;
    let (pid, history) = (member.pid, &member.history);
    let evidence = Evidence {
        exit,
        told,
        killed: history.killed,
        signalled: matches!(exit, Exit::Signal(number) if history.signals.contains(&number)),
        boot_stage: history.boot_stage,
        dying: history.dying.as_ref().map(|(cause, _)| *cause),
        out_of_memory: history.out_of_memory,
    };
    let Verdict { cause, sentence, loudness } = death::judge(&evidence);
    if let Some(counter) = Counter::exit(cause) {
        crew.tallies().count(counter);
    }
    let words = death::ended(pid, exit);
    let text = if sentence.is_empty() { words } else { format!("{words} {sentence}") };
    let (slot, generation) = (member.slot.0, member.generation.0);
    let stage = history.boot_stage.map_or(history.stage.as_str(), BootStage::as_str);
    let age = seconds(member.spawned_at.elapsed());
    let (requests, in_flight) = crew.requests(member);
    let had = crew.in_flight(member);
    // What has begun since the last heartbeat is in the list only.
    let in_flight = in_flight.max(had.len() as u64);
    let peak_mib = history.peak_memory.unwrap_or(0) >> 20;
    let restart_in = restart_in.map(seconds);
    // Whom it is about and how it ended, also for those who read fields and no text.
    let (worker_pid, (code, signal)) = (pid, death::status(exit));
    macro_rules! tell {
        ($level:ident) => {
            $level!(
                cause, worker_pid, code, signal, slot, generation, stage, age, requests, in_flight, peak_mib,
                restart_in, "{text}"
            )
        };
    }
    match loudness {
        // As it was asked to, like the others: what is worth a line is another end than this.
        Loudness::Info if told == Some(Retirement::Stop) => tell!(debug),
        Loudness::Info => tell!(info),
        Loudness::Warning => tell!(warn),
        Loudness::Error => tell!(error),
    }
    if let Some((_, traceback)) = &history.dying {
        error!("Worker (pid:{pid}) ended because of this exception:\n{traceback}");
    }
    // What a hung worker was doing was logged when it was found.
    if let (Some(stack), false) = (hang::last_crash(&crew.open_black_box(id)), history.killed) {
        error!("Worker (pid:{pid}) was here when it crashed:\n{stack}");
    }
    // To note the end of each request would cost as much as to note its beginning: it may have answered some of them.
    if loudness == Loudness::Error && !history.killed && !had.is_empty() {
        warn!(
            "Requests in flight when worker (pid:{pid}) died (some may have been answered):\n{}",
            hang::requests(&had)
        );
    }
    Some(Death {
        at: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        slot,
        pid,
        cause: cause.to_owned(),
        text,
        planned: loudness == Loudness::Info,
        age,
    })
}
