//! Stops at random moments, judged by clients that connect before, meanwhile and afterwards.
//!
//! Owns: what is in progress when the service is asked to stop, the moment, the verdict. Does not own: the program and
//! its settings ([`Builder`]), the load ([`Load`]), how often this is done.
//!
//! A client may be answered, and after the stop has begun it may be refused. All else is a loss: a connection that is
//! reset, one that was accepted and ends without a whole answer, one that is neither accepted nor refused. One thing is
//! excused, as HTTP excuses it (RFC 9112, 9.3.1): a kept connection that its client has not used for a while may be
//! closed in the very moment in which it asks again.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    Builder, Load, Mix, PATIENCE, Server, Tally, Verdict, eventually, ledger,
    load::{Arrival, Outcome, Reuse, random::Random},
};

/// What is in progress when the service is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amid {
    /// A worker more is asked for, and boots.
    Boot,
    /// Workers are replaced for their age, one after the other.
    Recycling,
    /// A new generation takes the place of the old one.
    Reload,
    /// A new generation boots and hears nothing: it is in the middle of a call in C.
    DeafBoot,
    /// A new program is started beside the old one.
    Upgrade,
    /// The very start: some workers serve, others boot.
    Start,
}

impl Amid {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Boot, Self::Recycling, Self::Reload, Self::DeafBoot, Self::Upgrade, Self::Start];

    /// Options without which it does not happen.
    fn line(self) -> &'static str {
        match self {
            Self::Recycling => "--max-requests 60 --max-requests-jitter 30",
            Self::Reload => "--reload-probation 0",
            // Otherwise it would have handed over before it is asked to stop.
            Self::Upgrade => "--reload-probation 600",
            Self::Boot | Self::DeafBoot | Self::Start => "",
        }
    }

    fn begin(self, server: &Server) {
        match self {
            Self::Boot => server.signal(Signal::SIGTTIN),
            Self::Reload => server.signal(Signal::SIGHUP),
            Self::DeafBoot => {
                let deaf = "__import__('ctypes').PyDLL(None).sleep(600)";
                server.write_app(&format!("{}\n{deaf}\n", ledger::APP));
                server.signal(Signal::SIGHUP);
            }
            Self::Upgrade => server.signal(Signal::SIGUSR2),
            Self::Recycling | Self::Start => {}
        }
    }
}

/// How long the application's import takes.
const IMPORT: Duration = Duration::from_millis(400);

/// A kept connection that was not used for so long may be closed when the service stops; less than the time that the
/// program grants.
const IDLE: Duration = Duration::from_millis(200);

/// The longest wait for an answer, a connection or a refusal, and for a stop.
const LIMIT: Duration = Duration::from_secs(120);

/// More than that. A stop that waits for somebody who does nothing waits for so long.
const GRACEFUL_TIMEOUT: Duration = Duration::from_secs(300);

/// What came of stops.
#[derive(Debug, Default)]
pub struct Stops {
    /// How many there were.
    pub stops: usize,
    /// Requests that were answered.
    pub answered: usize,
    /// Requests that were refused after a stop had begun.
    pub refused: usize,
    /// Kept connections that were closed when their client had not used them for a while.
    pub idle: usize,
    /// Everything else.
    pub lost: Vec<Outcome>,
    /// Refusals for which the client has asked twice.
    pub slow_refusals: usize,
    /// The longest that a client had to wait for a refusal.
    pub slowest_refusal: Duration,
    /// The longest stop, from the signal to the end of the master.
    pub longest: Duration,
}

impl Stops {
    /// One stop of a server that is made of this, at a random moment.
    #[track_caller]
    pub fn stop(&mut self, builder: Builder, workers: usize, amid: Amid, seed: u64) {
        let import = format!("{}\n__import__('time').sleep({})\n", ledger::APP, IMPORT.as_secs_f64());
        let line =
            format!("--workers {workers} --graceful-timeout {} {}", GRACEFUL_TIMEOUT.as_secs(), amid.line());
        let builder = builder.line(&line).app(&import);
        let server =
            builder.expect_error("was sent SIGKILL!").serve(if amid == Amid::Start { 1 } else { workers });
        let load = crowd(&server, seed).start();
        eventually(PATIENCE, "the load is under way", || load.answered() > 50);
        amid.begin(&server);
        thread::sleep(3 * IMPORT.mul_f64(Random::new(seed, 0).next()));
        let told = Instant::now();
        server.signal(Signal::SIGTERM);
        let exit = server.wait_exit(LIMIT);
        self.longest = self.longest.max(told.elapsed());
        let mut tally = load.stop();
        assert_eq!(exit.code(), 0, "exit code of a stop amid {amid:?}");
        tally.check_against(&server.ledger());
        self.judge(tally, told);
        self.stops += 1;
        assert_eq!(server.ledger().unfinished(), [""; 0], "begun, and not ended");
        server.finish();
    }

    fn judge(&mut self, tally: Tally, told: Instant) {
        for outcome in tally.outcomes {
            match outcome.verdict {
                Verdict::Ok => self.answered += 1,
                Verdict::Refused if outcome.ended > told => {
                    self.refused += 1;
                    self.slow_refusals += usize::from(outcome.latency >= RETRANSMISSION);
                    self.slowest_refusal = self.slowest_refusal.max(outcome.latency);
                }
                Verdict::Reset if was_idle(&outcome) && outcome.ended > told => self.idle += 1,
                _ => self.lost.push(outcome),
            }
        }
    }

    /// Panics unless everybody was answered or refused, and the latter at once.
    #[track_caller]
    pub fn assert_nothing_lost(&self) {
        assert!(self.answered > 0 && self.refused > 0, "{self}");
        assert!(self.lost.is_empty(), "{self}\nfirst losses: {:#?}", &self.lost[..self.lost.len().min(5)]);
        // A busy machine may keep clients from hearing a refusal for a while; if handshakes were dropped, all would wait.
        assert!(self.slow_refusals * 2 <= self.refused, "{self}");
    }
}

/// When the kernel of a client asks again that has got no answer.
const RETRANSMISSION: Duration = Duration::from_secs(1);

fn was_idle(outcome: &Outcome) -> bool {
    outcome.reused > 0 && outcome.idle > IDLE
}

/// Clients that connect all the time, and some that keep their connections.
fn crowd(server: &Server, seed: u64) -> Mix {
    let load = |number, clients, reuse| {
        let load = Load::on(&server.address()).seed(seed * 10 + number).clients(clients).reuse(reuse);
        load.arrival(Arrival::Think(Duration::from_millis(20))).limit(LIMIT)
    };
    Mix::of(load(1, 8, Reuse::PerRequest)).and(load(2, 4, Reuse::KeepAlive))
}

impl fmt::Display for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stops, answered, refused, slow_refusals, slowest_refusal, idle, lost, longest } = self;
        let lost = lost.len();
        write!(
            f,
            "{stops} stops: {answered} answered, {refused} refused ({slow_refusals} of them late, the last one after \
             {slowest_refusal:?}), {idle} closed while idle, {lost} lost; the longest stop took {longest:?}"
        )
    }
}
