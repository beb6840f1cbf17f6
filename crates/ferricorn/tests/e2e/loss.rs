//! Nothing is lost: traffic of every shape while workers are recycled, reloaded, added and taken away.

use std::time::{Duration, Instant};

use ferricorn_test::{
    Mix, Trial, capacity,
    load::{Shape, Tally},
    planned::ROUND,
    turn,
};

use crate::ferricorn;

/// Traffic of every shape, and planned events one after the other, for as long as this.
fn nothing_is_lost(line: &str, rate: f64, lasts: Duration) -> (usize, Tally) {
    let server = ferricorn()
        .line("--workers 2 --max-requests 150 --max-requests-jitter 100 --reload-probation 0")
        .line(line)
        .serve(2);
    let trial = Trial::begin(server, |server| Mix::of_everything(&server.address(), rate).start());
    let begin = Instant::now();
    let mut happened = 0;
    while begin.elapsed() < lasts {
        for planned in ROUND {
            planned.let_happen(trial.server());
            happened += 1;
        }
    }
    let least = capacity::least_ready(&trial.server().log().lines(), 2);
    assert_eq!(least, 2, "never fewer ready than wanted");
    (happened, trial.end())
}

#[test]
fn a_minute_of_mixed_traffic_over_planned_events_loses_nothing() {
    let _turn = turn::alone();
    let (happened, tally) = nothing_is_lost("", 150.0, Duration::from_secs(60));
    for shape in [Shape::Get, Shape::Trickle, Shape::Stream, Shape::Events, Shape::WebSocket] {
        assert!(tally.of_shape(shape) > 100, "{shape:?}: {tally}");
    }
    assert!(happened >= 10, "only {happened} planned events");
}
