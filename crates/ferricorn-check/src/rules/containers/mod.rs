//! FC8xx: images, compose, Procfiles and scripts.

use super::Rule;

mod fc807;
mod fc811;

pub(super) static RULES: &[&Rule] = &[&fc807::RULE, &fc811::RULE];
