//! What a measurement has found: tables for the terminal, and the same tables in a page with all that is needed to
//! judge and to repeat them.

use std::{fmt::Write as _, fs, process::Command, thread};

use super::{
    contender::{Contender, Ground, Plan},
    statistics::Summary,
    stolen::Watch,
};
use crate::{failure::Failure, workspace::Workspace};

/// The findings of one measurement.
pub(crate) struct Page {
    title: &'static str,
    /// How it was measured.
    method: String,
    tables: Vec<Table>,
    commands: Vec<String>,
    /// The command that has made it, if that is not `cargo dev bench`.
    made_by: Option<String>,
    /// Where the commands run.
    place: &'static str,
}

/// Rows of cells under a head.
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as the head.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The table in Markdown, its columns aligned so that a terminal can show it as it is.
    fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&self.head]).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut text = String::new();
        for row in [&self.head, &rule].into_iter().chain(&self.rows) {
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(text, "| {cell:width$} ");
            }
            text.push_str("|\n");
        }
        text
    }
}

impl Page {
    /// A page without tables.
    pub(crate) fn new(title: &'static str, method: impl Into<String>) -> Self {
        let place = "`benches/apps`, each with a port of its own";
        Self { title, method: method.into(), tables: Vec::new(), commands: Vec::new(), made_by: None, place }
    }

    /// Says which other command than `cargo dev bench` has made it.
    pub(crate) fn made_by(mut self, command: String) -> Self {
        self.made_by = Some(command);
        self
    }

    /// Says where else than in `benches/apps` the commands run.
    pub(crate) fn run_in(mut self, place: &'static str) -> Self {
        self.place = place;
        self
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds a command that was run.
    pub(crate) fn command(&mut self, line: String) {
        self.commands.push(line);
    }

    /// Adds the commands that were run, each once.
    pub(crate) fn commands(&mut self, run: impl IntoIterator<Item = (Contender, Plan)>) {
        for (contender, plan) in run {
            let command = contender.shown(plan);
            if !self.commands.contains(&command) {
                self.commands.push(command);
            }
        }
    }

    /// The title and the tables.
    pub(crate) fn tables(&self) -> String {
        let tables: Vec<String> = self.tables.iter().map(Table::text).collect();
        format!("{}\n\n{}", self.title, tables.join("\n"))
    }

    /// Writes the page; its path in the repository.
    pub(crate) fn write(
        &self,
        workspace: &Workspace,
        machine: &Machine,
        name: &str,
    ) -> Result<String, Failure> {
        let path = format!("benches/results/{}-{name}.md", machine.date);
        let tables: Vec<String> = self.tables.iter().map(Table::text).collect();
        let mut page = format!("# {}\n\n{}\n", self.title, tables.join("\n"));
        let made = self.made_by.as_ref().map_or_else(
            || {
                let median = "After a median stands how far the true one may lie off in 95 of 100 cases, and in brackets \
                              the quartiles, between which half of the rounds lie.";
                format!("`cargo dev bench {name}`. {median}")
            },
            |command| format!("`{command}`."),
        );
        let _ = write!(
            page,
            "\n{}\n\nMade by {made}\n\n## Machine and versions\n\n{}- {:.1} % of the processors' time stolen by the \
             hypervisor meanwhile\n\n## Commands\n\nIn {}:\n\n```\n{}\n```\n",
            self.method,
            machine.text,
            machine.watch.stolen() * 100.0,
            self.place,
            self.commands.join("\n")
        );
        let file = workspace.root.join(&path);
        let folder = file.parent().expect("the page is in a folder");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, page));
        written.map_err(|error| Failure::new(format!("cannot write `{path}`: {error}")))?;
        Ok(path)
    }
}

/// Where it was measured, and with what.
pub(crate) struct Machine {
    /// The day, as 2026-11-24.
    date: String,
    /// A list in Markdown.
    text: String,
    /// Runs since the look.
    watch: Watch,
}

impl Machine {
    /// Asks the system, before anything is measured.
    pub(crate) fn look(workspace: &Workspace, ground: &Ground) -> Result<Self, Failure> {
        let date = answer(&mut workspace.command("date", ["+%Y-%m-%d"]))?;
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let processor = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
        let kernel = answer(&mut workspace.command("uname", ["-sr"]))?;
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        let ferricorn = answer(&mut workspace.command(&ground.ferricorn, ["--version"]))?;
        // A copy of the sources without their history can be measured, too.
        let commit = commit(workspace).unwrap_or_else(|_| "unknown".to_owned());
        // Not every one of them is there on every Python.
        let versions = "import sys, importlib.metadata as m\n\
            found = {d.metadata['Name'].lower(): d.version for d in m.distributions()}\n\
            print(f'Python {sys.version.split()[0]}', *(f'{n} {found[n]}' for n in sys.argv[1:] if n in found), sep=', ')";
        let mut python = workspace.command(ground.venv.program("python"), ["-c", versions]);
        let packages = [
            "uvicorn",
            "uvloop",
            "httptools",
            "gunicorn",
            "uvicorn-worker",
            "fastapi",
            "starlette",
            "granian",
            "hypercorn",
            "h2corn",
        ];
        let versions = answer(python.args(packages))?;
        let text = format!(
            "- {cores} cores, {processor}; {kernel}; load average at the start {load}\n- {ferricorn} (commit {commit}, \
             release build)\n- {versions}\n"
        );
        Ok(Self { date, text, watch: Watch::start() })
    }
}

/// The commit, and whether anything differs from it but pages like this.
fn commit(workspace: &Workspace) -> Result<String, Failure> {
    let commit = answer(&mut workspace.command("git", ["rev-parse", "--short", "HEAD"]))?;
    let status = ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!benches/results"];
    let differs = !answer(&mut workspace.command("git", status))?.is_empty();
    Ok(if differs { format!("{commit}-dirty") } else { commit })
}

fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The standard output of a command that has to succeed.
fn answer(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|error| Failure::new(format!("cannot run `{name}`: {error}")))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("`{name}` ended with {}: {}", output.status, complaint.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A median against a limit: `holds`, `MISSED`, or that the noise hides it.
pub(crate) fn verdict(found: Summary, limit: f64, shown: &str) -> String {
    let told = if found.median <= limit {
        "holds"
    } else if found.sure.0 <= limit {
        "open, within the noise"
    } else {
        "MISSED"
    };
    format!("{shown}: {told}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["server", "µs"]);
        table.row(["uvicorn".to_owned(), "12".to_owned()]);
        assert_eq!(table.text(), "| server  | µs |\n| ------- | -- |\n| uvicorn | 12 |\n");
    }

    #[test]
    fn a_limit_is_missed_only_beyond_the_noise() {
        let told = |found: [f64; 8]| verdict(Summary::of(found), 1.03, "at most 1.03");
        assert_eq!(told([1.03; 8]), "at most 1.03: holds");
        assert_eq!(told([1.04; 8]), "at most 1.03: MISSED");
        assert_eq!(
            told([1.0, 1.0, 1.0, 1.04, 1.04, 1.04, 1.04, 1.04]),
            "at most 1.03: open, within the noise"
        );
        assert_eq!(verdict(Summary::of([]), 1.03, "at most 1.03"), "at most 1.03: MISSED");
    }
}
