//! FC3xx: start, stop and timeouts.

use super::Rule;

mod fc301;
mod fc302;
mod fc303;
mod fc304;
mod fc305;
mod fc306;
mod fc307;
mod fc308;
mod fc309;
mod fc310;
mod fc311;
mod fc312;
mod fc314;
mod fc315;

pub(super) static RULES: &[&Rule] = &[
    &fc301::RULE,
    &fc302::RULE,
    &fc303::RULE,
    &fc304::RULE,
    &fc305::RULE,
    &fc306::RULE,
    &fc307::RULE,
    &fc308::RULE,
    &fc309::RULE,
    &fc310::RULE,
    &fc311::RULE,
    &fc312::RULE,
    &fc314::RULE,
    &fc315::RULE,
];
