//! What `top` knows and what its keys do: pure. Observations and keys come in; what the view shows and what is to be done
//! comes out.
//!
//! Owns: rates and percentiles of the last seconds, the order of rows, the filter, questions. Does not own: drawing
//! (`view`), the conversation with the master.

mod figures;
mod keys;

use std::collections::VecDeque;

use ferricorn_wire::observation::{Observation, ObservedWorker};

use super::columns::Column;
pub(super) use figures::{Head, Row, by_number};
use figures::{rate, share_of_errors, since};
pub(super) use keys::{Effect, Key, Mode, Question};

/// The window of the percentiles and of the share of errors, in seconds.
const STRETCH: f64 = 10.0;

/// How many rates the line of the last minute has.
const POINTS: usize = 60;

/// Everything.
#[derive(Debug, Default)]
pub(super) struct State {
    observations: VecDeque<Observation>,
    rates: VecDeque<f64>,
    /// The column that rows are sorted by.
    pub(super) sort: Column,
    /// From the greatest to the least.
    pub(super) descending: bool,
    /// Only rows that contain this.
    pub(super) filter: String,
    /// What is open.
    pub(super) mode: Mode,
    /// New observations are not shown.
    pub(super) paused: bool,
    /// The chosen row.
    pub(super) chosen: usize,
    /// What came of the last thing that was asked for, or why nothing is heard.
    pub(super) message: Option<String>,
}

impl State {
    /// Takes a new observation.
    pub(super) fn observe(&mut self, observation: Observation) {
        if self.paused {
            return;
        }
        // Another service, or the same one restarted: nothing of the old one counts.
        if self.latest().is_some_and(|it| it.traffic.requests() > observation.traffic.requests()) {
            self.observations.clear();
        }
        if let Some(before) = self.latest() {
            let rate = rate(&before.traffic, &observation.traffic, observation.at - before.at);
            self.rates.push_back(rate);
        }
        while self.rates.len() > POINTS {
            self.rates.pop_front();
        }
        self.observations.push_back(observation);
        let newest = self.latest().map_or(0.0, |it| it.at);
        // One from before the stretch is kept, to subtract.
        while self.observations.get(1).is_some_and(|second| newest - second.at >= STRETCH) {
            self.observations.pop_front();
        }
        self.chosen = self.chosen.min(self.rows().len().saturating_sub(1));
    }

    /// The last observation.
    pub(super) fn latest(&self) -> Option<&Observation> {
        self.observations.back()
    }

    fn before(&self) -> Option<&Observation> {
        self.observations.len().checked_sub(2).and_then(|place| self.observations.get(place))
    }

    /// Requests a second of the last minute, the oldest first.
    pub(super) fn rates(&self) -> impl Iterator<Item = f64> + '_ {
        self.rates.iter().copied()
    }

    /// The figures of the head.
    pub(super) fn head(&self) -> Head {
        let Some(latest) = self.latest() else { return Head::default() };
        let first = self.observations.front().unwrap_or(latest);
        let times = since(&first.traffic, &latest.traffic);
        Head {
            rate: self.rates.back().copied().unwrap_or(0.0),
            errors: share_of_errors(&first.traffic, &latest.traffic),
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
            in_flight: latest.workers.iter().map(|worker| worker.in_flight).sum(),
            waiting: latest.queues.iter().map(|queue| queue.waiting).sum(),
            peak: latest.queues.iter().map(|queue| queue.peak).sum(),
            serving: latest.workers.iter().filter(|worker| worker.state == "serving").count(),
        }
    }

    /// The rows, filtered and sorted.
    pub(super) fn rows(&self) -> Vec<Row> {
        let Some(latest) = self.latest() else { return Vec::new() };
        let filter = self.filter.to_lowercase();
        let mut rows: Vec<Row> = latest.workers.iter().map(|worker| self.row(worker, latest.at)).collect();
        rows.retain(|row| {
            filter.is_empty()
                || Column::ALL.iter().any(|column| column.text(row).to_lowercase().contains(&filter))
        });
        rows.sort_by(|one, other| {
            let order = self.sort.compare(one, other);
            let order = if self.descending { order.reverse() } else { order };
            // Always in the same order where the column says nothing.
            order.then_with(|| (one.worker.slot, one.worker.pid).cmp(&(other.worker.slot, other.worker.pid)))
        });
        rows
    }

    fn row(&self, worker: &ObservedWorker, at: f64) -> Row {
        let of =
            |observation: &Observation| observation.workers.iter().find(|it| it.pid == worker.pid).cloned();
        let none = ObservedWorker { started_at: worker.started_at, ..ObservedWorker::default() };
        let previous = self.before().map(|it| (of(it).unwrap_or_else(|| none.clone()), at - it.at));
        let first = self.observations.front().and_then(of).unwrap_or(none);
        let times = since(&first.traffic, &worker.traffic);
        Row {
            worker: worker.clone(),
            age: (at - worker.started_at).max(0.0),
            rate: previous.as_ref().map_or(0.0, |(it, seconds)| rate(&it.traffic, &worker.traffic, *seconds)),
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
            errors: share_of_errors(&first.traffic, &worker.traffic),
            processor: previous.map_or(0.0, |(it, seconds)| {
                if seconds > 0.0 { (worker.processor - it.processor).max(0.0) / seconds * 100.0 } else { 0.0 }
            }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ferricorn_wire::observation::Traffic;

    use super::*;

    /// A service at a time, whose workers have answered so many.
    pub(in super::super) fn observed(at: f64, answered: &[u64]) -> Observation {
        let traffic = |count: u64| Traffic {
            counted: true,
            codes: vec![(200, count - count / 10), (503, count / 10)],
            cells: vec![(70, count)],
            ..Traffic::default()
        };
        let worker = |(slot, count): (usize, &u64)| ObservedWorker {
            slot: u16::try_from(slot).expect("few"),
            pid: 1000 + i32::try_from(slot).expect("few"),
            generation: 1,
            state: "serving".into(),
            stage: "ready".into(),
            started_at: 100.0,
            traffic: traffic(*count),
            in_flight: 2,
            processor: at / 4.0,
            resident: Some(50 << 20),
            anonymous: Some(20 << 20),
            ..ObservedWorker::default()
        };
        Observation {
            at,
            version: "1.2.3".into(),
            name: "shop:app".into(),
            pid: 7,
            target: 2,
            generation: 1,
            started_at: 100.0,
            traffic: traffic(answered.iter().sum()),
            workers: answered.iter().enumerate().map(worker).collect(),
            ..Observation::default()
        }
    }

    fn state() -> State {
        let mut state = State::default();
        state.observe(observed(1000.0, &[100, 200]));
        state.observe(observed(1002.0, &[150, 240]));
        state
    }

    #[test]
    fn rates_are_between_the_last_two_looks() {
        let state = state();
        let head = state.head();
        assert!((head.rate - 45.0).abs() < 1e-9, "{head:?}");
        assert_eq!((head.in_flight, head.serving), (4, 2));
        let rows = state.rows();
        assert!((rows[0].rate - 25.0).abs() < 1e-9 && (rows[1].rate - 20.0).abs() < 1e-9);
        assert!((rows[0].errors - 10.0).abs() < 0.1 && (rows[0].processor - 25.0).abs() < 1e-9);
        assert!(rows[0].p50.is_some() && rows[0].p50 == rows[0].p99);
    }

    #[test]
    fn a_service_that_begins_anew_has_no_rate_below_nothing() {
        let mut state = state();
        state.observe(observed(1003.0, &[1, 1]));
        assert!(state.head().rate >= 0.0 && state.rates().all(|rate| rate >= 0.0));
    }

    #[test]
    fn rows_are_sorted_filtered_and_chosen() {
        let mut state = state();
        state.sort = Column::Rate;
        assert_eq!(state.rows()[0].worker.slot, 1);
        assert_eq!(state.press(Key::Letter('I')), Effect::Nothing);
        assert_eq!(state.rows()[0].worker.slot, 0);
        assert_eq!((state.press(Key::Down), state.chosen), (Effect::Nothing, 1));
        for letter in "/1001".chars() {
            state.press(Key::Letter(letter));
        }
        assert_eq!(state.rows().len(), 1);
        state.press(Key::Enter);
        state.observe(observed(1004.0, &[160, 250]));
        assert_eq!(state.chosen, 0);
        state.press(Key::Enter);
        assert_eq!(state.mode, Mode::Details(1001));
    }

    #[test]
    fn nothing_is_changed_without_a_plain_yes() {
        let mut state = state();
        state.press(Key::Letter('+'));
        assert_eq!(state.mode, Mode::Question(Question::Scale(3)));
        assert_eq!(state.press(Key::Enter), Effect::Nothing);
        state.press(Key::Letter('+'));
        assert_eq!(state.press(Key::Letter('y')), Effect::Scale(3));
        state.press(Key::Letter('r'));
        assert_eq!(state.press(Key::Letter('n')), Effect::Nothing);
        state.press(Key::Letter('r'));
        assert_eq!(state.press(Key::Letter('y')), Effect::Reload);
        assert_eq!(state.press(Key::Letter('q')), Effect::Quit);
    }

    #[test]
    fn what_is_paused_stands_still() {
        let mut state = state();
        state.press(Key::Letter('p'));
        state.observe(observed(1005.0, &[900, 900]));
        assert!((state.latest().expect("one").at - 1002.0).abs() < 1e-9);
    }
}
