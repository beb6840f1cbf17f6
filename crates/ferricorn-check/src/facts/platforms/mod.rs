//! What the platforms' files start, one module a platform.
//!
//! Owns: the way from a platform's document to [`Deployment`](super::Deployment)s. Does not own: what the command of one
//! leads to (`built`, `followed`), nor what runs in it (`application`).

pub mod containers;
pub mod docker;
pub mod fly;
pub mod heroku;
pub mod procfile;
pub mod railway;
pub mod render;
pub mod systemd;

use super::Gather;

/// Reads the files of all platforms.
pub(super) fn gather(gather: &mut Gather<'_>) {
    render::gather(gather);
    docker::gather(gather);
    containers::gather(gather);
    procfile::gather(gather);
    heroku::gather(gather);
    fly::gather(gather);
    railway::gather(gather);
    systemd::gather(gather);
}
