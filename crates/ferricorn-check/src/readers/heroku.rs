//! Heroku's `app.json` and `heroku.yml`. (Procfiles are in [`super::procfile`], `runtime.txt` in [`super::python_pin`].)
//!
//! How to use: `heroku::app(&source)?` for `app.json`: variables, formation, scripts. `heroku::manifest(&source)?` for
//! `heroku.yml`: which Dockerfile each process is built from, and which command runs it (a line for the shell, or words).

use super::{
    json,
    launch::{Launch, Setting, launch},
    yaml::{self, Node},
};
use crate::text::{Excerpt, Source, Unreadable};

/// `app.json`.
#[derive(Debug, Clone)]
pub struct App {
    /// All of it.
    pub root: Node,
    /// `env`. A value may be `{"value": …, "required": …, "generator": …}`; then it is its `value`.
    pub env: Vec<Setting>,
    /// `scripts.postdeploy` and the like.
    pub scripts: Vec<(String, Excerpt)>,
    /// `stack`.
    pub stack: Option<Excerpt>,
}

/// `heroku.yml`.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// All of it.
    pub root: Node,
    /// `build.docker`: process and Dockerfile.
    pub dockerfiles: Vec<(String, Excerpt)>,
    /// `build.config`.
    pub build_config: Vec<Setting>,
    /// `run`: process and command. One that only names an image (`image: web`) has none.
    pub run: Vec<(String, Option<Launch>)>,
    /// `release.command`.
    pub release: Option<Launch>,
}

/// Reads `app.json`.
pub fn app(source: &Source) -> Result<App, Unreadable> {
    let root = json::read(source)?;
    let entries = |key: &str| root.get(key).map_or_else(Vec::new, Node::entries).into_iter();
    let env = entries("env").filter_map(|entry| {
        let value = entry.value.value().or_else(|| entry.value.get("value")?.value());
        Some(Setting {
            name: entry.key.str()?.to_owned(),
            name_span: entry.key.span,
            value: value.cloned(),
            span: entry.key.span.to(entry.value.span),
        })
    });
    let scripts = entries("scripts")
        .filter_map(|entry| Some((entry.key.str()?.to_owned(), entry.value.value()?.clone())));
    Ok(App {
        env: env.collect(),
        scripts: scripts.collect(),
        stack: root.get("stack").and_then(Node::value).cloned(),
        root: root.clone(),
    })
}

/// Reads `heroku.yml`.
pub fn manifest(source: &Source) -> Result<Manifest, Unreadable> {
    let file = yaml::read(source);
    if let Some(error) = file.error {
        return Err(error);
    }
    let empty = || Unreadable::Format { line: 1, problem: "it is empty".to_owned() };
    let root = file.documents.into_iter().next().ok_or_else(empty)?;
    let entries = |path: &[&str]| root.at(path).map_or_else(Vec::new, Node::entries).into_iter();
    let name = |key: &Node| key.str().map(str::to_owned);
    let command = |node: &Node| launch(node).or_else(|| launch(node.get("command")?));
    let dockerfiles = entries(&["build", "docker"])
        .filter_map(|entry| Some((name(&entry.key)?, entry.value.value()?.clone())));
    let run = entries(&["run"]).filter_map(|entry| Some((name(&entry.key)?, command(&entry.value))));
    Ok(Manifest {
        dockerfiles: dockerfiles.collect(),
        build_config: root.at(&["build", "config"]).map_or_else(Vec::new, super::launch::variables),
        run: run.collect(),
        release: root.get("release").and_then(command),
        root: root.clone(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read() {
        let text = "{\"stack\": \"heroku-24\", \"env\": {\"A\": \"b\", \"C\": {\"required\": true}, \"D\": {\"value\": \"e\"}}, \"scripts\": {\"postdeploy\": \"./x\"}}";
        let app = app(&Source::of_text("app.json", text)).unwrap();
        let env: Vec<_> =
            app.env.iter().map(|one| (one.name.as_str(), one.value.as_ref().map(Excerpt::text))).collect();
        assert_eq!(env, [("A", Some("b")), ("C", None), ("D", Some("e"))]);
        assert_eq!((app.scripts[0].1.text(), app.stack.unwrap().text()), ("./x", "heroku-24"));
        let text = "build:\n  docker:\n    web: Dockerfile\nrun:\n  web: gunicorn a:b\n  worker:\n    command: [python, w.py]\n    image: web\n  other:\n    image: web\nrelease:\n  command:\n    - ./migrate\n";
        let file = manifest(&Source::of_text("heroku.yml", text)).unwrap();
        assert!(matches!(&file.run[0].1, Some(Launch::Line(line, _)) if line.text() == "gunicorn a:b"));
        assert!(matches!(&file.run[1].1, Some(Launch::Words(words)) if words.len() == 2));
        assert!(file.run[2].1.is_none() && file.release.is_some());
        assert_eq!(file.dockerfiles[0].1.text(), "Dockerfile");
        assert!(manifest(&Source::of_text("heroku.yml", "")).is_err());
    }
}
