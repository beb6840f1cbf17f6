//! Words of the command line that do something else than serve.

pub mod check;
pub mod probe;
pub mod top;
