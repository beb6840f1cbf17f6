//! Changes of an application's files during development.
//!
//! Owns: noticing them, and telling when they have settled. Does not own: what follows (the core replaces the workers).
//!
//! Invariant: a change is reported twice: at once, so that no request is answered by code that is no longer on disk,
//! and when the files have been quiet for a moment.

mod engine;
mod files;
mod folders;
mod quiet;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Instant,
};

use ferricorn_config::Reload;
use tokio::time::sleep_until;
use tracing::{info, warn};

use engine::Engine;
use files::{Files, Verdict};
use folders::{Folders, Found};
use quiet::Quiet;

/// What has happened to the files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The application is no longer what is on disk.
    Begun,
    /// These files have changed, and have been quiet since.
    Settled(Vec<PathBuf>),
    /// A file has changed that the application has not imported.
    NotImported(PathBuf),
}

/// The watch over the files.
pub(crate) struct Changes {
    folders: Folders,
    files: Files,
    quiet: Quiet,
    engine: Engine,
    found: Found,
    /// Files that have changed since the last report.
    changed: BTreeSet<PathBuf>,
    /// Files that are gone, perhaps only until they are written again.
    missing: BTreeSet<PathBuf>,
    /// What is still to be reported.
    told: Vec<Change>,
}

impl Changes {
    /// Watches what these settings name. Call it inside an event loop.
    pub(crate) fn new(reload: &Reload) -> Self {
        let folders = Folders::new(reload);
        let (engine, reason) = Engine::new(reload.engine, folders.roots());
        let mut new = Self {
            files: Files::default(),
            quiet: Quiet::new(reload.delay),
            found: folders.look(),
            folders,
            engine,
            changed: BTreeSet::new(),
            missing: BTreeSet::new(),
            told: Vec::new(),
        };
        new.watch_folders();
        for file in &reload.extra_files {
            let file = file.canonicalize().unwrap_or_else(|_| file.clone());
            new.hold(&file);
            new.files.name(file);
        }
        for file in new.found.files.keys().cloned().collect::<Vec<_>>() {
            new.hold(&file);
        }
        let shown: Vec<_> = new.folders.roots().iter().map(|it| format!("`{}`", it.display())).collect();
        let how = reason.map(|reason| format!(" by polling: {reason}")).unwrap_or_default();
        info!("Watching {} for changes{how}", shown.join(", "));
        new
    }

    /// The watched folders, in the form that workers get.
    pub(crate) fn roots(&self) -> Vec<String> {
        self.folders.roots().iter().map(|root| root.to_string_lossy().into_owned()).collect()
    }

    /// A new application boots: until it has reported its imports, any file may be one of them.
    pub(crate) fn boots(&mut self) {
        self.files.boots();
    }

    /// The application has imported these files, wherever they are.
    pub(crate) fn imported(&mut self, files: Vec<String>) {
        let mut files: Vec<PathBuf> = files.into_iter().map(PathBuf::from).collect();
        files.retain(|file| !self.folders.is_excluded(file));
        for file in &files {
            if !self.files.knows(file) {
                self.hold(file);
            }
        }
        self.files.imported(files);
    }

    /// Notes what a file holds. It is watched before: a save in between would be missed.
    fn hold(&mut self, file: &Path) {
        self.watch_beside(file);
        if let Some(content) = folders::content(file) {
            self.files.hold(file.to_owned(), content);
        }
    }

    /// The next thing that happens. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Change {
        loop {
            if let Some(change) = self.told.pop() {
                return change;
            }
            let due = self.quiet.due();
            let settled = async {
                match due {
                    Some(due) => sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                paths = self.engine.hint() => self.hinted(&paths),
                () = settled => self.settle(),
            }
        }
    }

    fn hinted(&mut self, paths: &[PathBuf]) {
        let (known, others): (Vec<_>, Vec<_>) =
            paths.iter().cloned().partition(|path| self.files.knows(path) && !path.is_dir());
        let mut to_judge: BTreeSet<PathBuf> = known.into_iter().collect();
        let concerns =
            |it: &PathBuf| it.is_dir() || self.folders.counts(it) || self.found.folders.contains(it);
        if paths.is_empty() || others.iter().any(concerns) {
            to_judge.extend(self.look_again());
            // Those that lie elsewhere.
            to_judge.extend(self.files.others(&self.found.files));
        }
        for file in to_judge {
            match folders::content(&file) {
                None if self.files.knows(&file) => {
                    self.missing.insert(file);
                    self.quiet.changed(now());
                }
                content => self.judge(&file, content),
            }
        }
    }

    /// Looks through all folders. Gives the files whose outside differs from the last time.
    fn look_again(&mut self) -> BTreeSet<PathBuf> {
        let found = self.folders.look();
        let before = std::mem::replace(&mut self.found, found);
        for gone in before.folders.difference(&self.found.folders) {
            self.engine.forget(gone);
        }
        self.watch_folders();
        let files = before.files.keys().chain(self.found.files.keys());
        files.filter(|file| before.files.get(*file) != self.found.files.get(*file)).cloned().collect()
    }

    fn judge(&mut self, file: &Path, content: Option<u64>) {
        match self.files.judge(file, content, self.folders.is_included(file)) {
            Verdict::Nothing => {}
            Verdict::NotImported => self.told.push(Change::NotImported(file.to_owned())),
            Verdict::Matters => {
                if self.changed.is_empty() {
                    self.told.push(Change::Begun);
                }
                self.changed.insert(file.to_owned());
                self.quiet.changed(now());
            }
        }
    }

    fn settle(&mut self) {
        for file in std::mem::take(&mut self.missing) {
            self.judge(&file, folders::content(&file));
        }
        self.quiet.settle(now());
        if !self.changed.is_empty() {
            let changed = std::mem::take(&mut self.changed).into_iter().collect();
            // What has just been found missing comes before: the last one is reported first.
            self.told.insert(0, Change::Settled(changed));
        }
    }

    fn watch_folders(&mut self) {
        let folders: Vec<PathBuf> = self.found.folders.iter().cloned().collect();
        self.watch(&folders);
    }

    /// Watches the folder of a file that is none of those that are looked through.
    fn watch_beside(&mut self, file: &Path) {
        if let Some(folder) = file.parent().filter(|folder| !self.found.folders.contains(*folder)) {
            self.watch(&[folder.to_owned()]);
        }
    }

    fn watch(&mut self, folders: &[PathBuf]) {
        if let Err(reason) = self.engine.watch(folders.iter().map(PathBuf::as_path)) {
            warn!("Watching by polling from now on: {reason}");
            self.engine = Engine::poll();
        }
    }
}

fn now() -> Instant {
    Instant::now()
}
