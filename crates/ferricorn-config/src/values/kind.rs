//! The kinds of values, independent of the setting.

/// What the value of an option must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value: the option being there is what it says.
    Switch,
    /// Any text; `$NAME` in it is expanded.
    Text,
    /// Any text, taken as it stands.
    Verbatim,
    /// A whole number, 0 or more.
    Whole,
    /// Bits of a file's mode, in Python's notation.
    Mode,
    /// A number of seconds, 0 or more, that may have decimals.
    Seconds,
    /// A whole number of MiB, or a percentage.
    Memory,
    /// A whole number, or `auto`.
    Workers,
    /// A port, 0 to 65535.
    Port,
    /// An address in gunicorn's grammar.
    Address,
    /// A host name or a literal address.
    Host,
    /// An address of statsd: gunicorn's grammar with another port.
    StatsdAddress,
    /// An address of the metrics: gunicorn's grammar, and a port alone, which is one of loopback.
    MetricsAddress,
    /// An address of syslog in gunicorn's grammar.
    SyslogAddress,
    /// `true` or `false`, and the words that uvicorn knows for them.
    Boolean,
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// One of these words, or `module:attribute`.
    ChoiceOrImport(&'static [&'static str]),
    /// `Name: value`.
    Header,
    /// A worker class of gunicorn.
    WorkerClass,
    /// A function of a configuration file that is called with one of these numbers of arguments.
    Hook(&'static [u32]),
    /// Names with values, as JSON.
    Table,
}
