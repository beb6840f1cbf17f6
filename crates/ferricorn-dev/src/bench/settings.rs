//! The time from the start of the program to its verdict on a command line.

use std::{process::Stdio, time::Instant};

use super::{
    Effort,
    contender::Ground,
    report::{Page, Table, verdict},
    statistics::Summary,
};
use crate::failure::Failure;

/// Milliseconds: parsing and resolving takes less, and this is the whole process.
const LIMIT: f64 = 5.0;

/// What is resolved: the last thing that is looked at is a directory that does not exist, so that nothing is started.
const LINES: [(&str, &str); 2] = [
    (
        "a line of 14 options",
        "main:app --bind 0.0.0.0:$PORT --workers 2 --worker-class uvicorn.workers.UvicornWorker \
      --worker-connections 500 --max-requests 5000 --max-requests-jitter 500 --timeout 30 --keep-alive 5 \
      --graceful-timeout 30 --backlog 1024 --access-logfile - --error-logfile - --log-level info --chdir /nowhere",
    ),
    ("two options", "main:app --workers 2 --chdir /nowhere"),
];

/// Each line many times over, one process at a time.
pub(crate) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let runs = effort.boots * 10;
    let method = format!(
        "The time runs from the start of the process to its end: the command line, `GUNICORN_CMD_ARGS` and the variables \
         are parsed and resolved, and the last thing that is checked is a working directory that does not exist. There \
         is no configuration file in Python. {runs} runs of each.",
    );
    let mut page = Page::new("Time to settings", method);
    let mut table = Table::new(["command line", "ms", "target"]);
    for (name, line) in LINES {
        let mut times = Vec::with_capacity(runs);
        for round in 0..=runs {
            let mut command = std::process::Command::new(&ground.ferricorn);
            command.args(line.split_whitespace()).env("PORT", "8000").env("GUNICORN_CMD_ARGS", "--name shop");
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .current_dir(&ground.apps);
            let start = Instant::now();
            let status =
                command.status().map_err(|error| Failure::new(format!("cannot run ferricorn: {error}")))?;
            if status.code() != Some(1) {
                return Err(Failure::new(format!("ferricorn ended with {status}, not with exit code 1")));
            }
            // The first one fills the page cache.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        let summary = Summary::of(times);
        table.row([name.to_owned(), format!("{summary:.2}"), verdict(summary, LIMIT, "under 5 ms")]);
    }
    page.table(table);
    Ok(page)
}
