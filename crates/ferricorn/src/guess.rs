//! The application of a folder, if none was named (`ferricorn dev`).
//!
//! Owns: where it is looked for, in which order. Does not own: whether it can be loaded.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ferricorn_config::{Given, Input, Layer, options};

use crate::target;

/// An application that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// As it would be named.
    app: String,
    /// The folder that its module is imported from, if not the one we are in.
    app_dir: Option<String>,
}

impl Found {
    /// The input with this application.
    pub(crate) fn named_in(&self, mut input: Input) -> Input {
        input.app = Some(self.app.clone());
        let spelling = self.app_dir.as_ref().and_then(|_| options::find_long("app-dir"));
        input.given.extend(
            spelling
                .zip(self.app_dir.clone())
                .map(|(spelling, folder)| Given::option(spelling, folder, Layer::Development)),
        );
        input
    }

    /// What the user reads.
    pub(crate) fn note(&self) -> String {
        let folder = self.app_dir.as_ref().map(|it| format!(" in `{it}`")).unwrap_or_default();
        format!("Serving `{}`{folder}, since no application was named", self.app)
    }
}

/// The first of the usual places that has one.
pub(crate) fn application(folder: &Path) -> Option<Found> {
    let usual = [("main", "main.py"), ("app", "app.py"), ("app.main", "app/main.py")];
    let usual = usual.map(|(module, file)| (module.to_owned(), folder.join(file), None));
    let all = usual.into_iter().chain(packages(folder));
    all.into_iter()
        .find(|(_, file, _)| target::defines(file, "app"))
        .map(|(module, _, app_dir)| Found { app: format!("{module}:app"), app_dir })
}

/// `main` of each package below `src`, by name.
fn packages(folder: &Path) -> Vec<(String, PathBuf, Option<String>)> {
    let mut found: Vec<_> = fs::read_dir(folder.join("src"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().join("main.py"))))
        .map(|(package, file)| (format!("{package}.main"), file, Some("src".to_owned())))
        .collect();
    found.sort();
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        application(folder.path()).map(|it| it.note())
    }

    #[test]
    fn the_usual_places_are_looked_at_in_their_order() {
        let app = "app = FastAPI()\n";
        let told = |what: &str| Some(format!("Serving {what}, since no application was named"));
        assert_eq!(found(&[("main.py", app), ("app.py", app)]), told("`main:app`"));
        assert_eq!(found(&[("main.py", "x = 1\n"), ("app.py", app)]), told("`app:app`"));
        assert_eq!(found(&[("app/main.py", "app: FastAPI = make()\n")]), told("`app.main:app`"));
        assert_eq!(found(&[("src/shop/main.py", app)]), told("`shop.main:app` in `src`"));
        assert_eq!(found(&[("other.py", app)]), None);
    }
}
