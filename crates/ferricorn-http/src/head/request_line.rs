//! The method and the target of a request.

use crate::Refusal;

/// The registered methods that a server may be asked for (those that llhttp knows), but for `CONNECT`: that asks for a
/// tunnel, which an application cannot give.
const METHODS: [&str; 34] = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
    "QUERY",
];

/// Of a method, in letters; a longer word is refused before its end is here.
pub(super) const LONGEST_METHOD: usize = 16;

pub(super) fn check_method(method: &str) -> Result<(), Refusal> {
    if METHODS.contains(&method) { Ok(()) } else { Err(Refusal::Method) }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// As it was sent. All of it is visible ASCII.
    pub raw: &'a str,
    /// The path, not decoded: it begins with a slash, or is `*`.
    pub path: &'a str,
    /// What stands behind the question mark, or nothing.
    pub query: &'a str,
}

impl<'a> Target<'a> {
    /// Takes it apart. Of the four forms of RFC 9112, section 3.2, that of an authority belongs to `CONNECT` alone.
    pub(super) fn of(method: &str, raw: &'a str) -> Result<Self, Refusal> {
        if !raw.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::Target);
        }
        // A fragment is the client's own and must not be sent; those who do mean the address without it.
        let shown = raw.split('#').next().unwrap_or_default();
        if shown == "*" && method == "OPTIONS" {
            return Ok(Self { raw, path: "*", query: "" });
        }
        let local = if shown.starts_with('/') { shown } else { behind_authority(shown)? };
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        Ok(Self { raw, path: if path.is_empty() { "/" } else { path }, query })
    }
}

/// The path and query of an address with scheme and host.
fn behind_authority(address: &str) -> Result<&str, Refusal> {
    let (scheme, rest) = address.split_once("://").ok_or(Refusal::Target)?;
    let is_scheme = !scheme.is_empty()
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, local) = rest.split_at(end);
    // A name and a password there are of no use but to deceive.
    if !is_scheme || authority.is_empty() || !crate::grammar::is_host(authority.as_bytes()) {
        return Err(Refusal::Target);
    }
    Ok(local)
}
