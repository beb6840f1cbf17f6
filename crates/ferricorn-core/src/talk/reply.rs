//! The one answer to a command.

use crate::{Generation, Snapshot, Unread, UpgradeFailure};

/// The one answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is under way and cannot fail.
    Accepted,
    /// There are to be so many workers now.
    Scaled(u16),
    /// The settings were read again, and the reload begins.
    ReloadBegins,
    /// There is no reload, because there are no new settings.
    NotReloaded(Unread),
    /// The whole service runs this generation.
    Reloaded(Generation),
    /// The new generation does not work; the old one serves on.
    ReloadRejected(Generation),
    /// How the service is.
    Status(Box<Snapshot>),
    /// The new program has taken over.
    Upgraded,
    /// The new program could not take over; the old one serves on.
    UpgradeFailed(UpgradeFailure),
    /// The new master, which was about to take over, was ordered to do it.
    PassedOn,
    /// The service is stopping.
    Stopping,
}
