//! Reasons that the core gives as values, in words.

use std::borrow::Cow;

use ferricorn_core::Unread;

/// Why there are no new settings. It may have more than one line.
pub(crate) fn unread(why: &Unread) -> Cow<'_, str> {
    match why {
        Unread::Failed(text) => text.into(),
        Unread::TookLongerThan(limit) => {
            format!("the configuration file took longer than {} s", limit.as_secs()).into()
        }
    }
}
