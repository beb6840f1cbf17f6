//! What others may see of a value: users who ask for help post what `--print-config` prints.
//!
//! Owns: which options and variables hold secrets, by their names; a value does not show it.

use crate::options::Entry;

/// Stands for a secret.
const HIDDEN: &str = "***";

/// What the name of a variable has in it that holds a secret.
const TELLING: &[&str] =
    &["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "PRIVATE", "DSN"];

/// A value of an option, without what is secret in it.
pub(crate) fn hide(entry: &Entry, text: &str) -> String {
    match entry.name() {
        "ssl-keyfile-password" => HIDDEN.to_owned(),
        "env" => match text.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name, value) => format!("{name}={HIDDEN}"),
            _ => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    TELLING.iter().any(|word| name.contains(word)) || has_password(value)
}

/// Whether it is an address with a password in it, as in `postgres://shop:secret@db/shop`.
fn has_password(value: &str) -> bool {
    let after = value.split_once("://").map(|(_, after)| after);
    let user = after.and_then(|after| after.split(['/', '?', '#']).next()?.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::find_long;

    #[test]
    fn values_that_are_secret_by_their_names_are_hidden() {
        for (option, text, shown) in [
            ("env", "COLOUR=red", "COLOUR=red"),
            ("env", "aws_secret_access_key=abc", "aws_secret_access_key=***"),
            ("env", "GITHUB_TOKEN=a=b", "GITHUB_TOKEN=***"),
            ("env", "TOKEN=", "TOKEN="),
            ("env", "DATABASE_URL=postgres://shop:abc@db/shop", "DATABASE_URL=***"),
            ("env", "CACHE_URL=redis://cache:6379/0", "CACHE_URL=redis://cache:6379/0"),
            ("ssl-keyfile-password", "abc", "***"),
            ("keyfile", "key.pem", "key.pem"),
        ] {
            let spelling = find_long(option).expect("an option");
            assert_eq!(hide(spelling.entry, text), shown, "--{option} {text}");
        }
    }
}
