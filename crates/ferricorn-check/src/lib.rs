//! `ferricorn check`: what will break in production, read out of a repository's files.
//!
//! Owns: the way from texts to findings: readers, facts, rules, fixes. Does not own: the file system (the caller gives a
//! [`Tree`]), the terminal and the forms of output (the program's). Executes nothing, opens no connection, has no clock.
//!
//! ```text
//! text -> documents (readers) -> facts -> rules -> findings
//! ```
//!
//! * `readers`: one format each; a value is never without its place ([`Excerpt`]).
//! * `facts`: what runs where, with what; `Known`, `Default` or `Unknown`.
//! * `rules`: one file a rule; a rule sees facts only, and says nothing about what is unknown.

pub mod config;
pub mod data;
pub mod facts;
pub mod finding;
pub mod readers;
// The comments of its files are what users read.
#[allow(clippy::doc_markdown, rustdoc::invalid_codeblock_attributes)]
pub mod rules;
pub mod sources;
pub mod text;

mod fix;
mod ignore;
mod secrets;
mod urgency;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use finding::{Edit, Finding, Fix, Label, Platform, RuleId, Safety, Severity};
pub use fix::{Changed, Mended, apply, mend, patch};
pub use secrets::Secrets;
pub use sources::{Sources, Tree};
pub use text::{Encoding, Excerpt, FileId, MOST_BYTES, Position, Source, Span, Unreadable};
pub use urgency::Stage;

/// What was found.
pub struct Report {
    /// What the files say.
    pub facts: facts::Facts,
    /// What is wrong, by file and place.
    pub findings: Vec<Finding>,
}

/// Checks the files of `tree`. What a file of it says about the check holds, apart from which findings are wanted:
/// [`Config::wants`] says that.
pub fn check(tree: &dyn Tree) -> Report {
    check_with(tree, &Config::default())
}

/// The same with the wishes of the command line.
pub fn check_with(tree: &dyn Tree, given: &Config) -> Report {
    let facts = facts::gather(tree, given, rules::unknown);
    let mut findings = rules::Findings::default();
    for rule in rules::all() {
        (rule.check)(&facts, &mut findings);
    }
    findings.change(|list| ignore::apply(&facts, list));
    let findings = findings.sorted(&facts.sources);
    Report { facts, findings }
}
