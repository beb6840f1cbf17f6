//! Reasons that the core gives as values, in words.

use std::borrow::Cow;

use ferricorn_core::{Unread, UpgradeFailure};

/// Why there are no new settings. It may have more than one line.
pub(crate) fn unread(why: &Unread) -> Cow<'_, str> {
    match why {
        Unread::Failed(text) => text.into(),
        Unread::TookLongerThan(limit) => {
            format!("the configuration file took longer than {} s", limit.as_secs()).into()
        }
    }
}

/// Why the new program has not taken over.
pub(crate) fn upgrade(why: &UpgradeFailure) -> Cow<'_, str> {
    match why {
        UpgradeFailure::Gone(reason) => reason.into(),
        UpgradeFailure::NotReady(limit) => {
            format!("the new program was not ready within {} s", limit.as_secs_f64()).into()
        }
        UpgradeFailure::StillBooting(limit) => {
            format!("workers were still booting after {} s", limit.as_secs_f64()).into()
        }
        UpgradeFailure::Stopping => "the service stops".into(),
    }
}
