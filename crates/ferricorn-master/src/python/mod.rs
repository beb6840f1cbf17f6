//! The parts of every Python process of ours: the interpreter ([`interpreter`]), the embedded modules ([`shim`]), its
//! environment, and its first message.
//!
//! Does not own: any process.

pub(crate) mod environment;
pub(crate) mod interpreter;
pub(crate) mod shim;
pub(crate) mod start_message;

pub use interpreter::{Found, InterpreterError, Note, PythonSearch};
pub use shim::has_native_http;
