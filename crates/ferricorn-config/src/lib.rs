//! Arguments, environment and defaults become one checked [`Settings`]. Pure over its inputs.

mod settings;

pub use settings::{AccessLog, Bind, ListenWhen, LogLevel, Settings, UvicornValue};
