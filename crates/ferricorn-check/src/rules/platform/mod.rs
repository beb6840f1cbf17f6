//! FC5xx: the platforms' own files.

use super::Rule;

mod fc501;
mod fc502;
mod fc503;

pub(super) static RULES: &[&Rule] = &[&fc501::RULE, &fc502::RULE, &fc503::RULE];

/// The one known word that is at most two letters away, case aside.
fn near<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let letters = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let word = letters(word);
    let most = 2.min(word.len() / 3);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|known| (strsim::osa_distance(&word, &letters(known)), *known))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    match near.as_slice() {
        [(_, name)] => Some(name),
        [(first, name), (second, _), ..] if first < second => Some(name),
        _ => None,
    }
}
