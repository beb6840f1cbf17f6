//! A value with its origin, or with the reason why it is not known.

use crate::text::Span;

/// What the files say about one thing.
///
/// A rule speaks about [`Fact::Known`], perhaps (as advice) about [`Fact::Default`], and never about [`Fact::Unknown`]:
/// that is what keeps good files without findings. Take the value with [`Fact::known`] or [`Fact::value`], so that
/// `Unknown` falls out by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// It is written there.
    Known(T, Span),
    /// It is not written, and then it is this, because …
    Default(T, &'static str),
    /// It cannot be known, because …
    Unknown(&'static str),
}

impl<T> Fact<T> {
    /// The value and its place, if it is written.
    pub fn known(&self) -> Option<(&T, Span)> {
        match self {
            Self::Known(value, span) => Some((value, *span)),
            _ => None,
        }
    }

    /// The value, written or by default.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known(value, _) | Self::Default(value, _) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        self.known().map(|(_, span)| span)
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Another value out of this one; `None` of the function makes it unknown.
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Option<U>) -> Fact<U> {
        const UNREADABLE: &str = "the value cannot be read";
        match self {
            Self::Known(value, span) => {
                change(value).map_or(Fact::Unknown(UNREADABLE), |it| Fact::Known(it, span))
            }
            Self::Default(value, why) => {
                change(value).map_or(Fact::Unknown(UNREADABLE), |it| Fact::Default(it, why))
            }
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }
}
