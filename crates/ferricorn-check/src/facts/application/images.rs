//! What lies in the image of a deployment.

use super::Python;
use crate::{
    facts::{Gather, docker::Image, packages::Context},
    readers::dockerfile::Detail,
    sources::join,
};

/// The only Dockerfile of the repository.
pub(super) fn only(gather: &Gather<'_>) -> Option<usize> {
    (gather.facts.images.len() == 1).then_some(0)
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
