//! How much memory there is, and how much a process takes: read from `/proc` and the control group's files.
//!
//! Owns: the reading. Does not own: what follows from it.

use std::{fs, path::Path};

/// The resident memory of a process in bytes, pages shared with other processes included (`statm` in `proc(5)`).
/// None if it is gone.
pub fn resident(pid: i32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_size())
}

/// The memory in bytes that this process and its children may take: the limit of the control group (version 2 or 1),
/// or what the machine has, whichever is less.
pub fn limit() -> u64 {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = group.iter().filter_map(|file| number_in(Path::new(file)));
    limits.chain(installed()).min().unwrap_or(u64::MAX)
}

/// How often the kernel has killed a process of this process's control group for want of memory: `oom_kill` of
/// `memory.events` (version 2) or `memory.oom_control` (version 1). None where the group cannot be read.
pub fn out_of_memory_kills() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.events"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.oom_control")
            }
            _ => return None,
        };
        // Inside a container the group is mounted as the root, whatever its path is called outside.
        let counted =
            |folder: &str| counter(&fs::read_to_string(format!("{folder}/{file}")).ok()?, "oom_kill");
        counted(&format!("{root}{path}")).or_else(|| counted(root))
    })
}

/// The number behind a name, in a file of lines `name number`.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

/// A number alone in a file. `max`, which means that there is no limit, is none.
fn number_in(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn installed() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn page_size() -> u64 {
    // SAFETY: a system call without pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_some_memory_but_not_all_there_is() {
        let pid = i32::try_from(std::process::id()).expect("pids are small");
        let taken = resident(pid).expect("we are alive");
        assert!(taken > 100_000, "{taken}");
        assert!(taken < limit());
    }

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let text = "low 1\noom 2\noom_kill_disable 3\noom_kill 4\noom_group_kill 5\n";
        assert_eq!(counter(text, "oom_kill"), Some(4));
        assert_eq!(counter(text, "oom_"), None);
    }

    #[test]
    fn a_process_that_is_gone_takes_none() {
        assert_eq!(resident(i32::MAX), None);
    }
}
