//! The choice among the available environments, and the log line about it. Pure.

use std::path::{Path, PathBuf};

use super::{Found, Note};

/// Why an environment is one to choose from, the strongest reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The program is installed in it.
    Installed,
    /// `VIRTUAL_ENV` names it.
    VirtualEnv,
    /// `CONDA_PREFIX` names it.
    Conda,
    /// Its Python is the first on the `PATH`.
    OnPath,
}

/// An environment to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) reason: Reason,
    /// Its folder.
    pub(super) root: PathBuf,
    /// The same for two environments that are one.
    pub(super) identity: Option<(u64, u64)>,
    /// None: it has been named, and there is no Python.
    pub(super) python: Option<PathBuf>,
    /// Whether uvicorn is installed there.
    pub(super) has_uvicorn: bool,
}

/// Chooses. Each reason occurs at most once. None: there is no Python.
pub(super) fn choose(environments: &[Environment]) -> Option<Found> {
    let usable = |it: &&Environment| it.python.is_some();
    let of = |reason| environments.iter().filter(usable).find(|it| it.reason == reason);
    let installed = of(Reason::Installed);
    let on_path = of(Reason::OnPath);
    let taken = installed
        .filter(|it| it.has_uvicorn)
        .or(of(Reason::VirtualEnv))
        .or(of(Reason::Conda))
        .or(on_path.filter(|it| it.has_uvicorn))
        .or(installed)
        .or(on_path)?;
    let python = taken.python.clone()?;
    let others: Vec<&Environment> = environments.iter().filter(|it| differs(it, taken)).collect();
    let note = (!others.is_empty()).then(|| note(taken, &python, &others));
    Some(Found { python, note })
}

/// Whether the user may have meant the other one. The first Python on the `PATH` is not a deliberate choice.
fn differs(other: &Environment, taken: &Environment) -> bool {
    let is_same = other.root == taken.root || (other.identity.is_some() && other.identity == taken.identity);
    other.reason != Reason::OnPath && other.reason != taken.reason && !is_same
}

fn note(taken: &Environment, python: &Path, others: &[&Environment]) -> Note {
    let why = match taken.reason {
        Reason::Installed if taken.has_uvicorn => "where ferricorn and uvicorn are installed",
        Reason::Installed => "where ferricorn is installed",
        Reason::VirtualEnv => "which VIRTUAL_ENV names",
        Reason::Conda => "which CONDA_PREFIX names",
        Reason::OnPath => "the first on the PATH",
    };
    let others: Vec<String> = others.iter().map(|it| passed_over(it)).collect();
    Note {
        text: format!(
            "Using Python `{}`, {why}, though {} (`--python` chooses another)",
            python.display(),
            others.join(", and ")
        ),
        is_warning: others.iter().any(|text| text.ends_with(NO_PYTHON)),
    }
}

const NO_PYTHON: &str = "where there is no Python";

fn passed_over(environment: &Environment) -> String {
    let root = environment.root.display();
    let named = match environment.reason {
        Reason::Installed => return format!("ferricorn is installed in `{root}`, which has no uvicorn"),
        Reason::VirtualEnv => format!("VIRTUAL_ENV is `{root}`"),
        Reason::Conda => format!("CONDA_PREFIX is `{root}`"),
        Reason::OnPath => format!("`{root}` comes first on the PATH"),
    };
    if environment.python.is_none() { format!("{named}, {NO_PYTHON}") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(reason: Reason, root: &str, has_uvicorn: bool) -> Environment {
        let python = Some(Path::new(root).join("bin/python3"));
        Environment { reason, root: root.into(), identity: None, python, has_uvicorn }
    }

    /// Which environment is taken, and its log line.
    fn chosen(environments: &[Environment]) -> (String, String) {
        let found = choose(environments).expect("there is a Python");
        let root = found.python.display().to_string().replace("/bin/python3", "");
        (root, found.note.map(|note| note.text).unwrap_or_default())
    }

    #[test]
    fn the_environment_of_the_program_comes_first_only_with_uvicorn() {
        use Reason::{Conda, Installed, OnPath, VirtualEnv};
        for (environments, taken) in [
            (vec![(Installed, "/own", true), (VirtualEnv, "/v", true), (OnPath, "/usr", true)], "/own"),
            (vec![(Installed, "/own", false), (VirtualEnv, "/v", false), (Conda, "/c", true)], "/v"),
            (vec![(Installed, "/own", false), (Conda, "/c", false), (OnPath, "/usr", true)], "/c"),
            (vec![(Installed, "/own", false), (OnPath, "/usr", true)], "/usr"),
            (vec![(Installed, "/own", false), (OnPath, "/usr", false)], "/own"),
            (vec![(OnPath, "/usr", false)], "/usr"),
        ] {
            let environments: Vec<_> = environments
                .into_iter()
                .map(|(reason, root, uvicorn)| environment(reason, root, uvicorn))
                .collect();
            assert_eq!(chosen(&environments).0, taken, "{environments:?}");
        }
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn a_line_is_said_where_they_disagree_and_only_there() {
        let own = environment(Reason::Installed, "/own", true);
        let active = environment(Reason::VirtualEnv, "/own", true);
        let conda = environment(Reason::Conda, "/conda", false);
        let path = environment(Reason::OnPath, "/usr", true);
        assert_eq!(chosen(&[own.clone(), active.clone(), path.clone()]).1, "");
        assert_eq!(chosen(&[own.clone(), path.clone()]).1, "", "the first on the PATH is nobody's word");
        let by_link = Environment { root: "/link".into(), identity: Some((1, 2)), ..active.clone() };
        let same = Environment { identity: Some((1, 2)), ..own.clone() };
        assert_eq!(chosen(&[same, by_link.clone()]).1, "", "one environment by two names");
        let other = Environment { root: "/other".into(), ..active.clone() };
        assert_eq!(
            chosen(&[own.clone(), other, conda]).1,
            "Using Python `/own/bin/python3`, where ferricorn and uvicorn are installed, though VIRTUAL_ENV is `/other`, \
             and CONDA_PREFIX is `/conda` (`--python` chooses another)"
        );
        let without = Environment { has_uvicorn: false, ..own };
        assert_eq!(
            chosen(&[without, path]).1,
            "Using Python `/usr/bin/python3`, the first on the PATH, though ferricorn is installed in `/own`, which has no \
             uvicorn (`--python` chooses another)"
        );
    }

    #[test]
    fn a_variable_that_names_no_environment_is_a_warning() {
        let gone = Environment { python: None, ..environment(Reason::VirtualEnv, "/gone", false) };
        let found = choose(&[gone, environment(Reason::OnPath, "/usr", false)]).expect("there is one");
        let note = found.note.expect("it says so");
        assert!(note.is_warning);
        assert!(note.text.contains("VIRTUAL_ENV is `/gone`, where there is no Python"), "{}", note.text);
    }
}
