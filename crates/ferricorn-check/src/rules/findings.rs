//! The findings of a run, each once.

use crate::{finding::Finding, sources::Sources};

/// Findings.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds a finding. The same rule at the same place counts once: two services may share one line.
    pub fn add(&mut self, finding: Finding) {
        let same = |it: &Finding| it.id == finding.id && it.primary.span == finding.primary.span;
        match self.list.iter_mut().find(|it| same(it)) {
            Some(known) if known.severity < finding.severity => *known = finding,
            Some(_) => {}
            None => self.list.push(finding),
        }
    }

    /// Changes the list as a whole.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Vec<Finding>)) {
        change(&mut self.list);
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
