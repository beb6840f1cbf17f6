//! How much memory there is, and how much a process takes: read from `/proc` and the control groups' files.
//!
//! Owns: the reading. Does not own: what follows from it; where a group's folder is (`control_group`).

use std::{fs, path::Path};

use crate::control_group::{Controller, Group, Version, groups};

/// From here on a number of version 1 is no limit. The kernel writes the highest multiple of a page, which differs.
const UNLIMITED: u64 = 1 << 62;

/// The memory that this process and its children may take together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// In bytes.
    pub bytes: u64,
    /// What sets it: `memory.max of /system.slice/shop.service`.
    pub source: String,
}

/// The resident memory of a process in bytes, pages shared with other processes included (`statm` in `proc(5)`).
/// None if it is gone.
pub fn resident(pid: i32) -> Option<u64> {
    Some(taken(pid)?.resident)
}

/// The memory that a process takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Resident, pages shared with other processes included.
    pub resident: u64,
    /// The part of it that belongs to no file and to no shared memory.
    pub anonymous: u64,
}

/// What a process takes (`statm` in `proc(5)`). `None` if it is gone.
pub fn taken(pid: i32) -> Option<Taken> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut pages = statm.split_whitespace().skip(1).map(|field| field.parse::<u64>().ok());
    let (resident, shared) = (pages.next()??, pages.next()??);
    let page = page_size();
    Some(Taken { resident: resident * page, anonymous: resident.saturating_sub(shared) * page })
}

/// The lowest limit that holds for this process: of its control group, of each group above it, or the memory of the
/// machine. `None` if none of them can be read.
pub fn limit() -> Option<Limit> {
    limit_below(Path::new("/"))
}

/// The same below a folder that has `proc` and `sys` in it.
fn limit_below(root: &Path) -> Option<Limit> {
    let groups = groups(root, Controller::Memory);
    let (unified, legacy): (Vec<_>, Vec<_>) = groups.into_iter().partition(|it| it.version == Version::Two);
    let limits = unified.iter().flat_map(limits_of_version_2).chain(limits_of_version_1(&legacy));
    limits.chain(installed(root)).min_by_key(|limit| limit.bytes)
}

/// `memory.high` counts as well: a group above it is throttled until nothing in it gets ahead, long before its
/// `memory.max` ends anybody.
fn limits_of_version_2(group: &Group) -> impl Iterator<Item = Limit> {
    ["memory.max", "memory.high"].into_iter().filter_map(|file| limit_in(group, file))
}

fn limits_of_version_1(groups: &[Group]) -> Vec<Limit> {
    // A group without `memory.use_hierarchy` is not charged for those below it.
    let charged =
        groups.iter().enumerate().take_while(|(above, it)| *above == 0 || is_charged_for_those_below(it));
    let mut limits: Vec<_> =
        charged.filter_map(|(_, group)| limit_in(group, "memory.limit_in_bytes")).collect();
    // The kernel's own sum, which counts also the groups that a container cannot see.
    if let Some(own) = groups.first()
        && let Some(bytes) = own.counter("memory.stat", "hierarchical_memory_limit")
        && bytes < UNLIMITED
    {
        limits.push(Limit { bytes, source: format!("memory.stat of {}", own.name) });
    }
    limits
}

fn is_charged_for_those_below(group: &Group) -> bool {
    group.number("memory.use_hierarchy") != Some(0)
}

fn limit_in(group: &Group, file: &str) -> Option<Limit> {
    let bytes = group.number(file).filter(|bytes| *bytes < UNLIMITED)?;
    Some(Limit { bytes, source: format!("{file} of {}", group.name) })
}

fn installed(root: &Path) -> Option<Limit> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(Limit { bytes: kibibytes * 1024, source: "the memory of the machine".to_owned() })
}

/// How often the kernel has killed a process of this process's control group for lack of memory: `oom_kill` of
/// `memory.events` (version 2) or `memory.oom_control` (version 1). None where the group cannot be read.
pub fn out_of_memory_kills() -> Option<u64> {
    kills_below(Path::new("/"))
}

fn kills_below(root: &Path) -> Option<u64> {
    // Whatever group was short of memory, the kill is counted for the group of the process that it has hit: our own, which
    // is the first of each hierarchy.
    let groups = groups(root, Controller::Memory);
    let own = |version: Version| groups.iter().find(move |group| group.version == version);
    let kills = |version, file| own(version)?.counter(file, "oom_kill");
    kills(Version::Two, "memory.events").or_else(|| kills(Version::One, "memory.oom_control"))
}

/// The group that the kernel ends as a whole, with the master, if one process in it is killed for lack of memory
/// (`memory.oom.group`): its path. `None` if each process is killed alone.
pub fn killed_as_a_whole() -> Option<String> {
    killed_as_a_whole_below(Path::new("/"))
}

fn killed_as_a_whole_below(root: &Path) -> Option<String> {
    let groups = groups(root, Controller::Memory);
    groups.into_iter().find(|group| group.number("memory.oom.group") == Some(1)).map(|group| group.name)
}

fn page_size() -> u64 {
    // SAFETY: a system call without pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Lays files below a folder of their own.
    pub(crate) fn lay(tree: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in tree {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    const UNIFIED: &str = "29 22 0:25 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n";
    const LEGACY: &str = "29 22 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:        4194304 kB\nMemFree: 1 kB\n");
    const NO_LIMIT: &str = "9223372036854771712\n";

    /// The limit: its MiB and its source.
    fn told(tree: &[(&str, &str)]) -> String {
        let limit = limit_below(lay(tree).path());
        limit.map_or_else(String::new, |limit| limited(limit.bytes >> 20, &limit.source))
    }

    fn limited(mebibytes: u64, source: &str) -> String {
        format!("{mebibytes} MiB, {source}")
    }

    /// A service in a slice, on version 2, with these files.
    fn service(files: &[(&str, &str)]) -> String {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (format!("sys/fs/cgroup/{path}"), *text)).collect();
        let base =
            [MACHINE, ("proc/self/cgroup", "0::/shop.slice/x.service\n"), ("proc/self/mountinfo", UNIFIED)];
        let tree: Vec<_> =
            base.into_iter().chain(files.iter().map(|(path, text)| (&**path, *text))).collect();
        told(&tree)
    }

    #[test]
    fn the_lowest_limit_of_the_group_and_those_above_it_holds() {
        let own = "shop.slice/x.service/memory.max";
        assert_eq!(service(&[(own, "314572800\n")]), limited(300, "memory.max of /shop.slice/x.service"));
        let above = ("shop.slice/memory.max", "104857600\n");
        assert_eq!(service(&[(own, "314572800\n"), above]), limited(100, "memory.max of /shop.slice"));
        assert_eq!(service(&[(own, "max\n"), above]), limited(100, "memory.max of /shop.slice"));
        // A container in a namespace of its own: what is mounted as the root is its group.
        assert_eq!(service(&[("memory.max", "104857600\n")]), limited(100, "memory.max of /"));
        assert_eq!(service(&[(own, "max\n")]), limited(4096, "the memory of the machine"));
        assert_eq!(service(&[(own, "99999999999999\n")]), limited(4096, "the memory of the machine"));
    }

    #[test]
    fn a_group_that_is_throttled_before_its_limit_is_limited_by_that() {
        let max = ("shop.slice/x.service/memory.max", "314572800\n");
        let high = "shop.slice/x.service/memory.high";
        assert_eq!(
            service(&[max, (high, "209715200\n")]),
            limited(200, "memory.high of /shop.slice/x.service")
        );
        assert_eq!(service(&[max, (high, "max\n")]), limited(300, "memory.max of /shop.slice/x.service"));
        assert_eq!(
            service(&[max, ("shop.slice/memory.high", "104857600\n")]),
            limited(100, "memory.high of /shop.slice")
        );
    }

    /// A container on version 1, with these files of its group `/docker/f00`.
    fn container(mount: &str, files: &[(&str, &str)]) -> String {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (format!("sys/fs/cgroup/memory/{path}"), *text)).collect();
        let base =
            [MACHINE, ("proc/self/cgroup", "5:memory:/docker/f00\n0::/\n"), ("proc/self/mountinfo", mount)];
        let tree: Vec<_> =
            base.into_iter().chain(files.iter().map(|(path, text)| (&**path, *text))).collect();
        told(&tree)
    }

    #[test]
    fn version_1_has_a_number_for_no_limit_and_groups_that_are_not_charged() {
        let own = "docker/f00/memory.limit_in_bytes";
        assert_eq!(container(LEGACY, &[(own, NO_LIMIT)]), limited(4096, "the memory of the machine"));
        assert_eq!(
            container(LEGACY, &[(own, "209715200")]),
            limited(200, "memory.limit_in_bytes of /docker/f00")
        );
        let above = ("docker/memory.limit_in_bytes", "104857600");
        assert_eq!(
            container(LEGACY, &[(own, "209715200"), above, ("docker/memory.use_hierarchy", "1")]),
            limited(100, "memory.limit_in_bytes of /docker")
        );
        assert_eq!(
            container(LEGACY, &[(own, "209715200"), above, ("docker/memory.use_hierarchy", "0")]),
            limited(200, "memory.limit_in_bytes of /docker/f00")
        );
    }

    #[test]
    fn version_1_tells_of_limits_that_cannot_be_seen() {
        // The mount begins at the group; the limit is of one above it.
        let mount = LEGACY.replace("0:25 / ", "0:25 /docker/f00 ");
        let files = [
            ("memory.limit_in_bytes", NO_LIMIT),
            ("memory.stat", "cache 1\nhierarchical_memory_limit 104857600\n"),
        ];
        assert_eq!(container(&mount, &files), limited(100, "memory.stat of /docker/f00"));
    }

    #[test]
    fn of_two_versions_at_once_the_one_that_has_the_controller_counts() {
        let mounts = format!("{LEGACY}30 22 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        let own = ("docker/f00/memory.limit_in_bytes", "209715200");
        assert_eq!(container(&mounts, &[own]), limited(200, "memory.limit_in_bytes of /docker/f00"));
    }

    #[test]
    fn without_groups_and_without_meminfo_nothing_is_known() {
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[MACHINE]), limited(4096, "the memory of the machine"));
        // `ProcSubset=pid` hides /proc/meminfo, and leaves the group.
        let hidden = [
            ("proc/self/cgroup", "0::/x.service\n"),
            ("proc/self/mountinfo", UNIFIED),
            ("sys/fs/cgroup/x.service/memory.max", "104857600\n"),
        ];
        assert_eq!(told(&hidden), limited(100, "memory.max of /x.service"));
    }

    #[test]
    fn kills_are_counted_where_they_hit_and_a_group_may_be_ended_as_a_whole() {
        let tree = [
            ("proc/self/cgroup", "0::/a/b\n"),
            ("proc/self/mountinfo", UNIFIED),
            ("sys/fs/cgroup/a/memory.events", "oom_kill 7\n"),
            ("sys/fs/cgroup/a/b/memory.events", "oom 9\noom_kill 2\n"),
            ("sys/fs/cgroup/a/b/memory.oom.group", "0\n"),
        ];
        let folder = lay(&tree);
        assert_eq!(kills_below(folder.path()), Some(2));
        assert_eq!(killed_as_a_whole_below(folder.path()), None);
        fs::write(folder.path().join("sys/fs/cgroup/a/memory.oom.group"), "1\n").expect("written");
        assert_eq!(killed_as_a_whole_below(folder.path()).as_deref(), Some("/a"));
        let legacy = [
            ("proc/self/cgroup", "5:memory:/x\n"),
            ("proc/self/mountinfo", LEGACY),
            ("sys/fs/cgroup/memory/x/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
        ];
        assert_eq!(kills_below(lay(&legacy).path()), Some(3));
    }

    #[test]
    fn this_process_takes_some_memory_but_not_all_there_is() {
        let pid = i32::try_from(std::process::id()).expect("pids are small");
        let taken = resident(pid).expect("we are alive");
        assert!(taken > 100_000, "{taken}");
        let parts = super::taken(pid).expect("we are alive");
        assert!(parts.anonymous > 0 && parts.anonymous < parts.resident);
        assert!(taken < limit().expect("there is /proc/meminfo").bytes);
    }

    #[test]
    fn a_process_that_is_gone_takes_none() {
        assert_eq!(resident(i32::MAX), None);
    }
}
