//! Processor time that a hypervisor gives to others.
//!
//! It comes in pauses of the whole machine, tens of milliseconds long, and the more often the more the machine works.

use std::fs;

/// A time that runs.
pub(crate) struct Watch(Ticks);

/// Ticks of all processors since the machine started.
#[derive(Clone, Copy, Default)]
struct Ticks {
    stolen: u64,
    all: u64,
}

impl Watch {
    /// Begins now.
    pub(crate) fn start() -> Self {
        Self(now())
    }

    /// The part of all processor time since the start that was stolen, from 0 to 1; 0 if the kernel does not know.
    pub(crate) fn stolen(&self) -> f64 {
        between(self.0, now())
    }
}

fn now() -> Ticks {
    fs::read_to_string("/proc/stat").ok().and_then(|text| ticks(&text)).unwrap_or_default()
}

/// The first line of `/proc/stat`, see `proc_stat(5)`; the eighth number is the stolen time, what follows is in the first.
fn ticks(text: &str) -> Option<Ticks> {
    let numbers: Option<Vec<u64>> =
        text.lines().next()?.split_whitespace().skip(1).map(|word| word.parse().ok()).collect();
    let numbers = numbers?;
    Some(Ticks { stolen: *numbers.get(7)?, all: numbers[..8].iter().sum() })
}

#[expect(clippy::cast_precision_loss, reason = "a hundred a second")]
fn between(before: Ticks, after: Ticks) -> f64 {
    let all = after.all.saturating_sub(before.all);
    if all == 0 { 0.0 } else { after.stolen.saturating_sub(before.stolen) as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_part_of_all_processor_time() {
        let before = ticks("cpu  10 0 10 70 0 0 0 10 5 0\ncpu0 1 2 3\n").expect("a line of the kernel's");
        let after = ticks("cpu  30 0 20 120 0 0 0 30 9 0\n").expect("a line of the kernel's");
        assert!((between(before, after) - 0.2).abs() < 1e-9);
        assert!(between(after, after).abs() < 1e-9);
        assert!(ticks("cpu 1 2 3").is_none());
    }
}
