//! What a stop costs the clients: two hundred on each event loop, each at a random moment of something else. The scene and the
//! verdict are those of the tests (`ferricorn_test::stops`).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use ferricorn_test::{Amid, Stops};

use super::{
    Effort,
    contender::Ground,
    loss,
    report::{Page, Table},
};
use crate::{
    failure::{Failure, panic_text},
    say::say,
};

/// Stops on each event loop.
const FULL: usize = 200;
const QUICK: usize = 12;

/// The scene alone; `loss` has it among others.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let method = "The application is `crates/ferricorn-test/python/ledger.py`, with an import that takes 0.4 s. 8 clients open a \
        connection for each request and 4 keep theirs, with pauses of 10 ms on average, before the signal, until the \
        master has ended. In turns a worker more boots, workers are recycled, a reload is under way, a new generation hangs in \
        a call in C that holds the interpreter's lock, a new master boots, or the service itself has just begun; TERM comes \
        up to 1.2 s later. Lost: reset, cut short, unanswered, or refused before the signal.";
    let mut page = Page::new("Clients of a service that stops", method);
    page.command("ferricorn main:app --bind 127.0.0.1:0 --workers 2".to_owned());
    page.table(table(ground, effort)?);
    Ok(page)
}

/// One row for each event loop.
pub(super) fn table(ground: &Ground, effort: Effort) -> Result<Table, Failure> {
    let wanted = if effort.is_quick() { QUICK } else { FULL };
    let mut table = Table::new([
        "stops on",
        "stops",
        "answered",
        "refused",
        "of these after 1 s or more",
        "lost",
        "closed while idle",
        "longest stop",
    ]);
    for event_loop in ["asyncio", "uvloop"] {
        let mut stops = Stops::default();
        let mut said = Instant::now();
        for (seed, amid) in (1..).zip(Amid::ALL.into_iter().cycle()).take(wanted) {
            let builder = loss::ferricorn(ground, &format!("--loop {event_loop}"));
            let happened = catch_unwind(AssertUnwindSafe(|| stops.stop(builder, 2, amid, seed)));
            happened
                .map_err(|panic| Failure::new(format!("a stop amid {amid:?}: {}", panic_text(&*panic))))?;
            if said.elapsed() > Duration::from_secs(20) {
                said = Instant::now();
                say(&format!("  {event_loop}: {stops}"));
            }
        }
        if let Some(lost) = stops.lost.first() {
            say(&format!("  {event_loop}: the first that was lost: {lost:?}"));
        }
        table.row([
            event_loop.to_owned(),
            stops.stops.to_string(),
            stops.answered.to_string(),
            stops.refused.to_string(),
            stops.slow_refusals.to_string(),
            format!("{}: {}", stops.lost.len(), if stops.lost.is_empty() { "holds" } else { "MISSED" }),
            stops.idle.to_string(),
            format!("{:.1} s", stops.longest.as_secs_f64()),
        ]);
    }
    Ok(table)
}
