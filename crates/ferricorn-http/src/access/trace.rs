//! The ids that join a line to a trace (W3C Trace Context) and to other lines.

/// The ids of the trace and of the span of a `traceparent`, if it is valid.
pub(super) fn parent(value: &[u8]) -> Option<(&str, &str)> {
    let mut parts = value.splitn(4, |byte| *byte == b'-');
    let (version, trace, span, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (flags, more) = rest.split_at_checked(2)?;
    let is_long_enough = version.len() == 2 && trace.len() == 32 && span.len() == 16;
    let is_hex = [version, trace, span, flags]
        .iter()
        .all(|part| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    let is_known = version != b"ff" && (more.is_empty() || (version != b"00" && is_more(more)));
    let is_some = |part: &[u8]| part.iter().any(|digit| *digit != b'0');
    if is_long_enough && is_hex && is_known && is_some(trace) && is_some(span) {
        return Some((std::str::from_utf8(trace).ok()?, std::str::from_utf8(span).ok()?));
    }
    None
}

/// An `x-request-id`, if it is valid.
pub(super) fn request(value: &[u8]) -> Option<&str> {
    let is_valid = (1..=128).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
    if is_valid { std::str::from_utf8(value).ok() } else { None }
}

/// What a later version puts behind the flags.
fn is_more(more: &[u8]) -> bool {
    more.starts_with(b"-") && !more.contains(&b'\n')
}
