//! The handling of requests of `ferricorn ctl`, and the core's replies in words.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use ferricorn_core::{Command, Event, Reply, RequestId, Snapshot, Stage, StopMode, WorkerId, WorkerSnapshot};
use ferricorn_sys::{Listener, Signal};
use ferricorn_telemetry::reports::hang::Hang;
use ferricorn_wire::control::{Request, Response, Status, WorkerStatus};
use tokio::sync::oneshot;
use tracing::info;

use super::{World, report::traffic};
use crate::{crew::Crew, reports::reasons, sources::control::Ask};

/// How long a worker has to write its stacks: it does so in a signal handler, and adds requests and tasks when its
/// interpreter comes to it.
const WRITTEN: Duration = Duration::from_millis(80);

/// Somebody waits for the stacks of a worker.
pub(super) struct Dump {
    id: WorkerId,
    asked_at: Instant,
    answer: oneshot::Sender<Response>,
}

fn nobody_in(slot: u16) -> Response {
    Response::Failed { text: format!("no worker serves in slot {slot}") }
}

impl World {
    pub(super) fn asked(&mut self, ask: Ask, queue: &mut VecDeque<Event>) {
        let Ask { request, answer } = ask;
        if let Some(pid) = self.moved_to {
            // It may have hung up.
            let _ = answer.send(Response::Moved { pid });
            return;
        }
        let name = name(&request);
        let (command, at_once) = match request {
            Request::Status => (Command::Status, None),
            Request::Observe | Request::Metrics { .. } => return self.look_for(&request, answer, queue),
            Request::Recycle { slot } => {
                info!("Handling command: recycle slot {slot}");
                return self.recycle(slot, answer);
            }
            Request::Dump { slot } => return self.dump(slot, answer),
            Request::LogLevel { level } => {
                // It may have hung up.
                let _ = answer.send(self.change_level(&level));
                return;
            }
            Request::Reload { wait } => {
                info!("Handling command: reload");
                let event = self.ask_reload(wait);
                self.control.remember(RequestId(self.requests), answer);
                return queue.push_back(event);
            }
            Request::Upgrade { wait } => (Command::Upgrade, (!wait).then_some("the upgrade begins")),
            Request::Stop => (Command::Stop(StopMode::Graceful), None),
            Request::Scale { workers } => (Command::ScaleTo(workers), None),
        };
        if command != Command::Status {
            info!("Handling command: {name}");
        }
        let event = self.ask(command);
        if let Some(text) = at_once {
            // It may have hung up.
            let _ = answer.send(Response::Done { text: text.to_owned() });
        } else {
            self.control.remember(RequestId(self.requests), answer);
        }
        queue.push_back(event);
    }

    /// Asks the worker of a slot to go, which is replaced first.
    pub(super) fn recycle(&mut self, slot: u16, answer: oneshot::Sender<Response>) {
        let response = match self.crew.serving_in(slot) {
            Some(id) => {
                self.crew.signal(id, Signal::Terminate);
                Response::Done { text: format!("the worker of slot {slot} will be replaced") }
            }
            None => nobody_in(slot),
        };
        // It may have hung up.
        let _ = answer.send(response);
    }

    /// Asks the worker of a slot for its stacks. They are there at one of the next looks at the workers.
    pub(super) fn dump(&mut self, slot: u16, answer: oneshot::Sender<Response>) {
        match self.crew.serving_in(slot) {
            Some(id) => {
                self.crew.signal(id, Signal::User2);
                self.dumps.push(Dump { id, asked_at: Instant::now(), answer });
            }
            None => {
                let _ = answer.send(nobody_in(slot));
            }
        }
    }

    /// Answers with the stacks that workers have written by now.
    pub(super) fn answer_dumps(&mut self) {
        let (ready, waiting) =
            std::mem::take(&mut self.dumps).into_iter().partition(|dump| dump.asked_at.elapsed() >= WRITTEN);
        self.dumps = waiting;
        let ready: Vec<Dump> = ready;
        for Dump { id, answer, .. } in ready {
            let response = match self.crew.get(id) {
                Some(member) => {
                    let hang = Hang::read(&self.crew.open_black_box(id), &self.crew.in_flight(member));
                    Response::Text {
                        text: format!("Worker (pid: {}, slot: {})\n{hang}\n", member.pid, member.slot.0),
                    }
                }
                None => Response::Failed { text: "the worker has ended meanwhile".to_owned() },
            };
            let _ = answer.send(response);
        }
    }

    pub(super) fn reply(&mut self, to: RequestId, reply: Reply) {
        if let Some(place) = self.looks.iter().position(|(waiting, _)| *waiting == to) {
            let (_, look) = self.looks.swap_remove(place);
            if let Reply::Status(snapshot) = reply {
                self.show(look, &snapshot);
            }
            return;
        }
        let Self { control, crew, listeners, program, moved_to, successor, .. } = self;
        control.answer(to, || match (reply, *moved_to) {
            (Reply::Status(snapshot), _) => Response::Status(Status {
                successor: successor.pid().and_then(|pid| u32::try_from(pid).ok()),
                traffic: program.settings.metrics.counts.then(|| traffic(&crew.tallies().total(), true)),
                ..status(&snapshot, program.version, listeners, crew)
            }),
            // The outcome is for the other master to tell.
            (Reply::PassedOn | Reply::Stopping, Some(pid)) => Response::Moved { pid },
            (reply, _) => in_words(&reply),
        });
    }
}

fn name(request: &Request) -> &'static str {
    match request {
        Request::Status => "status",
        Request::Observe => "observe",
        Request::Metrics { .. } => "metrics",
        Request::Recycle { .. } => "recycle",
        Request::Dump { .. } => "dump",
        Request::LogLevel { .. } => "log-level",
        Request::Reload { .. } => "reload",
        Request::Upgrade { .. } => "upgrade",
        Request::Stop => "stop",
        Request::Scale { .. } => "scale",
    }
}

fn in_words(reply: &Reply) -> Response {
    let done = |text: String| Response::Done { text };
    let failed = |text: String| Response::Failed { text };
    match reply {
        Reply::Accepted => done("the service stops".to_owned()),
        Reply::Scaled(workers) => done(format!("{workers} workers")),
        Reply::ReloadBegins => done("the reload begins".to_owned()),
        Reply::NotReloaded(why) => failed(format!("not reloaded, nothing changes: {}", reasons::unread(why))),
        Reply::Reloaded(generation) => done(format!("every worker runs generation {generation}")),
        Reply::ReloadRejected(generation) => failed(format!(
            "generation {generation} does not work, the old one keeps serving; the log says why"
        )),
        Reply::Upgraded => done("the new program has taken over".to_owned()),
        Reply::UpgradeFailed(why) => failed(format!("nothing has changed: {}", reasons::upgrade(why))),
        Reply::PassedOn => done("passed on to the new master".to_owned()),
        Reply::Stopping => failed("the service is stopping".to_owned()),
        Reply::Status(_) => failed(String::new()),
    }
}

/// Where a worker is in its life, in one word.
pub(super) fn stage_name(worker: &WorkerSnapshot) -> &'static str {
    match worker.stage {
        Stage::Booting => "booting",
        Stage::Ready if worker.on_probation => "probation",
        Stage::Ready => "ready",
        Stage::Draining(_) => "draining",
        Stage::Ending => "ending",
        Stage::Killed(_) => "killed",
    }
}

fn status(snapshot: &Snapshot, version: &str, listeners: &[Listener], crew: &Crew) -> Status {
    let worker = |it: &WorkerSnapshot| {
        let member = crew.get(it.id)?;
        let (requests, in_flight) = crew.requests(member);
        Some(WorkerStatus {
            pid: member.pid,
            slot: it.slot.0,
            generation: it.generation.0,
            stage: stage_name(it).to_owned(),
            requests,
            in_flight,
            connections: crew.connections(member),
        })
    };
    Status {
        version: version.to_owned(),
        pid: ferricorn_sys::pid(),
        addresses: listeners.iter().map(Listener::address).collect(),
        listening: !listeners.is_empty() && listeners.iter().all(|it| it.is_listening().unwrap_or(false)),
        target: snapshot.target,
        generation: snapshot.generation.0,
        reloading: snapshot.reloading,
        upgrading: snapshot.upgrading,
        successor: None,
        frozen: snapshot.frozen,
        stopping: snapshot.stopping,
        traffic: None,
        workers: snapshot.workers.iter().filter_map(worker).collect(),
    }
}
