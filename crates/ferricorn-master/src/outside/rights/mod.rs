//! Whose rights the workers have, as the system knows them, and the files that they have to open with fewer than ours.
//!
//! Owns: the tables of users and groups for the settings ([`SystemAccounts`]), the log files that workers write. Does not
//! own: what was asked for (`ferricorn-config`), the change itself (`ferricorn-sys`).
//!
//! The master keeps its rights, and so do the processes that execute the configuration file and its own hooks, as in
//! gunicorn, where these run in the master.

mod container;

use std::{
    io,
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use ferricorn_config::{AccessLog, Accounts, Settings};
use ferricorn_sys::{Access, Rights, effective_group, effective_user, give, rights};
use tracing::{debug, info, warn};

use container::Surroundings;

/// The users and groups of this system, and this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemAccounts;

impl Accounts for SystemAccounts {
    fn user(&self, name: &str) -> io::Result<Option<u32>> {
        Ok(rights::user_by_name(name)?.map(|account| account.user))
    }

    fn name(&self, user: u32) -> io::Result<Option<String>> {
        Ok(rights::user_by_number(user)?.map(|account| account.name))
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        rights::group_by_name(name)
    }

    fn groups(&self, name: &str, group: u32) -> io::Result<Vec<u32>> {
        rights::groups_of(name, group)
    }

    fn own(&self) -> (u32, u32) {
        (effective_user(), effective_group())
    }

    fn may_change_user(&self) -> bool {
        rights::powers().user
    }

    fn may_change_group(&self) -> bool {
        rights::powers().group
    }
}

/// The rights of a worker; none if they are ours.
pub(crate) fn of_worker(settings: &Settings) -> Option<Rights> {
    let wanted = &settings.rights;
    wanted.changed.then(|| Rights { user: wanted.user, group: wanted.group, groups: wanted.groups.clone() })
}

/// Who may connect to the unix sockets of these settings.
pub(crate) fn of_sockets(settings: &Settings) -> Access {
    let owner = settings.rights.changed.then_some((settings.rights.user, settings.rights.group));
    Access { umask: settings.umask, owner }
}

/// Makes the log files that workers write themselves, and gives them to the workers' user, who could not open them. For
/// before they are opened: at the start, at a reload, and after a rotation.
pub(crate) fn give_logs(settings: &Settings) {
    if !settings.rights.changed {
        return;
    }
    let (user, group) = (settings.rights.user, settings.rights.group);
    let access_log = match &settings.access_log {
        AccessLog::File(path) => Some(path.as_path()),
        AccessLog::Off | AccessLog::Stdout => None,
    };
    for path in settings.error_log.as_deref().into_iter().chain(access_log) {
        if let Err(error) = give::file(path, user, group) {
            // A worker that cannot open it says so, and does not boot.
            warn!("cannot give the log file `{}` to the workers: {error}", path.display());
        }
    }
    for stream in [io::stdout().as_fd(), io::stderr().as_fd()] {
        if let Err(error) = give::standard_pipe(stream, user, group) {
            debug!("cannot give a standard stream to the workers: {error}");
        }
    }
}

/// The first folder on the way to a program that its mode closes to these rights, also on the way to what it is a link to.
/// For words about a refusal that has happened: access lists and capabilities, which may open such a folder, are not read.
pub(crate) fn closed_folder(program: &Path, rights: &Rights) -> Option<PathBuf> {
    let mut program = program.to_owned();
    // As many as the kernel follows.
    for _ in 0..40 {
        let folder = program.parent()?.to_owned();
        let resolved = folder.canonicalize().ok();
        let closed = [resolved.as_ref(), Some(&folder)].into_iter().flatten().find_map(|folder| {
            let mut above: Vec<&Path> = folder.ancestors().filter(|it| !it.as_os_str().is_empty()).collect();
            above.reverse();
            above.into_iter().find(|folder| is_closed(folder, rights)).map(Path::to_owned)
        });
        if closed.is_some() {
            return closed;
        }
        program = folder.join(program.read_link().ok()?);
    }
    None
}

fn is_closed(folder: &Path, rights: &Rights) -> bool {
    let Ok(found) = folder.metadata() else { return false };
    let in_group = rights.group == found.gid()
        || rights.groups.as_ref().is_some_and(|groups| groups.contains(&found.gid()));
    let enter = match (rights.user == found.uid(), in_group) {
        (true, _) => 0o100,
        (false, true) => 0o010,
        (false, false) => 0o001,
    };
    rights.user != 0 && found.mode() & enter == 0
}

/// Hints at `--user` where it is missing most often: in a container, which has no other user unless the image adds one.
/// Who has taken from root what makes it root has thought of it.
pub(crate) fn hint(settings: &Settings) {
    if settings.rights.user != 0 {
        return;
    }
    let surroundings = Surroundings::of_this_process();
    if surroundings.is_container() && !surroundings.is_restricted() {
        info!(
            "The workers run as root in this container; --user and --group, or USER in the image, let them run as \
             another user"
        );
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    #[test]
    fn the_folder_that_is_closed_is_found_behind_links_too() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().canonicalize().unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let (home, environment) = (at.join("home"), at.join("environment"));
        fs::create_dir_all(home.join("bin")).unwrap();
        fs::create_dir(&environment).unwrap();
        fs::write(home.join("bin/python"), "").unwrap();
        symlink("../home/bin/python", environment.join("python")).unwrap();
        let nobody = Rights { user: 65534, group: 65534, groups: None };
        let found = || closed_folder(&environment.join("python"), &nobody);
        for path in [&at, &home, &home.join("bin"), &environment] {
            mode(path, 0o755);
        }
        assert_eq!(found(), None);
        mode(&home, 0o700);
        assert_eq!(found(), Some(home.clone()));
        let owner = Rights { user: home.metadata().unwrap().uid(), ..nobody.clone() };
        assert_eq!(closed_folder(&environment.join("python"), &owner), None);
        mode(&environment, 0o700);
        assert_eq!(found(), Some(environment.clone()));
    }
}
