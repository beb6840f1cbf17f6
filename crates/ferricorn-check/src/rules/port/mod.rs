//! FC2xx: where it listens.

use super::Rule;
use crate::facts::{Deployment, Facts};

mod fc201;
mod fc202;
mod fc203;
mod fc204;
mod fc205;
mod fc206;
mod fc207;
mod fc208;
mod fc209;

pub(super) static RULES: &[&Rule] = &[
    &fc201::RULE,
    &fc202::RULE,
    &fc203::RULE,
    &fc204::RULE,
    &fc205::RULE,
    &fc206::RULE,
    &fc207::RULE,
    &fc208::RULE,
    &fc209::RULE,
];

/// What may lead requests to a server beside it in the same container.
const PROXIES: [&str; 9] =
    ["nginx", "caddy", "haproxy", "traefik", "envoy", "apache", "supervisor", "cloudflared", "tailscale"];

/// Whether something in the image or on the command line of a deployment may stand in front of the server.
fn has_proxy(facts: &Facts, deployment: &Deployment) -> bool {
    let lines = deployment.line().into_iter().chain(&deployment.through).map(|line| line.written.span);
    // Of an image all instructions count; otherwise the line.
    let places = lines.chain([deployment.place]).map(|span| match facts.image(span.file) {
        Some(image) => facts.sources.get(image.file).whole(),
        None => span,
    });
    let named = |span: crate::Span| {
        let text = facts.sources.get(span.file).slice(span).to_lowercase();
        PROXIES.iter().any(|proxy| text.contains(proxy))
    };
    places.into_iter().any(named)
}
