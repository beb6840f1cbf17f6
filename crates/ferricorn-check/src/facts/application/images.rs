//! Which image a deployment runs in, and what lies in it.

use super::Python;
use crate::{
    facts::{Deployment, Gather, docker::Image, packages::Context},
    finding::Platform,
    readers::{compose, dockerfile::Detail, yaml::Node},
    sources::join,
};

/// The Dockerfile of a deployment, among those of the facts.
pub(super) fn image(gather: &mut Gather<'_>, deployment: &Deployment) -> Option<usize> {
    let file = deployment.place.file;
    let own = gather.facts.images.iter().position(|image| image.file == file);
    if own.is_some() {
        return own;
    }
    let path = match deployment.platform {
        Platform::Render => of_render(gather, deployment)?,
        Platform::Docker => of_compose(gather, deployment)?,
        _ => return None,
    };
    let at = |image: &Image| gather.facts.sources.get(image.file).path() == path;
    gather.facts.images.iter().position(at)
}

/// The only Dockerfile of the repository.
pub(super) fn only(gather: &Gather<'_>) -> Option<usize> {
    (gather.facts.images.len() == 1).then_some(0)
}

fn of_render(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let blueprint = gather.facts.blueprints.iter().find(|it| it.file == deployment.place.file)?;
    let services = blueprint.services();
    let named = |it: &&&Node| it.get("name").is_some_and(|name| name.span == deployment.place);
    let service = services.iter().find(named)?;
    let root = service.get("rootDir").and_then(Node::str).unwrap_or("");
    let path = service.get("dockerfilePath").and_then(Node::str).unwrap_or("Dockerfile");
    let below = join(root, path).filter(|path| gather.facts.sources.exists(path));
    below.or_else(|| join("", path))
}

fn of_compose(gather: &Gather<'_>, deployment: &Deployment) -> Option<String> {
    let source = gather.facts.sources.get(deployment.place.file);
    let file = compose::read(source).ok()?;
    let service = file.services.iter().find(|it| it.name == deployment.service)?;
    let build = service.build.as_ref()?;
    let context = join(source.directory(), build.context.as_ref().map_or(".", |it| it.text()))?;
    join(&context, build.dockerfile.as_ref().map_or("Dockerfile", |it| it.text()))
}

/// Where the files of an image come from.
pub(super) fn context(gather: &Gather<'_>, at: usize) -> Context {
    let image = &gather.facts.images[at];
    let own = gather.facts.sources.get(image.file).directory().to_owned();
    let mut bases = vec![own.clone()];
    if !own.is_empty() {
        bases.push(String::new());
    }
    let mut context = Context { directories: bases.clone(), copied: Vec::new() };
    for instruction in &image.document.instructions {
        let Detail::Copy { from: None, sources, .. } = &instruction.detail else { continue };
        for path in bases.iter().flat_map(|base| sources.iter().filter_map(|it| join(base, it.text()))) {
            if gather.facts.sources.exists(&path) {
                context.copied.push(path);
            } else if gather.facts.sources.is_directory(&path) && !context.directories.contains(&path) {
                context.directories.push(path);
            }
        }
    }
    context
}

/// The Python of an image, by the tag of the official image below it.
pub(super) fn python(image: &Image) -> Option<Python> {
    let stage = image.document.final_stage()?;
    let name = image.document.image(stage)?;
    let (repository, tag) = name.split_once(':')?;
    let last = repository.rsplit('/').next()?;
    if last != "python" {
        return None;
    }
    let version = tag.split(['-', '@']).next()?.parse::<crate::readers::versions::Version>().ok()?;
    let first = image.document.lineage(stage).first().map(|it| it.image.whole());
    (version.numbers().len() > 1).then_some(Python { version, span: first })
}
