//! FC6xx: variables and secrets.

use super::Rule;

mod fc601;
mod fc602;
mod fc603;
mod fc604;
mod fc605;
mod fc606;
mod fc607;

pub(super) static RULES: &[&Rule] =
    &[&fc601::RULE, &fc602::RULE, &fc603::RULE, &fc604::RULE, &fc605::RULE, &fc606::RULE, &fc607::RULE];
