//! Patterns of paths, as `.gitignore` writes them.

/// Which files are meant: `*` and `?` stand for letters of one name, `**` for any directories. A pattern without a slash in
/// it is about a name anywhere, another one about a path from the root. What names a directory means all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    /// The pattern that is written so.
    pub fn new(text: &str) -> Self {
        let text = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        let mut parts: Vec<String> = Vec::new();
        if !text.contains('/') {
            parts.push("**".to_owned());
        }
        for part in text.split('/').filter(|part| !part.is_empty()) {
            // Two of them are one, and cost more.
            if part != "**" || parts.last().is_none_or(|last| last != "**") {
                parts.push(part.to_owned());
            }
        }
        Self { parts }
    }

    /// Whether this path, relative to the root, is meant.
    pub fn matches(&self, path: &str) -> bool {
        follows(&self.parts, &path.split('/').collect::<Vec<_>>())
    }
}

fn follows(pattern: &[String], path: &[&str]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return true };
    if first == "**" {
        return (0..path.len()).any(|skipped| follows(rest, &path[skipped..]));
    }
    path.split_first().is_some_and(|(name, below)| is_like(first, name) && follows(rest, below))
}

/// Whether a name is like this pattern of `*` and `?`.
fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut letter) = (0, 0);
    // Where the last star stands, and up to which letter it reaches.
    let mut star: Option<(usize, usize)> = None;
    while letter < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, letter));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[letter] => (at, letter) = (at + 1, letter + 1),
            _ => {
                let Some((place, reach)) = star else { return false };
                star = Some((place, reach + 1));
                (at, letter) = (place + 1, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_gitignore() {
        let means = |pattern: &str, path: &str| Pattern::new(pattern).matches(path);
        for (pattern, path) in [
            ("render.yaml", "render.yaml"),
            ("render.yaml", "apps/render.yaml"),
            ("*.service", "deploy/a.service"),
            ("deploy/", "deploy/x/y.yaml"),
            ("deploy", "a/deploy/x.yaml"),
            ("./k8s/*.yaml", "k8s/a.yaml"),
            ("k8s/**/dev.yaml", "k8s/a/b/dev.yaml"),
            ("k8s/**/dev.yaml", "k8s/dev.yaml"),
            ("a?c*e", "abcdde"),
        ] {
            assert!(means(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("render.yaml", "render.yaml.bak"),
            ("k8s/*.yaml", "k8s/a/b.yaml"),
            ("k8s/*.yaml", "x/k8s/a.yaml"),
            ("a*b*c", "abcd"),
            ("a?c", "ac"),
        ] {
            assert!(!means(pattern, path), "{pattern} {path}");
        }
    }
}
