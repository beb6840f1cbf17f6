//! A ferricorn that serves for a moment, to be asked one thing.
//!
//! Invariant: the master does not outlive the value, and with it no worker does.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::failure::Failure;

/// How long the master has to listen, to answer, and to end.
const LIMIT: Duration = Duration::from_secs(60);

/// A running master.
pub(crate) struct Served {
    master: Child,
    address: String,
    lines: Receiver<String>,
    log: String,
}

impl Served {
    /// Starts the command and waits for the line that names the address.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut master = spawned.map_err(|error| {
            Failure::new(format!("cannot run `{}`: {error}", command.get_program().display()))
        })?;
        let stderr = master.stderr.take().expect("standard error was asked for as a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut served = Self { master, address: String::new(), lines, log: String::new() };
        served.address = served.wait_for("Listening at: http://")?;
        Ok(served)
    }

    /// The word after this text, in the first line of the log that has it.
    fn wait_for(&mut self, text: &str) -> Result<String, Failure> {
        let deadline = Instant::now() + LIMIT;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.log.push_str(&line);
            self.log.push('\n');
            if let Some((_, rest)) = line.split_once(text) {
                return Ok(rest.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
        Err(Failure::new(format!("no `{text}` in the log within {LIMIT:?}:\n{}", self.log)))
    }

    /// The whole response to `GET path`, as text.
    pub(crate) fn get(&self, path: &str) -> Result<String, Failure> {
        let ask = || {
            let mut connection = TcpStream::connect(&self.address)?;
            connection.set_read_timeout(Some(LIMIT))?;
            write!(connection, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
            let mut response = String::new();
            connection.read_to_string(&mut response)?;
            Ok(response)
        };
        ask().map_err(|error: std::io::Error| {
            Failure::new(format!("GET http://{}{path}: {error}", self.address))
        })
    }

    /// Sends SIGTERM and waits for the end; the exit code has to be 0.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        // The shell has `kill` built in; small images have no program of that name.
        let asked =
            Command::new("sh").args(["-c", "kill -TERM \"$0\"", &self.master.id().to_string()]).status();
        asked.map_err(|error| Failure::new(format!("cannot run `sh`: {error}")))?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.log.push_str(&line);
                    self.log.push('\n');
                }
                // The log ends when the master and all its workers have closed it: the evidence that all are gone.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Failure::new(format!(
                        "SIGTERM did not end it within {LIMIT:?}:\n{}",
                        self.log
                    )));
                }
            }
        }
        let status = self.master.wait();
        let status = status.map_err(|error| Failure::new(format!("cannot wait for the master: {error}")))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("SIGTERM ended with {status}:\n{}", self.log)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}
