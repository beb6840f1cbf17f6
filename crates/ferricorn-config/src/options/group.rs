//! The headings that help shows options under, and their order.

/// The headings of help, in the order of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What is run.
    App,
    /// Where it listens.
    Sockets,
    /// How many, how long, how often.
    Workers,
    /// Which files are watched.
    Reload,
    /// What is written where.
    Logging,
    /// How HTTP is spoken.
    Http,
    /// How WebSockets are spoken.
    WebSocket,
    /// TLS.
    Tls,
    /// The process itself.
    Process,
    /// The metrics of the service.
    Monitoring,
    /// Functions of a configuration file.
    Hooks,
}

impl Group {
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::App => "Application",
            Self::Sockets => "Sockets",
            Self::Workers => "Workers",
            Self::Reload => "Reload",
            Self::Logging => "Logging",
            Self::Http => "HTTP",
            Self::WebSocket => "WebSockets",
            Self::Tls => "TLS",
            Self::Process => "Process",
            Self::Monitoring => "Monitoring",
            Self::Hooks => "Hooks",
        }
    }
}
