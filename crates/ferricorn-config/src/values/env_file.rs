//! `--env-file`: a file of variables in the form that python-dotenv reads, which is what uvicorn uses.
//!
//! `NAME=VALUE` lines, `export` before them, `#` comments, single quotes (verbatim) and double quotes (with escapes, over
//! several lines), `${NAME}` and `${NAME:-DEFAULT}` outside single quotes. A name alone has no value and is passed over.

use super::{Environment, Problem};

/// The variables of a file, in its order. A variable that the environment or an earlier line has can be used in a value.
pub(crate) fn parse(text: &str, environment: &Environment) -> Result<Vec<(String, String)>, Problem> {
    let mut known = environment.clone();
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let before = rest;
        let parsed = entry(&mut rest).map_err(|reason| {
            Problem::meaning(
                format!("line {line}: {reason}"),
                "write `NAME=VALUE`, with quotes around blanks",
            )
        })?;
        line += before[..before.len() - rest.len()].matches('\n').count();
        if let Some((name, value, verbatim)) = parsed {
            let value = if verbatim { value } else { interpolate(&value, &known) };
            known.complete(&[(name.clone(), value.clone())]);
            found.push((name, value));
        }
    }
    Ok(found)
}

/// Takes one line, or more if a quoted value spans them: the name, the value, and whether it is taken literally.
fn entry(rest: &mut &str) -> Result<Option<(String, String, bool)>, &'static str> {
    let end = rest.find('\n').unwrap_or(rest.len());
    let line = rest[..end].trim();
    let skip = |rest: &mut &str| *rest = rest.get(end + 1..).unwrap_or_default();
    if line.is_empty() || line.starts_with('#') {
        skip(rest);
        return Ok(None);
    }
    let body =
        line.strip_prefix("export").filter(|it| it.starts_with([' ', '\t'])).unwrap_or(line).trim_start();
    let Some((name, _)) = body.split_once('=') else {
        skip(rest);
        return if body.contains(char::is_whitespace) { Err("no `=` in it") } else { Ok(None) };
    };
    let name = name.trim().trim_matches('\'');
    if name.is_empty() || name.contains(|letter: char| letter.is_whitespace() || letter == '#') {
        return Err("not the name of a variable");
    }
    let name = name.to_owned();
    let at = rest.find('=').unwrap_or(end) + 1;
    let value = rest[at..].trim_start_matches([' ', '\t']);
    if let Some(quote @ ('\'' | '"')) = value.chars().next() {
        let (text, after) = quoted(&value[1..], quote).ok_or("a quote is not closed")?;
        let end = after.find('\n').unwrap_or(after.len());
        let tail = after[..end].trim();
        if !(tail.is_empty() || tail.starts_with('#')) {
            return Err("something follows the closing quote");
        }
        *rest = after.get(end + 1..).unwrap_or_default();
        return Ok(Some((name, text, quote == '\'')));
    }
    let end = value.find('\n').unwrap_or(value.len());
    let plain = &value[..end];
    // A comment needs a blank before it: `#` may be a part of a password.
    let cut = plain.find(" #").or_else(|| plain.find("\t#")).unwrap_or(plain.len());
    let plain = if plain.starts_with('#') { "" } else { plain[..cut].trim() };
    let plain = plain.to_owned();
    *rest = value.get(end + 1..).unwrap_or_default();
    Ok(Some((name, plain, false)))
}

/// The text up to the closing quote, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut result = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Some((result, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                escaped @ ('\\' | '\'') => result.push(escaped),
                '"' if quote == '"' => result.push('"'),
                'n' if quote == '"' => result.push('\n'),
                't' if quote == '"' => result.push('\t'),
                'r' if quote == '"' => result.push('\r'),
                other => result.extend(['\\', other]),
            },
            _ => result.push(letter),
        }
    }
    None
}

/// `${NAME}` and `${NAME:-DEFAULT}`; a variable that is not set is empty.
fn interpolate(text: &str, environment: &Environment) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(end) = rest[at..].find('}') else { break };
        let (name, default) = match rest[at + 2..at + end].split_once(":-") {
            Some((name, default)) => (name, default),
            None => (&rest[at + 2..at + end], ""),
        };
        result.push_str(&rest[..at]);
        result.push_str(environment.get(name).unwrap_or(default));
        rest = &rest[at + end + 1..];
    }
    result + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_dotenv_reads_them() {
        let text = "# comment\n\nA=1\nexport B = two words # no\nC='$A \\'x\\' ${A}'\nD=\"l1\\nl2 ${A} \\\"q\\\"\"\nE=pass#word\n\
            F=\nG\nH=\"two\nlines\"\nI=${NONE:-d}${B}\nJ=${OUT}\n";
        let environment: Environment = [("OUT", "side"), ("B", "kept")].into_iter().collect();
        let pairs = parse(text, &environment).unwrap();
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "$A 'x' ${A}"),
            ("D", "l1\nl2 1 \"q\""),
            ("E", "pass#word"),
            ("F", ""),
            ("H", "two\nlines"),
            ("I", "dkept"),
            ("J", "side"),
        ];
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_is_no_variable_is_named_by_its_line() {
        for (text, reason) in [
            ("A=1\nB C=2", "line 2: not the name of a variable"),
            ("A=\"x", "line 1: a quote is not closed"),
            ("A='x' y", "line 1: something follows the closing quote"),
            ("two words", "line 1: no `=` in it"),
        ] {
            assert_eq!(parse(text, &Environment::default()).unwrap_err().reason, reason, "{text}");
        }
    }
}
