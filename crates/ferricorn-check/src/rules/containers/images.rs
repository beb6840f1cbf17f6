//! What the official images of Python are, and what a `RUN` says.

use crate::{readers::dockerfile::Form, text::Excerpt};

/// A kind of the official image of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// `python:3.12`.
    Full,
    /// `python:3.12-slim`.
    Slim,
    /// `python:3.12-alpine`.
    Alpine,
}

/// Which kind this image is; `None` for any other image.
pub(super) fn variant(image: &str) -> Option<Variant> {
    let image = image.split('@').next().unwrap_or(image);
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("public.ecr.aws/docker/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    let tag = match image.split_once(':') {
        Some(("python", tag)) => tag,
        None if image == "python" => "latest",
        _ => return None,
    };
    let has = |word: &str| tag.split('-').any(|part| part.starts_with(word));
    Some(match (has("slim"), has("alpine")) {
        (true, _) => Variant::Slim,
        (_, true) => Variant::Alpine,
        _ => Variant::Full,
    })
}

/// Whether what lies at this path is made of programs or compiled packages.
pub(super) fn holds_programs(path: &str) -> bool {
    const PARTS: [&str; 9] =
        ["venv", ".venv", "virtualenv", "site-packages", "bin", "lib", "release", ".local", "local"];
    let path = path.trim_end_matches('/');
    path.split('/').any(|part| PARTS.contains(&part)) || path.ends_with("/install")
}

/// The text of a `RUN`.
pub(super) fn run_text(form: &Form) -> String {
    match form {
        Form::Shell { value, .. } => value.text().to_owned(),
        Form::Exec(words) => words.iter().map(Excerpt::text).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_apart() {
        assert_eq!(variant("python:3.12-slim-bookworm"), Some(Variant::Slim));
        assert_eq!(variant("docker.io/library/python:3.12-alpine3.20@sha256:0"), Some(Variant::Alpine));
        assert_eq!(variant("python"), Some(Variant::Full));
        assert_eq!(variant("registry.example/python:3.12-slim"), None);
        assert_eq!(variant("debian:bookworm-slim"), None);
    }
}
