//! The imports of the worker shim, room by room, read by Python's own `ast`.
//!
//! A room is a module or a folder right below the package. Imports inside functions count like all others: they are
//! how a circle hides.

use std::path::Path;

use serde::Deserialize;

use super::graph::Arrows;
use crate::{failure::Failure, workspace::Workspace};

/// Prints one JSON array: for each import from the package itself, the file, the room it is in, the room it names.
const READ: &str = r#"
import ast, json, pathlib, sys
root = pathlib.Path(sys.argv[1])
def room(parts):
    return parts[0] if parts else "__init__"
found = []
for path in sorted(root.rglob("*.py")):
    file = path.relative_to(root)
    module = [part for part in file.with_suffix("").parts if part != "__init__"]
    package = module if path.name == "__init__.py" else module[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [name.name.split(".")[1:] for name in node.names if name.name.split(".")[0] == root.name]
        elif isinstance(node, ast.ImportFrom):
            words = (node.module or "").split(".") if node.module else []
            if node.level:
                base = package[: len(package) - node.level + 1] + words
            elif words[:1] == [root.name]:
                base = words[1:]
            else:
                continue
            targets = [base or [name.name] for name in node.names]
        else:
            continue
        for target in targets:
            if room(target) != room(module):
                found.append([str(file), room(module), room(target)])
print(json.dumps(found))
"#;

#[derive(Deserialize)]
struct Import(String, String, String);

/// Reads the arrows between the rooms of the package in `folder`.
pub(crate) fn arrows(workspace: &Workspace, folder: &Path) -> Result<Arrows, Failure> {
    let mut python = workspace.command("python3", ["-c", READ]);
    let output = python.arg(folder).output();
    let output = output.map_err(|error| Failure::new(format!("cannot run `python3`: {error}")))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("cannot read `{}`: {}", folder.display(), complaint.trim())));
    }
    let imports: Vec<Import> = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::new(format!("python3 printed no list of imports: {error}")))?;
    let mut arrows = Arrows::new();
    for Import(file, from, to) in imports {
        arrows.entry((from, to)).or_default().insert(file);
    }
    Ok(arrows)
}
