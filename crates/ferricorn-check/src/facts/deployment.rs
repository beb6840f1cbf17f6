//! One thing that runs: what a platform starts, with what, and how it ends it.

use super::{Command, CommandLine, Environment, Fact};
use crate::{
    finding::{Finding, Platform},
    text::Span,
};

/// One thing that runs on a platform. The same for all of them, so that a rule that speaks about one speaks about all.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Where it runs.
    pub platform: Platform,
    /// Its name in the platform's file; `""` if it has none.
    pub service: String,
    /// What it is for.
    pub role: Role,
    /// Where it is declared: its name, or the beginning of its entry.
    pub place: Span,
    /// Whether its file is one of production: not `*dev*`, `*local*`, `*test*`, `*override*`, `*example*`, `*.sample`.
    pub production: bool,
    /// What it starts.
    pub command: Fact<CommandLine>,
    /// The lines that lead to `command`, the platform's first: a script that is started, `make serve`.
    pub through: Vec<CommandLine>,
    /// Options that a variable holds, as `GUNICORN_CMD_ARGS`, read as those of a command.
    pub variables: Vec<CommandLine>,
    /// What is started before it or while it is built: build and pre-deploy commands.
    pub build: Vec<CommandLine>,
    /// The directory, relative to the root of the repository, in which the command starts.
    pub directory: Fact<String>,
    /// Its environment variables.
    pub env: Environment,
    /// The port on which the platform expects it; unknown if the platform expects none.
    pub port: Fact<u16>,
    /// How large it may be.
    pub resources: Resources,
    /// How the platform finds out whether it is well.
    pub probes: Vec<Probe>,
    /// Seconds between the stop signal and SIGKILL.
    pub kill_delay: Fact<u64>,
    /// Whether its packages are installed by the platform from the repository, not out of an image.
    pub native: bool,
}

/// What a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It answers requests from outside.
    Web,
    /// It answers requests of other services.
    Private,
    /// It works in the background.
    Worker,
    /// It runs at times and ends.
    Job,
}

/// The machine's size.
#[derive(Clone, Debug)]
pub struct Resources {
    /// The plan's name.
    pub plan: Fact<String>,
    /// MB of memory.
    pub memory: Fact<u64>,
    /// Thousandths of a processor.
    pub cpu: Fact<u64>,
}

impl Resources {
    /// Nothing is known of it.
    pub fn unknown(why: &'static str) -> Self {
        Self { plan: Fact::Unknown(why), memory: Fact::Unknown(why), cpu: Fact::Unknown(why) }
    }
}

/// A look at whether a deployment is well.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The path of an HTTP request.
    pub path: Option<(String, Span)>,
    /// The port, if it is written there.
    pub port: Option<(u16, Span)>,
    /// A command that is run in its place, as `HEALTHCHECK CMD`.
    pub command: Option<CommandLine>,
    /// The whole probe.
    pub span: Span,
}

impl Deployment {
    /// The command that serves: gunicorn, uvicorn, ferricorn and the like, or the last one of the line.
    pub fn server(&self) -> Option<&Command> {
        self.line()?.server()
    }

    /// The command line.
    pub fn line(&self) -> Option<&CommandLine> {
        self.command.value()
    }

    /// Every command line: the one that runs, those that lead to it, those in variables, and those of
    /// the build.
    pub fn lines(&self) -> impl Iterator<Item = &CommandLine> {
        self.line().into_iter().chain(&self.through).chain(&self.variables).chain(&self.build)
    }

    /// A word of its command as the program gets it: Kubernetes puts in `$(NAME)`. `None` if that cannot be known.
    pub fn expanded(&self, text: &str) -> Option<String> {
        let Some(start) = text.find("$(") else { return Some(text.to_owned()) };
        if !matches!(self.platform, Platform::Kubernetes | Platform::CloudRun) {
            return None;
        }
        let length = text[start..].find(')')?;
        let value = self.env.text(&text[start + 2..start + length])?;
        let rest = &text[start + length + 1..];
        (!rest.contains("$(")).then(|| format!("{}{value}{rest}", &text[..start]))
    }

    /// Says to whom a finding belongs.
    #[must_use]
    pub fn sign(&self, finding: Finding) -> Finding {
        Finding {
            platform: Some(self.platform),
            service: (!self.service.is_empty()).then(|| self.service.clone()),
            ..finding
        }
    }
}
