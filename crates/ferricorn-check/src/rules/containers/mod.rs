//! FC8xx: images, compose, Procfiles and scripts.

use super::Rule;

mod fc801;
mod fc804;
mod fc805;
mod fc807;
mod fc808;
mod fc810;
mod fc811;
mod fc812;
mod images;

pub(super) static RULES: &[&Rule] = &[
    &fc801::RULE,
    &fc804::RULE,
    &fc805::RULE,
    &fc807::RULE,
    &fc808::RULE,
    &fc810::RULE,
    &fc811::RULE,
    &fc812::RULE,
];
