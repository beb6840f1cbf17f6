#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::os::fd::AsRawFd as _;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

#[test]
fn only_named_descriptors_reach_the_child() {
    let open = || std::fs::File::open("/dev/null").unwrap();
    let (named, unnamed, born_with) = (open(), open(), open());
    fcntl(&born_with, FcntlArg::F_SETFD(FdFlag::empty())).unwrap(); // As one that our own parent left to us.
    let numbers = [&named, &unnamed, &born_with].map(|file| file.as_raw_fd().to_string()).join(" ");
    let script = format!("for number in {numbers}; do [ ! -e /proc/$$/fd/$number ] || echo $number; done");
    let seen = support::output_of(&script, &[named.as_raw_fd()]);
    assert_eq!(seen, format!("{}\n", named.as_raw_fd()));
    let flags = fcntl(&named, FcntlArg::F_GETFD).unwrap();
    assert_eq!(FdFlag::from_bits_retain(flags), FdFlag::FD_CLOEXEC, "the parent's flag is untouched");
}
