//! The rules, one file each.
//!
//! Owns: what is wrong with a fact, how bad that is, what to say and how to mend it. Does not own: the facts.
//!
//! Invariants (each has a test): an id belongs to one rule and never changes; every rule has an explanation with a bad, a
//! fixed and a good example, which hold; a rule says nothing about what is unknown.
//!
//! # How to write a rule
//!
//! 1. Take the id out of the table of rules; the first digit is the group's folder: `comments` (0), `command_line` (1), `port` (2), `life`
//!    (3), `workers` (4), `platform` (5), `environment` (6), `packages` (7), `containers` (8).
//! 2. Write `rules/<group>/fc123.rs`: a module comment, `RULE`, and `check`. `fc101.rs` is an example with everything.
//!
//!    ```ignore
//!    //! Why it breaks, in two to six lines: what the program or the platform does, and since when.
//!    //!
//!    //! ## Bad
//!    //!
//!    //! ```yaml render.yaml:5
//!    //! services:
//!    //!   ...
//!    //! ```
//!    //!
//!    //! ## Fixed
//!    //! ...
//!    //! ## Good
//!    //! ...
//!
//!    use crate::rules::prelude::*;
//!
//!    pub(super) static RULE: Rule =
//!        Rule::new(123, "config file that nothing loads", Severity::Error, explanation!("fc123.rs"), check);
//!
//!    fn check(facts: &Facts, findings: &mut Findings) {
//!        for (deployment, command) in facts.servers() {
//!            ...
//!            findings.add(deployment.sign(RULE.error(span, "message").label("…").happens("…").help("…")));
//!        }
//!    }
//!    ```
//!
//! 3. Add `mod fc123;` and `&fc123::RULE,` to `rules/<group>/mod.rs`.
//! 4. `cargo test -p ferricorn-check`. An example set (`tests/sets`) that holds now has to lose its file `NOT_YET`; the
//!    test says which.
//!
//! The module comment is what `ferricorn check --explain` shows and what the reference is made from, so write it for a
//! user. Each fenced block is a file: the word behind the language is its path, `:LINE` the line of the finding (in `Bad`
//! only), and a third word `crlf` or `utf-16` says how it is written to the disk. A heading may have several files and
//! there may be several `Bad`; each goes with the next `Fixed`. The test
//! checks that
//!
//! * each `Bad` gives a finding of this rule, at that line if one is named, and no finding of it elsewhere;
//! * neither `Fixed` nor `Good` gives one;
//! * if every finding of the rule in `Bad` has a safe fix, applying them gives `Fixed`, to the letter.
//!
//! # What to say
//!
//! * `message`: one line, subject first, no full stop: "uvicorn has no option --worker-class".
//! * `label`: at the caret, what is wrong with just these words.
//! * `happens`: what the user will see, in the program's or platform's own words: "uvicorn exits 2: No such option …".
//! * `help`: what to write. If there is a fix, its title is shown too, so do not say it twice.
//! * Severity: an error is certain (the deploy fails, nobody can reach it, a secret leaks), a warning is likely, anything
//!   that most good projects would get is advice. One rule may use several: `RULE.error`, `RULE.warning`, `RULE.advice`.
//! * Spans are the offending words, not the line.
//!
//! # What to look at
//!
//! [`Facts::servers`](crate::facts::Facts::servers) for commands that serve, [`Facts::lines`](crate::facts::Facts::lines) for every command line, [`Facts::deployments`](crate::facts::Facts::deployments) for all
//! that runs; [`Command::option`](crate::facts::Command::option) for an option by either program's name. Take values with
//! [`Fact::known`](crate::facts::Fact::known) so that what is unknown falls out. If a fact is missing, add it to `facts`
//! (not to the rule), with its span.

mod command_line;
mod comments;
mod containers;
mod environment;
mod findings;
mod life;
mod nearest;
mod packages;
mod platform;
mod port;
mod rule;
mod workers;

pub(crate) use comments::{unknown_ignore, unused_ignore};
pub use findings::Findings;
pub use rule::{Example, ExampleFile, ExampleKind, Rule};

use crate::finding::RuleId;

/// What nearly every rule needs.
mod prelude {
    pub(super) use super::{
        findings::Findings,
        nearest::nearest,
        rule::{Rule, explanation},
    };
    pub(super) use crate::{
        facts::{Command, CommandLine, Fact, Facts, Program},
        finding::{Edit, Finding, Severity},
    };
}

/// All rules, in the order of their ids.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [
        comments::RULES,
        command_line::RULES,
        port::RULES,
        life::RULES,
        workers::RULES,
        platform::RULES,
        environment::RULES,
        packages::RULES,
        containers::RULES,
    ];
    groups.into_iter().flatten().copied()
}

/// What is wrong with an id, or the beginning of one, that no rule has; it names the nearest.
pub fn unknown(id: &str) -> Option<String> {
    let ids: Vec<String> = all().map(|rule| rule.id.to_string()).collect();
    if !id.is_empty() && ids.iter().any(|rule| rule.starts_with(id)) {
        return None;
    }
    let unlike = |rule: &&String| strsim::osa_distance(rule, id);
    let near = ids.iter().min_by_key(unlike).filter(|rule| unlike(rule) <= 2);
    let near = near.map_or_else(String::new, |rule| format!(" Is {rule} meant?"));
    Some(format!("no rule has the id `{id}`.{near} See --list-rules"))
}

/// The rule with this id.
pub fn find(id: RuleId) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
