//! The loop: wait for an event, let the core decide, execute its orders.

use std::{collections::VecDeque, time::Instant};

use ferricorn_core::{Event, ExitReason, Supervisor};

use crate::{
    hooks::MasterHooks,
    sources::control::Control,
    world::{Done, World},
};

/// What is left when the loop has ended.
pub(crate) struct End {
    pub(crate) reason: ExitReason,
    /// Where clients may still ask.
    pub(crate) control: Control,
    /// One of them is still to be called.
    pub(crate) hooks: MasterHooks,
    /// What the last line of the log has to say.
    pub(crate) last_word: Option<String>,
}

/// Runs until the core orders the exit.
pub(crate) async fn run(mut core: Supervisor, mut world: World, mut queue: VecDeque<Event>) -> End {
    loop {
        let mut replace_self = false;
        while let Some(event) = queue.pop_front() {
            let exited = match &event {
                Event::Exited { id, .. } => Some(*id),
                _ => None,
            };
            for action in core.step(event, Instant::now()) {
                match world.execute(action) {
                    Done::Nothing => {}
                    Done::Happened(event) => queue.push_back(event),
                    Done::ReplaceSelf => replace_self = true,
                    Done::Exit(reason) => return world.ended(reason),
                }
            }
            // Only now: what the core had to say about its end named it.
            if let Some(id) = exited {
                world.forget(id);
            }
        }
        // What the core has decided since may have made something else of it.
        if replace_self && core.may_be_replaced() {
            world.replace_self(&core.legacy(Instant::now()), &mut queue).await;
            if !queue.is_empty() {
                continue;
            }
        } else if !core.may_be_replaced() {
            // It may have been about to be replaced, and was told to do something else.
            world.take_clients();
        }
        world.wait(core.next_deadline(), core.policy(), &mut queue).await;
    }
}
