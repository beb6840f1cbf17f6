//! The figures that are shown: rates, shares and percentiles between observations.

use std::cmp::Ordering;

use ferricorn_telemetry::metrics::Histogram;
use ferricorn_wire::observation::{ObservedWorker, Traffic};

/// One worker's row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Row {
    /// The worker.
    pub(in super::super) worker: ObservedWorker,
    /// Seconds since its process was made.
    pub(in super::super) age: f64,
    /// Requests a second, between the last two observations.
    pub(in super::super) rate: f64,
    /// The median of the last seconds.
    pub(in super::super) p50: Option<f64>,
    /// The time that 99 of 100 did not exceed.
    pub(in super::super) p99: Option<f64>,
    /// The share of answers that were the server's errors, in percent.
    pub(in super::super) errors: f64,
    /// Processors taken, in percent of one.
    pub(in super::super) processor: f64,
}

/// The figures of the head.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Head {
    /// Requests a second.
    pub(in super::super) rate: f64,
    /// The share of answers that were the server's errors, in percent.
    pub(in super::super) errors: f64,
    /// The median.
    pub(in super::super) p50: Option<f64>,
    /// The time that 99 of 100 did not exceed.
    pub(in super::super) p99: Option<f64>,
    /// Requests in flight.
    pub(in super::super) in_flight: u64,
    /// Connections that wait to be accepted.
    pub(in super::super) waiting: u32,
    /// The most that waited in the last minute.
    pub(in super::super) peak: u32,
    /// Workers that serve.
    pub(in super::super) serving: usize,
}

pub(super) fn since(first: &Traffic, last: &Traffic) -> Histogram {
    let of = |traffic: &Traffic| Histogram::from_cells(&traffic.cells, traffic.seconds);
    of(last).since(&of(first))
}

#[expect(clippy::cast_precision_loss, reason = "a reader sees three digits")]
pub(super) fn rate(before: &Traffic, now: &Traffic, seconds: f64) -> f64 {
    let requests = now.requests().saturating_sub(before.requests());
    if seconds > 0.0 { requests as f64 / seconds } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "a reader sees three digits")]
pub(super) fn share_of_errors(first: &Traffic, last: &Traffic) -> f64 {
    let requests = last.requests().saturating_sub(first.requests());
    let errors = last.errors().saturating_sub(first.errors());
    if requests == 0 { 0.0 } else { errors as f64 / requests as f64 * 100.0 }
}

/// An order of numbers of which some are not known: those go last.
pub(in super::super) fn by_number(one: Option<f64>, other: Option<f64>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}
