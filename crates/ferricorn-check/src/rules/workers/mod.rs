//! FC4xx: workers and memory.

use super::Rule;

mod fc401;
mod fc404;

pub(super) static RULES: &[&Rule] = &[&fc401::RULE, &fc404::RULE];
