//! A control group of a test's own (version 1, or 2), with a limit that a test may change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{Builder, skip, within};

const ROOT: &str = "/sys/fs/cgroup";

/// The words that start the program in the group that [`ControlGroup::around`] names.
const ENTER: &str = "echo $$ >\"$CONTROL_GROUP/cgroup.procs\" && exec \"$0\" \"$@\"";

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes.
    Memory,
    /// Processes and threads.
    Processes,
    /// Milliseconds of one processor in each second.
    Processor,
}

impl Resource {
    fn controller(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "pids",
            Self::Processor => "cpu",
        }
    }
}

/// A group. It is removed on drop, when its processes are gone.
pub struct ControlGroup {
    folder: PathBuf,
    resource: Resource,
    is_version_1: bool,
}

impl ControlGroup {
    /// Makes a group without a limit. Where that is not possible (it needs root, and a control group file system that can be
    /// written) the test is skipped.
    pub fn new(resource: Resource) -> Option<Self> {
        static GROUPS: AtomicU32 = AtomicU32::new(0);
        let controller = resource.controller();
        let name = format!("ferricorn-test-{}-{}", process::id(), GROUPS.fetch_add(1, Ordering::Relaxed));
        let version_1 = Path::new(ROOT).join(controller);
        let is_version_1 = version_1.join("cgroup.procs").exists();
        let parent = if is_version_1 { version_1 } else { PathBuf::from(ROOT) };
        if !is_version_1 {
            // It may be given out already.
            let _ = fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"));
        }
        let new = Self { folder: parent.join(name), resource, is_version_1 }.made();
        if new.is_none() {
            skip("root, and a control group file system that can be written");
        }
        new
    }

    /// Makes a group within this one, without a limit of its own. It has to be dropped before this one.
    #[must_use]
    #[track_caller]
    pub fn within(&self, name: &str) -> Self {
        if !self.is_version_1 {
            self.write("cgroup.subtree_control", &format!("+{}", self.resource.controller()))
                .expect("given out");
        }
        let inner = Self { folder: self.folder.join(name), ..*self };
        inner.made().expect("what is possible in one group is in another")
    }

    fn made(self) -> Option<Self> {
        let made = fs::create_dir(&self.folder);
        (made.is_ok() && self.folder.join(self.file()).exists()).then_some(self)
    }

    /// Its path in the hierarchy, as long as the tests' own group is the root of what is mounted.
    pub fn name(&self) -> String {
        let root = if self.is_version_1 {
            Path::new(ROOT).join(self.resource.controller())
        } else {
            PathBuf::from(ROOT)
        };
        format!("/{}", self.folder.strip_prefix(root).expect("below it").display())
    }

    /// Sets the limit.
    #[track_caller]
    pub fn limit(&self, most: u64) {
        let written = match (self.resource, self.is_version_1) {
            (Resource::Processor, true) => self
                .write("cpu.cfs_period_us", &1_000_000)
                .and_then(|()| self.write("cpu.cfs_quota_us", &(most * 1_000))),
            (Resource::Processor, false) => self.write("cpu.max", &format!("{} 1000000", most * 1_000)),
            (Resource::Memory, _) => {
                let written = self.write(self.file(), &most);
                // Nor may it be moved to a disk, where there is one for it.
                let _ = self.write("memory.memsw.limit_in_bytes", &most);
                let _ = self.write("memory.swap.max", &0);
                written
            }
            (Resource::Processes, _) => self.write(self.file(), &most),
        };
        written.expect("the limit can be set");
    }

    /// Takes the limit away.
    #[track_caller]
    pub fn lift(&self) {
        let unlimited = match (self.resource, self.is_version_1) {
            (Resource::Memory | Resource::Processor, true) => "-1",
            _ => "max",
        };
        self.write(self.file(), &unlimited).expect("a limit can be taken away");
    }

    /// Starts the program in the group.
    #[must_use]
    pub fn around(&self, builder: Builder) -> Builder {
        builder.wrapped(&["sh", "-c", ENTER]).variable("CONTROL_GROUP", &self.folder)
    }

    /// Puts a process into the group.
    #[track_caller]
    pub fn add(&self, pid: i32) {
        self.write("cgroup.procs", &pid).expect("the process is there");
    }

    fn file(&self) -> &'static str {
        match (self.resource, self.is_version_1) {
            (Resource::Memory, true) => "memory.limit_in_bytes",
            (Resource::Memory, false) => "memory.max",
            (Resource::Processes, _) => "pids.max",
            (Resource::Processor, true) => "cpu.cfs_quota_us",
            (Resource::Processor, false) => "cpu.max",
        }
    }

    fn write(&self, file: &str, value: &impl ToString) -> io::Result<()> {
        fs::write(self.folder.join(file), value.to_string())
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        within(Duration::from_secs(5), || fs::remove_dir(&self.folder).is_ok().then_some(()));
    }
}
