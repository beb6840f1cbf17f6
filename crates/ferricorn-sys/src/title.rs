//! What the process list shows of this process in place of its command line.
//!
//! The words of the command line lie in memory that the kernel shows to others, and the variables of the environment come
//! right behind them. There is no call to change what is shown, so the memory is overwritten: if the title is longer
//! than the words, the variables are moved away first.

use std::{
    ffi::{CString, c_char},
    fs::{self, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    ptr,
    sync::Once,
};

unsafe extern "C" {
    /// The C library's own, which std reads as well.
    static mut environ: *mut *mut c_char;
}

/// Shows this text, as much of it as there is room for. From now on `std::env::args` makes no sense any more.
///
/// Call it while there is one thread only.
pub fn set(text: &str) -> io::Result<()> {
    let fields = fs::read_to_string("/proc/self/stat")?;
    let [start, end, variables, end_of_variables] = places(&fields).ok_or(io::ErrorKind::Unsupported)?;
    let bytes = text.as_bytes();
    let words = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
    let mut room = words;
    // The kernel goes on behind the words if they do not end with a NUL any more.
    if bytes.len() >= words && variables == end {
        move_variables();
        room = usize::try_from(end_of_variables.saturating_sub(start)).unwrap_or(words);
    }
    let mut shown = bytes[..bytes.len().min(room.saturating_sub(1))].to_vec();
    // What is left of the words goes, and one NUL more ends a title that is longer than they were.
    shown.resize(words.max(shown.len() + 1), 0);
    // Through the kernel, which checks the addresses, rather than by a pointer made of a number.
    OpenOptions::new().write(true).open("/proc/self/mem")?.write_all_at(&shown, start)
}

/// Where the words and the variables begin and end: four fields of `/proc/PID/stat`.
fn places(stat: &str) -> Option<[u64; 4]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(45).map(|field| field.parse::<u64>().ok());
    let places = [fields.next()??, fields.next()??, fields.next()??, fields.next()??];
    (places[0] != 0 && places[0] < places[1]).then_some(places)
}

/// Moves the variables to memory of their own, once. They stay there as long as the process lives.
fn move_variables() {
    static MOVED: Once = Once::new();
    MOVED.call_once(|| {
        let mut moved = Vec::new();
        // SAFETY: the list is the C library's, ends with a null pointer, and holds texts that end with a NUL; nobody
        // changes it meanwhile, since there is one thread. The copies are never freed.
        unsafe {
            let mut next = environ;
            while !next.is_null() && !(*next).is_null() {
                moved.push(CString::from(std::ffi::CStr::from_ptr(*next)).into_raw());
                next = next.add(1);
            }
            moved.push(ptr::null_mut());
            environ = Box::leak(moved.into_boxed_slice()).as_mut_ptr();
        }
    });
}
