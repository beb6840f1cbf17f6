//! How changes are noticed: by events of the kernel, or by polling.
//!
//! Owns: the choice between the two, and the watches of the kernel. Does not own: what is looked at ([`super::folders`]).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use ferricorn_config::ReloadEngine;
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::{Interval, MissedTickBehavior, interval},
};

/// The time between two looks without events.
const POLL: Duration = Duration::from_millis(500);

/// File systems whose files change without an event here, because another machine writes them.
///
/// A file system of `fuse` is either such a one or a local one; the local ones are named in [`LOCAL_FUSE`].
const WITHOUT_EVENTS: [&str; 22] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "drvfs",
    "fakeowner",
    "grpcfuse",
    "lustre",
    "lxfs",
    "ncpfs",
    "nfs",
    "nfs4",
    "orangefs",
    "osxfs",
    "prl_fs",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
    "wslfs",
    "yfs",
];

/// File systems of `fuse` that only this machine writes: a container's layers, and disks. A program of each writes files, but
/// on orders of the kernel, which knows of them.
const LOCAL_FUSE: [&str; 6] =
    ["fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.mergerfs", "fuse.portal", "fuse.squashfuse", "fuse.unionfs"];

/// The way in which changes are noticed.
pub(super) enum Engine {
    /// The kernel sends events.
    Events {
        watcher: RecommendedWatcher,
        events: UnboundedReceiver<Vec<PathBuf>>,
        watched: BTreeSet<PathBuf>,
    },
    /// No events: files are polled.
    Poll(Interval),
}

impl Engine {
    /// The engine for these folders, and why it is not the one of events.
    pub(super) fn new(wanted: ReloadEngine, roots: &[PathBuf]) -> (Self, Option<String>) {
        let is_forced = std::env::var("WATCHFILES_FORCE_POLLING")
            .is_ok_and(|value| !matches!(value.to_lowercase().as_str(), "" | "0" | "false" | "no" | "off"));
        if wanted == ReloadEngine::Poll || (is_forced && wanted == ReloadEngine::Auto) {
            return (Self::poll(), Some("as asked for".to_owned()));
        }
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let without = roots.iter().find_map(|root| file_system(&mounts, root).filter(|it| has_no_events(it)));
        if let Some(kind) = without.filter(|_| wanted == ReloadEngine::Auto) {
            return (Self::poll(), Some(format!("the file system ({kind}) has no events")));
        }
        Self::events()
            .unwrap_or_else(|error| (Self::poll(), Some(format!("no events can be had ({})", why(&error)))))
    }

    pub(super) fn poll() -> Self {
        let mut looks = interval(POLL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self::Poll(looks)
    }

    fn events() -> notify::Result<(Self, Option<String>)> {
        let (sender, events) = unbounded_channel();
        // Called in a thread of its own. An event without a path means that others were lost.
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let paths = match event {
                Ok(event) if event.kind.is_access() => return,
                Ok(event) if !event.need_rescan() => event.paths,
                Ok(_) | Err(_) => Vec::new(),
            };
            // At the end there is no receiver any more.
            let _ = sender.send(paths);
        })?;
        Ok((Self::Events { watcher, events, watched: BTreeSet::new() }, None))
    }

    /// Watches these folders as well. Says why that is not possible, if no more can be watched.
    pub(super) fn watch<'a>(&mut self, folders: impl IntoIterator<Item = &'a Path>) -> Result<(), String> {
        let Self::Events { watcher, watched, .. } = self else { return Ok(()) };
        for folder in folders {
            if watched.contains(folder) {
                continue;
            }
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(watched.insert(folder.to_owned())),
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    return Err(why(&error));
                }
                // It is gone already.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// A folder is gone: should it come back, it is another one.
    pub(super) fn forget(&mut self, folder: &Path) {
        if let Self::Events { watched, .. } = self {
            watched.remove(folder);
        }
    }

    /// Waits for a hint: the paths that may have changed; none if any may have. May be dropped while it waits.
    pub(super) async fn hint(&mut self) -> Vec<PathBuf> {
        match self {
            Self::Events { events, .. } => match events.recv().await {
                Some(paths) => paths,
                None => std::future::pending().await,
            },
            Self::Poll(looks) => {
                looks.tick().await;
                Vec::new()
            }
        }
    }
}

/// Why there are no events, with what to do if that is known.
fn why(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "the limit of watches is reached, see fs.inotify.max_user_watches".to_owned()
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(24 /* EMFILE */) => {
            "a limit is reached, see fs.inotify.max_user_instances".to_owned()
        }
        _ => error.to_string(),
    }
}

fn has_no_events(kind: &str) -> bool {
    let is_of_others = kind.starts_with("fuse.") && !LOCAL_FUSE.contains(&kind);
    is_of_others || WITHOUT_EVENTS.contains(&kind)
}

/// The kind of the file system that a path is on, by the text of `/proc/self/mountinfo`.
fn file_system<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let mounted = |line: &'a str| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        path.starts_with(&point).then_some((point.len(), right.split(' ').next()?))
    };
    // The last one at a place hides those below it.
    mounts.lines().filter_map(mounted).max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /mnt/c rw,noatime - 9p drvfs rw,dirsync
31 22 0:26 / /home/me/my\\040app rw - virtiofs share rw
32 22 0:27 / /data rw - ext4 /dev/vdb rw
33 22 0:28 / /data rw - nfs4 host:/data rw
";

    #[test]
    fn the_file_system_of_a_folder_is_that_of_the_nearest_mount() {
        let kind = |path: &str| file_system(MOUNTS, Path::new(path));
        assert_eq!(kind("/srv/app"), Some("ext4"));
        assert_eq!(kind("/mnt/c/Users/me"), Some("9p"));
        assert_eq!(kind("/mnt/cd"), Some("ext4"));
        assert_eq!(kind("/home/me/my app/src"), Some("virtiofs"));
        assert_eq!(kind("/data/app"), Some("nfs4"));
    }

    #[test]
    fn what_another_machine_writes_has_no_events() {
        // Docker Desktop, WSL, virtual machines, the network.
        for kind in ["fakeowner", "virtiofs", "fuse.grpcfuse", "9p", "drvfs", "vboxsf", "fuse.vmhgfs-fuse"] {
            assert!(has_no_events(kind), "{kind}");
        }
        for kind in ["nfs4", "cifs", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse"] {
            assert!(has_no_events(kind), "{kind}");
        }
        for kind in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.fuse-overlayfs", "fuseblk"] {
            assert!(!has_no_events(kind), "{kind}");
        }
    }
}
