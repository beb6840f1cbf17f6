//! The template as the system knows it: its process, its channel, its black box.
//!
//! Owns: talking to it. Does not own: its life (the core's), the workers that it forks (`crew`).
//!
//! Invariant: it never has a listening socket. Whoever keeps one keeps the port, also after the master's stop.

use std::{
    ffi::OsString,
    io,
    os::fd::{AsRawFd as _, RawFd},
    path::PathBuf,
};

use ferricorn_core::{Generation, Slot, WorkerId};
use ferricorn_sys::{BlackBox, Courtesy, Rights, Signal, channel, priority};
use ferricorn_wire::{FromTemplate, LoadTemplate, MAX_PACKET, ToTemplate};
use tracing::{debug, warn};

use super::companion::Companion;
use crate::{
    Command,
    link::{Channel, Heard},
    python::shim::Job,
};

/// What a template's process stands on, and every worker that is forked from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ground {
    pub(crate) interpreter: PathBuf,
    pub(crate) directory: PathBuf,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) rights: Option<Rights>,
    /// Where modules are looked for before all others.
    pub(crate) path: Vec<String>,
}

impl Ground {
    fn job(&self, words: Vec<OsString>) -> Job {
        let Self { directory, environment, rights, .. } = self.clone();
        Job { words, environment, directory, rights }
    }
}

/// A process that has loaded the application, and that workers are forked from.
pub(crate) struct Template {
    pub(crate) generation: Generation,
    pub(crate) ground: Ground,
    companion: Companion,
    channel: Channel,
    black_box: BlackBox,
    buffer: Vec<u8>,
    /// Its priority below the serving workers while it is not urgent.
    courtesy: Option<Courtesy>,
    /// What the application does that a fork does not survive, if it has said that: it ends then.
    pub(crate) hazards: Option<Vec<String>>,
    /// Whether it was told that it cannot fork.
    pub(crate) has_complained: bool,
    /// Memory in bytes that the workers have in common.
    pub(crate) shared: u64,
}

impl Template {
    /// Starts one. It gets the message that `load` makes of the number of its black box.
    pub(crate) fn start(
        generation: Generation,
        ground: Ground,
        command: &Command,
        words: Vec<OsString>,
        load: impl FnOnce(RawFd) -> LoadTemplate,
    ) -> io::Result<Self> {
        let (ours, theirs) = channel::pair()?;
        let channel = Channel::new(ours)?;
        let black_box = BlackBox::create()?;
        // Before the start, so that it is found at once; and if it cannot be sent, there is no template.
        channel.send(&ToTemplate::Load(Box::new(load(black_box.as_raw_fd()))))?;
        let job = ground.job(words);
        let more = [black_box.as_raw_fd()];
        let companion = Companion::start_with(&ground.interpreter, command, &theirs, &more, job)?;
        Ok(Self {
            generation,
            ground,
            companion,
            channel,
            black_box,
            buffer: vec![0; MAX_PACKET],
            courtesy: None,
            hazards: None,
            has_complained: false,
            shared: 0,
        })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.companion.pid()
    }

    /// Leaves the processors to those that serve, as far as that can be taken back. `same_user`: it is of our own user.
    pub(crate) fn give_way(&mut self, same_user: bool) {
        let Some(niceness) = priority::that_can_be_taken_back(same_user) else { return };
        // Its import may start processes, which are known by descent; it has no variables of its own.
        let courtesy = Courtesy::new(self.pid(), niceness, Vec::new());
        if let Err(error) = courtesy.give() {
            debug!("the template (pid: {}) does not give way to others: {error}", self.pid());
        }
        self.courtesy = Some(courtesy);
    }

    /// Gives way no more: what it forks would inherit that.
    pub(crate) fn hurry(&mut self) {
        if let Some(courtesy) = self.courtesy.take()
            && let Err(error) = courtesy.take_back()
        {
            debug!("the template (pid: {}) goes on giving way to others: {error}", self.pid());
        }
    }

    /// Asks for a worker. `descriptors`: what it inherits, its channel first.
    pub(crate) fn fork(
        &self,
        id: WorkerId,
        slot: Slot,
        generation: Generation,
        descriptors: &[RawFd],
    ) -> io::Result<()> {
        let (id, slot, generation) = (id.0, slot.0, generation.0);
        let order = ToTemplate::Fork { id, slot, generation, descriptors: descriptors.to_vec() };
        self.channel.send_with(&order, descriptors)
    }

    /// The next thing that it says. Never comes when it is gone: its exit is on its way. May be dropped while it waits: nothing
    /// is lost.
    pub(crate) async fn hear(&mut self) -> FromTemplate {
        loop {
            match self.channel.hear(&mut self.buffer).await {
                Heard::Message(message) => return message,
                Heard::Garbage(error) => self.complain(&error),
                Heard::End => {}
            }
        }
    }

    /// What one that has exited still said.
    pub(crate) fn last_words(&mut self) -> Vec<FromTemplate> {
        let mut words = Vec::new();
        loop {
            match self.channel.last_word(&mut self.buffer) {
                Heard::Message(message) => words.push(message),
                Heard::Garbage(error) => self.complain(&error),
                Heard::End => return words,
            }
        }
    }

    /// What it has written into its black box: its stack.
    pub(crate) fn open_black_box(&self) -> String {
        self.black_box.take().unwrap_or_else(|error| format!("the black box cannot be read: {error}"))
    }

    /// Asks it for its stack.
    pub(crate) fn dump(&self) {
        // What is there already was not meant for this report.
        let _old = self.black_box.take();
        self.companion.signal(Signal::User2);
    }

    pub(crate) fn kill(&self) {
        self.companion.kill();
    }

    fn complain(&self, error: &io::Error) {
        warn!("a message of the template (pid: {}) cannot be understood: {error}", self.pid());
    }
}
