//! FC1xx: options, targets, and the line itself.

use super::Rule;

mod fc101;
mod fc102;
mod fc103;
mod fc104;
mod fc105;
mod fc106;
mod fc107;
mod fc108;
mod fc109;
mod fc110;
mod fc111;
mod fc112;
mod fc113;
mod fc114;
mod fc115;
mod fc116;
mod fc117;
mod fc118;
mod fc119;
mod fc120;
mod fc121;
mod fc122;
mod fc123;
mod options;

pub(super) static RULES: &[&Rule] = &[
    &fc101::RULE,
    &fc102::RULE,
    &fc103::RULE,
    &fc104::RULE,
    &fc105::RULE,
    &fc106::RULE,
    &fc107::RULE,
    &fc108::RULE,
    &fc109::RULE,
    &fc110::RULE,
    &fc111::RULE,
    &fc112::RULE,
    &fc113::RULE,
    &fc114::RULE,
    &fc115::RULE,
    &fc116::RULE,
    &fc117::RULE,
    &fc118::RULE,
    &fc119::RULE,
    &fc120::RULE,
    &fc121::RULE,
    &fc122::RULE,
    &fc123::RULE,
];
