#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use ferricorn_sys::wait::reap;
use ferricorn_sys::{SpawnPlan, SpawnStage, spawn::spawn};
use nix::errno::Errno;
use support::shell;

#[test]
fn a_failed_spawn_says_how_far_it_came() {
    let good = shell("exit 0", &[], &[]);
    let missing = SpawnPlan { program: "/nonexistent/python".into(), ..good.clone() };
    let nowhere = SpawnPlan { directory: Some("/nonexistent".into()), ..good.clone() };
    let closed = SpawnPlan { inherit: vec![987_654], ..good.clone() };
    let zero = SpawnPlan { arguments: vec!["a\0b".into()], ..good };
    for (plan, stage, errno) in [
        (missing, SpawnStage::Execute, Some(Errno::ENOENT)),
        (nowhere, SpawnStage::Directory, Some(Errno::ENOENT)),
        (closed, SpawnStage::Descriptors, Some(Errno::EBADF)),
        (zero, SpawnStage::Fork, None),
    ] {
        let error = spawn(&plan).unwrap_err();
        assert_eq!(error.stage, stage, "{error}");
        assert_eq!(error.source.raw_os_error(), errno.map(|errno| errno as i32), "{error}");
        assert_eq!(reap(), None, "nothing is left to reap");
    }
}
