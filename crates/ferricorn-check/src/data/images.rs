//! What the official images of Python lack, as their Dockerfiles and package lists said on 2026-11-30
//! (<https://github.com/docker-library/python>): `slim` installs certificates and time zones only, `alpine` has busybox.
//!
//! No index tells what an image holds: look at the Dockerfiles, or start each image with `command -v curl wget`.

use super::Origin;

/// Where this is from.
pub const ORIGIN: Origin = Origin {
    name: "images",
    holds: "programs that the official images of Python lack",
    date: "2026-11-30",
    source: "https://github.com/docker-library/python",
};

/// A kind of image, by the part of its tag, and the programs that it lacks.
pub const LACKS: [(&str, &[&str]); 2] = [("slim", &["curl", "wget"]), ("alpine", &["curl"])];
