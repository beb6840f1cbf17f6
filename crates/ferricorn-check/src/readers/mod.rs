//! From the text of a file to a document whose values know their places. One format each, and no rule.
//!
//! A reader takes a [`Source`](crate::Source) and returns a document, whatever the text: what it cannot read it leaves
//! out, or says with [`Unreadable::Format`](crate::Unreadable::Format). It never panics, and its time grows with the
//! length of the text.

pub mod compose;
pub mod dockerfile;
pub mod dotenv;
pub mod duration;
mod escapes;
pub mod fly;
pub mod heroku;
pub mod json;
pub mod kubernetes;
pub mod launch;
pub mod lock;
pub mod procfile;
pub mod pyproject;
pub mod python;
pub mod python_pin;
pub mod railway;
pub mod recipes;
pub mod requirements;
pub mod shell;
pub mod systemd;
pub mod toml;
pub mod versions;
pub mod yaml;

#[cfg(test)]
mod tests;

/// Whether a text is a template (Jinja, Helm, ERB) rather than a file of its format: its values are not known.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") && text.contains("}}") || text.contains("{%") || text.contains("<%")
}
