//! Whether the links of all documents lead somewhere: to a file of the repository, and to a heading in it.
//!
//! Does not own: links to other hosts, which need a network.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{failure::Failure, workspace::Workspace};

/// Folders whose documents are examples of repositories, broken ones among them.
const NOT_OURS: &str = "tests/sets/";

/// Fails with every link that leads nowhere.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let listed =
        workspace.command("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"]).output();
    let listed = listed.map_err(|error| Failure::new(format!("cannot run git: {error}")))?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let documents = listed.lines().filter(|path| !path.contains(NOT_OURS)).map(Path::new);
    let mut dead = Vec::new();
    for document in documents {
        let Ok(text) = fs::read_to_string(workspace.root.join(document)) else { continue };
        for target in targets(&text) {
            if !leads_somewhere(&workspace.root, document, &text, target) {
                dead.push(format!("{}: ({target})", document.display()));
            }
        }
    }
    if dead.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("links that lead nowhere:\n  {}", dead.join("\n  "))))
}

fn leads_somewhere(root: &Path, document: &Path, text: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        return headings(text).contains(heading);
    }
    let file = root.join(plain(&document.with_file_name("").join(path)));
    // The site is made of `docs` alone: from there, only what is there can be reached.
    let inside = !document.starts_with("docs") || file.starts_with(root.join("docs"));
    let found = || fs::read_to_string(&file).unwrap_or_default();
    inside && file.exists() && (heading.is_empty() || headings(&found()).contains(heading))
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

/// Lines that are text, and not code in a block.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence && !line.starts_with("    ")
    })
}

/// The targets of `[text](target)`.
fn targets(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for line in prose(text) {
        for (at, _) in line.match_indices("](") {
            // What stands between back-ticks is code.
            let code = line[..at].matches('`').count() % 2 == 1;
            let target = line[at + 2..].split_once(')').map(|(target, _)| target);
            targets.extend(target.filter(|target| !code && !target.contains(' ')));
        }
    }
    targets
}

/// What can stand behind `#`: the words of each heading, in small letters, with hyphens between them.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let slug = |line: &str| {
        let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
        let words = line.trim_start_matches('#').trim().to_lowercase();
        words.chars().filter(kept).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    headings.map(slug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_text_and_not_in_code() {
        let text = "[a](b.md) and [c](d.md#e)\n    [no](x)\n```\n[no](y)\n```\n`[no](z)` [f](https://g/)";
        assert_eq!(targets(text), ["b.md", "d.md#e", "https://g/"]);
    }

    #[test]
    fn a_heading_is_named_by_its_words() {
        let found = headings("# Which program's defaults\n## `--preload`, and more\n");
        let expected = ["which-programs-defaults", "--preload-and-more"].map(str::to_owned);
        assert_eq!(found, BTreeSet::from(expected));
    }

    #[test]
    fn a_path_goes_up_by_its_folders() {
        assert_eq!(plain(Path::new("docs/guides/../reference/./x.md")), Path::new("docs/reference/x.md"));
    }
}
