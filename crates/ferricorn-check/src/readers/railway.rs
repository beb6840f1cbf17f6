//! `railway.toml` and `railway.json`.
//!
//! How to use: `railway::read(&source)?`; both forms give the same. `start_command` is run by a shell, but over a Dockerfile
//! it may be started without one. Everything else is in `root`.

use super::{
    json, toml,
    yaml::{Node, Style},
};
use crate::text::{Excerpt, Source, Span, Unreadable};

/// A file of settings of Railway.
#[derive(Debug, Clone)]
pub struct Railway {
    /// All of it.
    pub root: Node,
    /// `build.builder`.
    pub builder: Option<Excerpt>,
    /// `build.dockerfilePath`.
    pub dockerfile: Option<Excerpt>,
    /// `build.buildCommand`.
    pub build_command: Option<(Excerpt, Style)>,
    /// `deploy.startCommand`.
    pub start_command: Option<(Excerpt, Style)>,
    /// `deploy.preDeployCommand`: a line or several.
    pub pre_deploy_commands: Vec<(Excerpt, Style)>,
    /// `deploy.healthcheckPath`.
    pub healthcheck_path: Option<Excerpt>,
    /// `deploy.drainingSeconds`.
    pub draining_seconds: Option<(i64, Span)>,
    /// `deploy.numReplicas`.
    pub replicas: Option<(i64, Span)>,
}

/// Reads a file, as JSON if its name says so.
pub fn read(source: &Source) -> Result<Railway, Unreadable> {
    let is_json = source.name().rsplit('.').next().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let root = if is_json { json::read(source)? } else { toml::read(source)? };
    let value = |path: &[&str]| root.at(path).and_then(Node::value).cloned();
    let line = |node: &Node| {
        node.scalar().filter(|_| !node.is_null()).map(|scalar| (scalar.value.clone(), scalar.style))
    };
    let number = |path: &[&str]| root.at(path).and_then(|node| Some((node.integer()?, node.span)));
    let before = root.at(&["deploy", "preDeployCommand"]);
    Ok(Railway {
        builder: value(&["build", "builder"]),
        dockerfile: value(&["build", "dockerfilePath"]),
        build_command: root.at(&["build", "buildCommand"]).and_then(line),
        start_command: root.at(&["deploy", "startCommand"]).and_then(line),
        pre_deploy_commands: before
            .map_or_else(Vec::new, |node| node.items().iter().chain([node]).filter_map(line).collect()),
        healthcheck_path: value(&["deploy", "healthcheckPath"]),
        draining_seconds: number(&["deploy", "drainingSeconds"]),
        replicas: number(&["deploy", "numReplicas"]),
        root: root.clone(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let toml = "[build]\nbuilder = 'RAILPACK'\n[deploy]\nstartCommand = 'uvicorn a:b --port $PORT'\nhealthcheckPath = '/h'\ndrainingSeconds = 20\npreDeployCommand = ['a', 'b']\n";
        let json = "{\"build\": {\"builder\": \"RAILPACK\"}, \"deploy\": {\"startCommand\": \"uvicorn a:b --port $PORT\", \"healthcheckPath\": \"/h\", \"drainingSeconds\": 20, \"preDeployCommand\": [\"a\", \"b\"]}}";
        for (path, text) in [("railway.toml", toml), ("railway.json", json)] {
            let source = Source::of_text(path, text);
            let file = read(&source).unwrap();
            assert_eq!(
                source.slice(file.start_command.unwrap().0.whole()),
                "uvicorn a:b --port $PORT",
                "{path}"
            );
            assert_eq!((file.draining_seconds.unwrap().0, file.pre_deploy_commands.len()), (20, 2), "{path}");
            assert_eq!(
                (file.builder.unwrap().text(), file.healthcheck_path.unwrap().text()),
                ("RAILPACK", "/h")
            );
        }
    }
}
