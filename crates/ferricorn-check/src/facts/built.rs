//! What runs in an image that another file has a platform build: `runtime: docker` on Render, `build` of compose, a
//! `fly.toml` without processes.
//!
//! Owns: which Dockerfile belongs to a deployment, and the command of its image if the platform's file names none. Does
//! not own: what the image itself says (`docker`).
//!
//! Invariant: the command is read with the variables of the platform's file over those of the image; `PORT` is the
//! platform's own, and known only if its file says it.

use super::{
    Command, Deployment, Environment, Fact, Gather, Program, Variable,
    docker::{self, Image},
};
use crate::{
    finding::Platform,
    readers::{compose, kubernetes::Container, yaml::Node},
    sources::join,
};

/// Gives each deployment without a command that of its image.
pub(super) fn gather(gather: &mut Gather<'_>) {
    let mut deployments = std::mem::take(&mut gather.facts.deployments);
    for deployment in deployments.iter_mut().filter(|it| !it.native && it.line().is_none()) {
        if let Some(at) = image(gather, deployment)
            && gather.facts.images[at].file != deployment.place.file
        {
            run(gather, deployment, at);
        }
    }
    gather.facts.deployments = deployments;
}

fn run(gather: &Gather<'_>, deployment: &mut Deployment, at: usize) {
    let Image { document, .. } = &gather.facts.images[at];
    let target = target(gather, deployment);
    let stage = match &target {
        Some(name) => document.stage(name),
        None => document.final_stage(),
    };
    let Some(stage) = stage else { return };
    let mut env = docker::environment(document, stage);
    if has_own_port(deployment.platform) {
        env.variables.push(Variable {
            name: "PORT".to_owned(),
            place: deployment.place,
            value: Fact::Unknown("the platform sets it"),
        });
    }
    env.variables.append(&mut deployment.env.variables);
    deployment.env = Environment { complete: deployment.env.complete, open: deployment.env.open, ..env };
    deployment.command = docker::command(document, stage, &deployment.env, gather);
    if deployment.probes.is_empty() && deployment.platform == Platform::Docker {
        deployment.probes = docker::probes(document, stage, &deployment.env);
    }
}

fn has_own_port(platform: Platform) -> bool {
    !matches!(platform, Platform::Docker | Platform::Kubernetes | Platform::Systemd | Platform::Fly)
}

/// The Dockerfile of a deployment, among those of the facts.
pub(super) fn image(gather: &Gather<'_>, deployment: &Deployment) -> Option<usize> {
    let file = deployment.place.file;
    let own = gather.facts.images.iter().position(|image| image.file == file);
    if own.is_some() {
        return own;
    }
    let path = match deployment.platform {
        Platform::Render => of_render(gather, deployment)?,
        Platform::Docker => of_compose(gather, deployment)?,
        Platform::Fly => of_fly(gather, deployment)?,
        Platform::Railway => of_railway(gather, deployment)?,
        Platform::Heroku => of_heroku(gather, deployment)?,
        Platform::Kubernetes | Platform::CloudRun => of_kubernetes(gather, deployment)?,
        Platform::Systemd => return None,
    };
    let at = |image: &Image| gather.facts.sources.get(image.file).path() == path;
    gather.facts.images.iter().position(at)
}

fn of_render(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let blueprint = gather.facts.blueprints.iter().find(|it| it.file == deployment.place.file)?;
    let services = blueprint.services();
    let service = services.iter().find(|service| service.span.contains(deployment.place))?;
    if service.get("image").is_some() || service.get("repo").is_some() {
        return None;
    }
    let root = service.get("rootDir").and_then(Node::str).unwrap_or("");
    let path = service.get("dockerfilePath").and_then(Node::str).unwrap_or("Dockerfile");
    let below = join(root, path).filter(|path| gather.facts.sources.exists(path));
    below.or_else(|| join("", path))
}

fn of_compose(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let source = gather.facts.sources.get(deployment.place.file);
    let service = compose_service(gather, deployment)?;
    let build = service.build.as_ref()?;
    let context = join(source.directory(), build.context.as_ref().map_or(".", |it| it.text()))?;
    join(&context, build.dockerfile.as_ref().map_or("Dockerfile", |it| it.text()))
}

fn compose_service<'g>(gather: &'g Gather<'_>, deployment: &Deployment) -> Option<&'g compose::Service> {
    let file = gather.facts.compose.iter().find(|it| it.file == deployment.place.file)?;
    file.document.services.iter().find(|it| it.name_span == deployment.place)
}

/// The stage that compose builds, if it names one.
fn target(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let build = compose_service(gather, deployment)?.build.as_ref()?;
    build.target.as_ref().map(|it| it.text().to_owned())
}

fn of_fly(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let app = gather.facts.fly.iter().find(|it| it.file == deployment.place.file)?;
    let build = |key: &str| app.document.root.at(&["build", key]);
    if ["image", "builder", "buildpacks", "builtin"].iter().any(|key| build(key).is_some()) {
        return None;
    }
    let directory = gather.facts.sources.get(app.file).directory();
    join(directory, app.document.dockerfile.as_ref().map_or("Dockerfile", |it| it.text()))
}

fn of_railway(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let file = gather.facts.railway.iter().find(|it| it.file == deployment.place.file)?;
    let directory = gather.facts.sources.get(file.file).directory();
    let path = file.document.dockerfile.as_ref().map_or("Dockerfile", |it| it.text());
    // A path with a slash in front is one of the repository.
    join(directory, path.trim_start_matches('/'))
}

/// The only Dockerfile, if it starts a server on the port that a probe of this container asks, and of no other one that
/// takes the command of its image. A manifest names an image and not the file that it is built from.
fn of_kubernetes(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let [image] = gather.facts.images.as_slice() else { return None };
    let stage = image.document.final_stage()?;
    let env = docker::environment(&image.document, stage);
    let command = docker::command(&image.document, stage, &env, gather);
    let port = listens(command.value()?.server()?)?;
    let asks = |container: &&Container| {
        let named = |name: &str| {
            let port = container.ports.iter().find(|it| it.name.as_ref().is_some_and(|it| it.text() == name));
            port.map(|it| it.number.text().to_owned())
        };
        let asked = container.probes.iter().filter_map(|probe| probe.port.as_ref());
        let mut numbers = asked.map(|it| named(it.text()).unwrap_or_else(|| it.text().to_owned()));
        container.command.is_none() && container.args.is_none() && numbers.any(|it| it == port)
    };
    let workloads = gather.facts.manifests.iter().flat_map(|it| &it.document.workloads);
    let mut all = workloads.flat_map(|workload| &workload.containers).filter(asks);
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let place = only.name.as_ref().map_or(only.node.span, crate::Excerpt::whole);
    (place == deployment.place).then(|| gather.facts.sources.get(image.file).path().to_owned())
}

/// The port of a command, as it is written.
fn listens(command: &Command) -> Option<String> {
    let value = command.value("port").or_else(|| command.value("bind"));
    let port = match value {
        Some(value) => value.value()?.rsplit(':').next()?.to_owned(),
        None if command.program == Program::Uvicorn => "8000".to_owned(),
        None => return None,
    };
    port.parse::<u16>().is_ok().then_some(port)
}

fn of_heroku(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let manifest = gather.facts.heroku.iter().find(|it| it.file == deployment.place.file)?;
    let images = &manifest.document.dockerfiles;
    let own = images.iter().find(|(name, _)| *name == deployment.service);
    let (_, path) = own.or_else(|| images.first().filter(|_| images.len() == 1))?;
    join("", path.text())
}
