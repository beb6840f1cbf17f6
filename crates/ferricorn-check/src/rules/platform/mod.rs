//! FC5xx: the files of platforms.

use super::Rule;
use crate::{
    facts::{Deployment, Facts, render::Blueprint},
    finding::{Finding, Platform},
    readers::yaml::Node,
};

mod fc501;
mod fc502;
mod fc503;
mod fc504;
mod fc505;
mod fc506;
mod fc507;
mod fc508;
mod fc509;
mod fc510;
mod fc511;
mod fc512;
mod fc513;
mod fc514;
mod fc515;
mod fc516;
mod fc517;
mod fc518;
mod fc519;

pub(super) static RULES: &[&Rule] = &[
    &fc501::RULE,
    &fc502::RULE,
    &fc503::RULE,
    &fc504::RULE,
    &fc505::RULE,
    &fc506::RULE,
    &fc507::RULE,
    &fc508::RULE,
    &fc509::RULE,
    &fc510::RULE,
    &fc511::RULE,
    &fc512::RULE,
    &fc513::RULE,
    &fc514::RULE,
    &fc515::RULE,
    &fc516::RULE,
    &fc517::RULE,
    &fc518::RULE,
    &fc519::RULE,
];

/// What Render does with a Blueprint that is wrong.
const REFUSED: &str = "Render refuses the Blueprint, and nothing is deployed";

/// Every service of every Blueprint that is no template.
fn services(facts: &Facts) -> impl Iterator<Item = (&Blueprint, &Node)> {
    let blueprints = facts.blueprints.iter().filter(|blueprint| !blueprint.template);
    blueprints.flat_map(|blueprint| blueprint.services().into_iter().map(move |service| (blueprint, service)))
}

/// The entry of a deployment in its Blueprint.
pub(super) fn service<'f>(facts: &'f Facts, deployment: &Deployment) -> Option<&'f Node> {
    let file = |blueprint: &&Blueprint| blueprint.file == deployment.place.file;
    let blueprint = facts.blueprints.iter().find(file)?;
    blueprint.services().into_iter().find(|service| service.span.contains(deployment.place))
}

/// Says to which service a finding belongs.
fn sign(service: &Node, finding: Finding) -> Finding {
    let name = service.get("name").and_then(Node::str).map(str::to_owned);
    Finding { platform: Some(Platform::Render), service: name, ..finding }
}
