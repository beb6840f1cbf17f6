//! FC6xx: variables and secrets.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
