//! FC7xx: Python and its packages.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
