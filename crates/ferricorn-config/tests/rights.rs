//! Whose rights the workers get, by what was asked for and who asks.

#![allow(clippy::unwrap_used, missing_docs)]

mod accounts;

use std::path::PathBuf;

use accounts::Web;
use ferricorn_config::{
    ConfigError, Environment, Facts, Given, Input, Layer, Resolved, Rights, options::find_long, resolve,
};

/// A line of `--name value` and `--switch`.
fn run(line: &str, own: u32) -> Result<Resolved, ConfigError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let given = words.iter().enumerate().filter_map(|(place, word)| {
        let spelling = find_long(word.strip_prefix("--")?).unwrap();
        let text = if spelling.entry.takes_value() { words[place + 1] } else { "true" };
        Some(Given::option(spelling, text.to_owned(), Layer::CommandLine))
    });
    let input = Input { app: Some("main:app".to_owned()), given: given.collect(), ..Input::default() };
    let facts = Facts {
        current_directory: PathBuf::from("/srv/app"),
        processors: 2,
        memory: None,
        is_directory: &|_| true,
        accounts: &Web { own },
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    resolve(&input, &Environment::default(), &facts)
}

fn rights(line: &str, own: u32) -> Rights {
    let resolved = run(line, own).unwrap();
    assert_eq!(resolved.warnings, [""; 0], "{line}");
    resolved.settings.rights
}

#[test]
fn what_is_not_named_stays_as_the_master_has_it() {
    for own in [0, 1000] {
        let kept = rights("", own);
        assert_eq!((kept.user, kept.group, kept.groups, kept.changed), (own, own, None, false));
    }
    assert!(!rights("--user 1000 --group 1000", 1000).changed, "oneself may be named by everybody");
    let group = rights("--group web", 0);
    assert_eq!((group.user, group.group, group.groups, group.changed), (0, 33, None, true));
}

#[test]
fn another_user_has_no_groups_but_its_own() {
    let web = rights("--user web --group 33", 0);
    assert_eq!((web.user, web.group, web.changed), (33, 33, true));
    assert_eq!(web.groups, Some(vec![33]));
    assert_eq!(rights("--user 33 --group web --initgroups", 0).groups, Some(vec![33, 44]));
    assert_eq!(rights("--user 4711 --group web --initgroups", 0).groups, Some(vec![33]), "it has no name");
}

#[test]
fn the_group_of_root_is_warned_of_when_nobody_asked_for_it() {
    let resolved = run("--user web", 0).unwrap();
    assert_eq!(resolved.settings.rights.group, 0);
    let warning =
        "the workers run as `web`, but still with the group of root; add --group, as in `--group web`";
    assert_eq!(resolved.warnings, [warning]);
    assert_eq!(rights("--user web --group 0", 0).group, 0);
}

#[test]
fn who_may_not_change_rights_is_told_at_once_unless_nothing_is_started() {
    for (line, option) in
        [("--user web", "-u/--user"), ("--group web", "-g/--group"), ("--initgroups", "--initgroups")]
    {
        let error = run(line, 1000).unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`: only root may change it")), "{error}");
        assert_eq!(error.exit_code(), 1);
        assert!(run(&format!("{line} --check-config"), 1000).is_ok());
    }
}

#[test]
fn an_unknown_name_is_an_error_with_gunicorns_exit_code() {
    for line in ["--user nobody", "--group nobody", "--user -1", "--check-config --user nobody"] {
        let error = run(line, 0).unwrap_err();
        assert!(error.to_string().contains("no such name"), "{error}");
        assert_eq!(error.exit_code(), 1);
    }
}

#[test]
fn a_name_stands_in_for_the_application_where_a_service_has_one() {
    let named = run("--name shop --log-syslog", 0).unwrap().settings;
    assert_eq!(named.process_name(), "shop");
    assert_eq!(named.logs.syslog.unwrap().prefix, "shop");
    assert_eq!(run("", 0).unwrap().settings.process_name(), "main:app");
}
