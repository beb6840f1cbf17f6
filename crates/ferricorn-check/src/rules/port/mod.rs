//! FC2xx: where it listens.

use super::Rule;

mod fc201;
mod fc204;
mod fc207;
mod fc209;

pub(super) static RULES: &[&Rule] = &[&fc201::RULE, &fc204::RULE, &fc207::RULE, &fc209::RULE];
