//! What a worker was doing when its event loop did not run: one block that a person can read.
//!
//! Owns: the order and the choice of what is shown. Does not own: the stack (faulthandler's), the list of requests and
//! tasks (the shim's `stall`), both of which come out of the black box; the scoreboard's page of requests.

use ferricorn_wire::scoreboard::Request;

/// The line before which the shim's part begins.
const REQUESTS: &str = "Requests in flight (most recent call first):";

/// Where threads of pools wait for work: they are counted, not shown.
const IDLE: [&str; 4] = [
    "concurrent/futures/thread.py\", line ",
    "anyio/_backends/_asyncio.py\", line ",
    "/queue.py\", line ",
    "/threading.py\", line ",
];

/// How many frames are shown of a stack that was shown before.
const FRAMES_AGAIN: usize = 3;

/// Makes the block of what a worker has written: what hangs first, then the requests and tasks, then other threads.
///
/// The requests and tasks are missing while C code holds the interpreter's lock, since Python has to write them. What is
/// shown then is what the scoreboard's page has.
pub(crate) fn block(written: &str, in_flight: &[Request]) -> String {
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
    let from_page = requests(in_flight);
    parts.push(if rest.is_empty() { &from_page } else { rest.trim() });
    parts.extend(others.iter().map(String::as_str));
    parts.iter().flat_map(|part| part.lines()).filter(|line| !is_ours(line)).collect::<Vec<_>>().join("\n")
}

/// The frames of the main thread in a block, innermost first. Empty if its stack is not there.
pub(crate) fn frames(block: &str) -> Vec<&str> {
    let mut lines = block.lines();
    if !lines.next().is_some_and(|title| title.starts_with("Current thread")) {
        return Vec::new();
    }
    lines.take_while(|line| line.trim_start().starts_with("File ")).collect()
}

/// The block in short, if its main thread is where it was in an earlier one, which the log has in full.
pub(crate) fn unless_told(block: String, earlier: Option<&str>) -> String {
    let now = frames(&block);
    if now.is_empty() || earlier.is_none_or(|earlier| frames(earlier) != now) {
        return block;
    }
    let mut short = vec!["still there (most recent call first):"];
    short.extend(&now[..now.len().min(FRAMES_AGAIN)]);
    short.join("\n")
}

/// Requests in lines of their own, with a title. Whether one has ended that has begun since the event loop last ran
/// is not known; the last one to begin is likely to be what stopped it.
pub(crate) fn requests(in_flight: &[Request]) -> String {
    if in_flight.is_empty() {
        return "(no request was in flight)".to_owned();
    }
    let last = in_flight.iter().position(|it| it.age.is_none());
    let line = |(place, Request { name, age }): (usize, &Request)| match age {
        Some(age) => format!("  {name} for {:.1} s", age.as_secs_f64()),
        None if Some(place) == last => format!("  {name} (the last one to begin)"),
        None => format!("  {name} (begun shortly before, perhaps answered)"),
    };
    let lines = ["Requests in flight:".to_owned()].into_iter().chain(in_flight.iter().enumerate().map(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the stack of the main thread is in what a worker has written.
pub(crate) fn has_stack(written: &str) -> bool {
    written.contains("Current thread")
}

/// What faulthandler has written when the process crashed. Before it may stand a stack that was asked for in vain: of a
/// worker that was only slow, and went on before anybody read it.
pub(crate) fn last_crash(written: &str) -> Option<&str> {
    Some(written[written.rfind("Fatal Python error")?..].trim_end())
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_hangs_comes_first_and_idle_threads_are_counted() {
        let pool = "Thread 0x01 (most recent call first):\n  File \"/usr/lib/python3.12/concurrent/futures/thread.py\", line 81 in _worker\n";
        let busy = "Thread 0x02 (most recent call first):\n  File \"main.py\", line 3 in compute\n";
        let main = "Current thread 0x03 (most recent call first):\n  File \"main.py\", line 9 in app\n  File \"<ferricorn_worker.main>\", line 1 in run\n";
        let tail = format!("{REQUESTS}\n  GET / for 1.0 s\n");
        let page = [Request { name: "GET /page".into(), age: None }];
        let block = block(&format!("{pool}\n{pool}\n{busy}\n{main}{tail}"), &page);
        let places: Vec<_> = ["in app", "GET / for", "in compute", "(and 2 idle threads)"]
            .iter()
            .map(|text| block.find(text).unwrap_or_else(|| panic!("no {text} in {block}")))
            .collect();
        assert!(places.is_sorted(), "{block}");
        assert!(!block.contains("_worker"), "{block}");
        assert!(!block.contains("/page"), "what Python says is exact: {block}");
    }

    #[test]
    fn where_python_could_not_say_it_the_page_says_which_requests_there_are() {
        let main = "Current thread 0x03 (most recent call first):\n  File \"main.py\", line 9 in app\n";
        let old = Request { name: "GET /old".into(), age: Some(Duration::from_millis(1250)) };
        let new = |name: &str| Request { name: name.into(), age: None };
        let block = block(main, &[old, new("GET /new"), new("GET /before")]);
        let lines: Vec<_> = block.lines().skip(2).collect();
        let expected = [
            "Requests in flight:",
            "  GET /old for 1.2 s",
            "  GET /new (the last one to begin)",
            "  GET /before (begun shortly before, perhaps answered)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_stack_that_nobody_read_is_no_crash() {
        let slow = "Current thread 0x03 (most recent call first):\n  File \"main.py\", line 9 in app\n";
        assert!(has_stack(slow) && !has_stack(REQUESTS));
        assert_eq!(last_crash(slow), None);
        let crash = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x03";
        assert_eq!(last_crash(&format!("{slow}{crash}\n\n")), Some(crash));
    }

    #[test]
    fn a_stack_that_was_told_is_told_again_in_short_and_another_in_full() {
        let main = |line: u32| {
            let below: Vec<_> = (1..9).map(|n| format!("  File \"main.py\", line {n} in below\n")).collect();
            format!(
                "Current thread 0x03 (most recent call first):\n  File \"main.py\", line {line} in app\n{}",
                below.concat()
            )
        };
        let (first, other) = (block(&main(9), &[]), block(&main(10), &[]));
        assert_eq!(unless_told(first.clone(), None), first);
        assert_eq!(unless_told(other.clone(), Some(&first)), other);
        let request = [Request { name: "GET /".into(), age: None }];
        let again = unless_told(block(&main(9), &request), Some(&first));
        assert!(
            again.starts_with("still there (most recent call first):\n  File \"main.py\", line 9 in app\n"),
            "{again}"
        );
        assert_eq!(again.lines().count(), 1 + FRAMES_AGAIN, "{again}");
        let nothing = block("", &[]);
        assert_eq!(unless_told(nothing.clone(), Some(&nothing)), nothing);
    }

    #[test]
    fn nothing_written_is_said() {
        assert!(block("", &[]).starts_with("(it has not written the stack of its main thread)\n(no request"));
    }
}
