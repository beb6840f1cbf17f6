//! What a SIGHUP means. One number stands for two things: "read the configuration again", which is how services are
//! spoken to, and "your terminal is gone", which is how the kernel ends what was started on it.
//!
//! Owns: telling the two apart. Does not own: how the facts are found, nor what a reload or a stop is.

/// What is known about a SIGHUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HangUp {
    /// Who sent it.
    pub sender: HangUpSender,
    /// What has become of the controlling terminal.
    pub terminal: Terminal,
    /// The master leads its session: the kernel signals it first when the terminal closes.
    pub leads_session: bool,
    /// SIGHUP was ignored when the program was started, as `nohup` does it.
    pub ignored_at_start: bool,
}

/// Who sent a SIGHUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUpSender {
    /// No process: the terminal was hung up, or the leader of the session has ended.
    Kernel,
    /// The leader of our session: a shell, which signals its jobs that the terminal is gone, or whose user typed `kill
    /// -HUP`.
    SessionLeader,
    /// Any other process.
    Process,
}

/// A process's controlling terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// The program was started without one.
    Never,
    /// It has one.
    There,
    /// It had one, and has none any more.
    Gone,
}

/// What is to be done about a SIGHUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Reload: it was asked for.
    Reload,
    /// Stop gracefully: the terminal was closed.
    Stop,
    /// Nothing: the terminal was closed, and the program was started to outlive that (`nohup`).
    Nothing,
}

impl HangUp {
    /// What it means.
    pub fn meaning(self) -> Meaning {
        match (self.is_of_terminal(), self.ignored_at_start) {
            (false, _) => Meaning::Reload,
            (true, false) => Meaning::Stop,
            (true, true) => Meaning::Nothing,
        }
    }

    fn is_of_terminal(self) -> bool {
        let gone = self.terminal == Terminal::Gone;
        match self.sender {
            HangUpSender::Kernel => true,
            HangUpSender::SessionLeader => gone,
            // The leader does not outlive its terminal, so this is the moment of its end: two equal signals that wait
            // become one, and the kernel's own was the second of them.
            HangUpSender::Process => gone && self.leads_session && !self.ignored_at_start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(sender: HangUpSender, terminal: Terminal, leads_session: bool) -> (Meaning, Meaning) {
        let hang_up = HangUp { sender, terminal, leads_session, ignored_at_start: false };
        (hang_up.meaning(), HangUp { ignored_at_start: true, ..hang_up }.meaning())
    }

    #[test]
    fn what_the_kernel_sends_is_the_end_of_the_terminal_whatever_else_is_known() {
        for terminal in [Terminal::Never, Terminal::There, Terminal::Gone] {
            for leads in [false, true] {
                let said = meaning(HangUpSender::Kernel, terminal, leads);
                assert_eq!(said, (Meaning::Stop, Meaning::Nothing), "{terminal:?} {leads}");
            }
        }
    }

    #[test]
    fn what_a_shell_passes_on_counts_once_the_terminal_is_gone() {
        let said = |terminal| meaning(HangUpSender::SessionLeader, terminal, false);
        assert_eq!(said(Terminal::Gone), (Meaning::Stop, Meaning::Nothing));
        assert_eq!(said(Terminal::There), (Meaning::Reload, Meaning::Reload));
        assert_eq!(said(Terminal::Never), (Meaning::Reload, Meaning::Reload));
    }

    #[test]
    fn a_process_asks_for_a_reload_also_of_a_service_that_has_outlived_its_terminal() {
        for terminal in [Terminal::Never, Terminal::There, Terminal::Gone] {
            let said = meaning(HangUpSender::Process, terminal, false);
            assert_eq!(said, (Meaning::Reload, Meaning::Reload), "{terminal:?}");
        }
        // The leader would not have outlived it, unless it was told to.
        let said = meaning(HangUpSender::Process, Terminal::Gone, true);
        assert_eq!(said, (Meaning::Stop, Meaning::Reload));
    }
}
