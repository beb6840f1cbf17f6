//! Refusing new connections on a socket that still listens, so that earlier ones can still be accepted.
//!
//! Owns: how the kernel is made to refuse. Does not own: when (the master, at a stop), nor the accepting (workers).
//!
//! Whoever closes the last copy of a listening socket resets what the kernel has put into its queue: between the last
//! `accept(2)` and the `close(2)` there is always time for one more client. And a copy in another process, such as a
//! process that hangs, would still take in clients that get no answer. A socket with a shut gate has neither fault: the
//! queue only becomes shorter, whatever process holds a copy.
//!
//! Invariants: clients in the queue, and those in the middle of their handshake, are not touched. A gate cannot be opened
//! again, so it is only shut on a socket that is ours alone.

use std::io;
use std::mem::size_of_val;
use std::os::fd::{AsFd as _, AsRawFd as _};

use nix::sys::socket::sockopt::ReusePort;
use nix::sys::socket::{Shutdown, getsockopt, shutdown};

use crate::listen::Listener;

/// The number of a network interface that does not exist: they are counted from 1.
const NO_INTERFACE: libc::c_int = libc::c_int::MAX;

impl Listener {
    /// Refuses every new connection from now on, in whatever process the socket is open. Does nothing on a socket that
    /// another process has given us, or that does not listen: others may continue to use it.
    pub fn turn_away(&self) -> io::Result<()> {
        if !self.is_ours() || !self.is_listening()? {
            return Ok(());
        }
        if self.socket_address().is_none() {
            // A unix socket that is shut down for reading refuses newcomers and still gives away its queue.
            return Ok(shutdown(self.as_raw_fd(), Shutdown::Read)?);
        }
        // The kernel deals connections out among all sockets of the port before it looks at their interfaces: what would
        // fall to this one would be refused, although the other program serves.
        let shared = getsockopt(&self.as_fd(), ReusePort)?;
        if shared {
            self.overhear_newcomers()
        } else {
            self.listen_nowhere().or_else(|_| self.overhear_newcomers())
        }
    }

    /// Listens on no interface. New clients are refused at once; handshakes in progress belong to the
    /// interface on which they have begun. Needs Linux 5.7, or before it `CAP_NET_RAW`.
    fn listen_nowhere(&self) -> io::Result<()> {
        self.set(libc::SO_BINDTOIFINDEX, &NO_INTERFACE)
    }

    /// Does not hear new clients. They ask again after a second, when the socket is closed: then they are refused, or come
    /// to the other program that listens on the port. Works on every Linux, and costs that second.
    fn overhear_newcomers(&self) -> io::Result<()> {
        // Of a TCP header, byte 13 has the flags. SYN without ACK is a newcomer.
        const SYN: u32 = 0x02;
        const SYN_OR_ACK: u32 = 0x12;
        const EVERYTHING: u32 = u32::MAX;
        #[expect(clippy::cast_possible_truncation, reason = "the codes are constants below 256")]
        let step = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
        let mut program = [
            step(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 13),
            step(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, SYN_OR_ACK),
            step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, SYN),
            step(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
            step(libc::BPF_RET | libc::BPF_K, 0, 0, EVERYTHING),
        ];
        let length = libc::c_ushort::try_from(program.len()).unwrap_or(0);
        self.set(libc::SO_ATTACH_FILTER, &libc::sock_fprog { len: length, filter: program.as_mut_ptr() })
    }

    fn set<T>(&self, option: libc::c_int, value: &T) -> io::Result<()> {
        let length = libc::socklen_t::try_from(size_of_val(value)).unwrap_or(0);
        // SAFETY: the value lives through the call, and its length is its own; a filter's program, which it points to,
        // lives in the caller and is copied by the kernel.
        let result = unsafe {
            libc::setsockopt(
                self.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                std::ptr::from_ref(value).cast(),
                length,
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
