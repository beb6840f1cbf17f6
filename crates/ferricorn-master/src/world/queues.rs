//! The queues of connections that wait to be accepted, and the most that waited in the last minute.
//!
//! A queue that is full for a moment loses new connections, and a scrape every 15 s does not see it.

use std::{collections::VecDeque, time::Duration, time::Instant};

use ferricorn_sys::Listener;
use ferricorn_telemetry::metrics::ListenQueue;

/// How long a peak is reported.
const MEMORY: Duration = Duration::from_secs(60);

/// The peaks of the last minute, one for each second.
#[derive(Default)]
pub(super) struct Queues {
    /// When each second began, and the most that waited in it, by listener.
    seconds: VecDeque<(Instant, Vec<u32>)>,
}

impl Queues {
    /// Looks at all queues.
    pub(super) fn look(&mut self, listeners: &[Listener]) {
        let now = Instant::now();
        while self.seconds.front().is_some_and(|(began, _)| now.duration_since(*began) > MEMORY) {
            self.seconds.pop_front();
        }
        let waiting = listeners.iter().map(|it| it.waiting().unwrap_or(0));
        match self.seconds.back_mut() {
            Some((began, peaks))
                if now.duration_since(*began) < Duration::from_secs(1) && peaks.len() == listeners.len() =>
            {
                peaks.iter_mut().zip(waiting).for_each(|(peak, waiting)| *peak = waiting.max(*peak));
            }
            _ => self.seconds.push_back((now, waiting.collect())),
        }
    }

    /// Each queue that can be read. Two queues that share one address are added up.
    pub(super) fn told(&self, listeners: &[Listener]) -> Vec<ListenQueue> {
        let mut told: Vec<ListenQueue> = Vec::new();
        for (place, listener) in listeners.iter().enumerate() {
            let Some((waiting, limit)) = listener.queue() else { continue };
            let peak = self.seconds.iter().filter_map(|(_, peaks)| peaks.get(place)).max();
            let peak = peak.copied().unwrap_or(0).max(waiting);
            let address = listener.address();
            match told.iter_mut().find(|it| it.listener == address) {
                Some(same) => {
                    same.waiting += waiting;
                    same.limit += limit;
                    same.peak += peak;
                }
                None => told.push(ListenQueue { listener: address, waiting, limit, peak }),
            }
        }
        told
    }
}
