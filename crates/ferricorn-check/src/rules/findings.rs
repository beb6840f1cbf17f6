//! The findings of a run, each once.

use std::collections::{HashMap, hash_map::Entry};

use crate::{
    finding::{Finding, RuleId},
    sources::Sources,
    text::Span,
};

/// Findings.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    /// Where each one is in the list: a large file has thousands.
    places: HashMap<(RuleId, Span), usize>,
}

impl Findings {
    /// Adds a finding. The same rule at the same place counts once: two services may share one line.
    pub fn add(&mut self, finding: Finding) {
        match self.places.entry((finding.id, finding.primary.span)) {
            Entry::Occupied(place) => {
                let known = &mut self.list[*place.get()];
                if known.severity < finding.severity {
                    *known = finding;
                }
            }
            Entry::Vacant(place) => {
                place.insert(self.list.len());
                self.list.push(finding);
            }
        }
    }

    /// Changes the list as a whole.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Vec<Finding>)) {
        change(&mut self.list);
        let place = |(at, finding): (usize, &Finding)| ((finding.id, finding.primary.span), at);
        self.places = self.list.iter().enumerate().map(place).collect();
    }

    /// Adds those that are there.
    pub fn add_all(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    /// All of them, by file, place and id.
    pub fn sorted(mut self, sources: &Sources) -> Vec<Finding> {
        self.list.sort_by(|a, b| {
            let key = |it: &Finding| (it.primary.span.start, it.id);
            let path = |it: &Finding| sources.get(it.primary.span.file).path().to_owned();
            path(a).cmp(&path(b)).then(key(a).cmp(&key(b)))
        });
        self.list
    }
}
