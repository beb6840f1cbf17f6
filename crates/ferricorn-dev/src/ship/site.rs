//! `cargo dev site`: the documentation as a site, built strictly, that asks no other host for anything when it is read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::links;
use crate::{failure::Failure, say::say, steps::quietly, venv::Python, workspace::Workspace};

/// Beginnings of what a browser fetches by itself, and of links among them that it only follows on a click.
const FETCHED: [&str; 4] = ["src=", "srcset=", "<link ", "url("];
const FOLLOWED: [&str; 2] = ["rel=\"canonical\"", "rel=canonical"];

/// Build the documentation site into target/site
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only check the links of all documents, which needs no environment
    #[arg(long)]
    links: bool,
}

/// Builds the site, or only looks at the links.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    links::check(&workspace)?;
    if !arguments.links {
        build(&workspace, &Python::find()?)?;
        say(&workspace.root.join("target/site/index.html").display().to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the site and looks through its pages for what would be fetched from elsewhere.
pub(crate) fn build(workspace: &Workspace, python: &Python) -> Result<(), Failure> {
    let tools = python.venv(workspace, "docs")?;
    let mut command = workspace.command(tools.program("zensical"), ["build", "--strict", "--clean"]);
    quietly(workspace, "zensical", &mut command)?;
    let mut elsewhere = Vec::new();
    for page in files(&workspace.root.join("target/site"), "html") {
        let text = fs::read_to_string(&page)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", page.display())))?;
        elsewhere.extend(fetches(&text).into_iter().map(|what| format!("{}: {what}", page.display())));
    }
    if elsewhere.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("pages fetch from other hosts:\n  {}", elsewhere.join("\n  "))))
}

/// What a page makes a browser fetch from other hosts.
fn fetches(page: &str) -> Vec<&str> {
    let beginnings = FETCHED.iter().flat_map(|beginning| page.match_indices(beginning));
    let fetched = beginnings.filter_map(|(at, beginning)| {
        let rest = &page[at..];
        // A tag ends with its bracket, an address by itself with its quote, space or bracket.
        let end = match beginning {
            "<link " => rest.find('>'),
            _ => rest[beginning.len() + 1..]
                .find(['"', '\'', ' ', ')', '>'])
                .map(|it| it + beginning.len() + 1),
        };
        Some(&rest[..end?])
    });
    let elsewhere = |text: &&str| text.contains("://") || text.contains("=//") || text.contains("\"//");
    fetched.filter(elsewhere).filter(|text| !FOLLOWED.iter().any(|it| text.contains(it))).collect()
}

/// All files below a folder whose names end so.
pub(super) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    let mut found = Vec::new();
    for path in entries.unwrap_or_default().iter().map(fs::DirEntry::path) {
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_fetches_from_elsewhere_is_found_and_links_to_follow_are_not() {
        let page = "<link rel=\"canonical\" href=\"https://a/\"><link rel=stylesheet href=\"https://b/x.css\">\
                    <a href=\"https://c/\"><script src=\"https://d/x.js\"></script><img src=\"../x.svg\">\
                    <style>i{background:url(https://e/x.png)}</style><script src=//f/x.js></script>";
        let hosts = ["b/x.css", "d/x.js", "f/x.js", "e/x.png"];
        let mut found = fetches(page);
        assert_eq!(found.len(), hosts.len(), "{found:?}");
        for host in hosts {
            found.retain(|text| !text.contains(host));
        }
        assert_eq!(found, [""; 0]);
    }
}
