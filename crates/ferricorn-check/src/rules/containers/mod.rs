//! FC8xx: images, compose, Procfiles and scripts.

use super::Rule;

mod environments;
mod fc801;
mod fc802;
mod fc803;
mod fc804;
mod fc805;
mod fc806;
mod fc807;
mod fc808;
mod fc809;
mod fc810;
mod fc811;
mod fc812;
mod images;

pub(super) static RULES: &[&Rule] = &[
    &fc801::RULE,
    &fc802::RULE,
    &fc803::RULE,
    &fc804::RULE,
    &fc805::RULE,
    &fc806::RULE,
    &fc807::RULE,
    &fc808::RULE,
    &fc809::RULE,
    &fc810::RULE,
    &fc811::RULE,
    &fc812::RULE,
];
