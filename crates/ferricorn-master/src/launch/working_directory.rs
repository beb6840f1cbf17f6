//! The working directory under the name by which the user knows it.
//!
//! Owns: whether `PWD` names it, and the same for a file below it. Does not own: what is looked for there.
//!
//! The kernel knows a directory only by its resolved path. Whoever starts the service inside `current`, a link to a
//! release, means the link: after a deploy it leads to the next release, and the resolved path to the old one. The
//! shell's `PWD` says which name was used. gunicorn follows it on the same condition: it has to be the same directory.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

/// The working directory: `PWD` if that is an absolute path of it, else the resolved path. Fails if the directory is gone.
pub fn working_directory() -> io::Result<PathBuf> {
    let resolved = env::current_dir()?;
    let named = env::var_os("PWD").map(PathBuf::from).filter(|named| names(named, &resolved));
    Ok(named.unwrap_or(resolved))
}

/// The same file through the working directory's name, if it lies below the directory.
pub(crate) fn seen_from(directory: &Path, file: &Path) -> Option<PathBuf> {
    let resolved = fs::canonicalize(directory).ok()?;
    let seen = directory.join(file.strip_prefix(resolved).ok()?);
    same_file(&seen, file).then_some(seen)
}

/// The path without a way upwards, if it has one (`..`). Python takes such a path by its letters, and the kernel follows the
/// links in it: the two may lead to different places, and the kernel's is meant. Links are kept if that is possible.
pub(crate) fn plain(path: PathBuf) -> PathBuf {
    if !goes_up(&path) {
        return path;
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return fs::canonicalize(&path).unwrap_or(path);
    };
    // The folders are compared: the files may be links to one interpreter from two environments.
    let by_letters = by_letters(folder).filter(|it| same_file(it, folder));
    by_letters
        .or_else(|| fs::canonicalize(folder).ok())
        .map_or_else(|| path.clone(), |folder| folder.join(name))
}

fn goes_up(path: &Path) -> bool {
    path.components().any(|part| part == Component::ParentDir)
}

/// The path with each `x/..` left out.
fn by_letters(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => plain.pop().then_some(())?,
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// Whether both paths lead to one file or directory.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
    identity(one).is_some_and(|found| Some(found) == identity(other))
}

/// A path that goes upwards is no name that a shell gives: behind a link it leads elsewhere than it reads.
fn names(named: &Path, resolved: &Path) -> bool {
    named.is_absolute() && !goes_up(named) && same_file(named, resolved)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_names_the_directory_that_it_leads_to_and_nothing_else_does() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        let (one, two, current) = (root.join("1"), root.join("2"), root.join("current"));
        fs::create_dir(&one)?;
        fs::create_dir(&two)?;
        symlink(&one, &current)?;
        assert!(names(&current, &one));
        assert!(names(&one, &one));
        assert!(!names(&two, &one), "another directory");
        assert!(!names(Path::new("."), &env::current_dir()?), "not absolute");
        assert!(!names(&two.join("../1"), &one), "it goes upwards");
        assert!(!names(&root.join("gone"), &one));
        Ok(())
    }

    #[test]
    fn a_way_upwards_behind_a_link_is_the_kernels() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?;
        for made in ["srv/releases/1", "srv/bin", "bin"] {
            fs::create_dir_all(root.join(made))?;
        }
        // Two links to one file, as two environments have them.
        fs::write(root.join("python3"), "")?;
        symlink(root.join("python3"), root.join("bin/python3"))?;
        symlink(root.join("python3"), root.join("srv/bin/python3"))?;
        symlink("releases/1", root.join("srv/current"))?;
        let behind = root.join("srv/current/../../bin/python3");
        assert_eq!(plain(behind), root.join("srv/bin/python3"));
        assert_eq!(plain(root.join("srv/releases/../current/x")), root.join("srv/current/x"));
        assert_eq!(plain(root.join("srv/current/..")), root.join("srv/releases"));
        assert_eq!(plain("/nowhere/../x/y".into()), PathBuf::from("/nowhere/../x/y"));
        Ok(())
    }

    #[test]
    fn a_file_below_the_directory_is_seen_through_its_name() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?;
        let (release, current) = (root.join("1"), root.join("current"));
        fs::create_dir(&release)?;
        fs::write(release.join("program"), "")?;
        fs::write(root.join("other"), "")?;
        symlink(&release, &current)?;
        assert_eq!(seen_from(&current, &release.join("program")), Some(current.join("program")));
        assert_eq!(seen_from(&current, &root.join("other")), None);
        assert_eq!(seen_from(&current, &release.join("gone")), None);
        Ok(())
    }
}
