//! FC3xx: start, stop and timeouts.

use super::Rule;

mod fc302;

pub(super) static RULES: &[&Rule] = &[&fc302::RULE];
