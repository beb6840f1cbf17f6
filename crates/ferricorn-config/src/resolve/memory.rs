//! `--max-worker-memory` in bytes.
//!
//! Owns: a percentage becomes bytes, and the words that say so. Does not own: what limits the memory (the program asks the
//! system), what follows for a worker (the core).

use crate::{
    given::{Choices, ConfigError, MemoryLimit, value_error},
    settings::WorkerMemory,
    values::{Problem, Value},
};

/// The limit of one worker; `None` if there is none.
pub(crate) fn resolve(
    value: Option<&Value>,
    limit: Option<&MemoryLimit>,
    choices: &Choices,
) -> Result<Option<WorkerMemory>, ConfigError> {
    match value {
        Some(Value::Whole(mebibytes @ 1..)) => Ok(Some(WorkerMemory { bytes: mebibytes << 20, share: None })),
        Some(Value::Percent(percent)) => {
            share(*percent, limit).map(Some).map_err(|problem| refused(choices, problem))
        }
        _ => Ok(None),
    }
}

fn share(percent: u64, limit: Option<&MemoryLimit>) -> Result<WorkerMemory, Problem> {
    const HINT: &str = "give a number of MiB such as `400`";
    // Treating it as no limit would let a leak continue that the user has asked to stop.
    let Some(MemoryLimit { bytes: whole, source }) = limit else {
        let reason =
            "there is no limit to take a part of: neither a control group nor `/proc/meminfo` can be read";
        return Err(Problem::meaning(reason, HINT));
    };
    let bytes = whole / 100 * percent + whole % 100 * percent / 100;
    let (part, of) = (bytes >> 20, whole >> 20);
    if part == 0 {
        return Err(Problem::meaning(format!("less than 1 MiB of {of} MiB, {source}"), HINT));
    }
    Ok(WorkerMemory { bytes, share: Some(format!("{percent}% ({part} MiB of {of} MiB, {source})")) })
}

fn refused(choices: &Choices, problem: Problem) -> ConfigError {
    match choices.get("max-worker-memory").and_then(|choices| choices.last()) {
        Some(choice) => value_error(choice, problem),
        None => ConfigError::Grammar(format!("`--max-worker-memory` is {}", problem.reason)),
    }
}
