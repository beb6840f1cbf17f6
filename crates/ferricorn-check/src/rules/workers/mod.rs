//! FC4xx: workers and memory.

use super::Rule;

mod fc401;
mod fc402;
mod fc403;
mod fc404;
mod fc405;
mod fc406;
mod fc407;
mod fc408;

pub(super) static RULES: &[&Rule] = &[
    &fc401::RULE,
    &fc402::RULE,
    &fc403::RULE,
    &fc404::RULE,
    &fc405::RULE,
    &fc406::RULE,
    &fc407::RULE,
    &fc408::RULE,
];
