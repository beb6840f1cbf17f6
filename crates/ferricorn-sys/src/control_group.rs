//! The control groups that this process is in, and the groups above them: what they limit holds for us as well.
//!
//! Owns: finding their folders (`cgroups(7)`), for version 1, version 2 and both at once. Does not own: what their files
//! mean (`memory`, `throttling`).
//!
//! The kernel distinguishes two things: the path of a group in its hierarchy (`/proc/self/cgroup`), and where a part of
//! that hierarchy is mounted (`/proc/self/mountinfo`). To read the mount point alone finds the limit of a container,
//! and misses the one of a service of systemd's; to append the path to the mount point finds the service, and misses a
//! container without a namespace of its own, where the mount begins at the group and the path does not.
//!
//! Invariant: everything is read below a folder that the caller names, so that a test can lay a tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a group limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// Memory.
    Memory,
    /// Time of processors.
    Processor,
}

impl Controller {
    /// Its name in `/proc/self/cgroup`, and among the options of a mount.
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processor => "cpu",
        }
    }
}

/// The version of a hierarchy. Both may be mounted at once; a controller belongs to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One hierarchy for each controller, or a few.
    One,
    /// One hierarchy for all.
    Two,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its path in the hierarchy, as this process may see it: `/system.slice/shop.service`.
    pub name: String,
    /// The version of the hierarchy.
    pub version: Version,
    folder: PathBuf,
}

impl Group {
    /// The text of one of its files; `None` if there is no such file, or it may not be read.
    pub fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    /// The number in one of its files; `None` also for `max`, which is no limit.
    pub fn number(&self, file: &str) -> Option<u64> {
        self.read(file)?.trim().parse().ok()
    }

    /// The number behind a name in one of its files, whose lines are `name number`.
    pub fn counter(&self, file: &str, name: &str) -> Option<u64> {
        counter(&self.read(file)?, name)
    }
}

/// The number behind a name, in lines of `name number`.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The group of this process, and then each group above it up to the highest that can be seen: of version 2 first, then
/// of the hierarchy of version 1 that has the controller. `root` is the folder that has `proc` and `sys` in it.
pub fn groups(root: &Path, controller: Controller) -> Vec<Group> {
    let memberships = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mounts = fs::read_to_string(root.join("proc/self/mountinfo")).unwrap_or_default();
    let mounts: Vec<Mount> = mounts.lines().filter_map(|line| Mount::parse(line, controller)).collect();
    let mut found = Vec::new();
    for version in [Version::Two, Version::One] {
        let Some(path) = memberships.lines().find_map(|line| membership(line, version, controller)) else {
            continue;
        };
        let mounts: Vec<&Mount> = mounts.iter().filter(|mount| mount.version == version).collect();
        found.extend(upwards(root, &mounts, path));
    }
    found
}

/// The path of a line `number:controllers:path`, if it is of the hierarchy in question.
fn membership(line: &str, version: Version, controller: Controller) -> Option<&str> {
    let mut fields = line.splitn(3, ':');
    let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    let is_it = match version {
        Version::Two => number == "0" && controllers.is_empty(),
        Version::One => controllers.split(',').any(|name| name == controller.name()),
    };
    is_it.then_some(path)
}

/// A mounted part of a hierarchy.
#[derive(Debug)]
struct Mount {
    version: Version,
    /// The group that the mount point is.
    root: String,
    point: PathBuf,
}

impl Mount {
    /// Of a line of `mountinfo` (`proc_pid_mountinfo(5)`); `None` if it is of no hierarchy with the controller.
    fn parse(line: &str, controller: Controller) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, point) = (unescaped(place.next()?), unescaped(place.next()?));
        let mut kind = kind.split(' ');
        let (system, _source, options) = (kind.next()?, kind.next()?, kind.next().unwrap_or_default());
        let version = match system {
            "cgroup2" => Version::Two,
            "cgroup" if options.split(',').any(|option| option == controller.name()) => Version::One,
            _ => return None,
        };
        Some(Self { version, root, point: PathBuf::from(point) })
    }

    /// What of a group's path lies below the mount point; `None` if the group is not below it, or cannot be named.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        // A group outside of this process's namespace is `/..` and so on, and its folder has another name.
        let outside = |path: &str| path.split('/').any(|part| part == "..");
        if outside(path) || outside(&self.root) {
            return None;
        }
        let rest = if self.root == "/" { path } else { path.strip_prefix(self.root.as_str())? };
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The folder of what lies below the mount point.
    fn folder(&self, root: &Path, rest: &str) -> PathBuf {
        let point = root.join(self.point.strip_prefix("/").unwrap_or(&self.point));
        let rest = rest.trim_matches('/');
        if rest.is_empty() { point } else { point.join(rest) }
    }
}

/// The group of a path and those above it, in the first mount that has it.
fn upwards(root: &Path, mounts: &[&Mount], path: &str) -> Vec<Group> {
    let mut holders: Vec<(&Mount, &str)> =
        mounts.iter().filter_map(|mount| Some((*mount, mount.below(path)?))).collect();
    holders.sort_by_key(|(mount, rest)| !mount.folder(root, rest).is_dir());
    // Of a group that cannot be named the mount point is the nearest that can be seen.
    let holder = holders.first().copied().or_else(|| mounts.first().map(|mount| (*mount, "")));
    let Some((mount, rest)) = holder else { return Vec::new() };
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let group = |length: usize| {
        let rest = parts[..length].join("/");
        let name = format!("{}/{rest}", mount.root.trim_end_matches('/'));
        let name = if name.len() > 1 { name.trim_end_matches('/').to_owned() } else { name };
        Group { name, version: mount.version, folder: mount.folder(root, &rest) }
    };
    (0..=parts.len()).rev().map(group).collect()
}

/// A path in `mountinfo` has blanks and the like as `\040`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\');
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and the folders, relative to the tree's own.
    fn found(tree: &[(&str, &str)], controller: Controller) -> Vec<(String, String)> {
        let folder = crate::memory::tests::lay(tree);
        let relative = |group: Group| {
            let path = group.folder.strip_prefix(folder.path()).expect("below the root").to_owned();
            (group.name, path.to_string_lossy().into_owned())
        };
        groups(folder.path(), controller).into_iter().map(relative).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, folder)| ((*name).to_owned(), (*folder).to_owned())).collect()
    }

    #[test]
    fn a_service_is_below_its_slice_and_the_root() {
        let tree = [
            ("proc/self/cgroup", "0::/system.slice/shop.service\n"),
            (
                "proc/self/mountinfo",
                "29 22 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            ),
        ];
        let expected = pairs(&[
            ("/system.slice/shop.service", "sys/fs/cgroup/system.slice/shop.service"),
            ("/system.slice", "sys/fs/cgroup/system.slice"),
            ("/", "sys/fs/cgroup"),
        ]);
        assert_eq!(found(&tree, Controller::Memory), expected);
        assert_eq!(found(&tree, Controller::Processor), expected, "one hierarchy for all");
    }

    #[test]
    fn a_mount_that_begins_at_the_group_is_the_group() {
        // Docker on version 1, without a namespace of control groups.
        let tree = [
            ("proc/self/cgroup", "7:memory:/docker/f00/inner\n3:cpu,cpuacct:/docker/f00\n"),
            (
                "proc/self/mountinfo",
                "9 8 0:3 /docker/f00 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
                 8 8 0:4 /docker/f00 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n",
            ),
        ];
        let expected = pairs(&[
            ("/docker/f00/inner", "sys/fs/cgroup/memory/inner"),
            ("/docker/f00", "sys/fs/cgroup/memory"),
        ]);
        assert_eq!(found(&tree, Controller::Memory), expected);
        assert_eq!(
            found(&tree, Controller::Processor),
            pairs(&[("/docker/f00", "sys/fs/cgroup/cpu,cpuacct")])
        );
    }

    #[test]
    fn a_group_that_cannot_be_named_is_looked_for_where_the_mount_is() {
        for (path, root) in [("/../other", "/"), ("/", "/.."), ("/a", "/ab")] {
            let line = format!("9 8 0:3 {root} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
            let tree = [("proc/self/cgroup", &*format!("0::{path}\n")), ("proc/self/mountinfo", &*line)];
            let found = found(&tree, Controller::Memory);
            assert_eq!(found.iter().map(|(_, folder)| &**folder).collect::<Vec<_>>(), ["sys/fs/cgroup"]);
        }
    }

    #[test]
    fn of_several_mounts_the_one_that_has_the_group_is_taken() {
        let tree = [
            ("proc/self/cgroup", "0::/a\n"),
            (
                "proc/self/mountinfo",
                "1 0 0:3 / /hidden rw - cgroup2 cgroup2 rw\n2 0 0:3 / /a\\040place rw - cgroup2 cgroup2 rw\n",
            ),
            ("a place/a/memory.max", "max\n"),
        ];
        assert_eq!(found(&tree, Controller::Memory), pairs(&[("/a", "a place/a"), ("/", "a place")]));
    }

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let text = "low 1\noom 2\noom_kill_disable 3\noom_kill 4\noom_group_kill 5\n";
        assert_eq!(counter(text, "oom_kill"), Some(4));
        assert_eq!(counter(text, "oom_"), None);
    }

    #[test]
    fn without_proc_there_is_no_group() {
        assert_eq!(found(&[], Controller::Memory), []);
    }
}
