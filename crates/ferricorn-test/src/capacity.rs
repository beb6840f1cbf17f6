//! How many workers could answer at each moment, by the master's log.

use crate::Line;

/// The fewest workers that were ready at any time after `target` of them were, and before the stop.
///
/// A worker counts from its `Worker ready` line to the first line that says it drains, exited or was sent a signal.
pub fn least_ready(lines: &[Line], target: usize) -> usize {
    let mut ready: Vec<i32> = Vec::new();
    let mut least = usize::MAX;
    let mut full = false;
    for Line { text, .. } in lines {
        if text.contains("Handling signal: term") {
            break;
        }
        let Some(pid) = worker(text) else { continue };
        if text.contains("Worker ready") {
            ready.push(pid);
        } else if ends(text) {
            ready.retain(|other| *other != pid);
        }
        full |= ready.len() >= target;
        if full {
            least = least.min(ready.len());
        }
    }
    assert!(full, "{target} workers were never ready at once");
    least
}

/// Whether the worker that a line is about can answer no more, or will soon not.
fn ends(text: &str) -> bool {
    let died = text.contains("Worker (pid:")
        && ["exited with code", "was sent SIG"].iter().any(|it| text.contains(it));
    died || text.contains("Worker draining") || text.contains("WORKER TIMEOUT")
}

/// The worker that a line is about: the number after `pid:`.
fn worker(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("(pid:")?;
    rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Source;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line =
            |text: &&str| Line { at: Instant::now(), source: Source::Stderr, text: (*text).to_owned() };
        texts.iter().map(line).collect()
    }

    #[test]
    fn a_replacement_that_is_ready_first_keeps_the_capacity() {
        let mut log = vec![
            "Worker ready (pid: 1)",
            "Worker ready (pid: 2)",
            "Worker ready (pid: 3)",
            "Worker draining (pid: 1)",
        ];
        assert_eq!(least_ready(&lines(&log), 2), 2);
        log.swap(2, 3);
        assert_eq!(least_ready(&lines(&log), 2), 1);
    }

    #[test]
    fn a_worker_that_dies_is_missed_and_a_stop_is_not_counted() {
        let log = ["Worker ready (pid: 1)", "Worker ready (pid: 2)", "Worker (pid:2) was sent SIGKILL!"];
        assert_eq!(least_ready(&lines(&log), 2), 1);
        let log = ["Worker ready (pid: 1)", "Handling signal: term", "Worker draining (pid: 1)"];
        assert_eq!(least_ready(&lines(&log), 1), 1);
    }
}
