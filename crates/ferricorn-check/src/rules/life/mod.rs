//! FC3xx: start, stop and timeouts.

use super::Rule;

mod fc301;
mod fc302;
mod fc312;
mod fc315;

pub(super) static RULES: &[&Rule] = &[&fc301::RULE, &fc302::RULE, &fc312::RULE, &fc315::RULE];
