//! The table of faults as it stands in `crates/ferricorn/tests/faults.toml`.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;

use super::page;
use crate::{failure::Failure, outcomes::Outcomes, workspace::Workspace};

/// Where it stands, in the repository.
pub(super) const FILE: &str = "crates/ferricorn/tests/faults.toml";

/// The faults, and what their tests cannot do without.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// In the order of the page.
    #[serde(rename = "fault")]
    pub(super) faults: Vec<Fault>,
    /// By the test's name. A test that is not here may not skip.
    pub(super) needs: BTreeMap<String, String>,
}

/// One fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// `F01`.
    pub(super) id: String,
    /// What happens.
    pub(super) what: String,
    /// What has to hold nevertheless.
    pub(super) holds: String,
    #[serde(default)]
    e2e: Vec<String>,
    #[serde(default)]
    core: Vec<String>,
    #[serde(default)]
    sys: Vec<String>,
    #[serde(default)]
    shim: Vec<String>,
    /// What is not injected, and why.
    #[serde(default)]
    pub(super) without: String,
}

/// Where a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `crates/ferricorn/tests/e2e`.
    EndToEnd,
    /// `ferricorn-core`.
    Core,
    /// `ferricorn-sys`.
    Sys,
    /// The worker's Python half.
    Shim,
}

impl Kind {
    /// What stands before a name on the page.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::EndToEnd => "",
            Self::Core => "core:",
            Self::Sys => "sys:",
            Self::Shim => "shim:",
        }
    }
}

impl Fault {
    /// Its tests: where each is, and its name as the runner says it.
    pub(super) fn tests(&self) -> impl Iterator<Item = (Kind, &str)> {
        let kinds = [
            (Kind::EndToEnd, &self.e2e),
            (Kind::Core, &self.core),
            (Kind::Sys, &self.sys),
            (Kind::Shim, &self.shim),
        ];
        kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name.as_str())))
    }
}

impl Table {
    /// Reads the file.
    pub(super) fn read(workspace: &Workspace) -> Result<Self, Failure> {
        let text = fs::read_to_string(workspace.root.join(FILE));
        let text = text.map_err(|error| Failure::new(format!("cannot read `{FILE}`: {error}")))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let table: Self = toml::from_str(text)
            .map_err(|error| Failure::new(format!("`{FILE}`: {}", error.to_string().trim())))?;
        let tests: Vec<&str> = table.faults.iter().flat_map(Fault::tests).map(|(_, name)| name).collect();
        for (number, fault) in (1..).zip(&table.faults) {
            let id = &fault.id;
            if *id != format!("F{number:02}") {
                return Err(Failure::new(format!("`{FILE}`: row {number} is `{id}`")));
            }
            if fault.tests().next().is_none() && fault.without.is_empty() {
                return Err(Failure::new(format!("`{FILE}`: {id} has neither a test nor a reason why not")));
            }
        }
        if let Some(unknown) = table.needs.keys().find(|name| !tests.contains(&name.as_str())) {
            return Err(Failure::new(format!("`{FILE}`: `{unknown}` needs something, and is in no row")));
        }
        Ok(table)
    }

    /// What a page says of each test that it names.
    pub(super) fn known(page: &str) -> Outcomes {
        let mut outcomes = Outcomes::default();
        let words: Vec<&str> = page.split('`').collect();
        // A name in back-ticks, with the outcome before it.
        for pair in words.windows(2) {
            if let Some(outcome) = page::outcome(pair[0]) {
                let name = [Kind::Core, Kind::Sys, Kind::Shim]
                    .iter()
                    .find_map(|kind| pair[1].strip_prefix(kind.prefix()));
                // `core::x` would be a module of the end-to-end tests.
                let name = name.filter(|name| !name.starts_with(':')).unwrap_or(pair[1]);
                outcomes.add(name, outcome);
            }
        }
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_has_all_rows() {
        let workspace = Workspace::find().expect("cargo knows");
        let table = Table::read(&workspace).expect("it can be read");
        assert_eq!(table.faults.len(), 35);
    }

    #[test]
    fn a_row_has_a_test_or_a_reason() {
        let row = "[needs]\n[[fault]]\nid = \"F01\"\nwhat = \"x\"\nholds = \"y\"\n";
        let error = Table::parse(row).expect_err("neither").to_string();
        assert!(error.ends_with("F01 has neither a test nor a reason why not"), "{error}");
        assert!(Table::parse(&format!("{row}without = \"z\"\n")).is_ok());
        assert!(Table::parse(&format!("{row}core = [\"z\"]\n")).is_ok());
    }
}
