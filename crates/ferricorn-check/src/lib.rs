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

pub mod data;
pub mod facts;
pub mod finding;
pub mod readers;
pub mod rules;
pub mod sources;
pub mod text;

pub use finding::{Edit, Finding, Fix, Label, Platform, RuleId, Safety, Severity};
pub use sources::{MOST_BYTES, Sources, Tree};
pub use text::{Encoding, Excerpt, FileId, Position, Source, Span, Unreadable};
