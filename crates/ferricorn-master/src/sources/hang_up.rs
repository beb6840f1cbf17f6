//! The facts about a SIGHUP, for the core to judge.
//!
//! Owns: what was so at the start (a terminal, `nohup`), and how long it takes to see whether the terminal goes. Does not
//! own: what a SIGHUP means.

use std::time::Duration;

use ferricorn_core::{HangUp, HangUpSender, Terminal};
use ferricorn_sys::terminal;
use signal_hook::low_level::siginfo::{Cause, Origin};

/// How long after a shell's SIGHUP its terminal is looked at again. Some shells signal their jobs before they end, and
/// the terminal goes with them.
pub(super) const SETTLES_WITHIN: Duration = Duration::from_millis(300);

/// What was so when the program was started.
pub(super) struct HangUps {
    had_terminal: bool,
    pub(super) ignored: bool,
}

impl HangUps {
    /// Before the handler is set. `ignored`: by a predecessor that has started this program, and was under `nohup` itself.
    pub(super) fn new(ignored: bool) -> Self {
        Self { had_terminal: terminal::exists(), ignored: ignored || terminal::ignores_hang_up() }
    }

    /// What is known now about a SIGHUP from there.
    pub(super) fn facts(&self, origin: &Origin) -> HangUp {
        let leader = terminal::session_leader();
        HangUp {
            sender: match origin.process {
                // Not by the pid alone: a process outside our pid namespace (`docker kill`) has none either.
                None if origin.cause == Cause::Kernel => HangUpSender::Kernel,
                Some(process) if Some(process.pid) == leader => HangUpSender::SessionLeader,
                _ => HangUpSender::Process,
            },
            terminal: match (self.had_terminal, terminal::exists()) {
                (false, _) => Terminal::Never,
                (true, true) => Terminal::There,
                (true, false) => Terminal::Gone,
            },
            leads_session: leader == i32::try_from(ferricorn_sys::pid()).ok(),
            ignored_at_start: self.ignored,
        }
    }
}
