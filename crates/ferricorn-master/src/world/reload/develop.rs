//! A service with `--reload`: changes of its files, and why its last boot failed.
//!
//! Owns: the watch over the files, the text of the last failure, what the terminal was like. Does not own: what follows from a
//! change (the core decides that).

use std::{collections::VecDeque, io, path::PathBuf};

use ferricorn_config::Settings;
use ferricorn_core::Event;
use ferricorn_sys::{terminal, wait};
use ferricorn_wire::{Development, Warm};
use tracing::info;

use super::{super::World, imports::Imports};
use crate::{
    crew::{Member, Stage},
    sources::changes::{Change, Changes},
};

/// The most of a failure that a page shows, in bytes; the end of a traceback says what has happened.
const MOST_TEXT: usize = 48 * 1024;

/// How many changed files are named.
const MOST_NAMED: usize = 3;

/// What there is only if the code is being worked on.
pub(in crate::world) struct Bench {
    changes: Changes,
    /// Why the last boot has failed.
    failure: String,
    /// What the terminal was like before anybody opened a debugger in it.
    terminal: Option<terminal::Modes>,
    imports: Imports,
}

impl Bench {
    /// If these settings ask for it.
    pub(in crate::world) fn new(settings: &Settings) -> Option<Self> {
        let changes = Changes::new(settings.reload.as_ref()?);
        let imports = Imports::new(settings.reload.as_ref()?.warm);
        Some(Self { changes, failure: String::new(), terminal: terminal::Modes::of(&io::stdin()), imports })
    }

    /// The next change; never without a bench.
    pub(in crate::world) async fn next(bench: &mut Option<Self>) -> Change {
        match bench {
            Some(bench) => bench.changes.next().await,
            None => std::future::pending().await,
        }
    }

    /// The settings of a new worker. `page`: whether it shows the last failure.
    pub(in crate::world) fn tell(&self, page: bool) -> Development {
        Development { watched: self.changes.roots(), page: page.then(|| end_of(&self.failure)) }
    }

    /// A worker has said why its boot has failed.
    pub(in crate::world) fn failed(&mut self, text: &str) {
        text.clone_into(&mut self.failure);
    }

    /// Every worker is replaced.
    pub(in crate::world) fn boots(&mut self) {
        self.changes.boots();
    }

    /// A worker has imported these files.
    pub(in crate::world) fn imported(&mut self, files: Vec<String>) {
        self.changes.imported(files);
    }

    /// A worker has imported these modules from elsewhere. Whether there is one that no template was told of.
    pub(in crate::world) fn needs(&mut self, modules: Vec<String>) -> bool {
        self.imports.told(modules)
    }

    /// What a new template imports.
    pub(in crate::world) fn warm(&mut self) -> Warm {
        Warm { watched: self.changes.roots(), modules: self.imports.take() }
    }

    /// A worker's process has ended: what it was booting for, if it has not said so itself, and its terminal.
    pub(in crate::world) fn ended(&mut self, app: &str, member: &Member, exit: wait::Exit) {
        if let Some(modes) = &self.terminal {
            modes.restore(&io::stdin());
        }
        if member.history.stage != Stage::Booting || member.history.boot_stage.is_some() {
            return;
        }
        self.failure = match &member.history.hang {
            Some(stack) => {
                format!("`{app}` was not ready in time (see --boot-timeout), and stood here:\n{stack}")
            }
            None => format!("The process of `{app}` ended while it booted: {}", how(exit)),
        };
    }
}

impl World {
    /// Files of the application have changed.
    pub(in crate::world) fn changed(&mut self, change: Change, queue: &mut VecDeque<Event>) {
        match change {
            Change::Begun => queue.push_back(Event::CodeChanged),
            Change::Settled(files) => {
                info!("Reloading: {} changed", self.named(&files));
                let event = self.ask_reload(true);
                queue.push_back(event);
            }
            Change::NotImported(file) => {
                info!("{} has changed, and is not imported by the application", self.named(&[file]));
            }
        }
    }

    fn named(&self, files: &[PathBuf]) -> String {
        let base = &self.program.settings.chdir;
        let base = base.canonicalize().unwrap_or_else(|_| base.clone());
        let shown = |file: &PathBuf| format!("`{}`", file.strip_prefix(&base).unwrap_or(file).display());
        let mut names: Vec<String> = files.iter().take(MOST_NAMED).map(shown).collect();
        if files.len() > MOST_NAMED {
            names.push(format!("{} more", files.len() - MOST_NAMED));
        }
        names.join(", ")
    }
}

fn how(exit: wait::Exit) -> String {
    match exit {
        wait::Exit::Code(code) => format!("it exited with code {code}"),
        wait::Exit::Signal { number, .. } => format!("{} killed it", wait::signal_name(number)),
    }
}

fn end_of(text: &str) -> String {
    let from = text.len().saturating_sub(MOST_TEXT);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[from..].to_owned()
}
