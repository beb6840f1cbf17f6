//! The rooms inside a crate: the plan that `crates/rooms.toml` states, held against the imports in the code.
//!
//! Owns: what the file may say, and what counts as a breach of it. Does not own: the crates' own layers, nor how
//! imports are found.
//!
//! What always holds after [`Plan::breaches`] found nothing: every room stands on a floor, no circle joins two rooms,
//! every arrow to a higher floor is named with its reason, and no folder holds more files than the plan allows.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    files,
    graph::{Arrows, backward, circles},
    python_imports, rust_imports,
};
use crate::{failure::Failure, workspace::Workspace};

const FILE: &str = "crates/rooms.toml";

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rooms {
    /// How many arrows to a higher floor one plan may name.
    most_backward: usize,
    /// How many files may lie directly in one folder.
    most_files: usize,
    /// A plan for each folder of sources.
    plan: Vec<Plan>,
}

/// What one folder of sources has to look like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The folder, from the top of the repository.
    folder: PathBuf,
    /// Its rooms from the ground up.
    floors: Vec<String>,
    /// The arrows that lead to a higher floor.
    #[serde(default)]
    backward: Vec<Backward>,
    /// Folders that may hold more files than `most_files`.
    #[serde(default)]
    large: Vec<Large>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backward {
    from: String,
    to: String,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Large {
    folder: PathBuf,
    because: String,
}

impl Rooms {
    /// Reads the file.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self, Failure> {
        let text = fs::read_to_string(workspace.root.join(FILE));
        let text = text.map_err(|error| Failure::new(format!("cannot read `{FILE}`: {error}")))?;
        toml::from_str(&text).map_err(|error| Failure::new(format!("`{FILE}`: {error}")))
    }

    /// A line of figures for each plan, and everything that breaches one.
    pub(crate) fn survey(&self, workspace: &Workspace) -> Result<(String, Vec<String>), Failure> {
        let mut table = String::from("rooms  arrows  backward  circles  folder\n");
        let mut breaches = Vec::new();
        for plan in &self.plan {
            let folder = workspace.root.join(&plan.folder);
            let python = folder.join("__init__.py").exists();
            let suffix = if python { "py" } else { "rs" };
            let arrows = if python {
                python_imports::arrows(workspace, &folder)?
            } else {
                rust_imports::arrows(&folder)?
            };
            let files = files(&folder, suffix)?;
            let _ = writeln!(
                table,
                "{:>5}  {:>6}  {:>8}  {:>7}  {}",
                plan.floors.len(),
                arrows.len(),
                backward(&arrows, &plan.floors).len(),
                circles(&arrows).len(),
                plan.folder.display()
            );
            let found = plan.breaches(&arrows, &files, self.most_backward, self.most_files);
            breaches.extend(found.into_iter().map(|text| format!("{}: {text}", plan.folder.display())));
        }
        Ok((table, breaches))
    }
}

impl Plan {
    fn breaches(
        &self,
        arrows: &Arrows,
        files: &[PathBuf],
        most_backward: usize,
        most_files: usize,
    ) -> Vec<String> {
        let mut found = self.misplaced(files);
        for circle in circles(arrows) {
            found.push(format!("a circle: {}", circle.join(", ")));
        }
        found.extend(self.unnamed(arrows));
        if self.backward.len() > most_backward {
            found.push(format!("{} arrows lead back up, {most_backward} may", self.backward.len()));
        }
        found.extend(self.crowded(files, most_files));
        found
    }

    /// Rooms without a floor, and floors without a room.
    fn misplaced(&self, files: &[PathBuf]) -> Vec<String> {
        let rooms: std::collections::BTreeSet<String> =
            files.iter().filter_map(|file| first_part(file)).filter(|room| !is_roof(room)).collect();
        let homeless = rooms.iter().filter(|room| !self.floors.contains(room));
        let empty = self.floors.iter().filter(|floor| !rooms.contains(*floor) && !is_roof(floor));
        let homeless = homeless.map(|room| format!("`{room}` stands on no floor"));
        homeless.chain(empty.map(|floor| format!("there is no `{floor}`"))).collect()
    }

    /// Arrows back up that the file does not name, names without a reason, and names without an arrow.
    fn unnamed(&self, arrows: &Arrows) -> Vec<String> {
        let drawn = backward(arrows, &self.floors);
        let named =
            |from: &str, to: &str| self.backward.iter().any(|arrow| arrow.from == from && arrow.to == to);
        let mut found = Vec::new();
        for (from, to) in &drawn {
            if !named(from, to) {
                let files = &arrows[&((*from).to_owned(), (*to).to_owned())];
                let files = files.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                found.push(format!("`{from}` uses `{to}`, which stands above it: {files}"));
            }
        }
        for Backward { from, to, because } in &self.backward {
            if !drawn.contains(&(from, to)) {
                found.push(format!("no file of `{from}` uses `{to}` any more: remove the entry"));
            }
            if because.trim().is_empty() {
                found.push(format!("`{from}` to `{to}` has no reason"));
            }
        }
        found
    }

    fn crowded(&self, files: &[PathBuf], most: usize) -> Vec<String> {
        let mut counts = BTreeMap::<&Path, usize>::new();
        for file in files {
            *counts.entry(file.parent().unwrap_or(Path::new(""))).or_default() += 1;
        }
        let allowed = |folder: &Path| {
            self.large.iter().any(|large| large.folder == folder && !large.because.trim().is_empty())
        };
        counts
            .iter()
            .filter(|(folder, count)| **count > most && !allowed(folder))
            .map(|(folder, count)| format!("`{}` holds {count} files, {most} may", folder.display()))
            .collect()
    }
}

fn first_part(file: &Path) -> Option<String> {
    let part = file.iter().next()?;
    Some(Path::new(part).with_extension("").to_string_lossy().into_owned())
}

/// The file at the top of a crate or package: it stands above all rooms and only names them.
fn is_roof(room: &str) -> bool {
    matches!(room, "main" | "__init__") || room == rust_imports::ROOF
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(backward: Vec<Backward>) -> Plan {
        Plan {
            folder: "x".into(),
            floors: vec!["ground".into(), "first".into()],
            backward,
            large: Vec::new(),
        }
    }

    fn up() -> Arrows {
        Arrows::from([(("ground".to_owned(), "first".to_owned()), ["a.rs".to_owned()].into())])
    }

    #[test]
    fn an_arrow_back_up_needs_a_name_and_a_reason() {
        let files = ["ground.rs".into(), "first.rs".into(), "lib.rs".into()];
        let found = plan(Vec::new()).breaches(&up(), &files, 6, 12);
        assert_eq!(found, ["`ground` uses `first`, which stands above it: a.rs"]);
        let arrow =
            |because: &str| Backward { from: "ground".into(), to: "first".into(), because: because.into() };
        assert_eq!(plan(vec![arrow("why")]).breaches(&up(), &files, 6, 12), Vec::<String>::new());
        assert_eq!(
            plan(vec![arrow(" ")]).breaches(&up(), &files, 6, 12),
            ["`ground` to `first` has no reason"]
        );
        assert_eq!(
            plan(vec![arrow("why")]).breaches(&Arrows::new(), &files, 6, 12),
            ["no file of `ground` uses `first` any more: remove the entry"]
        );
    }

    #[test]
    fn a_room_without_a_floor_and_a_crowded_folder_are_breaches() {
        let files = ["ground.rs", "first/a.rs", "first/b.rs", "attic.rs"].map(PathBuf::from);
        let found = plan(Vec::new()).breaches(&Arrows::new(), &files, 6, 1);
        assert_eq!(
            found,
            ["`attic` stands on no floor", "`` holds 2 files, 1 may", "`first` holds 2 files, 1 may"]
        );
    }
}
