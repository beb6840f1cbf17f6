//! `ferricorn top` on a terminal: whole screens at every size, also while it is resized, and the terminal is left as it was.

use std::{
    fs::File,
    io::Read as _,
    process::{Child, Command},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use ferricorn_test::{PATIENCE, Server, eventually, turn};
use nix::{
    pty::PtyMaster,
    sys::{
        signal::{self, Signal},
        termios::LocalFlags,
    },
    unistd::Pid,
};

use crate::{
    PROGRAM, ferricorn,
    terminal::{ON_A_TERMINAL, modes, pair},
};

/// A terminal as far as `top` uses one: a place, text, and what clears it.
struct Screen {
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// The full screen is taken.
    alternate: bool,
    /// Something was written to the right of the last column or below the last row.
    overflows: bool,
    /// The numbers of `m` sequences: colours and attributes.
    looks: Vec<u16>,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Self {
        let cells = vec![vec![' '; columns]; rows];
        Self { cells, row: 0, column: 0, alternate: false, overflows: false, looks: Vec::new() }
    }

    /// Shows bytes; gives those of a sequence that is not complete.
    fn show(&mut self, bytes: &[u8]) -> Vec<u8> {
        let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let mut rest = valid;
        while let Some(letter) = rest.chars().next() {
            let Some(sequence) = rest.strip_prefix("\x1b[") else {
                // A read may end behind the first byte of a sequence.
                if rest == "\x1b" {
                    break;
                }
                rest = &rest[letter.len_utf8()..];
                self.put(letter);
                continue;
            };
            let Some(end) = sequence.find(|it: char| it.is_ascii_alphabetic()) else { break };
            self.obey(&sequence[..end], sequence.as_bytes()[end]);
            rest = &sequence[end + 1..];
        }
        [rest.as_bytes(), &bytes[valid.len()..]].concat()
    }

    fn put(&mut self, letter: char) {
        match letter {
            '\r' => self.column = 0,
            '\n' => self.row += 1,
            letter if letter.is_control() => {}
            letter => {
                match self.cells.get_mut(self.row).and_then(|row| row.get_mut(self.column)) {
                    Some(cell) => *cell = letter,
                    None => self.overflows = true,
                }
                self.column += 1;
            }
        }
    }

    fn obey(&mut self, parameters: &str, command: u8) {
        let numbers: Vec<u16> = parameters.split(';').filter_map(|number| number.parse().ok()).collect();
        let place = |place: usize| usize::from(numbers.get(place).copied().unwrap_or(1)).saturating_sub(1);
        match command {
            b'H' => (self.row, self.column) = (place(0), place(1)),
            b'J' => self.cells.iter_mut().for_each(|row| row.fill(' ')),
            b'm' => self.looks.extend(numbers),
            b'h' if parameters == "?1049" => self.alternate = true,
            b'l' if parameters == "?1049" => self.alternate = false,
            _ => {}
        }
    }

    fn lines(&self) -> Vec<String> {
        self.cells.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned()).collect()
    }

    /// Whether any text has a colour of its own.
    fn has_colors(&self) -> bool {
        self.looks.iter().any(|look| matches!(look, 30..=38 | 40..=48 | 90..=107))
    }
}

/// `top` on a terminal.
struct Top {
    program: Child,
    end: PtyMaster,
    slave: File,
    screen: Arc<Mutex<Screen>>,
}

impl Top {
    fn start(server: &Server, columns: usize, rows: usize, variables: &[(&str, &str)]) -> Self {
        let (end, slave) = pair();
        let screen = Arc::new(Mutex::new(Screen::new(columns, rows)));
        let copy = || slave.try_clone().expect("copied");
        size(&slave, columns, rows);
        let (first, words) = ON_A_TERMINAL.split_first().expect("a program");
        let program = Command::new(first)
            .args(words)
            .args([PROGRAM, "top", "--interval", "0.2", "--pid", &server.pid().to_string()])
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied())
            .stdin(copy())
            .stdout(copy())
            .stderr(copy())
            .spawn()
            .expect("it starts");
        let (mut reader, shown) = (File::from(end_of(&end)), Arc::clone(&screen));
        thread::spawn(move || {
            let (mut rest, mut buffer) = (Vec::new(), [0; 4096]);
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                rest.extend_from_slice(&buffer[..length]);
                rest = shown.lock().unwrap_or_else(PoisonError::into_inner).show(&rest);
            }
        });
        Self { program, end, slave, screen }
    }

    fn look<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        look(&self.screen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[track_caller]
    fn wait_for(&self, what: &str, shows: impl Fn(&[String]) -> bool) {
        eventually(PATIENCE, what, || self.look(|screen| shows(&screen.lines())));
    }

    fn resize(&self, columns: usize, rows: usize) {
        *self.screen.lock().unwrap_or_else(PoisonError::into_inner) =
            Screen { alternate: true, ..Screen::new(columns, rows) };
        size(&self.slave, columns, rows);
    }

    /// Whether what it draws from now on is too large. What it drew before it answered a key may have been: `stty` sets
    /// rows and columns one after the other.
    fn overflows_from_now_on(&mut self) -> bool {
        self.begin_and_leave_a_filter();
        self.screen.lock().unwrap_or_else(PoisonError::into_inner).overflows = false;
        self.begin_and_leave_a_filter();
        self.look(|screen| screen.overflows)
    }

    fn begin_and_leave_a_filter(&mut self) {
        self.press("/");
        self.press("ferricorn");
        self.wait_for("what was typed", |lines| {
            lines.last().is_some_and(|line| line.starts_with("filter: ferricorn"))
        });
        // Alone: with a letter after it, it would be that letter with Alt.
        self.press("\x1b");
        self.wait_for("the keys again", has_foot);
    }

    fn press(&mut self, key: &str) {
        use std::io::Write as _;
        self.end.write_all(key.as_bytes()).expect("typed");
    }

    /// Quits, as the letter does; the terminal is as it was before.
    fn quit(mut self) {
        self.press("q");
        self.is_over();
    }

    /// Ends by a signal; the terminal is as it was before.
    fn terminate(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.program.id()).expect("a pid"));
        signal::kill(pid, Signal::SIGTERM).expect("it runs");
        self.is_over();
    }

    fn is_over(&mut self) {
        let mut status = None;
        eventually(PATIENCE, "it ends", || {
            status = self.program.try_wait().expect("a child");
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
        eventually(PATIENCE, "the screen is given back", || !self.look(|screen| screen.alternate));
        let modes = modes(&self.slave);
        assert!(modes.contains(LocalFlags::ICANON | LocalFlags::ECHO), "{modes:?}");
    }
}

/// A failing test shows what was on the screen, and leaves nothing behind.
impl Drop for Top {
    #[expect(clippy::print_stderr, reason = "the reader of a failed test is the one who is spoken to")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.look(Screen::lines).join("\n"));
        }
        // It may have ended.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn end_of(end: &PtyMaster) -> std::os::fd::OwnedFd {
    use std::os::fd::AsFd as _;
    end.as_fd().try_clone_to_owned().expect("copied")
}

/// The kernel tells the programs on the terminal.
fn size(slave: &File, columns: usize, rows: usize) {
    let (rows, columns) = (rows.to_string(), columns.to_string());
    let terminal = slave.try_clone().expect("copied");
    let status = Command::new("stty").args(["rows", &rows, "cols", &columns]).stdin(terminal).status();
    assert!(status.is_ok_and(|status| status.success()));
}

/// The keys stand in the last line.
fn has_foot(lines: &[String]) -> bool {
    lines.last().is_some_and(|line| line.starts_with("? help"))
}

/// Everything that matters is there, and nothing beside the screen.
fn is_whole(lines: &[String]) -> bool {
    let has = |part: &str| lines.iter().any(|line| line.contains(part));
    has_foot(lines) && ["req/s", "workers 2 of 2", "SLOT", "serving", "RSS"].into_iter().all(has)
}

#[test]
fn it_fills_terminals_of_every_size_also_while_they_change() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2").serve(2);
    let worker = server.workers()[0].to_string();
    for (columns, rows) in [(80, 24), (200, 60)] {
        let mut top = Top::start(&server, columns, rows, &[]);
        top.wait_for("the whole screen", is_whole);
        top.wait_for("its workers", |lines| lines.iter().any(|line| line.contains(&worker)));
        let wide = top.look(|screen| screen.lines().iter().any(|line| line.contains("ANON")));
        assert!(wide || columns == 80, "a wide terminal has all columns");
        for (columns, rows) in [(60, 12), (200, 60), (80, 24)] {
            top.resize(columns, rows);
            top.wait_for("the whole screen in its new size", |lines| {
                has_foot(lines) && (columns < 80 || is_whole(lines))
            });
            assert!(!top.overflows_from_now_on(), "{columns} x {rows}");
        }
        top.press("?");
        top.wait_for("the help", |lines| lines.iter().any(|line| line.contains("what a leak makes grow")));
        top.press("\x1b");
        top.wait_for("no help", |lines| !lines.iter().any(|line| line.contains("what a leak makes grow")));
        top.quit();
    }
    server.finish();
}

#[test]
fn it_scales_after_a_question_and_has_colours_unless_they_are_not_wanted() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 1").serve(1);
    let mut plain = Top::start(&server, 80, 24, &[("NO_COLOR", "1")]);
    let mut colored = Top::start(&server, 80, 24, &[]);
    plain.press("+");
    plain.wait_for("the question", |lines| lines.iter().any(|line| line.contains("Run 2 workers? y/n")));
    plain.press("n");
    plain.press("+");
    plain.press("y");
    server.wait_for_ready(2);
    plain.wait_for("the answer", |lines| lines.last().is_some_and(|line| line == "2 workers"));
    plain.press("s");
    for top in [&plain, &colored] {
        top.wait_for("both workers", is_whole);
    }
    colored.press("/");
    colored.press("nothing");
    colored.wait_for("no worker fits", |lines| !lines.iter().any(|line| line.contains("serving")));
    assert!(colored.look(Screen::has_colors), "the sparkline has one");
    assert!(!plain.look(Screen::has_colors));
    colored.press("\x1b");
    colored.wait_for("the filter is gone", is_whole);
    plain.terminate();
    colored.quit();
    server.finish();
}
