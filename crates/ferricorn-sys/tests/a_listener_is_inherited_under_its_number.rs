#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::os::fd::AsRawFd as _;

use ferricorn_sys::Listener;

#[test]
fn a_listener_is_inherited_under_its_number() {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
    let number = listener.as_raw_fd();
    let here = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap();
    let there = support::output_of(&format!("readlink /proc/self/fd/{number}"), &[number]);
    assert_eq!(there.trim_end(), here.to_str().unwrap());
}
