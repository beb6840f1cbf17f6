//! Where to listen: gunicorn says it with `--bind`, uvicorn with `--host`, `--port`, `--uds` and `--fd`, platforms with
//! `PORT`.
//!
//! Any address of the user's switches PORT off, as in gunicorn; `--host` alone still takes its port from there.

use std::{net::Ipv4Addr, path::PathBuf};

use crate::{
    given::{Choice, Choices, ConfigError, Origin, UVICORNS, overrides, place, value_error},
    options::{Draft, Kind},
    settings::{Bind, DEFAULT_PORT},
    values::{Environment, Problem, Value},
};

/// The addresses, at least one.
pub(crate) fn resolve(
    draft: &Draft,
    choices: &Choices,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Vec<Bind>, ConfigError> {
    let bind = choices.get("bind").and_then(|choices| choices.last());
    let parts = || UVICORNS.iter().filter_map(|name| choices.get(name)?.last());
    let latest = parts().max_by_key(|choice| place(choice));
    match (bind, latest) {
        (None, None) => {
            let port = port_variable(environment)?;
            let host = if port.is_some() { "0.0.0.0" } else { "127.0.0.1" };
            Ok(vec![Bind::Tcp { host: host.to_owned(), port: port.unwrap_or(DEFAULT_PORT) }])
        }
        (Some(bind), None) => each_once(bind, draft),
        (None, Some(_)) => Ok(vec![from_parts(draft, parts(), environment, warnings)?]),
        (Some(bind), Some(latest)) => {
            let (winner, loser) = if place(bind) > place(latest) { (bind, latest) } else { (latest, bind) };
            let same_layer = winner.layer == loser.layer;
            let other = from_parts(draft, parts(), environment, &mut Vec::new())?;
            let chosen = if place(bind) > place(latest) { draft.binds.clone() } else { vec![other.clone()] };
            if same_layer && draft.binds != [other] {
                warnings.push(overrides(winner, loser));
            }
            Ok(chosen)
        }
    }
}

/// The addresses of `--bind`, unless one of them takes the place of another.
fn each_once(bind: &Choice, draft: &Draft) -> Result<Vec<Bind>, ConfigError> {
    let binds = &draft.binds;
    let taken = binds.iter().enumerate().find_map(|(index, one)| {
        let other = binds[..index].iter().find(|other| overlap(one, other))?;
        Some(if one == other {
            format!("`{one}` is given twice")
        } else {
            format!("`{one}` overlaps with `{other}`")
        })
    });
    match taken {
        // Sockets that share a port may do so within one program as well.
        Some(reason) if draft.reuse_port != Some(true) => {
            Err(value_error(bind, Problem::meaning(reason, "give each address once")))
        }
        _ => Ok(binds.clone()),
    }
}

/// Whether only one of two addresses can be bound.
fn overlap(one: &Bind, other: &Bind) -> bool {
    match (one, other) {
        // Each gets a free port of its own.
        (Bind::Tcp { port: 0, .. }, _) | (_, Bind::Tcp { port: 0, .. }) => false,
        (Bind::Tcp { host: a, port }, Bind::Tcp { host: b, port: same }) if port == same => {
            let all = |host: &str| host == "0.0.0.0";
            let is_v4 = |host: &str| host.parse::<Ipv4Addr>().is_ok();
            a == b || (all(a) && is_v4(b)) || (all(b) && is_v4(a))
        }
        _ => one == other,
    }
}

/// One address from uvicorn's options. As in uvicorn a descriptor beats a path, and a path beats host and port.
fn from_parts<'a>(
    draft: &Draft,
    parts: impl Iterator<Item = &'a Choice>,
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Bind, ConfigError> {
    let (bind, by) = if let Some(number) = draft.descriptor {
        (Bind::Fd(number), "fd")
    } else if let Some(path) = &draft.uds {
        (Bind::Unix(PathBuf::from(path)), "uds")
    } else {
        let port = match draft.port {
            Some(port) => port,
            None => port_variable(environment)?.unwrap_or(DEFAULT_PORT),
        };
        let host = draft.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
        return Ok(Bind::Tcp { host, port });
    };
    for other in parts.filter(|choice| choice.spelling.entry.name() != by) {
        warnings.push(format!("`--{}` has no effect: `--{by}` says where to listen", other.spelling.long));
    }
    Ok(bind)
}

fn port_variable(environment: &Environment) -> Result<Option<u16>, ConfigError> {
    let Some(text) = environment.get("PORT") else { return Ok(None) };
    let error = |problem: Problem| ConfigError::Value {
        text: text.to_owned(),
        origin: Origin::Variable("PORT".to_owned()),
        problem,
    };
    let value = Value::parse(Kind::Port, text).map_err(error)?;
    Ok(value.whole().and_then(|port| u16::try_from(port).ok()))
}
