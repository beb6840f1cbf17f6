//! A comment that silences nothing hides the next real finding at its line. Either the mistake is mended, or the comment
//! stands at another line than the finding.
//!
//! A comment at the end of a line is about that line, one in a line of its own about the next.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     # ferricorn: ignore=FC101 a wrapper takes it
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     # ferricorn: ignore=FC101 a wrapper takes it
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --preload
//! ```

use crate::{rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    1,
    "ignore comment that silences nothing",
    Severity::Advice,
    explanation!("fc001.rs"),
    |_, _| {},
);

/// A finding about an id of a comment.
pub(crate) fn unused_ignore(span: Span, id: &str) -> Finding {
    RULE.advice(span, format!("{id} is ignored here, but it says nothing here"))
        .help("remove it, or move it to the line of the finding")
}
