//! Changes of the number of workers.

/// What is asked of the number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// One more.
    Up,
    /// One less, but never fewer than one.
    Down,
    /// Exactly this many.
    To(u16),
}

impl Scale {
    /// The number after the change.
    pub(crate) fn apply(self, workers: u16) -> u16 {
        match self {
            Self::Up => workers.saturating_add(1),
            Self::Down => workers.saturating_sub(1).max(1).min(workers),
            Self::To(workers) => workers,
        }
    }
}
