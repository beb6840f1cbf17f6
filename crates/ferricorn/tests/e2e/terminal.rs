//! The terminal that the program was started on closes: a stop, unless whoever started it has taken care that it stays.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::{fd::AsFd, unix::fs::OpenOptionsExt as _},
};

use ferricorn_test::{Builder, PATIENCE, Planned, Server, eventually, processes, turn};
use nix::{
    fcntl::OFlag,
    pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt},
    sys::{
        signal::Signal,
        termios::{LocalFlags, tcgetattr},
    },
};

use crate::{ferricorn, upgrade::writer};

const CLOSED: &str = "Handling signal: hup (the terminal was closed)";

/// Puts what follows into a session of its own, whose controlling terminal is its standard input.
pub(crate) const ON_A_TERMINAL: [&str; 3] = ["setsid", "--wait", "--ctty"];

/// What a login shell would do with the line that follows.
const SHELL: [&str; 5] = ["bash", "--norc", "--noprofile", "-i", "-c"];

/// A pseudo-terminal: the end of whoever shows it, and that of the programs on it.
pub(crate) fn pair() -> (PtyMaster, File) {
    // Not `openpty`, whose ends every process inherits that is started meanwhile: it would never close.
    let end = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("a pseudo-terminal");
    grantpt(&end).and_then(|()| unlockpt(&end)).expect("its other end can be opened");
    let name = ptsname_r(&end).expect("it has a name");
    let slave = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name);
    (end, slave.expect("opened"))
}

/// How a terminal treats what is typed: whether it echoes, and waits for whole lines.
pub(crate) fn modes(terminal: impl AsFd) -> LocalFlags {
    tcgetattr(terminal).expect("it is a terminal").local_flags
}

/// The terminal's other end, which `sshd` and terminal emulators hold.
pub(crate) struct Terminal {
    pub(crate) end: PtyMaster,
}

impl Terminal {
    /// A run on a terminal, started by these words.
    pub(crate) fn new(builder: Builder, words: &[&str]) -> (Self, Builder) {
        let (end, slave) = pair();
        let words = [&ON_A_TERMINAL, words].concat();
        (
            Self { end },
            builder.stdin(slave).wrapped(&words).expect_stranger("setsid: child").expect_stranger("[1] "),
        )
    }

    fn close(self) {
        drop(self.end);
    }
}

fn serve(builder: Builder) -> (Server, i32) {
    let server = builder.line("--workers 1 --reload-probation 0").serve(1);
    let master = writer(&server, 0, "Listening at: ");
    (server, master)
}

#[test]
fn the_end_of_the_terminal_is_a_graceful_stop() {
    let _turn = turn::together();
    let jobs: [&[&str]; 3] = [
        &[],
        &[&SHELL[..], &["\"$0\" \"$@\"; true"]].concat(),
        &[&SHELL[..], &["\"$0\" \"$@\" & wait"]].concat(),
    ];
    for words in jobs {
        let (terminal, builder) = Terminal::new(ferricorn(), words);
        let (server, master) = serve(builder);
        let mut slow = server.connect();
        slow.send(b"GET /work?id=slow&delay=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        eventually(PATIENCE, "it is in flight", || server.ledger().count("start") == 1);
        terminal.close();
        server.wait_for_line(CLOSED, PATIENCE);
        assert_eq!(slow.receive().expect("a complete answer").status, 200, "{words:?}");
        eventually(PATIENCE, "the master has left", || !processes::alive(master));
        server.wait_nobody_left(PATIENCE);
        server.wait_for_line("Shutting down: Master", PATIENCE);
        assert_eq!(server.log().count("Reloading"), 0, "{words:?}");
        assert_eq!(server.ledger().count("shutdown"), 1, "{words:?}");
        server.finish();
    }
}

#[test]
fn a_start_that_waits_ends_with_its_terminal() {
    let _turn = turn::together();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("bound").to_string();
    let (terminal, builder) = Terminal::new(ferricorn().expect_error("Connection in use"), &[]);
    let server = builder.no_bind().args(["--bind", &address]).start();
    server.wait_for_line("Connection in use", PATIENCE);
    terminal.close();
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    assert_eq!(server.log().count("Can't connect"), 0);
    server.finish();
}

#[test]
fn a_hup_by_a_process_is_a_reload_on_a_terminal_too() {
    let _turn = turn::together();
    // Its own shell's, too: `kill -HUP %1`.
    let line = "\"$0\" \"$@\" & while read -r word; do kill -HUP $!; done; wait";
    let words = [&SHELL[..], &[line]].concat();
    let (mut terminal, builder) = Terminal::new(ferricorn(), &words);
    let (server, master) = serve(builder);
    processes::signal(master, Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    terminal.end.write_all(b"again\n").expect("typed");
    server.wait_for_line("Reloaded: every worker runs generation 3", PATIENCE);
    assert_eq!(server.log().count("the terminal was closed"), 0);
    terminal.close();
    server.wait_for_line(CLOSED, PATIENCE);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn who_starts_it_with_nohup_or_disowns_it_keeps_it_and_may_reload_it() {
    let _turn = turn::together();
    let jobs: [&[&str]; 4] = [
        &["nohup"],
        &[&SHELL[..], &["nohup \"$0\" \"$@\"; true"]].concat(),
        &[&SHELL[..], &["nohup \"$0\" \"$@\" & wait"]].concat(),
        &[&SHELL[..], &["\"$0\" \"$@\" & disown; read -r word"]].concat(),
    ];
    for words in jobs {
        let builder = ferricorn().line("--log-level debug").expect_stranger("nohup: ").linked();
        let (terminal, builder) = Terminal::new(builder, words);
        let (server, master) = serve(builder);
        let shell = processes::Process::read(master).expect("it is there").parent;
        terminal.close();
        if words.contains(&"bash") {
            eventually(PATIENCE, "the shell has ended", || !processes::alive(shell));
        }
        if words.concat().contains("nohup") {
            server.wait_for_line("SIGHUP was ignored when the program was started", PATIENCE);
        }
        assert_eq!(server.get("/").expect("an answer").status, 200, "{words:?}");
        server.follow(master);
        Planned::Reload.let_happen(&server);
        assert_eq!(server.log().count(CLOSED), 0, "{words:?}");
        assert_eq!(server.get("/").expect("an answer").status, 200, "{words:?}");
        processes::signal(master, Signal::SIGTERM);
        server.wait_nobody_left(PATIENCE);
        server.discard();
    }
}
