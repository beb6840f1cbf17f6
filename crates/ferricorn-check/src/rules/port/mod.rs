//! FC2xx: where it listens.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
