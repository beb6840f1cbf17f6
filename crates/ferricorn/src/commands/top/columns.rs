//! The columns of the table of workers: titles, what they mean, how a value looks, how rows are ordered by them.

use std::cmp::Ordering;

use super::state::{Row, by_number};

/// A column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Column {
    /// The slot.
    #[default]
    Slot,
    /// The process.
    Pid,
    /// The generation.
    Generation,
    /// What it does.
    State,
    /// How old it is.
    Age,
    /// Requests a second.
    Rate,
    /// The median.
    Median,
    /// The 99th percentile.
    Worst,
    /// The share of errors.
    Errors,
    /// Requests in flight.
    InFlight,
    /// The oldest of them.
    Oldest,
    /// Open connections.
    Connections,
    /// The lag of the event loop.
    Lag,
    /// The processor.
    Processor,
    /// Resident memory.
    Resident,
    /// The part of it that is no file's.
    Anonymous,
}

impl Column {
    /// All of them, from left to right.
    pub(super) const ALL: [Self; 16] = [
        Self::Slot,
        Self::Pid,
        Self::Generation,
        Self::State,
        Self::Age,
        Self::Rate,
        Self::Median,
        Self::Worst,
        Self::Errors,
        Self::InFlight,
        Self::Oldest,
        Self::Connections,
        Self::Lag,
        Self::Processor,
        Self::Resident,
        Self::Anonymous,
    ];

    /// Its head and its width.
    pub(super) fn title(self) -> (&'static str, u16) {
        match self {
            Self::Slot => ("SLOT", 4),
            Self::Pid => ("PID", 7),
            Self::Generation => ("GEN", 3),
            Self::State => ("STATE", 8),
            Self::Age => ("AGE", 4),
            Self::Rate => ("REQ/S", 6),
            Self::Median => ("P50", 6),
            Self::Worst => ("P99", 6),
            Self::Errors => ("ERR%", 4),
            Self::InFlight => ("INFL", 4),
            Self::Oldest => ("OLDEST", 6),
            Self::Connections => ("CONN", 5),
            Self::Lag => ("LAG", 6),
            Self::Processor => ("CPU%", 4),
            Self::Resident => ("RSS", 5),
            Self::Anonymous => ("ANON", 5),
        }
    }

    /// What it means, in one line.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Slot => "the worker's slot, which its replacement gets",
            Self::Pid => "its process",
            Self::Generation => "the reload that it belongs to",
            Self::State => "booting, serving, draining, or silent: the event loop does not run",
            Self::Age => "how long ago its process was started",
            Self::Rate => "requests answered in a second, since the last look",
            Self::Median => "half of the requests of the last 10 s took no longer",
            Self::Worst => "99 of 100 requests of the last 10 s took no longer",
            Self::Errors => "the share of answers with 500 to 599 in the last 10 s",
            Self::InFlight => "requests being handled",
            Self::Oldest => "how long the oldest of them has been under way",
            Self::Connections => "open connections",
            Self::Lag => "how late the event loop was with its last tick",
            Self::Processor => "processor time, in percent of one processor",
            Self::Resident => "resident memory, shared pages included",
            Self::Anonymous => "resident memory that is no file's: what a leak makes grow",
        }
    }

    /// Its value in a row.
    pub(super) fn text(self, row: &Row) -> String {
        let worker = &row.worker;
        match self {
            Self::Slot => worker.slot.to_string(),
            Self::Pid => worker.pid.to_string(),
            Self::Generation => worker.generation.to_string(),
            Self::State => worker.state.clone(),
            Self::Age => span(row.age),
            Self::Rate => number(row.rate),
            Self::Median => row.p50.map_or_else(dash, time),
            Self::Worst => row.p99.map_or_else(dash, time),
            Self::Errors => number(row.errors),
            Self::InFlight => worker.in_flight.to_string(),
            Self::Oldest if worker.in_flight == 0 => dash(),
            Self::Oldest => time(worker.oldest),
            Self::Connections => worker.connections.to_string(),
            Self::Lag => time(worker.lag),
            Self::Processor => format!("{:.0}", row.processor),
            Self::Resident => worker.resident.map_or_else(dash, memory),
            Self::Anonymous => worker.anonymous.map_or_else(dash, memory),
        }
    }

    /// The order of two rows by it.
    pub(super) fn compare(self, one: &Row, other: &Row) -> Ordering {
        #[expect(clippy::cast_precision_loss, reason = "it is only to be ordered")]
        let of = |row: &Row| match self {
            Self::Slot => Some(f64::from(row.worker.slot)),
            Self::Pid => Some(f64::from(row.worker.pid)),
            Self::Generation => Some(f64::from(row.worker.generation)),
            Self::State => None,
            Self::Age => Some(row.age),
            Self::Rate => Some(row.rate),
            Self::Median => row.p50,
            Self::Worst => row.p99,
            Self::Errors => Some(row.errors),
            Self::InFlight => Some(row.worker.in_flight as f64),
            Self::Oldest => Some(row.worker.oldest),
            Self::Connections => Some(row.worker.connections as f64),
            Self::Lag => Some(row.worker.lag),
            Self::Processor => Some(row.processor),
            Self::Resident => row.worker.resident.map(|bytes| bytes as f64),
            Self::Anonymous => row.worker.anonymous.map(|bytes| bytes as f64),
        };
        match self {
            Self::State => one.worker.state.cmp(&other.worker.state),
            _ => by_number(of(one), of(other)),
        }
    }

    /// The one to the right; after the last one the first.
    pub(super) fn next(self) -> Self {
        let place = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// The one to the left.
    pub(super) fn previous(self) -> Self {
        let place = Self::ALL.iter().position(|it| *it == self).unwrap_or(0);
        Self::ALL[(place + Self::ALL.len() - 1) % Self::ALL.len()]
    }

    /// Those that fit side by side into so many letters.
    pub(super) fn fitting(width: u16) -> Vec<Self> {
        // The last ones to stay, of those that tell least.
        const LEAST: [Column; 6] = [
            Column::Generation,
            Column::Connections,
            Column::Anonymous,
            Column::Lag,
            Column::Age,
            Column::Oldest,
        ];
        let mut columns = Self::ALL.to_vec();
        let needed = |columns: &[Self]| columns.iter().map(|it| it.title().1 + 1).sum::<u16>();
        for least in LEAST {
            if needed(&columns) <= width + 1 {
                break;
            }
            columns.retain(|it| *it != least);
        }
        columns
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// Three digits at most, or a whole number.
pub(super) fn number(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        ..9.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A short time: `850us`, `12ms`, `1.5s`.
pub(super) fn time(seconds: f64) -> String {
    match seconds {
        ..0.000_05 => "0".to_owned(),
        ..0.000_999_5 => format!("{:.0}us", seconds * 1e6),
        ..0.009_95 => format!("{:.1}ms", seconds * 1e3),
        ..0.999_5 => format!("{:.0}ms", seconds * 1e3),
        ..9.95 => format!("{seconds:.1}s"),
        ..99.5 => format!("{seconds:.0}s"),
        _ => span(seconds),
    }
}

/// A long time by its greatest unit: `42s`, `17m`, `5h`, `12d`.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        ..99.5 => format!("{seconds:.0}s"),
        ..5940.0 => format!("{:.0}m", seconds / 60.0),
        ..172_800.0 => format!("{:.0}h", seconds / 3600.0),
        _ => format!("{:.0}d", seconds / 86_400.0),
    }
}

/// Memory in MiB or GiB.
#[expect(clippy::cast_precision_loss, reason = "a reader sees three digits")]
pub(super) fn memory(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    if mebibytes < 999.5 { format!("{mebibytes:.0}M") } else { format!("{:.1}G", mebibytes / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_long_as_their_columns() {
        for (text, expected) in [
            (time(0.000_85), "850us"),
            (time(0.0042), "4.2ms"),
            (time(0.12), "120ms"),
            (time(1.51), "1.5s"),
            (time(4000.0), "67m"),
            (span(400_000.0), "5d"),
            (number(0.0), "0"),
            (number(3.12), "3.1"),
            (number(12_345.6), "12346"),
            (memory(53 << 20), "53M"),
            (memory(3 << 30), "3.0G"),
        ] {
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn eighty_letters_are_enough_for_what_matters() {
        let columns = Column::fitting(80);
        for kept in
            [Column::Slot, Column::Pid, Column::Rate, Column::Worst, Column::Processor, Column::Resident]
        {
            assert!(columns.contains(&kept), "{kept:?}");
        }
        assert!(columns.iter().map(|it| it.title().1 + 1).sum::<u16>() <= 81);
        assert_eq!(Column::fitting(200).len(), Column::ALL.len());
    }

    #[test]
    fn the_columns_are_a_ring() {
        assert_eq!(Column::Slot.previous(), Column::Anonymous);
        assert_eq!(Column::Anonymous.next(), Column::Slot);
    }
}
