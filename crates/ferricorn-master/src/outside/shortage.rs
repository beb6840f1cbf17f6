//! Whether the kernel has killed for lack of memory.
//!
//! Owns: the counter of the control group, and which death has used up which kill. Does not own: the verdict (`death`).
//!
//! The counter does not say whom. A kill counts for a death that comes within two looks (a second apart) of it, so that
//! the end of some other process an hour ago is not taken for the cause of a `kill -9` now.

use ferricorn_sys::memory;

/// The counter as it was.
#[derive(Debug)]
pub(crate) struct Shortage {
    count: fn() -> Option<u64>,
    before_last: Option<u64>,
    last: Option<u64>,
}

impl Default for Shortage {
    fn default() -> Self {
        Self::counted_by(memory::out_of_memory_kills)
    }
}

impl Shortage {
    fn counted_by(count: fn() -> Option<u64>) -> Self {
        let now = count();
        Self { count, before_last: now, last: now }
    }

    /// Looks at the counter; call it once a second.
    pub(crate) fn look(&mut self) {
        self.before_last = self.last;
        self.last = (self.count)();
    }

    /// Whether a kill was counted that no other death has used up; this one does.
    pub(crate) fn has_killed(&mut self) -> bool {
        let (Some(before), Some(now)) = (self.before_last, (self.count)()) else { return false };
        if now <= before {
            return false;
        }
        self.before_last = Some(before + 1);
        self.last = self.last.max(self.before_last);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Shortage;

    static COUNTED: AtomicU64 = AtomicU64::new(5);

    #[test]
    fn each_kill_explains_one_death_and_only_for_a_while() {
        let mut shortage = Shortage::counted_by(|| Some(COUNTED.load(Ordering::Relaxed)));
        assert!(!shortage.has_killed());
        COUNTED.store(7, Ordering::Relaxed);
        assert!(shortage.has_killed());
        assert!(shortage.has_killed());
        assert!(!shortage.has_killed(), "two kills, two deaths");
        COUNTED.store(8, Ordering::Relaxed);
        shortage.look();
        assert!(shortage.has_killed(), "it was a moment ago");
        COUNTED.store(9, Ordering::Relaxed);
        shortage.look();
        shortage.look();
        assert!(!shortage.has_killed(), "it was long ago");
    }

    #[test]
    fn without_a_counter_memory_is_never_blamed() {
        assert!(!Shortage::counted_by(|| None).has_killed());
    }
}
