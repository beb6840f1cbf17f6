//! Listening sockets: made, taken over, given up.
//!
//! Owns: the options of a listening socket. Does not own: the file of a unix socket (`socket_file`), the parsing of
//! addresses, retries, accepting (workers do that).
//!
//! Binding and listening are two steps on purpose: the address is ours from the start, but a client gets
//! "connection refused" until a worker is ready to answer.

use std::io;
use std::mem::ManuallyDrop;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::socket::sockopt::{
    AcceptConn, Ipv6V6Only, ReuseAddr, ReusePort, SockType as TypeOfSocket, TcpNoDelay,
};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, UnixAddr, bind, getsockname,
    getsockopt, setsockopt, socket,
};

use crate::access::Access;
use crate::socket_file::{SocketFile, remove_if_stale, unix_stream_socket};

pub use crate::listen_error::ListenError;

/// A bound stream socket, non-blocking and close-on-exec.
///
/// Dropping it does what [`Listener::close`] does: the file of a unix socket that we made goes with it, also when the
/// master ends by an error. Use [`Listener::into_descriptor`] to hand the socket on and keep the file.
#[derive(Debug)]
pub struct Listener {
    /// The file that goes with us. Named first because fields are dropped in this order: see [`Listener::close`].
    file: Option<SocketFile>,
    descriptor: OwnedFd,
    address: String,
    /// The address of a TCP socket, with the real port.
    socket_address: Option<SocketAddr>,
    /// Nobody but this service accepts on it.
    ours: bool,
}

impl Listener {
    /// Binds a TCP socket, without listening. Port 0 takes a free port. IPv6 sockets serve IPv6 only, so that
    /// `0.0.0.0:80` and `[::]:80` can stand side by side; [`Self::tcp_dual_stack`] serves both.
    pub fn tcp(address: SocketAddr) -> Result<Self, ListenError> {
        Self::bind_tcp(address, true, bind_alone)
    }

    /// As [`Self::tcp`], but an IPv6 wildcard address serves IPv4 as well, whatever `net.ipv6.bindv6only` says: this
    /// is what gunicorn's `--bind [::]:8000` does on a usual Linux.
    pub fn tcp_dual_stack(address: SocketAddr) -> Result<Self, ListenError> {
        Self::bind_tcp(address, false, bind_alone)
    }

    /// As [`Self::tcp`], or with `dual_stack` as [`Self::tcp_dual_stack`], but other programs of the same user that ask for
    /// this as well may listen on the port (`SO_REUSEPORT`): the kernel deals the connections out among all sockets.
    pub fn tcp_shared(address: SocketAddr, dual_stack: bool) -> Result<Self, ListenError> {
        Self::bind_tcp(address, !dual_stack, bind_beside_others)
    }

    fn bind_tcp(
        address: SocketAddr,
        only_v6: bool,
        bind: fn(&OwnedFd, SocketAddr) -> nix::Result<()>,
    ) -> Result<Self, ListenError> {
        let shown = format!("http://{address}");
        let failed = |errno: Errno| ListenError::new(&shown, errno);
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        // The protocol is named because asyncio sets TCP_NODELAY only on sockets whose protocol is IPPROTO_TCP, not 0.
        let descriptor = socket(family, SockType::Stream, flags, SockProtocol::Tcp).map_err(failed)?;
        // Accepted sockets inherit it. Without it every keep-alive request of an asyncio worker takes 44 ms.
        setsockopt(&descriptor, TcpNoDelay, &true).map_err(failed)?;
        if address.is_ipv6() {
            setsockopt(&descriptor, Ipv6V6Only, &only_v6).map_err(failed)?;
        }
        bind(&descriptor, address).map_err(failed)?;
        Ok(Self::describe(descriptor, true))
    }

    /// Binds a unix socket, without listening, and gives it to whom it shall belong.
    ///
    /// A socket file that no process serves any more is replaced. It is left alone, and the error is
    /// [`ListenError::InUse`], unless connecting to it is refused and no process has it bound.
    pub fn unix(path: &Path, access: Access) -> Result<Self, ListenError> {
        let shown = format!("unix:{}", path.display());
        let failed = |source: io::Error| ListenError::new(&shown, source);
        let invalid = |reason| ListenError::InvalidPath { path: path.to_owned(), reason };
        let bytes = path.as_os_str().as_encoded_bytes();
        if bytes.is_empty() {
            return Err(invalid("it is empty"));
        }
        if bytes.contains(&0) {
            return Err(invalid("it has a NUL byte"));
        }
        // 107 because `sun_path` has 108 bytes and the last one is the NUL that other programs expect.
        if bytes.len() > 107 {
            return Err(invalid("it is longer than 107 bytes"));
        }
        let target = UnixAddr::new(path).map_err(|errno| failed(errno.into()))?;
        remove_if_stale(path, &target, &shown)?;
        let descriptor = unix_stream_socket().map_err(|errno| failed(errno.into()))?;
        access.bind(&descriptor, &target).map_err(|errno| failed(errno.into()))?;
        let file = SocketFile::at(path).map_err(failed)?;
        access.give(path).map_err(failed)?;
        Ok(Self { descriptor, address: shown, socket_address: None, file: Some(file), ours: true })
    }

    /// Takes over a stream socket that another program bound, and makes it non-blocking and close-on-exec. The file of
    /// a unix socket stays when it is closed: it belongs to the process that made it.
    ///
    /// The number must be one that nothing else in this process uses: ownership passes here, and only here.
    pub fn inherited(descriptor: RawFd) -> Result<Self, ListenError> {
        let invalid = |problem| ListenError::InvalidDescriptor { descriptor, problem };
        // SAFETY: only a number is passed in; a bad one is answered with EBADF.
        if descriptor < 0 || unsafe { libc::fcntl(descriptor, libc::F_GETFD) } < 0 {
            return Err(invalid("not open"));
        }
        // SAFETY: it is open (just asked), and the caller gives it to us. Until all checks have passed it must not be
        // closed, because it may be another's log file: hence ManuallyDrop.
        let owned = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(descriptor) });
        match getsockopt(&*owned, TypeOfSocket) {
            Ok(SockType::Stream) => {}
            Ok(_) => return Err(invalid("not a stream socket")),
            Err(_) => return Err(invalid("not a socket")),
        }
        let shown = format!("fd://{descriptor}");
        set_modes(&owned).map_err(|errno| ListenError::new(&shown, errno))?;
        Ok(Self::describe(ManuallyDrop::into_inner(owned), false))
    }

    /// Starts to listen, with a queue of at most `backlog` connections (the kernel cuts it to `net.core.somaxconn`).
    /// Does nothing when the socket listens already, as one from systemd does: `SELinux` may forbid it, and the backlog
    /// was chosen by the process that made it.
    ///
    /// May fail with `EADDRINUSE` if another program bound the port with `SO_REUSEADDR` in between and was first.
    pub fn listen(&self, backlog: u32) -> io::Result<()> {
        if self.is_listening()? {
            return Ok(());
        }
        if self.socket_address.is_some() {
            // Accepted sockets inherit it, and in TIME_WAIT they keep the port from the next start unless they have it.
            setsockopt(&self.descriptor, ReuseAddr, &true)?;
        }
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        // SAFETY: a syscall without pointers, on a descriptor that we own.
        match unsafe { libc::listen(self.descriptor.as_raw_fd(), backlog) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Whether the socket listens: `listen` was called, here or by the process that passed it to us.
    pub fn is_listening(&self) -> io::Result<bool> {
        Ok(getsockopt(&self.descriptor, AcceptConn)?)
    }

    /// How many connections wait to be accepted; none where the kernel does not tell, as of a unix socket.
    pub fn waiting(&self) -> Option<u32> {
        Some(self.queue()?.0)
    }

    /// How many connections wait to be accepted, and how many may; `None` where the kernel does not tell.
    pub fn queue(&self) -> Option<(u32, u32)> {
        self.socket_address?;
        // SAFETY: integers only, for which zeroes are values.
        let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
        let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
        // SAFETY: the pointers are to a place of this length and to the length itself; both outlive the call.
        let result = unsafe {
            libc::getsockopt(
                self.descriptor.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                (&raw mut info).cast(),
                &raw mut length,
            )
        };
        // Of a socket that listens, this is the length of its queue (`inet_csk_listen_poll`, as `ss -l` shows it).
        (result == 0).then_some((info.tcpi_unacked, info.tcpi_sacked))
    }

    /// The address as log lines show it, with the real port: `http://127.0.0.1:8000`, `http://[::1]:80`,
    /// `unix:/run/app.sock`.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// The address of a TCP socket, with the real port; none for a unix socket.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        self.socket_address
    }

    /// Whether this service made the socket, so that no other process accepts on it.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// The socket is this service's own: the master that left it to us had made it.
    pub fn own(&mut self) {
        self.ours = true;
    }

    /// Removes the file of a unix socket that we made, if it is still ours, and closes the socket. In this order: a
    /// successor may bind the path as soon as no process answers on it, and its file must not be the one removed.
    /// Workers that have the socket keep it open; it ends with the last of them.
    pub fn close(self) {
        drop(self);
    }

    /// Gives the descriptor away, under its number. The file of a unix socket stays.
    pub fn into_descriptor(self) -> OwnedFd {
        if let Some(mut file) = self.file {
            file.leave();
        }
        self.descriptor
    }

    /// The file of a unix socket that goes with us; none if there is none, or if it is not ours.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().and_then(SocketFile::path)
    }

    /// From now on the file of the unix socket, at this path, goes with us: its owner has handed it over.
    pub fn take_file(&mut self, path: &Path) -> io::Result<()> {
        self.file = Some(SocketFile::at(path)?);
        Ok(())
    }

    /// From now on the file of a unix socket stays when we close: another master has it.
    pub fn leave_file(&mut self) {
        if let Some(file) = &mut self.file {
            file.leave();
        }
    }

    /// Completes a socket that is bound with the address that the kernel knows for it.
    fn describe(descriptor: OwnedFd, ours: bool) -> Self {
        let (address, socket_address) = name_of(&descriptor);
        Self { descriptor, address, socket_address, file: None, ours }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

/// Binds so that a second master cannot bind the same port before we listen.
///
/// With `SO_REUSEADDR` on both sides Linux lets two sockets have one port as long as neither listens, and the second
/// master would find out only when its first worker is ready. So the first try is without. It fails also when only
/// connections of a previous run are left in `TIME_WAIT`; then the second try, with the option, succeeds.
fn bind_alone(descriptor: &OwnedFd, address: SocketAddr) -> nix::Result<()> {
    let target = SockaddrStorage::from(address);
    match bind(descriptor.as_raw_fd(), &target) {
        Err(Errno::EADDRINUSE) => {
            setsockopt(descriptor, ReuseAddr, &true)?;
            bind(descriptor.as_raw_fd(), &target)
        }
        result => result,
    }
}

/// Binds beside others that have the option as well.
fn bind_beside_others(descriptor: &OwnedFd, address: SocketAddr) -> nix::Result<()> {
    setsockopt(descriptor, ReuseAddr, &true)?;
    setsockopt(descriptor, ReusePort, &true)?;
    bind(descriptor.as_raw_fd(), &SockaddrStorage::from(address))
}

fn set_modes(descriptor: &OwnedFd) -> nix::Result<()> {
    fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?) | OFlag::O_NONBLOCK;
    fcntl(descriptor, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

/// How the kernel names a bound socket.
fn name_of(descriptor: &OwnedFd) -> (String, Option<SocketAddr>) {
    let raw = descriptor.as_raw_fd();
    if let Ok(name) = getsockname::<SockaddrStorage>(raw) {
        let v4 = name.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into()));
        let v6 = name.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into()));
        if let Some(address) = v4.or(v6) {
            return (format!("http://{address}"), Some(address));
        }
    }
    if let Ok(name) = getsockname::<UnixAddr>(raw) {
        if let Some(path) = name.path() {
            return (format!("unix:{}", path.display()), None);
        }
        if let Some(abstract_name) = name.as_abstract() {
            return (format!("unix:@{}", String::from_utf8_lossy(abstract_name)), None);
        }
    }
    (format!("fd://{raw}"), None)
}
