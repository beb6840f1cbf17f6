//! `$PORT`, `${PORT}` and `${PORT:-8000}` in a value: expanded as a shell would.
//!
//! A `CMD` in exec form, a Procfile or a systemd unit passes such text on as it stands. Only names of capitals, digits
//! and underscores are expanded, so that other uses of the sign survive.

use super::Environment;

/// The text with its variables filled in, or the name of one that has no value.
pub(crate) fn expand(text: &str, environment: &Environment) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some((name, default, tail)) = variable(after) else {
            result.push('$');
            rest = after;
            continue;
        };
        // As in a shell, the default of `:-` stands in for an empty variable as well.
        match (environment.get(name), default) {
            (Some(value), None) => result.push_str(value),
            (Some(value), Some(_)) if !value.is_empty() => result.push_str(value),
            (_, Some(default)) => result.push_str(default),
            (None, None) => return Err(name.to_owned()),
        }
        rest = tail;
    }
    result.push_str(rest);
    Ok(result)
}

/// The name, the default and what follows, of a variable whose dollar sign has been read.
fn variable(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let braced = text.strip_prefix('{');
    let body = braced.unwrap_or(text);
    let end = body.find(|letter: char| !is_name(letter)).unwrap_or(body.len());
    let (name, rest) = body.split_at(end);
    if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    if braced.is_none() {
        return Some((name, None, rest));
    }
    if let Some(tail) = rest.strip_prefix('}') {
        return Some((name, None, tail));
    }
    let (default, tail) = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'))?.split_once('}')?;
    Some((name, Some(default), tail))
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_a_shell_would() {
        let environment: Environment = [("PORT", "9000"), ("EMPTY", "")].into_iter().collect();
        for (text, expected) in [
            ("0.0.0.0:$PORT", Ok("0.0.0.0:9000")),
            ("0.0.0.0:${PORT}", Ok("0.0.0.0:9000")),
            ("${PORT:-8000}", Ok("9000")),
            ("${OTHER:-8000}", Ok("8000")),
            ("${EMPTY:-8000}", Ok("8000")),
            ("$PORT$PORT.", Ok("90009000.")),
            ("$OTHER", Err("OTHER")),
            ("${OTHER}", Err("OTHER")),
            ("no variable", Ok("no variable")),
            ("$", Ok("$")),
            ("$$", Ok("$$")),
            ("${", Ok("${")),
            ("${PORT", Ok("${PORT")),
            ("$lower $1", Ok("$lower $1")),
            ("é${PORT}é", Ok("é9000é")),
        ] {
            assert_eq!(expand(text, &environment).as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
