//! A comment that names an unknown rule silences nothing, and nothing says so: a mistyped id looks like a
//! right one.
//!
//! `ferricorn check --list-rules` lists the ids.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     # ferricorn: ignore=FC1011 a wrapper takes it
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
//!     # ferricorn: ignore=FC101 a wrapper takes it
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --preload
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```

use crate::{rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(2, "ignore comment with an unknown id", Severity::Warning, explanation!("fc002.rs"), |_, _| {});

/// A finding about an id of a comment.
pub(crate) fn unknown_ignore(span: Span, id: &str) -> Finding {
    let message = if id.is_empty() {
        "this comment names no rule, so it ignores nothing".to_owned()
    } else {
        format!("no rule has the id {id}, so this comment ignores nothing")
    };
    RULE.warning(span, message).help("ferricorn check --list-rules lists the ids")
}
