#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use nix::sys::signal::{SigSet, Signal};

/// Signals, environment and working directory, whatever those of the parent are.
#[test]
fn a_child_starts_with_a_clean_state() {
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR1);
    blocked.thread_block().unwrap(); // SIGPIPE is ignored already: Rust does that.
    let status = support::output_of("exec grep -E '^Sig(Blk|Ign):' /proc/self/status", &[]);
    let mut lines = status.lines();
    assert_eq!(lines.next(), Some("SigBlk:\t0000000000000000"));
    let ignored = lines.next().unwrap().strip_prefix("SigIgn:\t").unwrap();
    let ignored = u64::from_str_radix(ignored, 16).unwrap();
    let of_the_c_library = 0b111 << 31; // 32 to 34: it keeps them for itself and lets nobody set them.
    assert_eq!(ignored & !of_the_c_library, 0, "{ignored:x}");
    let still_blocked = SigSet::thread_get_mask().unwrap();
    assert_eq!(still_blocked, blocked, "the parent's mask is as before");

    let variables = support::output_of("exec env", &[]);
    for line in variables.lines() {
        let (name, _) = line.split_once('=').unwrap();
        assert!(["PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name), "{line}"); // The last four: sh's own.
    }
}
