//! Messages of an application.

use std::borrow::Cow;

use pyo3::{
    exceptions::{PyKeyError, PyRuntimeError},
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyMapping, PyMemoryView, PyString},
};

use crate::ResponseHead;

/// The message as a dictionary, which it is but for the most unusual applications.
pub(super) fn dictionary<'py>(message: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    if let Ok(dictionary) = message.cast::<PyDict>() {
        return Ok(dictionary.clone());
    }
    let copied = PyDict::new(message.py());
    copied.update(message.cast::<PyMapping>()?)?;
    Ok(copied)
}

/// Raises uvicorn's error unless the message is of this type.
pub(super) fn expect(message: &Bound<'_, PyDict>, kind: &Bound<'_, PyString>) -> PyResult<()> {
    let given = kind_of(message)?;
    if given.is(kind) || given.eq(kind)? {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!("Expected ASGI message '{kind}', but got '{given}'.")))
}

/// Its type.
pub(super) fn kind_of<'py>(message: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    required(message, intern!(message.py(), "type"))
}

/// The status line and the fields of a response, of which the default ones come first.
pub(super) fn start(
    message: &Bound<'_, PyDict>,
    write_default: impl FnOnce(&mut ResponseHead) -> PyResult<()>,
) -> PyResult<ResponseHead> {
    let py = message.py();
    let status: u16 = required(message, intern!(py, "status"))?.extract()?;
    if !(100..1000).contains(&status) {
        return Err(PyKeyError::new_err(status));
    }
    let mut head = ResponseHead::new(status);
    write_default(&mut head)?;
    let Some(fields) = message.get_item(intern!(py, "headers"))? else { return Ok(head) };
    for field in fields.try_iter()? {
        let field = field?;
        let (name, value) = (field.get_item(0)?, field.get_item(1)?);
        head.field(&bytes(&name)?, &bytes(&value)?)
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    }
    Ok(head)
}

/// The body of a message, and whether more follows.
pub(super) fn body<'py>(message: &Bound<'py, PyDict>) -> PyResult<(Option<Bound<'py, PyAny>>, bool)> {
    let py = message.py();
    let more = match message.get_item(intern!(py, "more_body"))? {
        Some(more) => more.is_truthy()?,
        None => false,
    };
    Ok((message.get_item(intern!(py, "body"))?, more))
}

/// The bytes of an object that has some; those of `bytes` without a copy.
pub(super) fn bytes<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    let copied = PyMemoryView::from(object)?.call_method0(intern!(object.py(), "tobytes"))?;
    Ok(Cow::Owned(copied.cast::<PyBytes>()?.as_bytes().to_vec()))
}

fn required<'py>(message: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    message.get_item(key)?.ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))
}
