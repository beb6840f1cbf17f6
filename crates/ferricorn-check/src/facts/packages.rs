//! The Python packages that a deployment has.
//!
//! Owns: which files a build installs, what they name, and what that brings along. Does not own: how one of these files is
//! read (`readers`), nor which package is needed (`rules`).
//!
//! Invariants:
//! * [`Packages::has`] says `Some(false)` only if every step of the build was understood and no package may bring it.
//! * A name that stands anywhere in a build command counts as there.

mod gather;

pub(super) use gather::{Context, by_itself, of_image, of_lines};

use crate::{
    data::packages::{BRINGS, PLAIN},
    facts::CommandLine,
    readers::{
        lock::Locked,
        requirements::{Requirement, normalised},
        versions::{Specifiers, Version},
    },
    text::{Excerpt, FileId, Span},
};

/// What is installed.
#[derive(Debug, Clone, Default)]
pub struct Packages {
    /// What is asked for, in order.
    pub asked: Vec<Requirement>,
    /// What lock files name.
    pub locked: Vec<Locked>,
    /// The files that name it, the first one first.
    pub files: Vec<FileId>,
    /// Whether a lock file tells everything that is installed.
    pub is_locked: bool,
    /// Why there may be more that cannot be seen.
    pub open: Option<&'static str>,
    /// The Python that each project wants that is installed as one.
    pub projects: Vec<(FileId, Option<(Excerpt, Specifiers)>)>,
    /// The scripts of the repository that the build runs.
    pub scripts: Vec<CommandLine>,
    /// The words of all commands of the build.
    pub(super) words: Vec<String>,
}

impl Packages {
    /// What is asked for by this name.
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        self.asked.iter().find(|requirement| requirement.name == name)
    }

    /// The one version that is installed, with its place.
    pub fn version(&self, name: &str) -> Option<(&Version, Span)> {
        let mut pinned = self.asked.iter().filter(|it| it.name == name);
        let pinned = pinned.find_map(|it| Some((it.pinned()?, it.span)));
        pinned.or_else(|| {
            let mut all = self.locked.iter().filter(|it| it.name == name);
            let first = all.next()?;
            all.all(|other| other.version == first.version).then_some((&first.version, first.span))
        })
    }

    /// Whether a package is installed; `None` if that cannot be known.
    pub fn has(&self, name: &str) -> Option<bool> {
        let name = normalised(name);
        let asked = self.asked.iter().any(|it| it.name == name);
        let locked = self.locked.iter().any(|it| it.name == name);
        let mentioned =
            self.words.iter().any(|word| word.contains(&name) || normalised(word).contains(&name));
        if asked || locked || mentioned || self.brought().iter().any(|(brought, _)| *brought == name) {
            return Some(true);
        }
        if self.open.is_some() || self.files.is_empty() {
            return None;
        }
        let plain = |it: &Requirement| {
            it.url.is_none()
                && (PLAIN.binary_search(&it.name.as_str()).is_ok()
                    || it.name == "uvicorn"
                    || is_server(&it.name))
        };
        (self.is_locked || self.asked.iter().all(plain)).then_some(false)
    }

    /// Whether an extra of a package is installed, as far as it is written.
    pub fn has_extra(&self, name: &str, extra: &str) -> bool {
        let own = self.asked.iter().any(|it| it.name == name && it.extras.iter().any(|it| it == extra));
        own || self.brought().contains(&(name, extra))
    }

    /// The file that lists what is asked for.
    pub fn list(&self) -> Option<FileId> {
        self.files.first().copied()
    }

    /// What comes along with what is asked for.
    fn brought(&self) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut add = |name: &str, extra: &str| {
            for (_, _, brings) in
                BRINGS.iter().filter(|it| it.0 == name && (it.1.is_empty() || it.1 == extra))
            {
                found.extend(brings.iter().copied());
            }
        };
        for requirement in &self.asked {
            add(&requirement.name, "");
            requirement.extras.iter().for_each(|extra| add(&requirement.name, extra));
            // 0.111 brought a server without any extra.
            let old = requirement.pinned().is_some_and(|it| (it.number(0), it.number(1)) == (0, 111));
            if requirement.name == "fastapi" && old {
                add("fastapi", "standard");
            }
        }
        let mut at = 0;
        while let Some((name, extra)) = found.get(at).copied() {
            for (_, _, brings) in
                BRINGS.iter().filter(|it| it.0 == name && (it.1.is_empty() || it.1 == extra))
            {
                let new: Vec<_> = brings.iter().filter(|it| !found.contains(it)).copied().collect();
                found.extend(new);
            }
            at += 1;
        }
        found
    }
}

fn is_server(name: &str) -> bool {
    matches!(name, "hypercorn" | "daphne" | "granian" | "uvicorn-worker" | "websockets" | "wsproto")
}
