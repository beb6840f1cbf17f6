#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use ferricorn_sys::{PidFile, PidFileError, PreparedPidFile, pid};

#[test]
fn a_pid_file_belongs_to_one_master() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.pid");
    let own = format!("{}\n", pid());
    // Nobody has so high a pid; the second holds no pid at all; the third is our own from before a crash in a container.
    for stale in ["4194305\n", "what?", &own] {
        fs::write(&path, stale).unwrap();
        let file = PidFile::create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), own);
        drop(file);
        assert!(!path.exists());
    }
    fs::write(&path, "1\n").unwrap();
    let error = PidFile::create(&path).unwrap_err();
    assert!(matches!(error, PidFileError::AlreadyRunning { pid: 1, .. }));
    assert_eq!(
        error.to_string(),
        format!("Already running on PID 1 (or pid file '{}' is stale)", path.display())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n", "it is left alone");
    // Handed over, and then on to another one.
    let file = PidFile::take_over(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
    fs::write(&path, "1\n").unwrap();
    drop(file);
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n", "it names another one by now");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    let error = PidFile::create(&directory.path().join("no/app.pid")).unwrap_err();
    assert!(matches!(error, PidFileError::Io { .. }));
}

#[test]
fn a_pid_file_moves_when_it_is_put_into_its_place_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old.pid"), directory.path().join("new.pid"));
    let mut file = Some(PidFile::create(&old).unwrap());
    let dropped = PreparedPidFile::new(&new).unwrap();
    let prepared = PreparedPidFile::new(&new).unwrap();
    drop(dropped);
    assert!(old.exists() && !new.exists(), "it is only prepared");
    prepared.put(&mut file).unwrap();
    assert!(!old.exists() && new.exists());
    // Written anew in the same place, where somebody may have removed it.
    fs::remove_file(&new).unwrap();
    PreparedPidFile::new(&new).unwrap().put(&mut file).unwrap();
    assert_eq!(fs::read_to_string(&new).unwrap(), format!("{}\n", pid()));
    drop(file);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left");
    fs::write(&new, "1\n").unwrap();
    assert!(matches!(PreparedPidFile::new(&new), Err(PidFileError::AlreadyRunning { pid: 1, .. })));
}
