//! Putting another program where a run's program was, as a deploy does.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use crate::{Builder, Server};

/// What is put there.
#[derive(Clone, Copy, Debug)]
pub enum Deployed<'a> {
    /// A program.
    Program(&'a Path),
    /// A shell script, which finds the program that is tested in `$PROGRAM`.
    Script(&'a str),
    /// A file that cannot be executed.
    Data,
    /// Nothing at all.
    Nothing,
}

const NAME: &str = "ferricorn";

impl Builder {
    /// Runs the program by a link in the run's folder: [`Server::deploy`] sets it to something else.
    #[must_use]
    pub fn linked(mut self) -> Self {
        let link = self.folder().join(NAME);
        symlink(&self.program, &link).expect("the run's folder can be written");
        let program = std::mem::replace(&mut self.program, link);
        self.variable("PROGRAM", program)
    }
}

impl Server {
    /// Replaces the program of a run that was [`Builder::linked`].
    pub fn deploy(&self, deployed: Deployed<'_>) {
        let (next, link) = (self.path("ferricorn.next"), self.path(NAME));
        match deployed {
            Deployed::Program(program) => symlink(program, &next).expect("the run's folder can be written"),
            Deployed::Script(script) => write_program(&next, &format!("#!/bin/sh\n{script}\n"), "755"),
            Deployed::Data => write_program(&next, "no program", "644"),
            Deployed::Nothing => return fs::remove_file(link).expect("the link is there"),
        }
        fs::rename(next, link).expect("a file can be renamed in its folder");
    }
}

/// By another process: what this one had open for writing while another test starts a program, that program would have
/// open as well, and the kernel executes no file that is open for writing.
pub(crate) fn write_program(path: &Path, text: &str, mode: &str) {
    let script = "printf %s \"$2\" >\"$1\" && chmod \"$3\" \"$1\"";
    let done = Command::new("sh").args(["-c", script, "sh"]).arg(path).args([text, mode]).status();
    assert!(done.expect("there is a shell").success());
}
