//! FC7xx: Python and its packages.

use super::Rule;

mod fc701;
mod fc703;
mod fc705;
mod fc708;
mod fc709;

pub(super) static RULES: &[&Rule] = &[&fc701::RULE, &fc703::RULE, &fc705::RULE, &fc708::RULE, &fc709::RULE];
