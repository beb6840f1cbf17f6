//! Subcommands: words of the command line that do not serve.

pub mod check;
pub mod probe;
pub mod top;
