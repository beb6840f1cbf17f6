#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;

use ferricorn_sys::SharedWords;
use ferricorn_sys::memfd::memfd_with;

#[test]
fn the_board_is_one_memory_for_all() {
    let board = SharedWords::create(64 * 8).unwrap();
    assert_eq!((board.words(), board.load(63)), (64, 0));
    let other_side = File::from(board.as_fd().try_clone_to_owned().unwrap());
    other_side.write_all_at(&7_u64.to_ne_bytes(), 63 * 8).unwrap();
    assert_eq!(board.load(63), 7);
    board.store(1, u64::MAX);
    let mut bytes = [0; 8];
    other_side.read_exact_at(&mut bytes, 8).unwrap();
    assert_eq!(bytes, [255; 8]);
    assert!(other_side.set_len(8).is_err(), "a worker could kill the master with SIGBUS");
    assert!(SharedWords::create(12).is_err());
    assert!(SharedWords::create(0).is_err());
}

#[test]
#[should_panic(expected = "word 64 of a board of 64 words")]
fn a_word_beyond_the_board_is_refused() {
    SharedWords::create(64 * 8).unwrap().load(64);
}

#[test]
fn a_memfd_is_read_from_its_start_and_never_changes() {
    let mut file = File::from(memfd_with("start", b"{\"slot\":0}").unwrap());
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "{\"slot\":0}");
    assert!(file.write_all(b"x").is_err());
    assert!(file.set_len(0).is_err());
}
