//! `ferricorn top`: a live view of a running service, over the same socket that `ferricorn ctl` asks.
//!
//! Owns: its part of the command line, the terminal, when the master is asked. Does not own: figures and keys ([`state`]),
//! columns ([`columns`]), the screen ([`view`]), the conversation (`ctl::client`).
//!
//! Invariant: the terminal is as it was when this ends, whatever ends it but SIGKILL.

mod columns;
mod state;
mod view;

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::{Arg, ArgAction, Command, error::ErrorKind};
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ferricorn_wire::{
    control::{Request, Response},
    observation::Observation,
};
use ratatui::{Terminal, backend::CrosstermBackend};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use self::state::{Effect, Key, State};
use crate::{
    ctl::client::{self, Failure, Target},
    report, usage,
};

/// The word that makes a command line one of these.
pub const WORD: &str = "top";

/// How long the two looks of `--once` are apart, if nothing else was said.
const ONCE: Duration = Duration::from_millis(500);

/// How soon a signal that ends it is noticed.
const NOTICED: Duration = Duration::from_millis(200);

/// Runs `ferricorn top ...`; the words are those after `top`. Gives the exit code: 0, 1 if no service can be watched, 2 if
/// the words mean nothing.
pub fn run(words: &[OsString]) -> u8 {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return report::print(&error.render().to_string());
        }
        Err(error) => {
            report::error(&usage::complaint(&error, &command()));
            return 2;
        }
    };
    let target = Target::of(&matches);
    let interval = matches.get_one::<f64>("interval").map(|seconds| Duration::from_secs_f64(*seconds));
    let done = if matches.get_flag("json") {
        json(&target, interval.filter(|_| !matches.get_flag("once")))
    } else if matches.get_flag("once") || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        once(&target, interval.unwrap_or(ONCE))
    } else {
        watch(&target, interval.unwrap_or(Duration::from_secs(1)))
    };
    done.map_or_else(|text| report::error(&text), |()| 0)
}

fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    client::with_target(Command::new("ferricorn top"))
        .about("Shows a running ferricorn live: rates, times, workers")
        .arg(switch("once", "Print one table and end, as it does where there is no terminal"))
        .arg(switch("json", "Print JSON objects, one per line; with --once a single one"))
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("SECONDS")
                .value_parser(seconds)
                .help("Time between two looks [default: 1]"),
        )
}

fn seconds(word: &str) -> Result<f64, String> {
    let seconds = word.parse().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "give seconds from 0.1 to 3600".to_owned())
}

fn look(target: &Target) -> Result<Observation, String> {
    match client::ask(target, &Request::Observe) {
        Ok(Response::Observation(observation)) => Ok(*observation),
        Ok(Response::Failed { text }) => Err(text),
        Ok(_) => Err("the master is of a version that cannot be watched".to_owned()),
        Err(failure) => Err(told(&failure)),
    }
}

fn told(failure: &Failure) -> String {
    let hint = failure.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{failure}{hint}")
}

fn json(target: &Target, again: Option<Duration>) -> Result<(), String> {
    loop {
        let observation = look(target)?;
        report::print(&format!("{}\n", String::from_utf8_lossy(&ferricorn_wire::encode(&observation))));
        let Some(interval) = again else { return Ok(()) };
        thread::sleep(interval);
    }
}

fn once(target: &Target, interval: Duration) -> Result<(), String> {
    let mut state = State::default();
    state.observe(look(target)?);
    // One look has no rates.
    thread::sleep(interval);
    state.observe(look(target)?);
    report::print(&view::plain(&state));
    Ok(())
}

fn watch(target: &Target, interval: Duration) -> Result<(), String> {
    // Before the screen is taken: an error is to stay there.
    let mut state = State::default();
    state.observe(look(target)?);
    let told_to_end = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT] {
        let registered = signal_hook::flag::register(signal, Arc::clone(&told_to_end));
        registered.map_err(|error| format!("signals cannot be watched for: {error}"))?;
    }
    let mut terminal =
        ratatui::try_init().map_err(|error| format!("the terminal cannot be used: {error}"))?;
    let ended = converse(&mut terminal, target, interval, &mut state, &told_to_end);
    ratatui::restore();
    ended.map_err(|error| format!("the terminal cannot be used: {error}"))
}

fn converse(
    terminal: &mut Terminal<CrosstermBackend<io::Stdout>>,
    target: &Target,
    interval: Duration,
    state: &mut State,
    told_to_end: &AtomicBool,
) -> io::Result<()> {
    let colors = report::colors(true);
    let mut next = Instant::now() + interval;
    let mut lost = false;
    while !told_to_end.load(Ordering::Relaxed) {
        terminal.draw(|frame| view::draw(frame, state, colors))?;
        if event::poll(next.saturating_duration_since(Instant::now()).min(NOTICED))?
            && let Some(key) = key_of(&event::read()?)
        {
            match state.press(key) {
                Effect::Nothing => {}
                Effect::Quit => return Ok(()),
                Effect::Scale(workers) => order(target, &Request::Scale { workers }, state),
                Effect::Reload => order(target, &Request::Reload { wait: false }, state),
            }
        }
        if Instant::now() >= next {
            next = Instant::now() + interval;
            match look(target) {
                Ok(observation) => {
                    state.observe(observation);
                    if std::mem::take(&mut lost) {
                        state.message = None;
                    }
                }
                // It may come back: a service that is restarted.
                Err(text) => {
                    lost = true;
                    state.message = Some(text.lines().next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    Ok(())
}

fn order(target: &Target, request: &Request, state: &mut State) {
    state.message = Some(match client::ask(target, request) {
        Ok(Response::Done { text } | Response::Failed { text }) => text,
        Ok(_) => "the master has answered something else".to_owned(),
        Err(failure) => failure.to_string(),
    });
}

fn key_of(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    Some(match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Letter('q'),
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_can_be_made() {
        command().debug_assert();
    }

    #[test]
    fn strange_words_are_usage_errors() {
        for line in ["now", "--interval 0", "--interval x", "--once --pid 0"] {
            assert!(command().try_get_matches_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
