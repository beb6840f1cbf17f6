//! `cargo dev plots`: the pictures of documents, drawn from what was measured.
//!
//! Owns: which measurement becomes which picture. Does not own: how lines and bars become SVG, which is [`svg`].
//! Invariant: the same results give the same bytes, so that a picture changes with its results and at no other time.

mod svg;

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use clap::Args;
use serde::Deserialize;

use self::svg::Picture;
use crate::{failure::Failure, say::say, steps::loudly, venv::Python, workspace::Workspace};

/// Where results and pictures are.
const RESULTS: &str = "benches/results";
const RELOAD: &str = "docs/assets/reload.svg";
/// How long each server is asked, with a reload at a third of it.
const SECONDS: &str = "9";

/// The servers, in the order of the picture, and how each is started. `BIN` is the folder of programs.
const SERVERS: [(&str, &str); 6] = [
    (
        "ferricorn",
        "FERRICORN bare:app --bind 127.0.0.1:{port} --workers 2 --reload-probation 1 --no-access-log",
    ),
    (
        "gunicorn + uvicorn-worker",
        "BIN/gunicorn bare:app --bind 127.0.0.1:{port} --workers 2 -k uvicorn_worker.UvicornWorker --keep-alive 75",
    ),
    ("gunicorn asgi", "BIN/gunicorn bare:app --bind 127.0.0.1:{port} --workers 2 -k asgi --keep-alive 75"),
    (
        "uvicorn",
        "BIN/uvicorn bare:app --host 127.0.0.1 --port {port} --workers 2 --timeout-keep-alive 75 --no-access-log",
    ),
    ("granian", "BIN/granian bare:app --interface asgi --host 127.0.0.1 --port {port} --workers 2"),
    ("hypercorn", "BIN/hypercorn bare:app --bind 127.0.0.1:{port} --workers 2 --keep-alive 75"),
];

/// Draw the pictures of documents from benches/results
#[derive(Args)]
pub(crate) struct Arguments {
    /// Measure the time series again, with the release build (a minute, on a quiet machine)
    #[arg(long)]
    measure: bool,
    /// Only compare the pictures with what would be drawn
    #[arg(long, conflicts_with = "measure")]
    check: bool,
}

/// A measurement of `benches/timeline.py`.
#[derive(Deserialize)]
struct Timeline {
    slice_seconds: f64,
    /// In seconds from the beginning.
    reload_at: f64,
    servers: BTreeMap<String, Series>,
}

/// What became of requests, one number for each slice of time.
#[derive(Deserialize)]
struct Series {
    answered: Vec<u32>,
    lost: Vec<u32>,
    refused: Vec<u32>,
}

/// Draws, or compares, or measures and draws.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    if arguments.measure {
        measure(&workspace)?;
    }
    if arguments.check {
        check(&workspace)?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = workspace.root.join(RELOAD);
    let picture = picture(&workspace)?;
    let folder = path.parent().expect("the picture is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, picture))
        .map_err(|error| Failure::new(format!("cannot write `{RELOAD}`: {error}")))?;
    say(RELOAD);
    Ok(ExitCode::SUCCESS)
}

/// Fails when a picture is not what its results show.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let picture = picture(workspace)?;
    if fs::read_to_string(workspace.root.join(RELOAD)).is_ok_and(|found| found == picture) {
        return Ok(());
    }
    Err(Failure::new(format!("`{RELOAD}` is not what its results show")).hint("run `cargo dev plots`"))
}

fn picture(workspace: &Workspace) -> Result<String, Failure> {
    let source = newest(workspace)?;
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::new(format!("cannot read `{}`: {error}", source.display()));
    let text = fs::read_to_string(&source).map_err(|error| unreadable(&error))?;
    let timeline: Timeline = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    Ok(draw(&timeline))
}

/// The newest time series: their names begin with their dates.
fn newest(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(workspace.root.join(RESULTS))
        .map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    let paths = entries.unwrap_or_default().into_iter().map(|entry| entry.path());
    let series = paths.filter(|path| path.to_string_lossy().ends_with("-reload.json"));
    series.max().ok_or_else(|| {
        Failure::new(format!("`{RESULTS}` has no time series")).hint("run `cargo dev plots --measure`")
    })
}

fn measure(workspace: &Workspace) -> Result<(), Failure> {
    let venv = Python::find()?.venv(workspace, "bench")?;
    let ferricorn = workspace.target.join("release/ferricorn");
    if !ferricorn.is_file() {
        return Err(
            Failure::new("there is no release build").hint("run `cargo build --release --bin ferricorn`")
        );
    }
    let python = venv.program("python");
    let mut command = workspace.command(&python, ["benches/timeline.py", SECONDS]);
    for (name, line) in SERVERS {
        let line = line.replace("BIN", venv.program("").display().to_string().trim_end_matches('/'));
        command.arg(format!("{name}={}", line.replace("FERRICORN", &ferricorn.display().to_string())));
    }
    let (passed, output) = loudly("time series", command.env("FERRICORN_PYTHON", &python))?;
    if !passed {
        return Err(Failure::new("the servers could not be measured, see above"));
    }
    let today = workspace.command("date", ["+%F"]).output();
    let today = today.map_err(|error| Failure::new(format!("cannot run `date`: {error}")))?;
    let today = String::from_utf8_lossy(&today.stdout).trim().to_owned();
    let path = workspace.root.join(RESULTS).join(format!("{today}-reload.json"));
    fs::write(&path, output)
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))
}

/// A strip for each server: answers in each slice as bars, lost and refused ones as red ones below the line.
fn draw(timeline: &Timeline) -> String {
    const WIDTH: f64 = 760.0;
    const LEFT: f64 = 190.0;
    const STRIP: f64 = 56.0;
    const TOP: f64 = 62.0;
    let strips = SERVERS.iter().filter_map(|(name, _)| Some((*name, timeline.servers.get(*name)?)));
    let strips: Vec<(&str, &Series)> = strips.collect();
    let slices = strips.iter().map(|(_, series)| series.answered.len()).max().unwrap_or(1);
    let step = (WIDTH - LEFT - 110.0) / f64::from(u32::try_from(slices).unwrap_or(u32::MAX));
    let mut picture =
        Picture::new(WIDTH, TOP + STRIP * f64::from(u32::try_from(strips.len()).unwrap_or(0)) + 34.0);
    picture.title("Answers in each tenth of a second, while the workers are reloaded (SIGHUP)");
    picture.text(8.0, 42.0, "small", "each strip by its own height; red: requests that were lost or refused");
    for (row, (name, series)) in (0u32..).zip(&strips) {
        let base = TOP + STRIP * f64::from(row) + 34.0;
        let most = f64::from(series.answered.iter().copied().max().unwrap_or(1).max(1));
        picture.text(8.0, base - 8.0, "name", name);
        for (at, answered) in (0u32..).zip(&series.answered) {
            let height = 30.0 * f64::from(*answered) / most;
            picture.bar(LEFT + step * f64::from(at), base - height, step * 0.85, height, "answered");
        }
        let failed = series.lost.iter().zip(&series.refused).map(|(lost, refused)| lost + refused);
        let failed: Vec<u32> = failed.collect();
        for (at, count) in (0u32..).zip(&failed).filter(|(_, count)| **count > 0) {
            let height = (3.0 + 2.0 * f64::from(*count).sqrt()).min(14.0);
            picture.bar(LEFT + step * f64::from(at), base + 1.0, step.max(3.0), height, "lost");
        }
        let (sum, class) = match failed.iter().sum::<u32>() {
            0 => ("0 lost".to_owned(), "name"),
            sum => (format!("{sum} lost"), "name bad"),
        };
        picture.text(WIDTH - 100.0, base - 8.0, class, &sum);
    }
    let reload = LEFT + step * timeline.reload_at / timeline.slice_seconds;
    let bottom = TOP + STRIP * f64::from(u32::try_from(strips.len()).unwrap_or(0)) + 10.0;
    picture.line(reload, TOP - 4.0, reload, bottom);
    picture.text(reload - 16.0, bottom + 16.0, "small", "reload");
    picture.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        let series =
            |lost: u32| Series { answered: vec![10, 12, 8], lost: vec![0, lost, 0], refused: vec![0, 0, 0] };
        let servers = [("ferricorn".to_owned(), series(0)), ("uvicorn".to_owned(), series(7))];
        Timeline { slice_seconds: 0.1, reload_at: 0.1, servers: BTreeMap::from(servers) }
    }

    #[test]
    fn what_was_lost_is_red_and_counted_and_the_same_results_give_the_same_bytes() {
        let picture = draw(&timeline());
        assert_eq!(picture.matches("class=\"answered\"").count(), 6);
        assert_eq!(picture.matches("class=\"lost\"").count(), 1);
        assert!(picture.contains(">0 lost<") && picture.contains(">7 lost<"), "{picture}");
        assert_eq!(picture, draw(&timeline()));
    }
}
