//! Railway: the service of a `railway.toml` or `railway.json`.

use crate::facts::{
    CommandLine, Deployment, Environment, Fact, Gather, Place, Probe, Resources, Role, Shell, Written,
    from_shell, is_production,
};
use crate::{
    finding::Platform,
    readers::{
        railway::{self, Railway},
        yaml::Style,
    },
    text::{Excerpt, FileId, Source},
};

/// A file of Railway.
#[derive(Debug)]
pub struct Settings {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Railway,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(|name| matches!(name, "railway.toml" | "railway.json")) {
        let Some(source) = gather.open(&path) else { continue };
        let Some(document) = gather.document(&path, railway::read(&source)) else { continue };
        let deployment = deployment(&document, &source, gather);
        gather.facts.deployments.push(deployment);
        gather.facts.railway.push(Settings { file: source.id(), document });
    }
}

fn deployment(file: &Railway, source: &Source, gather: &Gather<'_>) -> Deployment {
    let builder = file.builder.as_ref().map(|it| it.text().to_lowercase());
    let image = file.dockerfile.is_some()
        || builder.as_deref() == Some("dockerfile")
        || builder.is_none() && gather.facts.sources.paths().any(|path| path == "Dockerfile");
    let directory = if image {
        Fact::Unknown("the image says it")
    } else {
        Fact::Default(source.directory().to_owned(), "the file lies there")
    };
    let env = Environment::default();
    let place = Place { directory: &directory, env: &env };
    // Over an image it is not known whether a shell runs it.
    let shell = if image { Shell::Some } else { Shell::Bash };
    let line = |(text, style): &(Excerpt, Style)| -> CommandLine {
        let written = Written { span: text.whole(), key: None, style: Some(*style), indicator: None };
        from_shell(text, shell, written, &place)
    };
    let command = match &file.start_command {
        Some(start) => Fact::Known(line(start), start.0.whole()),
        None => Fact::Unknown("it may be set in the dashboard"),
    };
    let probe = file.healthcheck_path.as_ref().map(|path| Probe {
        path: Some((path.text().to_owned(), path.whole())),
        port: None,
        command: None,
        span: path.whole(),
    });
    Deployment {
        platform: Platform::Railway,
        service: String::new(),
        role: if probe.is_some() { Role::Web } else { Role::Private },
        place: file.start_command.as_ref().map_or(file.root.span, |it| it.0.whole()),
        production: is_production(source.path()),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: file.build_command.iter().chain(&file.pre_deploy_commands).map(line).collect(),
        port: Fact::Unknown("it is another one for each service"),
        resources: Resources::unknown("the file sets no limit"),
        probes: probe.into_iter().collect(),
        kill_delay: match file.draining_seconds {
            Some((seconds, span)) => {
                u64::try_from(seconds).map_or(Fact::Unknown("it is no time"), |it| Fact::Known(it, span))
            }
            None => Fact::Unknown("drainingSeconds is not set"),
        },
        native: !image,
        directory: directory.clone(),
        env,
    }
}
