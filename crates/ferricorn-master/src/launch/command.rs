//! The command that has started the program, as Python processes show it to the application.
//!
//! Owns: what `sys.argv`, `sys.orig_argv` and `__main__.__file__` say, and the interpreter's options that
//! `python -X dev -m ferricorn` was given. Does not own: which interpreter runs ([`crate::PythonSearch`]).
//!
//! Invariant: it is the same for every Python process of a master (workers, helpers, the one that calls hooks), and for
//! those of its successors, which are started with the same words and variables.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use serde_json::{Value, json};

/// The variable by which `python -m ferricorn` says how it was called itself (`python/ferricorn/__main__.py`): the path
/// of its `__main__.py`, the interpreter's name, and the interpreter's options, with a separator in between.
pub(crate) const LAUNCHER: &str = "FERRICORN_LAUNCHER";

/// The separator in [`LAUNCHER`], which no path and no option holds.
const SEPARATOR: u8 = 0x1f;

/// A command line, and how Python was called if it stands before it.
#[derive(Clone, Debug)]
pub struct Command {
    file: OsString,
    arguments: Vec<OsString>,
    /// The interpreter's name and its options; none without `python -m`.
    python: Option<(OsString, Vec<OsString>)>,
}

impl Command {
    /// Of the program at this path, with its arguments. `launcher` is the value of `FERRICORN_LAUNCHER`.
    pub fn new(program: &Path, arguments: Vec<OsString>, launcher: Option<&OsStr>) -> Self {
        let mut words = launcher
            .into_iter()
            .flat_map(|text| text.as_bytes().split(|byte| *byte == SEPARATOR))
            .map(|word| OsStr::from_bytes(word).to_owned());
        let (file, name) = (words.next(), words.next());
        let python = name.map(|name| (name, words.collect()));
        let file = file.filter(|_| python.is_some()).unwrap_or_else(|| program.into());
        Self { file, arguments, python }
    }

    /// The arguments, without the program's name.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The interpreter's options.
    pub(crate) fn options(&self) -> &[OsString] {
        self.python.as_ref().map_or(&[], |(_, options)| options)
    }

    /// The command line of a Python process: `argv`, whose first word is also the main module's file, and the words
    /// before its arguments (`python`; null if the program was started directly).
    pub(crate) fn to_json(&self) -> Value {
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let argv: Vec<String> = [&self.file].into_iter().chain(&self.arguments).map(text).collect();
        let python = self.python.as_ref().map(|(name, options)| {
            let module = ["-m".to_owned(), "ferricorn".to_owned()];
            [name].into_iter().chain(options).map(text).chain(module).collect::<Vec<String>>()
        });
        json!({ "argv": argv, "python": python })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(launcher: Option<&str>) -> Command {
        Command::new(Path::new("/bin/ferricorn"), vec!["main:app".into()], launcher.map(OsStr::new))
    }

    #[test]
    fn the_program_itself_is_the_main_file() {
        for launcher in [None, Some(""), Some("/lib/__main__.py")] {
            let command = command(launcher);
            assert_eq!(command.to_json(), json!({ "argv": ["/bin/ferricorn", "main:app"], "python": null }));
            assert!(command.options().is_empty());
        }
    }

    #[test]
    fn the_module_form_keeps_the_options_of_the_interpreter() {
        let command = command(Some("/lib/__main__.py\u{1f}python\u{1f}-X\u{1f}dev"));
        let python = ["python", "-X", "dev", "-m", "ferricorn"];
        assert_eq!(command.to_json(), json!({ "argv": ["/lib/__main__.py", "main:app"], "python": python }));
        assert_eq!(command.options(), ["-X", "dev"]);
    }
}
