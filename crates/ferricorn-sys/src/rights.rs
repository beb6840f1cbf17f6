//! The rights of a process: users and groups by name, what a child changes to, and what may be changed at all.
//!
//! Owns: looking accounts up, the change between fork and exec (called by [`crate::spawn`]). Does not own: who wants
//! which rights, nor files ([`crate::give`]).
//!
//! Everything that needs a table (the groups of a user) is looked up before the fork.

use std::{ffi::CString, fs, io};

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// The rights of a child where they are not its parent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The user.
    pub user: u32,
    /// The primary group.
    pub group: u32,
    /// All supplementary groups; none: the parent's stay.
    pub groups: Option<Vec<u32>>,
}

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub user: u32,
    /// Its name.
    pub name: String,
}

/// What this process may change about the rights of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Powers {
    /// The user and the groups, and signal the child afterwards.
    pub user: bool,
    /// The groups.
    pub group: bool,
}

/// The user of this name.
pub fn user_by_name(name: &str) -> io::Result<Option<Account>> {
    Ok(User::from_name(name)?.map(account))
}

/// The user of this number.
pub fn user_by_number(user: u32) -> io::Result<Option<Account>> {
    Ok(User::from_uid(Uid::from_raw(user))?.map(account))
}

fn account(user: User) -> Account {
    Account { user: user.uid.as_raw(), name: user.name }
}

/// The number of the group of this name.
pub fn group_by_name(name: &str) -> io::Result<Option<u32>> {
    Ok(Group::from_name(name)?.map(|group| group.gid.as_raw()))
}

/// All groups that a user is a member of, and `group`.
pub fn groups_of(name: &str, group: u32) -> io::Result<Vec<u32>> {
    let name = CString::new(name)?;
    let groups = getgrouplist(&name, Gid::from_raw(group))?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}

/// What this process may change, by its capabilities: root of a container may have lost them, and somebody else may
/// have been given them.
pub fn powers() -> Powers {
    const KILL: u64 = 1 << 5;
    const SETGID: u64 = 1 << 6;
    const SETUID: u64 = 1 << 7;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    // Where /proc is not mounted, the system itself says it when a worker is started.
    let has = |wanted: u64| effective.is_none_or(|effective| effective & wanted == wanted);
    Powers { user: has(KILL | SETGID | SETUID), group: has(SETGID) }
}

/// Changes to these rights for good. For a child between fork and exec: makes async-signal-safe calls only. The groups
/// go first, since the user that is left has no right to change them. The errno is returned.
pub(crate) fn change_to(rights: &Rights) -> Result<(), i32> {
    let failed = |result: libc::c_int| if result == 0 { Ok(()) } else { Err(nix::errno::Errno::last_raw()) };
    // SAFETY: system calls on numbers, and on a list that lives through the call and whose length is passed with it.
    // With one thread in the child, the C library has no other to change.
    unsafe {
        if let Some(groups) = &rights.groups {
            failed(libc::setgroups(groups.len(), groups.as_ptr()))?;
        }
        if rights.group != libc::getgid() {
            failed(libc::setgid(rights.group))?;
        }
        if rights.user != libc::getuid() {
            failed(libc::setuid(rights.user))?;
        }
    }
    Ok(())
}
