//! What a secret looks like: keys of services, names of variables, passwords in addresses.
//!
//! Owns: finding them in a text, so that no snippet shows one, whatever it is about. Does not own: whether it is a mistake
//! that one stands there (`rules`).

use std::ops::Range;

/// How keys of services begin, how long they are at least, and whose they are.
pub(crate) const SHAPES: [(&str, usize, &str); 17] = [
    ("sk-ant-", 24, "an Anthropic key"),
    ("sk-", 24, "an OpenAI key"),
    ("sk_live_", 20, "a Stripe key"),
    ("rk_live_", 20, "a Stripe key"),
    ("whsec_", 20, "a Stripe secret"),
    ("AKIA", 20, "an AWS key"),
    ("ASIA", 20, "an AWS key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 24, "a Slack token"),
    ("xoxp-", 24, "a Slack token"),
    ("AIza", 35, "a Google key"),
    ("SG.", 40, "a SendGrid key"),
    ("-----BEGIN ", 30, "a private key"),
];

/// The length of the shortest of these keys.
const SHORTEST: usize = 20;

/// How the name of a secret ends.
const NAMES: [&str; 12] = [
    "SECRET",
    "SECRET_KEY",
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "JWT_KEY",
];

/// Whether a variable of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    NAMES.iter().any(|end| {
        let Some((rest, last)) = name.len().checked_sub(end.len()).and_then(|at| name.split_at_checked(at))
        else {
            return false;
        };
        last.eq_ignore_ascii_case(end) && (rest.is_empty() || rest.ends_with('_'))
    })
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Whether its words are found nowhere else, so that they can be taken out of any sentence.
    pub(super) distinct: bool,
}

/// The secrets of a text, by their place; some may overlap.
pub(super) fn find(text: &str, python: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    // The variable whose value the next line may hold: `- key: NAME`, then `value: …`.
    let mut named = false;
    for line in text.split_inclusive('\n') {
        keys(line, start, &mut found);
        addresses(line, start, &mut found);
        if let Some((name, value)) = assignment(line, python) {
            let secret = is_secret_name(name) || named && matches!(name, "value" | "default");
            if secret && !is_reference(&line[value.clone()]) {
                let distinct = is_distinct(&line[value.clone()]);
                found.push(Found { range: start + value.start..start + value.end, distinct });
            }
            let title = matches!(name, "key" | "name");
            named = title && is_secret_name(line[value].trim_matches(['"', '\'']));
        } else if !line.trim().is_empty() {
            named = false;
        }
        start += line.len();
    }
    found.sort_by_key(|it| (it.range.start, it.range.end));
    found
}

/// Keys of services, wherever they stand.
fn keys(line: &str, start: usize, found: &mut Vec<Found>) {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let bytes = line.as_bytes();
    let mut at = 0;
    // A key has its word for itself, so only the beginnings of words are looked at.
    while let Some(blank) = bytes[at..].iter().position(letter) {
        at += blank;
        let word = &bytes[at..];
        let length = word.iter().position(|byte| !letter(byte)).unwrap_or(word.len());
        let fits =
            |(begin, least, _): &(&str, usize, &str)| length >= *least && word.starts_with(begin.as_bytes());
        if length >= SHORTEST && SHAPES.iter().any(fits) {
            found.push(Found { range: start + at..start + at + length, distinct: true });
        }
        at += length;
    }
}

/// The passwords of addresses: `scheme://user:password@host`.
fn addresses(line: &str, start: usize, found: &mut Vec<Found>) {
    for (at, _) in line.match_indices("://") {
        let begin = at + 3;
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '"' | '\'' | '`' | '?');
        let length = line[begin..].find(ends).unwrap_or(line.len() - begin);
        let Some(host) = line[begin..begin + length].rfind('@') else { continue };
        let Some(colon) = line[begin..begin + host].find(':') else { continue };
        let range = begin + colon + 1..begin + host;
        if !range.is_empty() && !is_reference(&line[range.clone()]) {
            let distinct = is_distinct(&line[range.clone()]);
            found.push(Found { range: start + range.start..start + range.end, distinct });
        }
    }
}

/// The last `NAME=value` or `NAME: value` of a line whose name is one, and where its value stands. The one of a secret goes
/// before others.
fn assignment(line: &str, python: bool) -> Option<(&str, Range<usize>)> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut last = None;
    // Only what stands in quotes is a value there.
    if python && !line.bytes().any(|byte| matches!(byte, b'"' | b'\'')) {
        return None;
    }
    for (at, sign) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let name = &before[before.trim_end_matches(letter).len()..];
        let secret = is_secret_name(name);
        // A line may hold thousands of them, and each value is looked for up to its end.
        if name.is_empty() || last.is_some() && !secret {
            continue;
        }
        let Some(value) = value(line, at + 1, sign == "=", python).filter(|value| !value.is_empty()) else {
            continue;
        };
        if secret {
            return Some((name, value));
        }
        last = last.or(Some((name, value)));
    }
    last
}

/// Where the value behind a sign stands, without its quotes.
fn value(line: &str, from: usize, equals: bool, python: bool) -> Option<Range<usize>> {
    let rest = &line[from..];
    let begin = from + rest.len() - rest.trim_start().len();
    let rest = &line[begin..];
    if let Some(quote) = rest.chars().next().filter(|it| matches!(it, '"' | '\'')) {
        let length = rest[1..].find(quote).unwrap_or_else(|| rest[1..].trim_end().len());
        return Some(begin + 1..begin + 1 + length);
    }
    if python || equals && begin > from {
        return None;
    }
    let length = if equals {
        rest.find(|it: char| it.is_whitespace() || matches!(it, '"' | '\'')).unwrap_or(rest.len())
    } else {
        rest.find(" #").unwrap_or(rest.len())
    };
    Some(begin..begin + rest[..length].trim_end().len())
}

/// Whether the value stands elsewhere.
fn is_reference(value: &str) -> bool {
    value.starts_with('$') || value.contains("{{") || value.contains("${") || value.starts_with('<')
}

/// Whether no sentence has these words by chance.
fn is_distinct(value: &str) -> bool {
    value.len() >= 8
        && !value.chars().all(|it| it.is_ascii_lowercase() || matches!(it, '-' | '_' | ' ' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text, false).into_iter().map(|it| &text[it.range]).collect()
    }

    #[test]
    fn secrets_are_found_by_shape_name_and_address() {
        for (text, secrets) in [
            ("      - key: API_KEY\n        value: hunter22 # x\n", &["hunter22"][..]),
            ("- name: DB_PASSWORD\n  value: \"a b\"\n- name: x\n  value: y\n", &["a b"]),
            ("ENV SECRET_KEY=abc DEBUG=1\n", &["abc"]),
            ("Environment=\"JWT_SECRET=abc\"\n", &["abc"]),
            ("{\"API_TOKEN\": \"abc\", \"b\": 1}", &["abc"]),
            ("redis://:pa:ss@host/0 postgres://u:p@h/d\n", &["pa:ss", "p"]),
            ("x sk-proj-0123456789abcdefghijkl, y", &["sk-proj-0123456789abcdefghijkl"]),
            ("API_KEY=$KEY\nPASSWORD: ${P}\npostgres://u:$P@h\nTOKENS=3\nkey: API_KEY\nsync: false\n", &[]),
        ] {
            assert_eq!(found(text), secrets, "{text}");
        }
        assert!(find("API_KEY = os.environ['A']\n", true).is_empty());
        assert_eq!(find("API_KEY = 'abc'\n", true).len(), 1);
    }
}
