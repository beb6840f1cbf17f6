//! What a worker was doing when its event loop did not run: values first, then one block that a person can read.
//!
//! Owns: the order and the choice of what is shown. Does not own: the stack (faulthandler's), the list of requests and
//! tasks (the shim's `stall`), both of which come out of the black box; the scoreboard's page of requests.

use std::fmt;

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

/// What a worker was doing when its event loop did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hang {
    /// The stack of the main thread, its title first; none if the worker has not written it.
    main: Option<Vec<String>>,
    /// The requests in flight, and the tasks if Python could say them.
    requests: String,
    /// The stacks of the other threads that work.
    others: Vec<String>,
    /// How many threads wait for work.
    idle: usize,
}

impl Hang {
    /// Reads what a worker has written: the last dump of all stacks, then the requests and tasks.
    ///
    /// The requests and tasks are missing while C code holds the interpreter's lock, since Python has to write them. What is
    /// shown then is what the scoreboard's page has.
    pub fn read(written: &str, in_flight: &[Request]) -> Self {
        // The last dump, if one was written and not read before.
        let (stacks, rest) = match written.find(REQUESTS) {
            Some(at) => (&written[..at], &written[at..]),
            None => (written, ""),
        };
        let requests =
            if rest.is_empty() { requests(in_flight) } else { without_ours(rest.trim()).join("\n") };
        let mut hang = Self { main: None, requests, others: Vec::new(), idle: 0 };
        for stack in stacks.split("\n\n").map(str::trim).filter(|stack| !stack.is_empty()) {
            if stack.starts_with("Current thread") {
                // A worker that was asked twice in a row has written two; the later one is the truth.
                hang.main = Some(without_ours(stack));
            } else if is_idle(stack) {
                hang.idle += 1;
            } else {
                hang.others.push(without_ours(stack).join("\n"));
            }
        }
        hang
    }

    /// The frames of the main thread, innermost first. Empty if its stack is not there.
    pub fn frames(&self) -> &[String] {
        let stack = self.main.as_ref().and_then(|lines| lines.get(1..)).unwrap_or_default();
        let frames = stack.iter().take_while(|line| line.trim_start().starts_with("File ")).count();
        &stack[..frames]
    }

    /// The text, in short if the main thread is where it was in an earlier report, which the log has in full.
    pub fn text_after(&self, earlier: Option<&Self>) -> String {
        let now = self.frames();
        if now.is_empty() || earlier.is_none_or(|earlier| earlier.frames() != now) {
            return self.to_string();
        }
        format!("still there (most recent call first):\n{}", now[..now.len().min(FRAMES_AGAIN)].join("\n"))
    }
}

/// One block: what hangs first, then the requests and tasks, then other threads.
impl fmt::Display for Hang {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.main {
            Some(lines) => formatter.write_str(&lines.join("\n"))?,
            None => formatter.write_str("(it has not written the stack of its main thread)")?,
        }
        write!(formatter, "\n{}", self.requests)?;
        for stack in &self.others {
            write!(formatter, "\n{stack}")?;
        }
        if self.idle > 0 {
            write!(formatter, "\n(and {} idle threads)", self.idle)?;
        }
        Ok(())
    }
}

/// Requests in lines of their own, with a title. Whether one has ended that has begun since the event loop last ran
/// is not known; the last one to begin is likely to be what stopped it.
pub fn requests(in_flight: &[Request]) -> String {
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
pub fn has_stack(written: &str) -> bool {
    written.contains("Current thread")
}

/// What faulthandler has written when the process crashed. Before it may stand a stack that was asked for in vain: of a
/// worker that was only slow, and went on before anybody read it.
pub fn last_crash(written: &str) -> Option<&str> {
    Some(written[written.rfind("Fatal Python error")?..].trim_end())
}

fn without_ours(text: &str) -> Vec<String> {
    text.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect()
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
        let block = Hang::read(&format!("{pool}\n{pool}\n{busy}\n{main}{tail}"), &page).to_string();
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
        let block = Hang::read(main, &[old, new("GET /new"), new("GET /before")]).to_string();
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
        let (first, other) = (Hang::read(&main(9), &[]), Hang::read(&main(10), &[]));
        assert_eq!(first.text_after(None), first.to_string());
        assert_eq!(other.text_after(Some(&first)), other.to_string());
        let request = [Request { name: "GET /".into(), age: None }];
        let again = Hang::read(&main(9), &request).text_after(Some(&first));
        assert!(
            again.starts_with("still there (most recent call first):\n  File \"main.py\", line 9 in app\n"),
            "{again}"
        );
        assert_eq!(again.lines().count(), 1 + FRAMES_AGAIN, "{again}");
        let nothing = Hang::read("", &[]);
        assert_eq!(nothing.text_after(Some(&nothing)), nothing.to_string());
    }

    #[test]
    fn nothing_written_is_said() {
        assert!(
            Hang::read("", &[])
                .to_string()
                .starts_with("(it has not written the stack of its main thread)\n(no request")
        );
    }
}
