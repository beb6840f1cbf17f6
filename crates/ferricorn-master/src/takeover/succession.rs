//! Whether this program was started to succeed another one, and what it takes over.
//!
//! Owns: reading the variable, the channel to the predecessor, taking descriptors into possession. Does not own: when
//! the service becomes ours (the core's decision).

use std::{env, fs, future, io, os::fd::OwnedFd, path::PathBuf};

use ferricorn_core::Event;
use ferricorn_sys::{Listener, channel, inherit};
use ferricorn_wire::{
    MAX_PACKET,
    upgrade::{Estate, FromSuccessor, Legacy, ListenerState, SuccessionKind, ToSuccessor, VARIABLE, VERSION},
};
use tracing::warn;

use crate::link::peer::Peer;

/// How this program came to be.
pub(crate) enum Succession {
    /// Somebody started it.
    First,
    /// A predecessor asks whether it would be fit.
    Trial(Predecessor),
    /// A predecessor serves until it is ready.
    Beside(Predecessor, Estate),
    /// It was another program a moment ago.
    InPlace(Box<Legacy>),
}

impl Succession {
    /// Whether the service was started so that it outlives its terminal.
    pub(crate) fn ignores_hang_up(&self) -> bool {
        match self {
            Self::First | Self::Trial(_) => false,
            Self::Beside(_, estate) => estate.ignores_hang_up,
            Self::InPlace(legacy) => legacy.estate.ignores_hang_up,
        }
    }
}

/// The master that hands over, while it has not.
pub(crate) struct Predecessor {
    /// None when there is none, or when the service is ours.
    peer: Option<Peer>,
    /// The files of unix sockets that become ours with the service, in the order of the listeners.
    files: Vec<Option<PathBuf>>,
}

impl Predecessor {
    pub(crate) const NONE: Self = Self { peer: None, files: Vec::new() };

    /// The next thing that it wants. Never comes when there is none.
    pub(crate) async fn hear(&mut self) -> Event {
        let Some(peer) = &mut self.peer else { return future::pending().await };
        loop {
            match peer.hear().await {
                Some(ToSuccessor::TakeOver) => return Event::HandedOver,
                Some(ToSuccessor::Stop { siblings }) => return Event::CalledOff { siblings },
                Some(ToSuccessor::Estate(_)) => warn!("the other master has left its estate a second time"),
                None => {
                    warn!("the other master has died before it handed over");
                    return Event::CalledOff { siblings: false };
                }
            }
        }
    }

    /// Whether the service is ours.
    pub(crate) fn is_gone(&self) -> bool {
        self.peer.is_none()
    }

    pub(crate) fn tell(&self, message: &FromSuccessor) {
        if let Some(peer) = &self.peer {
            peer.tell(message);
        }
    }

    /// The service is ours: reports it, and takes the files of unix sockets.
    pub(crate) fn replace(&mut self, listeners: &mut [Listener]) {
        self.tell(&FromSuccessor::Serves);
        // Only now: what we had taken and it still had would be removed by whichever ends first.
        take_files(listeners, &self.files);
        *self = Self::NONE;
    }
}

/// Finds out. The error is for the log; the predecessor, if there is one, already has it.
pub(crate) fn find_out() -> Result<Succession, String> {
    let Ok(text) = env::var(VARIABLE) else { return Ok(Succession::First) };
    let strange =
        || format!("{VARIABLE} is `{text}`, which ferricorn itself sets during an upgrade; unset it");
    let succession = ferricorn_wire::upgrade::Succession::parse(&text).ok_or_else(strange)?;
    let descriptor =
        inherit::descriptor(succession.descriptor).map_err(|error| format!("{}: {error}", strange()))?;
    if succession.version != VERSION {
        let reason =
            format!("its state has version {}, and this program understands {VERSION}", succession.version);
        let refusal = ferricorn_wire::encode(&FromSuccessor::Refused { reason: reason.clone() });
        // It may be no channel at all in that version.
        let _ = channel::send(&descriptor, &refusal);
        return Err(format!("cannot succeed the running ferricorn: {reason}"));
    }
    let taken = match succession.kind {
        SuccessionKind::InPlace => read_legacy(descriptor),
        SuccessionKind::Trial => peer(descriptor).map(Succession::Trial),
        SuccessionKind::Beside => read_estate(descriptor),
    };
    taken.map_err(|error| format!("cannot succeed the running ferricorn: {error}"))
}

fn peer(descriptor: OwnedFd) -> io::Result<Predecessor> {
    Ok(Predecessor { peer: Some(Peer::new(descriptor)?), files: Vec::new() })
}

fn read_estate(descriptor: OwnedFd) -> io::Result<Succession> {
    let mut buffer = vec![0; MAX_PACKET];
    // It was sent before we were started.
    let length = channel::receive(&descriptor, &mut buffer)?;
    let ToSuccessor::Estate(estate) = ferricorn_wire::decode(&buffer[..length])? else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the first packet is no estate"));
    };
    let files = estate.files();
    Ok(Succession::Beside(Predecessor { files, ..peer(descriptor)? }, estate))
}

fn read_legacy(descriptor: OwnedFd) -> io::Result<Succession> {
    let bytes = io::read_to_string(fs::File::from(descriptor))?;
    Ok(Succession::InPlace(Box::new(ferricorn_wire::decode(bytes.as_bytes())?)))
}

/// Takes the sockets of an estate. Their files stay the predecessor's.
pub(crate) fn take_listeners(estate: &Estate) -> Result<Vec<Listener>, String> {
    let take = |state: &ListenerState| {
        let mut listener = Listener::inherited(state.descriptor).map_err(|error| error.to_string())?;
        if state.ours {
            listener.own();
        }
        Ok(listener)
    };
    estate.listeners.iter().map(take).collect()
}

/// Takes the files of unix sockets as well.
pub(crate) fn take_files(listeners: &mut [Listener], files: &[Option<PathBuf>]) {
    for (listener, file) in listeners.iter_mut().zip(files) {
        if let Some(file) = file
            && let Err(error) = listener.take_file(file)
        {
            warn!("the file of {} is gone: {error}", listener.address());
        }
    }
}

/// Takes the handoff queue.
pub(crate) fn take_handoff(estate: &Estate) -> io::Result<(OwnedFd, OwnedFd)> {
    Ok((inherit::descriptor(estate.handoff[0])?, inherit::descriptor(estate.handoff[1])?))
}
