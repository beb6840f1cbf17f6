//! What the log says at the start about the limits of the service.
//!
//! Owns: the words. Does not own: finding the limits (`ferricorn_sys::memory`), what they are good for (settings, core).

use ferricorn_config::{MemoryLimit, Settings};
use ferricorn_sys::memory;
use tracing::info;

/// The memory that the service may take, and what sets that limit; `None` if it cannot be known.
pub fn memory_limit() -> Option<MemoryLimit> {
    memory::limit().map(|memory::Limit { bytes, source }| MemoryLimit { bytes, source })
}

/// Says what cannot be read off the command line: what a percentage comes to, and who else goes if a worker takes too much.
pub(crate) fn tell(settings: &Settings) {
    tell_share(settings);
    if let Some(group) = memory::killed_as_a_whole() {
        info!(
            "memory.oom.group is 1 in {group}: if one worker takes too much memory, the kernel kills all of them and the \
             master"
        );
    }
}

/// What a percentage comes to.
pub(crate) fn tell_share(settings: &Settings) {
    if let Some(share) = settings.max_worker_memory.as_ref().and_then(|memory| memory.share.as_ref()) {
        info!("Memory limit of each worker: {share}");
    }
}
