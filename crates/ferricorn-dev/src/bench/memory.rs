//! The memory of the process that supervises, after load.

use super::{
    Effort,
    contender::{ALL, APPS, Contender, Ground, Plan},
    report::{Page, Table, verdict},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

/// At most so many MB.
const LIMIT: f64 = 8.0;

/// Resident and proportional memory of master and workers.
pub(crate) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let method = format!(
        "Memory is the kernel's `VmRSS`, which counts shared pages in full, and `Pss`, which counts a page \
        by the share of its users, both in MB of a million bytes, after load on 2 workers. Workers and helpers are \
        all the processes below the one that supervises. {} starts of each server.",
        effort.boots / 2
    );
    let mut page = Page::new("Memory of the supervising process", method);
    let head =
        ["application", "server", "VmRSS MB", "PSS MB", "workers and helpers, PSS MB", "target (VmRSS)"];
    let mut table = Table::new(head);
    for (app, name) in APPS {
        let plan = Plan::new(app, 2);
        for contender in ALL {
            let (mut resident, mut proportional, mut below) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..effort.boots / 2 {
                let server = Server::start(ground, contender, plan)?;
                server.warm_load()?;
                let root = server.memory_of_root()?;
                resident.push(megabytes(root.resident));
                proportional.push(megabytes(root.proportional));
                below.push(
                    server.memory_below_root()?.iter().map(|memory| megabytes(memory.proportional)).sum(),
                );
            }
            let resident = Summary::of(resident);
            let target = match contender {
                Contender::Ferricorn => verdict(resident, LIMIT, "at most 8 MB"),
                _ => String::new(),
            };
            table.row([
                name.to_owned(),
                contender.name().to_owned(),
                format!("{resident:.1}"),
                format!("{:.1}", Summary::of(proportional)),
                format!("{:.1}", Summary::of(below)),
                target,
            ]);
            page.commands([(contender, plan)]);
        }
    }
    page.table(table);
    Ok(page)
}

/// From KiB.
pub(super) fn megabytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) * 1024.0 / 1e6
}
