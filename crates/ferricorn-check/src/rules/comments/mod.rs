//! FC0xx: what comments say about rules. They are found when comments are applied (`crate::ignore`), after all others.

use super::Rule;

mod fc001;
mod fc002;

pub(crate) use fc001::unused_ignore;
pub(crate) use fc002::unknown_ignore;

pub(super) static RULES: &[&Rule] = &[&fc001::RULE, &fc002::RULE];
