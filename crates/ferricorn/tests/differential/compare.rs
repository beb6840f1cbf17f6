//! What ferricorn makes of a case, and what differs from a reference's settings.

use std::{collections::BTreeMap, ffi::OsString, io, path::Path};

use ferricorn::{
    cli::{self, Request},
    configuration::{Configuration, ProcessStart},
};
use ferricorn_config::{Accounts, ConfigError, Resolved, options};
use ferricorn_master::{Command, PythonSearch, SystemAccounts};
use serde_json::Value;

use crate::case::{Case, folder};

/// A setting of ours.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) value: String,
    /// It was given, by whatever source.
    pub(crate) given: bool,
}

/// The settings of a case by name, or the error.
pub(crate) fn resolve(case: &Case) -> Result<BTreeMap<String, Shown>, String> {
    let resolved = resolved(case).map_err(|error| error.to_string())?;
    let mut settings: BTreeMap<String, Shown> = resolved
        .shown
        .into_iter()
        .map(|line| (line.name, Shown { value: line.value, given: line.source != "default" }))
        .collect();
    if let Some(raw_env) = settings.get_mut("raw_env").filter(|it| it.given) {
        // With the variables of `--env-file`.
        let pairs = resolved.settings.environment.iter().map(|(name, value)| format!("{name}={value}"));
        raw_env.value = pairs.collect::<Vec<_>>().join(",");
    }
    Ok(settings)
}

fn resolved(case: &Case) -> Result<Resolved, ConfigError> {
    let variable = |name: &str, value: &OsString| (OsString::from(name), value.clone());
    let mut variables: Vec<(OsString, OsString)> =
        ["PATH", "HOME"].iter().filter_map(|name| Some(variable(name, &std::env::var_os(name)?))).collect();
    variables.push(variable("FERRICORN_PYTHON", &ferricorn_test::python().into()));
    variables.extend(case.environment.iter().map(|(name, value)| (name.into(), value.into())));
    let arguments: Vec<OsString> = case.words.iter().map(OsString::from).collect();
    let directory = folder().to_owned();
    let process = ProcessStart {
        command: Command::new(Path::new("ferricorn"), arguments, None),
        variables,
        directory,
        python: PythonSearch::default(),
        accounts: Box::new(AsRoot),
    };
    let words = std::iter::once("ferricorn".into()).chain(process.command.arguments().iter().cloned());
    match cli::parse(words, &process.environment())? {
        Request::Start(request) => {
            let configuration = Configuration::new(request, process);
            let source = configuration.source()?;
            let answer = configuration.ask_python(&source)?;
            configuration.resolve(source, answer.as_deref())
        }
        other => panic!("{}: {other:?}", case.text),
    }
}

/// The users and groups of this system, to a process that may change to any of them: gunicorn finds out only when it does.
struct AsRoot;

impl Accounts for AsRoot {
    fn user(&self, name: &str) -> io::Result<Option<u32>> {
        SystemAccounts.user(name)
    }

    fn name(&self, user: u32) -> io::Result<Option<String>> {
        SystemAccounts.name(user)
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        SystemAccounts.group(name)
    }

    fn groups(&self, name: &str, group: u32) -> io::Result<Vec<u32>> {
        SystemAccounts.groups(name, group)
    }

    fn own(&self) -> (u32, u32) {
        SystemAccounts.own()
    }

    fn may_change_user(&self) -> bool {
        true
    }

    fn may_change_group(&self) -> bool {
        true
    }
}

/// What a comparison has found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many settings were compared.
    pub(crate) compared: usize,
    /// What was given, and means another thing here.
    pub(crate) differences: Vec<String>,
    /// What nobody gave, by name, and what holds there and here.
    pub(crate) defaults: Vec<(String, String, String)>,
}

/// Compares all settings that have an effect here. `baseline` is what holds there for the application alone.
pub(crate) fn compare(theirs: &Value, baseline: &Value, ours: &BTreeMap<String, Shown>) -> Found {
    let mut found = Found::default();
    for (name, value) in theirs.as_object().expect("settings are an object") {
        let Some(spelling) = options::find_setting(name) else {
            found.differences.push(format!("`{name}` is not known"));
            continue;
        };
        let Some(our) = ours.get(&spelling.entry.setting_name()) else { continue };
        found.compared += 1;
        if equal(name, value, &our.value) {
            continue;
        }
        if our.given || baseline.get(name) != Some(value) {
            found.differences.push(format!("`{name}` is `{}` there and `{}` here", text(value), our.value));
        } else {
            found.defaults.push((name.clone(), text(value), our.value.clone()));
        }
    }
    found
}

/// Two ways to write one default: by name, there, and here.
const SAME: &[(&str, &str, &str)] = &[
    // The file of the start directory, if there is one.
    ("config", "./gunicorn.conf.py", ""),
    ("use_colors", "", "on a terminal"),
    ("log_level", "", "info"),
    ("limit_max_requests", "", "0"),
];

fn equal(name: &str, theirs: &Value, ours: &str) -> bool {
    if theirs.is_object() {
        return serde_json::from_str::<Value>(ours).is_ok_and(|ours| ours == *theirs);
    }
    let shown = text(theirs);
    if SAME.contains(&(name, &shown, ours)) {
        return true;
    }
    if let Some(on) = theirs.as_bool() {
        return matches!(ours, "true" | "1") == on;
    }
    if let (Some(theirs), Some(ours)) = (number(&shown), number(ours)) {
        return (theirs - ours).abs() < 1e-9;
    }
    let plain = |text: &str| text.replace(", ", ",");
    match name {
        // Words without case.
        "loglevel" | "log_level" | "loop" | "http" | "ws" => shown.eq_ignore_ascii_case(ours),
        _ => plain(&shown) == plain(ours),
    }
}

/// A number as Python's `int(text, 0)` or `float(text)` reads it.
fn number(text: &str) -> Option<f64> {
    let bare = text.trim();
    if let Some(digits) = bare.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok().map(f64::from);
    }
    if let Some(digits) = bare.strip_prefix("0o") {
        return u32::from_str_radix(digits, 8).ok().map(f64::from);
    }
    let octal = bare.len() > 1 && bare.starts_with('0') && bare.bytes().all(|byte| byte.is_ascii_digit());
    if octal {
        return u32::from_str_radix(bare, 8).ok().map(f64::from);
    }
    bare.replace('_', "").parse().ok()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => match items.as_slice() {
            // An address.
            [Value::String(host), Value::Number(port)] => format!("{host}:{port}"),
            items => items.iter().map(text).collect::<Vec<_>>().join(","),
        },
        other => other.to_string(),
    }
}
