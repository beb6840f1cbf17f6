//! Dockerfiles as `BuildKit` reads them.
//!
//! Owns: directives, the escape character, continuations with comments inside them, here-documents, JSON and shell form,
//! flags, stages and how they build on each other. Does not own: what an image contains, nor what a command means.
//!
//! # How to use
//!
//! ```text
//! let file = dockerfile::read(&source);
//! let stage = file.final_stage()?;
//! file.image(stage)                          // "python:3.12-slim", with the defaults of ARG put in
//! for instruction in file.history(stage) {   // first to last, through `FROM other-stage`
//!     match &instruction.detail {
//!         Detail::Cmd(Form::Exec(words)) => …           // words[0].text(), words[0].whole()
//!         Detail::Cmd(Form::Shell { script, broken_array, .. }) => …
//!         Detail::Copy { from, sources, target } => …
//!         _ => {}
//!     }
//! }
//! file.last(stage, |detail| matches!(detail, Detail::User(_)))   // what counts at the end
//! ```
//!
//! `broken_array` says that the text was meant as a JSON array and is none (single quotes, a comma too many): Docker
//! takes it for a line for the shell.
//!
//! Invariants: reading never fails; an unknown instruction is [`Detail::Other`]. A Dockerfile without `FROM` has no stage.

use std::collections::HashMap;

mod array;
mod detail;
mod lines;
mod settings;

#[cfg(test)]
mod tests;

pub use array::array;
pub use settings::expand;

use crate::{
    readers::shell::{Lookup, Script},
    text::{Excerpt, Source, Span},
};

/// How many stages below a stage are followed.
const DEEPEST: usize = 100;

/// Reads a Dockerfile.
pub fn read(source: &Source) -> Dockerfile {
    let (escape, directives, lines) = lines::read(source);
    let instructions: Vec<Instruction> = lines.iter().map(|line| detail::instruction(line, escape)).collect();
    let stages = stages(&instructions);
    Dockerfile { directives, instructions, stages }
}

/// A whole file.
#[derive(Debug, Clone)]
pub struct Dockerfile {
    /// `# syntax=…`, `# escape=…`, `# check=…` at the top: name and value.
    pub directives: Vec<(Excerpt, Excerpt)>,
    /// All instructions, in order.
    pub instructions: Vec<Instruction>,
    /// All stages, in order.
    pub stages: Vec<Stage>,
}

/// `FROM` and what follows it.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its place among the stages, from 0.
    pub index: usize,
    /// Behind `AS`.
    pub name: Option<Excerpt>,
    /// What it starts from, as it is written.
    pub image: Excerpt,
    /// The stage that it starts from, if `image` names one.
    pub base: Option<usize>,
    /// Its instructions, by their places in [`Dockerfile::instructions`]; the first is the `FROM`.
    pub instructions: std::ops::Range<usize>,
}

/// One instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// In capitals: `FROM`.
    pub keyword: String,
    /// Where the keyword stands.
    pub keyword_span: Span,
    /// `--from=build`, `--mount=…`, `--interval=30s`.
    pub flags: Vec<Flag>,
    /// What stands behind the flags, without continuations and comments.
    pub arguments: Excerpt,
    /// What that means.
    pub detail: Detail,
    /// From the keyword to the end of the last line.
    pub span: Span,
}

/// `--name=value` behind a keyword.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Without `--`.
    pub name: String,
    /// Behind `=`.
    pub value: Option<Excerpt>,
    /// All of it.
    pub span: Span,
}

/// What an instruction says.
#[derive(Debug, Clone)]
pub enum Detail {
    /// `FROM image AS name`.
    From {
        /// The image or the stage.
        image: Excerpt,
        /// Behind `AS`.
        name: Option<Excerpt>,
    },
    /// `ARG NAME=default …`.
    Arg(Vec<Setting>),
    /// `ENV NAME=value …`, or `ENV NAME value`.
    Env(Vec<Setting>),
    /// `RUN`.
    Run(Form),
    /// `CMD`.
    Cmd(Form),
    /// `ENTRYPOINT`.
    Entrypoint(Form),
    /// `COPY` and `ADD`.
    Copy {
        /// `--from=`: a stage or an image.
        from: Option<Excerpt>,
        /// Files of the build context (or of `from`); here-documents are left out.
        sources: Vec<Excerpt>,
        /// Where they go.
        target: Option<Excerpt>,
    },
    /// `EXPOSE`: each port as it is written.
    Expose(Vec<Excerpt>),
    /// `HEALTHCHECK … CMD`; `None` for `HEALTHCHECK NONE`.
    Healthcheck(Option<Form>),
    /// `STOPSIGNAL`.
    StopSignal(Excerpt),
    /// `USER`.
    User(Excerpt),
    /// `WORKDIR`.
    Workdir(Excerpt),
    /// `SHELL`.
    Shell(Vec<Excerpt>),
    /// Anything else.
    Other,
}

/// The two ways to write a command.
#[derive(Debug, Clone)]
pub enum Form {
    /// `["program", "argument"]`: no shell sees it.
    Exec(Vec<Excerpt>),
    /// A line for `/bin/sh -c` (or what `SHELL` says).
    Shell {
        /// The line.
        value: Excerpt,
        /// What the shell reads in it.
        script: Script,
        /// Whether it was meant as a JSON array and is none.
        broken_array: bool,
    },
}

/// `NAME=value` of `ENV` and `ARG`.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name.
    pub name: Excerpt,
    /// The value without quotes and escapes; `$NAME` stays as it is, see [`expand`].
    pub value: Option<Excerpt>,
    /// Name and value.
    pub span: Span,
}

impl Dockerfile {
    /// The stage that becomes the image if no target is asked for.
    pub fn final_stage(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// A stage by its name (in any case) or its number.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        let named =
            |stage: &&Stage| stage.name.as_ref().is_some_and(|own| own.text().eq_ignore_ascii_case(name));
        let numbered = || name.parse::<usize>().ok().and_then(|index| self.stages.get(index));
        self.stages.iter().rev().find(named).or_else(numbered)
    }

    /// The stage, and those that it builds on, the oldest first.
    pub fn lineage(&self, stage: &Stage) -> Vec<&Stage> {
        let mut lineage: Vec<&Stage> = self.stages.get(stage.index).into_iter().collect();
        while let Some(base) = lineage.last().and_then(|last| last.base).filter(|_| lineage.len() < DEEPEST) {
            lineage.extend(self.stages.get(base));
        }
        lineage.reverse();
        lineage
    }

    /// The instructions that make a stage's image, those of the stages below it first.
    pub fn history(&self, stage: &Stage) -> Vec<&Instruction> {
        let stages = self.lineage(stage).into_iter();
        stages.filter_map(|stage| self.instructions.get(stage.instructions.clone())).flatten().collect()
    }

    /// The last instruction of this kind in a stage's history: what counts for `USER`, `CMD`, `WORKDIR` and the like.
    pub fn last(&self, stage: &Stage, is: impl Fn(&Detail) -> bool) -> Option<&Instruction> {
        self.history(stage).into_iter().rev().find(|instruction| is(&instruction.detail))
    }

    /// The image below a stage and all those that it builds on, with the defaults of `ARG` in front of the first `FROM`
    /// put in. `None` if a variable has no default.
    pub fn image(&self, stage: &Stage) -> Option<String> {
        let image = &self.lineage(stage).first()?.image;
        expand(image.text(), &|name| self.build_argument(name))
    }

    /// What is known of an argument in front of the first `FROM`.
    fn build_argument(&self, name: &str) -> Lookup {
        let before = self.instructions.iter().take_while(|one| one.keyword != "FROM");
        let settings = before.filter_map(|one| match &one.detail {
            Detail::Arg(settings) => Some(settings),
            _ => None,
        });
        let Some(found) = settings.flatten().filter(|setting| setting.name.text() == name).last() else {
            return Lookup::Unset;
        };
        let default = found.value.as_ref().and_then(|value| expand(value.text(), &|_| Lookup::Unknown));
        // Without a default it may be given with `--build-arg`.
        default.map_or(Lookup::Unknown, Lookup::Set)
    }
}

fn stages(instructions: &[Instruction]) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (at, instruction) in instructions.iter().enumerate() {
        if let Detail::From { image, name } = &instruction.detail {
            let base = by_name.get(&image.text().to_ascii_lowercase()).copied();
            let index = stages.len();
            by_name.extend(name.iter().map(|name| (name.text().to_ascii_lowercase(), index)));
            stages.push(Stage {
                index,
                name: name.clone(),
                image: image.clone(),
                base,
                instructions: at..at,
            });
        }
        if let Some(stage) = stages.last_mut() {
            stage.instructions.end = at + 1;
        }
    }
    stages
}
