//! The rights of the workers: `--user`, `--group`, `--initgroups`, and the mode of unix sockets, `--umask`.
//!
//! Owns: how names and numbers become the rights of a worker, and which of them cannot be had. Does not own: the tables of
//! users and groups, which are asked ([`Accounts`]), nor the change itself.
//!
//! As in gunicorn the master keeps its own rights, and what is not named stays as it is. One thing is stricter: workers
//! that become another user lose the supplementary groups of the master, which are root's as a rule.

use std::io;

use super::Task;
use crate::{
    given::{Accounts, Choices, ConfigError, value_error},
    options::Draft,
    settings::Rights,
    values::Problem,
};

/// The rights that were asked for.
pub(crate) fn resolve(
    draft: &Draft,
    choices: &Choices,
    accounts: &dyn Accounts,
    task: Task,
    warnings: &mut Vec<String>,
) -> Result<Rights, ConfigError> {
    let (own_user, own_group) = accounts.own();
    let user = draft.user.as_deref().map(|text| find(text, |name| accounts.user(name)));
    let user = checked("user", user, choices)?.unwrap_or(own_user);
    let group = draft.group.as_deref().map(|text| find(text, |name| accounts.group(name)));
    let group = checked("group", group, choices)?.unwrap_or(own_group);
    let (other_user, other_group) = (user != own_user, group != own_group);
    let initgroups = draft.initgroups.unwrap_or(false) && user != 0;
    let groups = if initgroups {
        let groups = memberships(accounts, user, group).map_err(|error| unreadable(&error));
        checked("initgroups", Some(groups), choices)?
    } else {
        other_user.then(|| vec![group])
    };
    if task == Task::Serve {
        let may = |wanted: bool, has: bool| if wanted && !has { Err(not_allowed()) } else { Ok(()) };
        checked("user", Some(may(other_user, accounts.may_change_user())), choices)?;
        checked("group", Some(may(other_group, accounts.may_change_group())), choices)?;
        checked("initgroups", Some(may(initgroups, accounts.may_change_group())), choices)?;
    }
    if other_user && user != 0 && group == 0 && draft.group.is_none() {
        let name = draft.user.as_deref().unwrap_or_default();
        warnings.push(format!(
            "the workers run as `{name}`, but still with the group of root; add --group, as in `--group {name}`"
        ));
    }
    Ok(Rights { user, group, changed: other_user || other_group || groups.is_some(), groups })
}

/// The groups of a user. One that has no name is a member of nothing.
fn memberships(accounts: &dyn Accounts, user: u32, group: u32) -> io::Result<Vec<u32>> {
    accounts.name(user)?.map_or_else(|| Ok(vec![group]), |name| accounts.groups(&name, group))
}

/// A number, or the number of a name.
fn find(text: &str, by_name: impl FnOnce(&str) -> io::Result<Option<u32>>) -> Result<u32, Problem> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // The highest number stands for "no change" in the system's calls.
        let number = text.parse().ok().filter(|number| *number != u32::MAX);
        return number.ok_or_else(|| Problem::meaning("too large", format!("give at most {}", u32::MAX - 1)));
    }
    let found = by_name(text).map_err(|error| unreadable(&error))?;
    found.ok_or_else(|| Problem::meaning("no such name", "give a name that the system knows, or a number"))
}

fn unreadable(error: &io::Error) -> Problem {
    let reason = format!("the system cannot tell: {error}");
    Problem::meaning(reason, "give a number")
}

fn not_allowed() -> Problem {
    Problem::meaning(
        "only root may change it, with the capabilities SETUID, SETGID and KILL",
        "start ferricorn as root, or as that user and without the option",
    )
}

/// A problem becomes the error of the option.
fn checked<T>(
    option: &str,
    result: Option<Result<T, Problem>>,
    choices: &Choices,
) -> Result<Option<T>, ConfigError> {
    result.transpose().map_err(|problem| {
        let choice = choices.get(option).and_then(|choices| choices.last());
        choice.map_or(ConfigError::NoApplication, |choice| value_error(choice, problem))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_number_and_everything_else_a_name() {
        let names = |name: &str| Ok((name == "web").then_some(33));
        assert_eq!(find("web", names), Ok(33));
        assert_eq!(find("0044", names), Ok(44));
        for (text, reason) in [("nobody", "no such name"), ("-1", "no such name"), ("", "no such name")] {
            assert_eq!(find(text, names).map_err(|it| it.reason), Err(reason.to_owned()), "{text}");
        }
        for text in ["4294967295", "99999999999999999999"] {
            assert_eq!(find(text, names).map_err(|it| it.reason), Err("too large".to_owned()), "{text}");
        }
    }
}
