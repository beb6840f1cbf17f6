//! What a worker was doing when its event loop did not run: one block that a person can read.
//!
//! Owns: the order and the choice of what is shown. Does not own: the stack (faulthandler's), the list of requests and
//! tasks (the shim's `stall`), both of which come out of the black box.

/// The line before which the shim's part begins.
const REQUESTS: &str = "Requests in flight (most recent call first):";

/// Where threads of pools wait for work: they are counted, not shown.
const IDLE: [&str; 4] = [
    "concurrent/futures/thread.py\", line ",
    "anyio/_backends/_asyncio.py\", line ",
    "/queue.py\", line ",
    "/threading.py\", line ",
];

/// Makes the block of what a worker has written: what hangs first, then the requests and tasks, then other threads.
///
/// The requests are missing while C code holds the interpreter's lock, since Python has to write them. What is shown then
/// is how many of them the scoreboard has, from when the event loop last ran: the one that hangs may have come since.
pub(crate) fn block(written: &str, in_flight: u64) -> String {
    // The last dump, if one was written and not read before.
    let (stacks, rest) = match written.find(REQUESTS) {
        Some(at) => (&written[..at], &written[at..]),
        None => (written, ""),
    };
    let mut current = Vec::new();
    let mut others = Vec::new();
    let mut idle = 0;
    for stack in stacks.split("\n\n").map(str::trim).filter(|stack| !stack.is_empty()) {
        if stack.starts_with("Current thread") {
            current.push(stack);
        } else if is_idle(stack) {
            idle += 1;
        } else {
            others.push(stack.to_owned());
        }
    }
    if idle > 0 {
        others.push(format!("(and {idle} idle threads)"));
    }
    let mut parts: Vec<&str> = Vec::new();
    // Asked twice in a row it has written two; the later one is the truth.
    parts.push(current.last().unwrap_or(&"(it has not written the stack of its main thread)"));
    let counted = format!(
        "(requests in flight when its event loop last ran: {in_flight}; which ones cannot be told while no Python code runs)"
    );
    parts.push(if rest.is_empty() { &counted } else { rest.trim() });
    parts.extend(others.iter().map(String::as_str));
    parts.iter().flat_map(|part| part.lines()).filter(|line| !is_ours(line)).collect::<Vec<_>>().join("\n")
}

/// A frame of the shim's, which is at the bottom of every stack.
fn is_ours(line: &str) -> bool {
    let Some(file) = line.trim_start().strip_prefix("File \"") else { return false };
    file.starts_with("<ferricorn_worker.") || file.starts_with("<string>\", line ")
}

fn is_idle(stack: &str) -> bool {
    let top = stack.lines().find(|line| line.trim_start().starts_with("File "));
    top.is_none_or(|top| IDLE.iter().any(|place| top.contains(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_comes_first_and_idle_threads_are_counted() {
        let pool = "Thread 0x01 (most recent call first):\n  File \"/usr/lib/python3.12/concurrent/futures/thread.py\", line 81 in _worker\n";
        let busy = "Thread 0x02 (most recent call first):\n  File \"main.py\", line 3 in compute\n";
        let main = "Current thread 0x03 (most recent call first):\n  File \"main.py\", line 9 in app\n  File \"<ferricorn_worker.main>\", line 1 in run\n";
        let tail = format!("{REQUESTS}\n  GET / for 1.0 s\n");
        let block = block(&format!("{pool}\n{pool}\n{busy}\n{main}{tail}"), 7);
        let places: Vec<_> = ["in app", "GET / for", "in compute", "(and 2 idle threads)"]
            .iter()
            .map(|text| block.find(text).unwrap_or_else(|| panic!("no {text} in {block}")))
            .collect();
        assert!(places.is_sorted(), "{block}");
        assert!(!block.contains("_worker"), "{block}");
        assert!(!block.contains('7'), "the list says more than the number: {block}");
    }

    #[test]
    fn without_the_list_the_number_of_requests_is_said() {
        let main = "Current thread 0x03 (most recent call first):\n  File \"main.py\", line 9 in app\n";
        let lines: Vec<_> = block(main, 2).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[2].starts_with("(requests in flight when its event loop last ran: 2;"), "{lines:?}");
    }

    #[test]
    fn nothing_written_is_said() {
        assert!(block("", 0).starts_with("(it has not written the stack of its main thread)\n(requests"));
    }
}
