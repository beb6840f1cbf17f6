//! The known word that was meant by a misspelt one.

/// The one known word that is at most two letters away; case, `-` and `_` do not count. `None` if two are as near.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let letters = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let word = letters(word);
    let most = 2.min(word.len() / 3);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (strsim::osa_distance(&word, &letters(known)), known))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    match near.as_slice() {
        [(_, name)] => Some(name),
        [(first, name), (second, _), ..] if first < second => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_meant_or_none() {
        let known = ["rootDir", "envVars", "startCommand", "port", "host"];
        assert_eq!(nearest("root_dir", known), Some("rootDir"));
        assert_eq!(nearest("startCmmand", known), Some("startCommand"));
        assert_eq!(nearest("prot", known), Some("port"));
        assert_eq!(nearest("xy", known), None);
        assert_eq!(nearest("pst", ["post", "past"]), None);
    }
}
