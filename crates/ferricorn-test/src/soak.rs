//! A service under load to which one fault after the other happens, drawn from a seed; and the judgement afterwards.
//!
//! Owns: the order of the faults, and what is measured between them. Does not own: what a fault does ([`fault`]), what may
//! have been lost by it ([`verdict`]), the load ([`Mix`]).
//!
//! Theory of operation: the faults are a deck that is shuffled, dealt to its end and shuffled again, so that even a short
//! run has each of them. In a third of the steps a worker dies or stands still in the middle of it. After each step the
//! service has to be whole again: as many ready workers as were asked for, and no zombie. Only then the master's memory
//! and descriptors are noted. Another master starts again at zero, so in the second half of the run there are no
//! upgrades, and the notes of the last master count.

pub mod fault;
pub mod growth;
pub mod verdict;

mod scene;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub use fault::Fault;
use growth::{Growth, Sample};
use scene::Scene;
use verdict::Losses;

use crate::{Builder, Mix, PATIENCE, Server, Tally, load::random::Random};

/// How many workers serve.
pub const WORKERS: usize = 3;

/// The options of the program. The timeout is short, so that many workers can hang in little time.
pub const LINE: &str = "--workers 3 --timeout 2 --graceful-timeout 10 --reload-probation 0 --lifespan on --max-requests 1500 \
                        --max-requests-jitter 500";

/// After what time a request is lost. All workers may have been killed while the next ones cannot be made.
const LIMIT: Duration = Duration::from_secs(20);

/// The longest pause between two steps.
const LONGEST_PAUSE: f64 = 0.4;

/// How often the progress of the run is printed.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// For how long there are faults; until each has happened once in any case.
    pub lasts: Duration,
    /// The same seed gives the same faults in the same order.
    pub seed: u64,
    /// Requests a second.
    pub rate: f64,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Since the first fault.
    pub took: Duration,
    /// Faults that have happened.
    pub faults: usize,
    /// Requests that were answered.
    pub answered: u64,
    /// The master now.
    pub sample: Sample,
}

/// What a run has shown.
pub struct Report {
    /// What became of each request.
    pub tally: Tally,
    /// How often each fault has happened.
    pub faults: BTreeMap<Fault, usize>,
    /// Requests that were lost with a worker that a fault has ended.
    pub losses: Losses,
    /// How many masters there were, one after the other.
    pub masters: usize,
    /// The last master's resident memory in KiB.
    pub memory: Growth,
    /// Its descriptors.
    pub descriptors: Growth,
    /// From the first fault to the last.
    pub took: Duration,
    /// Whatever is not as it has to be; nothing, if all is well.
    pub violations: Vec<String>,
    /// Everything that the program has said.
    pub transcript: String,
}

/// Gives a run the options and the application; errors in the log are part of it.
pub fn prepare(builder: Builder) -> Server {
    builder.line(LINE).expect_error("").serve(WORKERS)
}

/// Lets it all happen. Panics if the service does not become whole again, or leaves something behind at its end
/// ([`Server::finish`]).
#[track_caller]
pub fn run(server: Server, plan: Plan, mut tell: impl FnMut(&Progress)) -> Report {
    let baseline = server.descriptors();
    let load = Mix::of_everything(&server.address(), plan.rate).limit(LIMIT).start();
    let mut scene = Scene::new(server);
    let mut random = Random::new(plan.seed, 0);
    let (begin, mut told) = (Instant::now(), Instant::now());
    let (mut faults, mut samples, mut deck) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut dealt_to_the_end = false;
    while begin.elapsed() < plan.lasts || !dealt_to_the_end {
        if deck.is_empty() {
            deck = shuffled(&mut random);
        }
        let fault = deck.pop().expect("it was just shuffled");
        let beside = (random.below(3) == 0).then(|| Fault::BESIDE[random.below(Fault::BESIDE.len())]);
        if fault != Fault::Upgrade || begin.elapsed() < plan.lasts / 2 || !dealt_to_the_end {
            for happened in scene.step(fault, beside, &mut random) {
                *faults.entry(happened).or_default() += 1;
            }
            scene.wait_until_whole(WORKERS);
            samples.push(Sample::of(scene.server().master()));
        }
        dealt_to_the_end |= deck.is_empty();
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            let sample = *samples.last().expect("one was just taken, or before");
            let faults = faults.values().sum();
            tell(&Progress { took: begin.elapsed(), faults, answered: load.answered(), sample });
        }
        scene::pause(Duration::from_secs_f64(LONGEST_PAUSE * random.next()));
    }
    let took = begin.elapsed();
    let mut tally = load.stop();
    scene.wait_until_whole(WORKERS);
    let ledger = scene.server().ledger();
    tally.check_against(&ledger);
    let (losses, mut violations) = verdict::judge(&tally, &ledger, &scene.evidence());
    violations.extend(scene.violations());
    let (memory, descriptors) = growth::of_last_master(&samples);
    violations.extend(memory.complaint("memory of the master in KiB"));
    violations.extend(descriptors.complaint("descriptors of the master"));
    let masters = growth::masters(&samples);
    let server = scene.leave();
    server.wait_for_descriptors(&baseline, PATIENCE);
    let log = server.log().clone();
    server.finish();
    let transcript = log.transcript();
    Report { tally, faults, losses, masters, memory, descriptors, took, violations, transcript }
}

/// All faults in an order of its own.
fn shuffled(random: &mut Random) -> Vec<Fault> {
    let mut deck = Fault::ALL.to_vec();
    for last in (1..deck.len()).rev() {
        deck.swap(last, random.below(last + 1));
    }
    deck
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_order_and_each_order_has_every_fault() {
        let order = |seed| shuffled(&mut Random::new(seed, 0));
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(9);
        sorted.sort();
        assert_eq!(sorted, Fault::ALL);
    }
}
