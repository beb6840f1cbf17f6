//! FC7xx: Python and its packages.

use super::Rule;

mod fc701;
mod fc702;
mod fc703;
mod fc704;
mod fc705;
mod fc706;
mod fc707;
mod fc708;
mod fc709;

pub(super) static RULES: &[&Rule] = &[
    &fc701::RULE,
    &fc702::RULE,
    &fc703::RULE,
    &fc704::RULE,
    &fc705::RULE,
    &fc706::RULE,
    &fc707::RULE,
    &fc708::RULE,
    &fc709::RULE,
];
