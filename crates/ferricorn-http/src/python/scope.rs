//! The scope of a request, as uvicorn makes it.

use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyString},
};

use super::Server;
use crate::{Head, Version};

/// The scope for a head. `fixed` is what is the same for all requests of a connection, `state` the application's.
pub(super) fn of<'py>(
    py: Python<'py>,
    server: &Server,
    fixed: &Bound<'py, PyDict>,
    state: &Bound<'py, PyDict>,
    head: &Head<'_>,
) -> PyResult<Bound<'py, PyDict>> {
    let scope = fixed.copy()?;
    if head.version == Version::Http10 {
        scope.set_item(intern!(py, "http_version"), intern!(py, "1.0"))?;
    }
    // Applications write into both, and no request may see what another has written.
    if let Some(asgi) = fixed.get_item(intern!(py, "asgi"))? {
        scope.set_item(intern!(py, "asgi"), asgi.cast::<PyDict>()?.copy()?)?;
    }
    scope.set_item(intern!(py, "state"), state.copy()?)?;
    scope.set_item(intern!(py, "method"), method(py, head.method))?;
    set_path(py, server, &scope, head)?;
    scope.set_item(intern!(py, "headers"), fields(py, server, head)?)?;
    Ok(scope)
}

fn method<'py>(py: Python<'py>, method: &str) -> Bound<'py, PyString> {
    match method {
        "GET" => intern!(py, "GET").clone(),
        "POST" => intern!(py, "POST").clone(),
        other => PyString::new(py, other),
    }
}

fn set_path(py: Python<'_>, server: &Server, scope: &Bound<'_, PyDict>, head: &Head<'_>) -> PyResult<()> {
    let raw = head.target.path;
    let path = if raw.contains('%') {
        let unquote = py.import(intern!(py, "urllib.parse"))?.getattr(intern!(py, "unquote"))?;
        unquote.call1((raw,))?.cast_into::<PyString>()?
    } else {
        PyString::new(py, raw)
    };
    if server.prefix.is_empty() {
        scope.set_item(intern!(py, "path"), path)?;
        scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, raw.as_bytes()))?;
    } else {
        scope.set_item(intern!(py, "path"), format!("{}{}", server.prefix, path.to_cow()?))?;
        let raw = [server.prefix.as_bytes(), raw.as_bytes()].concat();
        scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, &raw))?;
    }
    scope.set_item(intern!(py, "query_string"), PyBytes::new(py, head.target.query.as_bytes()))
}

fn fields<'py>(py: Python<'py>, server: &Server, head: &Head<'_>) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, head.fields().map(|(name, value)| (server.name(py, name), PyBytes::new(py, value))))
}
