//! The messages between the master and a template.
//!
//! A template loads what a worker of its generation would load, and forks workers of it. A worker that it has forked has a
//! channel of its own from then on, and gets its first message there, like any other. A *warm* template loads no application: it
//! imports what the code that is being worked on imports from elsewhere, and its workers load the code.

use serde::{Deserialize, Serialize};

use crate::{BootStage, Load, LogSettings};

/// An order to a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToTemplate {
    /// Load the application: the first message.
    Load(Box<LoadTemplate>),
    /// Fork a worker.
    Fork {
        /// Its number.
        id: u64,
        /// Its slot, for its variables.
        slot: u16,
        /// Its generation, for the same.
        generation: u32,
        /// What the numbers of the descriptors that come with this packet are in the master's own table, and so in what the
        /// worker gets: first that of its channel.
        descriptors: Vec<i32>,
    },
}

/// What a template loads, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadTemplate {
    /// What every worker of the generation loads.
    pub load: Load,
    /// Where log lines go meanwhile.
    pub log: LogSettings,
    /// The reload it belongs to, from 1.
    pub generation: u32,
    /// The pid of the master, which becomes that of the workers' parent.
    pub master_pid: u32,
    /// The file in memory that faulthandler writes into, by its number in the template.
    pub black_box: i32,
    /// Whether to look for what a fork does not survive.
    pub look: bool,
    /// What a warm template imports in place of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<Warm>,
}

/// What a warm template imports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warm {
    /// The folders of the code that is being worked on, of which it imports nothing.
    pub watched: Vec<String>,
    /// Modules from elsewhere, in the order in which a worker has imported them.
    pub modules: Vec<String>,
}

/// A fact that a template reports to its master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromTemplate {
    /// The application is loaded, and workers can be forked.
    TemplateReady {
        /// Memory in bytes that the workers will have in common.
        shared: u64,
    },
    /// The application is loaded, and does what a fork does not survive.
    TemplateUnfit {
        /// What that is, one line each.
        hazards: Vec<String>,
    },
    /// The application cannot be loaded; the template exits right after this message.
    BootFailed {
        /// How far it came.
        stage: BootStage,
        /// What the user should read.
        text: String,
    },
    /// Loading takes longer, and continues: it may take at least so long from now on.
    Extend {
        /// The time in milliseconds.
        milliseconds: u64,
    },
    /// A worker is there, and is the master's child.
    Forked {
        /// Its number.
        id: u64,
        /// Its process.
        pid: i32,
    },
    /// What it has imported is not what is on disk any more. It forks nobody.
    Outdated,
    /// No worker could be made.
    NotForked {
        /// Its number.
        id: u64,
        /// The system's error.
        error: String,
    },
}
