//! Memory that the master and all workers see at the same time.
//!
//! Owns: the memfd and the master's mapping of it. Does not own: what the words mean (`ferricorn_wire::scoreboard`).
//!
//! Workers write aligned 8-byte words with plain stores, which are atomic on x86-64 and arm64; this side reads them as
//! `AtomicU64`. The size is sealed: a worker that could shrink the file would kill the master with SIGBUS.

use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::unistd::ftruncate;

const WORD: usize = size_of::<u64>();

/// A shared array of 64-bit words, all 0 at first. Unmapped and closed on drop; workers keep their own mapping.
#[derive(Debug)]
pub struct SharedWords {
    descriptor: OwnedFd,
    start: NonNull<c_void>,
    words: usize,
}

// SAFETY: the mapping belongs to this value alone and is only touched through atomics.
unsafe impl Send for SharedWords {}
// SAFETY: as above; `load` and `store` are atomic, so a shared reference may be used from any thread.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// Makes `bytes` bytes of shared memory, which must be a multiple of 8 and not 0 (`InvalidInput` otherwise).
    /// Untouched pages cost nothing.
    pub fn create(bytes: usize) -> io::Result<Self> {
        let invalid =
            || io::Error::new(io::ErrorKind::InvalidInput, "the size is not a multiple of 8 above 0");
        let length =
            NonZeroUsize::new(bytes).filter(|length| length.get() % WORD == 0).ok_or_else(invalid)?;
        let size = i64::try_from(bytes).map_err(|_| invalid())?;
        let descriptor =
            memfd_create("ferricorn-board", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
        ftruncate(&descriptor, size)?;
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&descriptor, FcntlArg::F_ADD_SEALS(seals))?;
        Self::map(descriptor, length)
    }

    /// Maps what a predecessor in this process made with [`Self::create`]. `InvalidData` if it has another size.
    pub fn adopt(descriptor: OwnedFd, bytes: usize) -> io::Result<Self> {
        let found = nix::sys::stat::fstat(&descriptor)?.st_size;
        let length = NonZeroUsize::new(bytes).filter(|length| i64::try_from(length.get()) == Ok(found));
        let length = length.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{found} bytes instead of {bytes}"))
        })?;
        Self::map(descriptor, length)
    }

    fn map(descriptor: OwnedFd, length: NonZeroUsize) -> io::Result<Self> {
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses replaces none that exists; the file is as long
        // as the mapping and is sealed to stay so.
        let start = unsafe { mmap(None, length, protection, MapFlags::MAP_SHARED, &descriptor, 0) }?;
        Ok(Self { descriptor, start, words: length.get() / WORD })
    }

    /// How many words there are.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Reads the word at `index`, which counts words, not bytes. Sees everything that was stored before it by the
    /// writer (acquire). Panics beyond the end.
    pub fn load(&self, index: usize) -> u64 {
        self.word(index).load(Ordering::Acquire)
    }

    /// Writes the word at `index`, which counts words, not bytes (release). Panics beyond the end.
    pub fn store(&self, index: usize, value: u64) {
        self.word(index).store(value, Ordering::Release);
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < self.words, "word {index} of a board of {} words", self.words);
        // SAFETY: the index is inside the mapping, which is page-aligned (so each word is 8-byte aligned), lives as
        // long as `self` and is accessed by this process through atomics only.
        unsafe { self.start.cast::<AtomicU64>().add(index).as_ref() }
    }
}

impl AsFd for SharedWords {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl AsRawFd for SharedWords {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: start and length are those of the mapping made in `create`; references into it borrow `self`, so
        // none is left.
        let unmapped = unsafe { munmap(self.start, self.words * WORD) };
        debug_assert!(unmapped.is_ok(), "munmap of our own mapping: {unmapped:?}");
    }
}
