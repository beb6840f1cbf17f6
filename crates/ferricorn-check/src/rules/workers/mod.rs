//! FC4xx: workers and memory.

use super::Rule;

pub(super) static RULES: &[&Rule] = &[];
