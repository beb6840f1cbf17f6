//! The door of the endpoint: whether clients come in, and how many are inside.
//!
//! Owns: that. Does not own: the clients ([`super::clients`]), when the door is shut ([`super::Endpoint`]).
//!
//! Invariant: whoever is inside when the door is shut gets the answer that it waits for, or is about to ask for, and then
//! leaves; whoever comes to a shut door waits in the kernel's queue, which the next program inherits.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;

/// Whether clients come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// None for now: the socket stays.
    Shut,
    /// None ever again.
    Closed,
}

/// The owner's side.
pub(super) struct Door {
    state: watch::Sender<State>,
    inside: Arc<AtomicUsize>,
}

impl Door {
    /// An open one, with the clients' side of it.
    pub(super) fn new() -> (Self, Entrance) {
        let (sender, state) = watch::channel(State::Open);
        let inside = Arc::new(AtomicUsize::new(0));
        (Self { state: sender, inside: Arc::clone(&inside) }, Entrance { state, inside })
    }

    pub(super) fn set(&self, state: State) {
        self.state.send_if_modified(|now| std::mem::replace(now, state) != state);
    }

    /// Whether nobody is inside.
    pub(super) fn is_empty(&self) -> bool {
        self.inside.load(Ordering::Relaxed) == 0
    }
}

/// The clients' side.
#[derive(Clone)]
pub(super) struct Entrance {
    state: watch::Receiver<State>,
    inside: Arc<AtomicUsize>,
}

impl Entrance {
    pub(super) fn now(&self) -> State {
        *self.state.borrow()
    }

    /// Waits while it is shut. False: it is closed.
    pub(super) async fn opens(&mut self) -> bool {
        let state = self.state.wait_for(|state| *state != State::Shut).await;
        state.is_ok_and(|state| *state == State::Open)
    }

    /// Waits until it is open no more.
    pub(super) async fn shuts(&mut self) {
        // Without its owner it is as good as closed.
        let _gone = self.state.wait_for(|state| *state != State::Open).await;
    }

    /// Waits for any change.
    pub(super) async fn changes(&mut self) {
        let _gone = self.state.changed().await;
    }

    /// Counts one client for as long as that is kept.
    pub(super) fn enter(&self) -> Inside {
        self.inside.fetch_add(1, Ordering::Relaxed);
        Inside(Arc::clone(&self.inside))
    }
}

/// A client that is inside.
pub(super) struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
