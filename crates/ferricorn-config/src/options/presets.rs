//! What `ferricorn dev` stands for: options that are stronger than a file made for production, and weaker than the line.

use super::{Spelling, find_long};

/// The options and their values, in the table's own grammar.
const PRESETS: [(&str, &str); 15] = [
    ("reload", "true"),
    ("workers", "1"),
    ("listen", "early"),
    // A breakpoint is no hang.
    ("timeout", "0"),
    ("boot-timeout", "60"),
    ("graceful-timeout", "2"),
    ("max-requests", "0"),
    ("max-worker-lifetime", "0"),
    ("drain-delay", "0"),
    ("keep-alive", "5"),
    ("proxy-headers", "false"),
    ("log-level", "info"),
    ("error-logfile", "-"),
    ("access-logfile", "-"),
    ("access-log", "true"),
];

/// Where it listens, if no address is given.
const ADDRESS: (&str, &str) = ("bind", "127.0.0.1:8000");

/// The file of variables that is read if it is there.
pub(crate) const VARIABLES: &str = ".env";

/// The options with their values. `somewhere`: an address is given; `variables`: there is a file of variables.
pub(crate) fn presets(somewhere: bool, variables: bool) -> impl Iterator<Item = (Spelling, &'static str)> {
    let address = (!somewhere).then_some(ADDRESS);
    let variables = variables.then_some(("env-file", VARIABLES));
    let all = PRESETS.into_iter().chain(address).chain(variables);
    all.filter_map(|(name, value)| Some((Spelling::first(find_long(name)?.entry), value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Value;

    #[test]
    fn every_preset_is_a_value_of_an_option_that_works() {
        let found: Vec<_> = presets(false, true).collect();
        assert_eq!(found.len(), PRESETS.len() + 2);
        for (spelling, value) in found {
            assert!(
                spelling.entry.is_supported() && Value::parse(spelling.entry.kind, value).is_ok(),
                "{value}"
            );
        }
    }
}
