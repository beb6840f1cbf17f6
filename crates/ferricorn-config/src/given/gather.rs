//! Collects what was given in all places, checks it, and keeps the values that count.
//!
//! Owns: the order in which the places are read, since `--env-file` adds variables. Does not own: how one value is checked
//! (`choose`), nor what follows from all of them ([`crate::resolve()`]).

use std::collections::BTreeMap;

use super::{
    Choices, ConfigError, Facts, Given, Input, Layer, Spoken, UVICORNS,
    choose::{check, keep_winners, read, value_error},
    file::FileGiven,
    variables,
};
use crate::{
    options::{self, Draft},
    values::{Environment, Problem, parse_env_file},
};

/// What was given in all places, of which the strongest counts.
pub(crate) struct Gathered {
    pub(crate) choices: Choices,
    /// Whose language it is in.
    pub(crate) spoken: Spoken,
    /// With the variables of `--env-file`.
    pub(crate) environment: Environment,
    /// The variables of `--env-file`.
    pub(crate) from_file: Vec<(String, String)>,
    pub(crate) hooks: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn gather(
    input: &Input,
    environment: &Environment,
    facts: &Facts<'_>,
) -> Result<Gathered, ConfigError> {
    let mut warnings = Vec::new();
    let FileGiven { given: in_file, hooks } = match &input.file {
        Some(file) => file.given(&mut warnings)?,
        None => FileGiven::default(),
    };
    let mut given = input.given.clone();
    given.extend(in_file);
    if input.development {
        given.extend(presets(&given, facts));
    }
    let spoken = Spoken::by(&given, environment, input.python_file.is_some());
    let mut environment = environment.clone();
    let from_file = env_file(&given, &environment, spoken, facts)?;
    environment.complete(&from_file);
    let mut all = variables::given(&environment, spoken, &mut warnings);
    all.extend(given);
    let spoken = Spoken::by(&all, &environment, input.python_file.is_some());
    let choices = winners(&all, &environment, &mut warnings)?;
    Ok(Gathered { choices, spoken, environment, from_file, hooks, warnings })
}

/// What `ferricorn dev` stands for, in the light of what was given.
fn presets(given: &[Given], facts: &Facts<'_>) -> Vec<Given> {
    let is_given =
        |name: &str| given.iter().any(|it| it.layer > Layer::Development && it.spelling.entry.name() == name);
    let somewhere = is_given("bind") || UVICORNS.iter().any(|name| is_given(name));
    let variables = (facts.read_file)(&facts.current_directory.join(options::VARIABLES)).is_ok();
    options::presets(somewhere, variables)
        .map(|(spelling, value)| Given::option(spelling, value.to_owned(), Layer::Development))
        .collect()
}

/// Of each option the values that count, checked. What is overridden is not looked at.
fn winners(
    all: &[Given],
    environment: &Environment,
    warnings: &mut Vec<String>,
) -> Result<Choices, ConfigError> {
    let mut highest: BTreeMap<&'static str, Layer> = BTreeMap::new();
    for given in all {
        let layer = highest.entry(given.spelling.entry.name()).or_insert(given.layer);
        *layer = given.layer.max(*layer);
    }
    let mut choices = Choices::new();
    for (index, given) in all.iter().enumerate() {
        let name = given.spelling.entry.name();
        if highest.get(name) == Some(&given.layer)
            && let Some(choice) = check(given, index, environment, warnings)?
        {
            choices.entry(name).or_default().push(choice);
        }
    }
    for choices in choices.values_mut() {
        keep_winners(choices, warnings);
    }
    // Only now: an empty value on the command line takes back one from a file.
    choices.retain(|_, winners| {
        !winners.iter().all(|it| it.spelling.entry.unset_if_empty && it.text.is_empty())
    });
    Ok(choices)
}

/// The variables of `--env-file`, which has to be read before the variables are looked at.
fn env_file(
    given: &[Given],
    environment: &Environment,
    spoken: Spoken,
    facts: &Facts<'_>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let from_variables = variables::given(environment, spoken, &mut Vec::new());
    let named = from_variables.iter().chain(given).filter(|it| it.spelling.entry.name() == "env-file");
    let Some(named) = named.max_by_key(|it| it.layer).filter(|it| !it.text.is_empty()) else {
        return Ok(Vec::new());
    };
    let (text, _) = read(named.spelling.entry.kind, &named.text, &named.origin, environment)?;
    let error = |problem| ConfigError::Value { text: text.clone(), origin: named.origin.clone(), problem };
    let content = (facts.read_file)(&facts.current_directory.join(&text)).map_err(|failure| {
        error(Problem::meaning(format!("cannot be read: {failure}"), "give a file of `NAME=VALUE` lines"))
    })?;
    parse_env_file(&content, environment).map_err(error)
}

/// The variables for the application: those of `--env` are stronger than those of `--env-file`.
pub(crate) fn application_environment(
    mut environment: Vec<(String, String)>,
    draft: &Draft,
    choices: &Choices,
) -> Result<Vec<(String, String)>, ConfigError> {
    for (index, text) in draft.environment.iter().enumerate() {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !text.contains('\0') => {
                environment.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                let problem = Problem::meaning("not a variable with its value", "write `NAME=VALUE`");
                let given = choices.get("env").and_then(|choices| choices.get(index));
                return Err(given.map_or(ConfigError::NoApplication, |choice| value_error(choice, problem)));
            }
        }
    }
    Ok(environment)
}
