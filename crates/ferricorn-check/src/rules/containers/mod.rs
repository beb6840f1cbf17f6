//! FC8xx: images, compose, Procfiles and scripts.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
