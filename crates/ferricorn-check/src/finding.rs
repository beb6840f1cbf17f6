//! What a rule says: where, how bad, what happens, and how to mend it.
//!
//! Owns: the types of a finding and of its fix, and the fingerprint by which a baseline knows it again. Does not own:
//! when something is a finding (`rules`), nor how it is shown (the program).
//!
//! Invariants:
//! * The value of a secret never enters a finding: neither its message nor its labels. A renderer shows the lines of a
//!   span, so a rule about secrets sets [`Finding::hidden`].
//! * A fix that is [`Safety::Safe`] changes what was meant to work into what works, and nothing else.

use std::fmt;

use crate::{sources::Sources, text::Span};

/// The number of a rule, for ever: `FC101`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u16);

impl fmt::Display for RuleId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FC{:03}", self.0)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; hidden unless asked for.
    Advice,
    /// It fails under a condition that is likely.
    Warning,
    /// The deploy fails, the service cannot be reached, or a secret leaks, for certain.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Where something runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Render, from `render.yaml`.
    Render,
    /// Heroku, from `Procfile`, `app.json` or `heroku.yml`.
    Heroku,
    /// Fly, from `fly.toml`.
    Fly,
    /// Railway, from `railway.toml` or `railway.json`.
    Railway,
    /// Google Cloud Run, from a Knative service.
    CloudRun,
    /// Kubernetes, from its manifests.
    Kubernetes,
    /// Docker and compose.
    Docker,
    /// systemd, from a unit.
    Systemd,
}

impl Platform {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Render => "Render",
            Self::Heroku => "Heroku",
            Self::Fly => "Fly",
            Self::Railway => "Railway",
            Self::CloudRun => "Cloud Run",
            Self::Kubernetes => "Kubernetes",
            Self::Docker => "Docker",
            Self::Systemd => "systemd",
        }
    }

    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Render,
        Self::Heroku,
        Self::Fly,
        Self::Railway,
        Self::CloudRun,
        Self::Kubernetes,
        Self::Docker,
        Self::Systemd,
    ];

    /// The platform with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.word() == word)
    }

    /// All words, for a sentence.
    pub fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// Its word on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Render => "render",
            Self::Heroku => "heroku",
            Self::Fly => "fly",
            Self::Railway => "railway",
            Self::CloudRun => "cloudrun",
            Self::Kubernetes => "k8s",
            Self::Docker => "docker",
            Self::Systemd => "systemd",
        }
    }
}

/// A place with a few words at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words, `""` for a mark alone.
    pub text: String,
}

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// `--fix` applies it.
    Safe,
    /// Only `--unsafe-fixes` applies it: it changes more than the mistake.
    Unsafe,
}

/// A text in the place of another. An empty span inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what. Line ends are written as `\n`; they become the file's own.
    pub text: String,
}

/// How to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be applied without a look.
    pub safety: Safety,
    /// What it does, after "help:" and in a list: "write `|` instead of `>`".
    pub title: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub id: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// The offending words, and what to say at them.
    pub primary: Label,
    /// Other places that belong to it, of any file.
    pub others: Vec<Label>,
    /// What really happens, in the words of the program or the platform.
    pub happens: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The same, ready to be applied.
    pub fix: Option<Fix>,
    /// Whether the lines of its spans may not be shown, because a secret stands there.
    pub hidden: bool,
    /// The platform on which it happens.
    pub platform: Option<Platform>,
    /// The service that it concerns, by the name in the platform's file.
    pub service: Option<String>,
}

impl Finding {
    /// A finding at `span`.
    pub fn new(id: RuleId, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self {
            id,
            severity,
            message: message.into(),
            primary: Label { span, text: String::new() },
            others: Vec::new(),
            happens: None,
            help: None,
            fix: None,
            hidden: false,
            platform: None,
            service: None,
        }
    }

    /// The words at the offending place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Another place that belongs to it.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }

    /// What really happens.
    #[must_use]
    pub fn happens(mut self, text: impl Into<String>) -> Self {
        self.happens = Some(text.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// A fix that `--fix` applies.
    #[must_use]
    pub fn safe_fix(self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fix(Safety::Safe, title, edits)
    }

    /// A fix that only `--unsafe-fixes` applies.
    #[must_use]
    pub fn unsafe_fix(self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fix(Safety::Unsafe, title, edits)
    }

    fn fix(mut self, safety: Safety, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { safety, title: title.into(), edits });
        self
    }

    /// By what a baseline knows it again: the rule, the file and the words at the place with their blanks made one. Lines
    /// are left out, so that an insertion above changes nothing; a secret is left out, because a hash of it may be guessed.
    /// 16 hexadecimal digits.
    pub fn fingerprint(&self, sources: &Sources) -> String {
        let source = sources.get(self.primary.span.file);
        let words = if self.hidden { "" } else { source.slice(self.primary.span) };
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = format!("{}\n{}\n{words}\n{}", self.id, source.path(), self.message);
        format!("{:016x}", fnv(text.as_bytes()))
    }
}

/// The 64-bit FNV-1a hash, which is the same in every version and on every machine.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Edit {
    /// Puts `text` in the place of `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Deletes `span`.
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}
