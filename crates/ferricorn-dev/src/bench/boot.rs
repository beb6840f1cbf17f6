//! The time from the start of a server to its first answer.

use super::{
    Effort,
    contender::{ALL, APPS, Ground, Plan},
    report::{Page, Table, verdict},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

/// At most this many times that of `uvicorn --workers 2`.
const LIMIT: f64 = 1.05;

/// Takes turns: each server is started, answers once, and is stopped before the next.
pub(crate) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let method = format!(
        "The time runs from the start of the first process to the first answer; the client tries to connect \
        and ask again 1 ms after each refusal. Servers run one at a time, with 2 workers. Processor time is that of \
        all processes of the server up to then; other work on the machine disturbs it less than the time on the wall. {} rounds.",
        effort.boots
    );
    let mut page = Page::new("Time to the first answer", method);
    let head = [
        "application",
        "server",
        "ms",
        "processor ms",
        "ferricorn / it",
        "processor, ferricorn / it",
        "target",
    ];
    let mut table = Table::new(head);
    for (app, name) in APPS {
        let plan = Plan::new(app, 2);
        let mut wall = [const { Vec::new() }; ALL.len()];
        let mut processor = [const { Vec::new() }; ALL.len()];
        // Once more than counts: the first time writes compiled modules and fills the page cache.
        for round in 0..=effort.boots {
            for (index, contender) in ALL.into_iter().enumerate() {
                let start = Server::spawn(ground, contender, plan)?.first_answer()?;
                if round > 0 {
                    wall[index].push(start.wall.as_secs_f64() * 1e3);
                    processor[index].push(start.processor.as_secs_f64() * 1e3);
                }
            }
        }
        for (index, contender) in ALL.into_iter().enumerate() {
            let ratio = Summary::of_ratios(&wall[0], &wall[index]);
            let processor_ratio = Summary::of_ratios(&processor[0], &processor[index]);
            let (ratio_text, processor_text, target) = match index {
                0 => Default::default(),
                1 => {
                    let target = verdict(ratio, LIMIT, "at most 1.05");
                    (ratio.to_string(), processor_ratio.to_string(), target)
                }
                _ => (ratio.to_string(), processor_ratio.to_string(), String::new()),
            };
            table.row([
                name.to_owned(),
                contender.name().to_owned(),
                format!("{:.0}", Summary::of(wall[index].iter().copied())),
                format!("{:.0}", Summary::of(processor[index].iter().copied())),
                ratio_text,
                processor_text,
                target,
            ]);
            page.commands([(contender, plan)]);
        }
    }
    page.table(table);
    Ok(page)
}
