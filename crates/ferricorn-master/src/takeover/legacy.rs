//! Replacing this program in its own process: what the core and the crew leave becomes one file in memory, which the
//! next program finds. The crew's part is in [`crate::crew`].

use std::{
    io,
    os::fd::{AsRawFd as _, OwnedFd},
    time::Duration,
};

use ferricorn_core::{Generation, Leaving, LegacyWorker, Retirement, Slot, WorkerId};
use ferricorn_sys::{exec, memfd::memfd_with};
use ferricorn_wire::upgrade::{Legacy, Succession, SuccessionKind, VERSION, WorkerState};

use crate::takeover::invocation::Invocation;

/// What the core needs to know of it again.
pub(crate) fn for_core(legacy: &Legacy) -> ferricorn_core::Legacy {
    let worker = |it: &WorkerState| LegacyWorker {
        id: WorkerId(it.id),
        slot: Slot(it.slot),
        generation: Generation(it.generation),
        leaving: it.leaving.as_ref().map(|name| Leaving {
            // A reason that only a later version knows: it is as good as any, for it goes anyway.
            why: Retirement::named(name).unwrap_or(Retirement::Reload),
            left: Duration::from_millis(it.left_ms),
        }),
    };
    ferricorn_core::Legacy {
        target: legacy.target,
        generation: Generation(legacy.generation),
        last_generation: Generation(legacy.last_generation),
        frozen: legacy.frozen,
        next_id: legacy.next_id,
        workers: legacy.workers.iter().map(worker).collect(),
    }
}

/// Becomes the new program. Returns only when that has failed.
pub(crate) fn replace_self(invocation: &Invocation, legacy: &Legacy) -> io::Error {
    let file: OwnedFd = match memfd_with("ferricorn-legacy", &ferricorn_wire::encode(legacy)) {
        Ok(file) => file,
        Err(error) => return error,
    };
    let mut inherit = vec![file.as_raw_fd(), legacy.scoreboard];
    inherit.extend(legacy.estate.handoff);
    inherit.extend(legacy.control);
    inherit.extend(&legacy.estate.tallies);
    inherit.extend(legacy.estate.metrics.as_ref().map(|listener| listener.descriptor));
    inherit.extend(legacy.estate.listeners.iter().map(|listener| listener.descriptor));
    inherit.extend(legacy.workers.iter().filter_map(|worker| worker.channel));
    inherit.extend(legacy.workers.iter().map(|worker| worker.black_box));
    let succession =
        Succession { version: VERSION, kind: SuccessionKind::InPlace, descriptor: file.as_raw_fd() };
    exec::replace_self(&invocation.plan(succession, inherit))
}
