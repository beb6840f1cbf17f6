//! The answers: paths, who may read them, the forms.
//!
//! Owns: the mapping from a request to a response. Does not own: the facts ([`Report`]), the text of metrics
//! (`ferricorn-telemetry`).
//!
//! Invariant: nothing of the environment, of headers, of query strings or of clients is in any answer; paths of requests are
//! shown only where not just anybody reads.

use std::sync::Arc;

use ferricorn_telemetry::{
    forms,
    metrics::{Resolution, families},
};
use http_body_util::Full;
use hyper::{
    Method, Response, StatusCode,
    body::Bytes,
    header::{ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE},
};
use tokio::sync::{mpsc, oneshot};

use super::{Report, Request, token::Token};

/// The status page: one file, which asks for `/status.json`.
const PAGE: &str = include_str!("page.html");

const PAGE_POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                           img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PATHS: &str = "there is /metrics, /healthz, /readyz, /status and /status.json\n";

const TEXT: &str = "text/plain; charset=utf-8";

/// What all clients have in common.
pub(super) struct Shared {
    /// What readers must show; `None`: nothing.
    pub(super) token: Option<Token>,
    /// Whether paths of requests are shown.
    pub(super) shows_paths: bool,
    /// The way to the loop.
    pub(super) requests: mpsc::Sender<Request>,
}

type Answer = Response<Full<Bytes>>;

/// Answers a request.
pub(super) async fn answer<B>(request: &hyper::Request<B>, shared: &Shared) -> Answer {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match request.uri().path() {
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/readyz" => readiness(shared).await,
        // It has no figures in it: those it asks for, with the token that its reader gives.
        "/status" => page(shared.token.is_some()),
        "/metrics" | "/status.json" if !may_read(request, shared) => {
            let mut refusal = plain(StatusCode::UNAUTHORIZED, "send the token: Authorization: Bearer ...\n");
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            refusal
        }
        "/metrics" => metrics(request, shared).await,
        "/status.json" => status(shared).await,
        _ => plain(StatusCode::NOT_FOUND, PATHS),
    }
}

fn may_read<B>(request: &hyper::Request<B>, shared: &Shared) -> bool {
    let Some(token) = &shared.token else { return true };
    request.headers().get(AUTHORIZATION).is_some_and(|header| token.is_in(header.as_bytes()))
}

async fn look(shared: &Shared) -> Option<Arc<Report>> {
    let (answer, report) = oneshot::channel();
    shared.requests.send(Request::Look(answer)).await.ok()?;
    report.await.ok()
}

fn stopping() -> Answer {
    plain(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping\n")
}

async fn readiness(shared: &Shared) -> Answer {
    let Some(report) = look(shared).await else { return stopping() };
    match &report.observation.not_ready {
        None => plain(StatusCode::OK, "ready\n"),
        Some(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn metrics<B>(request: &hyper::Request<B>, shared: &Shared) -> Answer {
    let Some(report) = look(shared).await else { return stopping() };
    let is_fine =
        request.uri().query().is_some_and(|query| query.split('&').any(|it| it == "resolution=fine"));
    let resolution = if is_fine { Resolution::Fine } else { Resolution::Usual };
    let families = families(&report.service, resolution);
    let accepted = request.headers().get_all(ACCEPT).iter();
    let mut accepted = accepted.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    if accepted.any(|it| it.trim_start().starts_with("application/openmetrics-text")) {
        respond(StatusCode::OK, forms::OPENMETRICS, forms::openmetrics(&families))
    } else {
        respond(StatusCode::OK, forms::PROMETHEUS, forms::prometheus(&families))
    }
}

async fn status(shared: &Shared) -> Answer {
    let Some(report) = look(shared).await else { return stopping() };
    let observation = &report.observation;
    let text = if shared.shows_paths {
        ferricorn_wire::encode(observation)
    } else {
        let mut observation = observation.clone();
        observation.workers.iter_mut().for_each(|worker| worker.requests.clear());
        ferricorn_wire::encode(&observation)
    };
    respond(StatusCode::OK, "application/json", text)
}

/// `guarded`: readers need a token, which the page then asks for before anything else.
fn page(guarded: bool) -> Answer {
    let text = if guarded { PAGE.replacen("<html", "<html data-token", 1) } else { PAGE.to_owned() };
    let mut page = respond(StatusCode::OK, "text/html; charset=utf-8", text);
    let headers = page.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(PAGE_POLICY));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    page
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    respond(status, TEXT, text)
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
