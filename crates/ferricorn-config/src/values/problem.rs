//! What is wrong with a value, independent of the setting.

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In a few words.
    pub reason: String,
    /// What would be right.
    pub hint: Option<String>,
    /// The argument parser of gunicorn or uvicorn would have refused it.
    pub syntax: bool,
}

impl Problem {
    pub(crate) fn syntax(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()), syntax: true }
    }

    pub(crate) fn meaning(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()), syntax: false }
    }
}
