//! Why a command could not do its work, in words for the person who typed it.

use std::fmt;

/// An error text (lower case, no full stop) and, apart from it, advice.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None }
    }

    /// The same failure with advice on what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.text)?;
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
