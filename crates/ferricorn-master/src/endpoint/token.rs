//! The token that readers of the metrics have to send.

use std::{fs, path::Path};

/// A secret. It is never shown.
pub(super) struct Token(Vec<u8>);

impl Token {
    /// Reads it from a file, without the line's end. The error is for the log.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| {
            format!("cannot read the token of `--metrics-token-file` from `{shown}`: {error}")
        })?;
        let token = text.trim();
        if token.is_empty() {
            return Err(format!("the file of `--metrics-token-file` is empty: `{shown}`"));
        }
        Ok(Self(token.as_bytes().to_vec()))
    }

    /// Whether this is the value of an `Authorization` header with the token. The time it takes reveals nothing about
    /// the token but its length.
    pub(super) fn is_in(&self, header: &[u8]) -> bool {
        let Some((scheme, shown)) = header.split_at_checked(7) else { return false };
        if !scheme.eq_ignore_ascii_case(b"bearer ") {
            return false;
        }
        let shown = shown.trim_ascii();
        let different = shown.iter().zip(&self.0).fold(0, |so_far, (one, other)| so_far | (one ^ other));
        shown.len() == self.0.len() && std::hint::black_box(different) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_as_good_as_the_token() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        fs::write(&file, "s3cret\n").expect("written");
        let token = Token::read(&file).expect("a token");
        for good in ["Bearer s3cret", "bearer  s3cret "] {
            assert!(token.is_in(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3crets",
            "Basic s3cret",
            "s3cret",
            "Bearer S3cret",
        ] {
            assert!(!token.is_in(bad.as_bytes()), "{bad}");
        }
        fs::write(&file, "\n").expect("written");
        assert!(Token::read(&file).is_err_and(|error| error.contains("empty")));
        assert!(Token::read(&folder.path().join("none")).is_err_and(|error| error.contains("none`")));
    }
}
