//! The processes that have inherited a child's low priority, because it started them meanwhile.
//!
//! Owns: finding them, and giving back to them. Does not own: the child itself.
//!
//! The kernel hands niceness and slice to whatever a thread starts, for good. `SCHED_FLAG_RESET_ON_FORK` is no way out: it
//! resets the slice and leaves a niceness above 0 as it is, it works on the threads of a child as well, which are to give way,
//! and only `CAP_SYS_NICE` may take it away again. Nor is a hook at a fork: a program that is started by `vfork` or
//! `posix_spawn` (`subprocess`) does not run any, and a worker of another user may not take niceness back.
//!
//! So they are looked for. The parent is not enough: a process that its parent has left behind (a daemon) has another one.
//! Where the kernel knows slices, the slice says whose it is. Where it does not, it is a descendant, or has been started
//! with the same variables.

use std::{collections::BTreeMap, fs};

use super::{Courtesy, ITS_OWN_CHOICE, MOST_LOOKS, attributes, is_usual, own, set_all};

impl Courtesy {
    /// Gives our own niceness and the usual slice to every process that has inherited the other, also when the child is
    /// gone. What may not be changed, since it has become another user's, stays as it is.
    pub fn release_family(&self) {
        let has_slices = attributes(0).is_ok_and(|own| own.sched_runtime != 0);
        if !has_slices && self.niceness == 0 {
            return;
        }
        // A process that is made meanwhile by one that was not changed yet is found by the next look.
        for _look in 0..MOST_LOOKS {
            let family = if has_slices { self.of_this_slice() } else { self.of_this_kin() };
            if !family.into_iter().fold(false, |changed, pid| self.release(pid, has_slices) | changed) {
                return;
            }
        }
    }

    /// Whether that could be done.
    fn release(&self, pid: i32, has_slices: bool) -> bool {
        let (given, slice) = (self.given_niceness(), self.slice());
        set_all(pid, |attributes| {
            let inherited =
                if has_slices { attributes.sched_runtime == slice } else { attributes.sched_nice >= given };
            // One that has made itself nicer still (`nice`) has begun from what it had inherited.
            let niceness = if attributes.sched_nice >= given {
                attributes.sched_nice - (given - own())
            } else {
                attributes.sched_nice
            };
            inherited.then_some((niceness, ITS_OWN_CHOICE))
        })
        .is_ok()
    }

    fn of_this_slice(&self) -> Vec<i32> {
        let has_it =
            |pid: &i32| attributes(*pid).is_ok_and(|it| is_usual(&it) && it.sched_runtime == self.slice());
        processes().filter(|pid| *pid != self.pid).filter(has_it).collect()
    }

    /// Those of its kin that are as nice as it was made.
    fn of_this_kin(&self) -> Vec<i32> {
        let given = self.given_niceness();
        let nice = |pid: &i32| attributes(*pid).is_ok_and(|it| is_usual(&it) && it.sched_nice >= given);
        self.kin().into_iter().filter(nice).collect()
    }

    /// Its descendants, and who was started with its variables.
    fn kin(&self) -> Vec<i32> {
        let parents: BTreeMap<i32, i32> = processes().filter_map(|pid| Some((pid, parent(pid)?))).collect();
        let descends = |pid: i32| {
            let mut line = std::iter::successors(parents.get(&pid), |pid| parents.get(pid));
            line.any(|ancestor| *ancestor == self.pid)
        };
        let others = parents.keys().copied().filter(|pid| *pid != self.pid);
        others.filter(|pid| descends(*pid) || self.has_marks(*pid)).collect()
    }

    fn has_marks(&self, pid: i32) -> bool {
        let Ok(variables) = fs::read(format!("/proc/{pid}/environ")) else { return false };
        let has = |mark: &Vec<u8>| variables.split(|byte| *byte == 0).any(|variable| variable == mark);
        !self.marks.is_empty() && self.marks.iter().all(has)
    }
}

/// Every process that can be seen.
fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain blanks and brackets; the last bracket ends it.
    stat.rsplit_once(") ")?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    /// A shell that starts two processes and leaves the second behind. It prints their pids, and a line more when the
    /// second's parent has ended: until then the second is a descendant, too.
    const LEAVES_ONE_BEHIND: &str = "sleep 60 & echo $!; (sleep 60 & echo $!); echo left; wait";

    #[test]
    fn kin_is_known_by_descent_and_what_was_left_behind_by_its_variables() {
        let mut shell = Command::new("sh");
        shell.args(["-c", LEAVES_ONE_BEHIND]).env("KIN_SLOT", "7").env("KIN_GENERATION", "9");
        let mut shell = shell.stdout(Stdio::piped()).spawn().expect("started");
        let output = BufReader::new(shell.stdout.take().expect("piped"));
        let printed: Vec<String> = output.lines().take(3).map(|line| line.expect("read")).collect();
        assert_eq!(printed[2], "left");
        let pids: Vec<i32> = printed[..2].iter().map(|line| line.parse().expect("a pid")).collect();
        let pid = i32::try_from(shell.id()).expect("a pid");
        let kin = |marks: &[&str]| {
            let marks = marks.iter().map(|mark| mark.as_bytes().to_vec()).collect();
            Courtesy::new(pid, 10, marks).kin()
        };
        let marked = kin(&["KIN_SLOT=7", "KIN_GENERATION=9"]);
        assert!(pids.iter().all(|pid| marked.contains(pid)), "{pids:?} {marked:?}");
        assert_eq!(kin(&[]), pids[..1], "the other has a new parent");
        assert_eq!(kin(&["KIN_SLOT=7", "KIN_GENERATION=8"]), pids[..1]);
        shell.kill().expect("killed");
        shell.wait().expect("waited for");
        for pid in pids {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
                .expect("killed");
        }
    }
}
