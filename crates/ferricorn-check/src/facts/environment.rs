//! The environment variables of a deployment.

use super::{Fact, Facts, Gather};
use crate::{readers::dotenv, sources::has_extension, text::Span};

/// Variables as the platform's files set them. What a dashboard sets cannot be seen: a variable that is not here may still
/// be set, unless [`Environment::complete`].
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// In the order of the files. Of a name that is there twice the last one counts.
    pub variables: Vec<Variable>,
    /// Whether nothing else can set one: an image without a platform's dashboard around it.
    pub complete: bool,
    /// Whether more come from elsewhere: a file that is not read, a map, a group that another Blueprint has.
    pub open: bool,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: Span,
    /// The value. Unknown: it comes from a secret, a group, another service.
    pub value: Fact<String>,
}

/// Files that list what an application reads, without values.
const LISTS: [&str; 3] = [".env.example", ".env.sample", ".env.template"];

impl Environment {
    /// A variable, if a file sets it.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| variable.name == name)
    }

    /// Its value, if it is written there.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.value().map(String::as_str)
    }
}

impl Facts {
    /// The names in the lists at the root, with their places.
    pub fn listed(&self) -> impl Iterator<Item = (&str, Span)> {
        let lists = self.dotenv.iter().filter(|(path, _)| LISTS.contains(&path.as_str()));
        lists.flat_map(|(_, entries)| entries).map(|entry| (entry.name.as_str(), entry.span))
    }

    /// Whether a file as `.env` or `.env.example` names a variable.
    pub fn is_named(&self, name: &str) -> bool {
        self.dotenv.iter().flat_map(|(_, entries)| entries).any(|entry| entry.name == name)
    }
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    let fits =
        |name: &str| name.starts_with(".env") || has_extension(name, "env") || name.starts_with("env.");
    for path in gather.paths(fits) {
        if let Some(source) = gather.load(&path) {
            gather.facts.dotenv.push((path, dotenv::read(&source)));
        }
    }
}
