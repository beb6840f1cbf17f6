//! Splits a line into words as Python's `shlex.split` does, which gunicorn uses for `GUNICORN_CMD_ARGS`.

use super::ConfigError;

/// The words of a line. Quotes group, a backslash outside single quotes takes the next letter as it is.
pub fn split(line: &str) -> Result<Vec<String>, ConfigError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' | '"' => quoted(letter, &mut letters, word.get_or_insert_default())?,
            '\\' => match letters.next() {
                Some(escaped) => word.get_or_insert_default().push(escaped),
                None => {
                    return Err(ConfigError::CommandVariable(
                        "no escaped character after the last backslash",
                    ));
                }
            },
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, letters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), ConfigError> {
    while let Some(letter) = letters.next() {
        match letter {
            _ if letter == quote => return Ok(()),
            // Between double quotes a backslash is itself unless it stands before a quote or a backslash.
            '\\' if quote == '"' => match letters.next() {
                Some(escaped @ ('"' | '\\')) => word.push(escaped),
                Some(other) => word.extend(['\\', other]),
                None => break,
            },
            _ => word.push(letter),
        }
    }
    Err(ConfigError::CommandVariable("no closing quotation"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_shlex_does() {
        for (line, expected) in [
            ("", vec![]),
            ("  --workers 3\t--bind=:80\n", vec!["--workers", "3", "--bind=:80"]),
            (r#"--name "a b" 'c "d"' e'f'g"#, vec!["--name", "a b", r#"c "d""#, "efg"]),
            (r#"a\ b "\"\\\n" '\n' ''"#, vec!["a b", r#""\\n"#, r"\n", ""]),
        ] {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
        for line in ["'open", "\"open", "\"open\\", "end\\"] {
            assert!(split(line).is_err(), "{line}");
        }
    }
}
