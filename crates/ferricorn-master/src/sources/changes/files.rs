//! Which changes of files matter.
//!
//! Owns: what every file held when it was last looked at, and which ones the application has imported. Does not own: the file
//! system: paths and contents go in, a verdict comes out.
//!
//! Invariant: a file matters if its content is another one, and if the application has it, or may want it: a boot that has
//! failed may need any.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// What a change leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Nothing,
    /// The application is no longer what is on disk.
    Matters,
    /// The application has not imported it, which has not been said.
    NotImported,
}

/// The files, by their absolute paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// A number that stands for what each held.
    held: BTreeMap<PathBuf, u64>,
    /// Those that matter whether they were imported or not.
    named: BTreeSet<PathBuf>,
    /// Those that the running application has imported; `None` while there is none.
    imported: Option<BTreeSet<PathBuf>>,
    /// Those that it has not, and that this was said of.
    told: BTreeSet<PathBuf>,
}

impl Files {
    /// What a file holds before anything changes.
    pub(super) fn hold(&mut self, file: PathBuf, content: u64) {
        self.held.entry(file).or_insert(content);
    }

    /// Makes a file matter whether it is imported or not.
    pub(super) fn name(&mut self, file: PathBuf) {
        self.named.insert(file);
    }

    /// Whether a file has been looked at.
    pub(super) fn knows(&self, file: &Path) -> bool {
        self.held.contains_key(file) || self.named.contains(file)
    }

    /// The files that are looked at, and are none of these.
    pub(super) fn others<T>(&self, found: &BTreeMap<PathBuf, T>) -> Vec<PathBuf> {
        let all = self.held.keys().chain(&self.named);
        all.filter(|file| !found.contains_key(*file)).cloned().collect()
    }

    /// A new application boots.
    pub(super) fn boots(&mut self) {
        self.imported = None;
        self.told.clear();
    }

    /// The application has imported these.
    pub(super) fn imported(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.imported.get_or_insert_default().extend(files);
    }

    /// Judges what a file holds now; `None` if it is gone. `is_named`: by a pattern.
    pub(super) fn judge(&mut self, file: &Path, content: Option<u64>, is_named: bool) -> Verdict {
        let before = match content {
            Some(content) => self.held.insert(file.to_owned(), content),
            None => self.held.remove(file),
        };
        if before == content {
            return Verdict::Nothing;
        }
        let is_wanted = is_named || self.named.contains(file);
        if is_wanted || self.imported.as_ref().is_none_or(|imported| imported.contains(file)) {
            Verdict::Matters
        } else if self.told.insert(file.to_owned()) {
            Verdict::NotImported
        } else {
            Verdict::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let mut files = Files::default();
        files.hold("/app/main.py".into(), 1);
        files.hold("/app/tests/test_main.py".into(), 1);
        files.name("/app/.env".into());
        files.imported(["/app/main.py".into()]);
        files
    }

    fn judge(files: &mut Files, file: &str, content: Option<u64>) -> Verdict {
        files.judge(Path::new(file), content, false)
    }

    #[test]
    fn a_save_without_a_change_is_none() {
        let mut files = files();
        assert_eq!(judge(&mut files, "/app/main.py", Some(1)), Verdict::Nothing);
        assert_eq!(judge(&mut files, "/app/main.py", Some(2)), Verdict::Matters);
        assert_eq!(judge(&mut files, "/app/main.py", Some(2)), Verdict::Nothing);
        assert_eq!(judge(&mut files, "/app/main.py", None), Verdict::Matters);
        assert_eq!(judge(&mut files, "/app/main.py", None), Verdict::Nothing);
    }

    #[test]
    fn a_file_that_is_not_imported_is_told_of_once_and_matters_after_a_boot_that_has_failed() {
        let mut files = files();
        let test = "/app/tests/test_main.py";
        assert_eq!(judge(&mut files, test, Some(2)), Verdict::NotImported);
        assert_eq!(judge(&mut files, test, Some(3)), Verdict::Nothing);
        files.boots();
        assert_eq!(judge(&mut files, test, Some(4)), Verdict::Matters);
        files.imported(["/app/main.py".into()]);
        assert_eq!(judge(&mut files, test, Some(5)), Verdict::NotImported);
    }

    #[test]
    fn what_was_named_matters_always() {
        let mut files = files();
        assert_eq!(judge(&mut files, "/app/.env", Some(1)), Verdict::Matters);
        assert_eq!(files.judge(Path::new("/app/page.html"), Some(1), true), Verdict::Matters);
    }

    #[test]
    fn what_was_imported_late_matters_from_then_on() {
        let mut files = files();
        files.imported(["/app/tests/test_main.py".into()]);
        assert_eq!(judge(&mut files, "/app/tests/test_main.py", Some(2)), Verdict::Matters);
        assert_eq!(judge(&mut files, "/app/main.py", Some(2)), Verdict::Matters);
    }
}
