//! Which process holds an address that we could not bind: read from `/proc`, for a helpful message only.
//!
//! What is found is a guess with an expiry date (the holder may be gone by now), and nothing is found for processes of
//! other users, other containers, or for a TCP socket that is bound but neither listens nor is connected, which
//! `/proc/net/tcp` does not show.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::{fs, iter};

/// How far up a process's ancestors are followed.
const MOST_ANCESTORS: usize = 64;

/// A process that holds an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its pid. Of several processes that share the socket, the one that the others descend from: of a master and its
    /// workers the master, since a worker that is killed is replaced. Else the one with the lowest pid.
    pub pid: i32,
    /// The command's name as `ps -o comm` shows it, at most 15 bytes.
    pub name: String,
}

/// Finds the process that keeps `address` from being bound: one that listens on the same port of the same or of a
/// wildcard address (or on any address, if `address` is a wildcard), else one that has a connection from that port.
pub fn tcp_holder(address: SocketAddr) -> Option<Holder> {
    let mut rows: Vec<TcpRow> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|text| text.lines().skip(1).filter_map(TcpRow::parse).collect::<Vec<_>>())
        .filter(|row| row.inode != 0 && conflicts(row.local, address))
        .collect();
    rows.sort_by_key(|row| (!row.listens, row.local != address));
    owner_of_first(&rows.iter().map(|row| row.inode).collect::<Vec<_>>())
}

/// Finds the process that has a unix socket bound at `path`, by the path it was bound with.
pub fn unix_holder(path: &Path) -> Option<Holder> {
    owner_of_first(&bound_unix_inodes(path))
}

/// Whether any process of this network namespace has a unix socket bound at `path`, listening or not.
pub(crate) fn is_unix_path_bound(path: &Path) -> bool {
    !bound_unix_inodes(path).is_empty()
}

fn bound_unix_inodes(path: &Path) -> Vec<u64> {
    let absolute = std::path::absolute(path).ok();
    let Ok(table) = fs::read("/proc/net/unix") else { return Vec::new() };
    String::from_utf8_lossy(&table)
        .lines()
        .skip(1)
        .filter_map(|line| {
            // Num RefCount Protocol Flags Type St Inode Path: seven columns, then a path that may have spaces.
            let mut rest = line;
            let mut columns = [""; 7];
            for column in &mut columns {
                rest = rest.trim_start();
                let end = rest.find(' ')?;
                (*column, rest) = rest.split_at(end);
            }
            let bound = Path::new(rest.strip_prefix(' ')?);
            // State 01 is "not connected": bound or listening. Accepted sockets carry the path too, in state 03.
            let holds = columns[5] == "01" && (bound == path || Some(bound) == absolute.as_deref());
            holds.then(|| columns[6].parse().ok()).flatten()
        })
        .collect()
}

/// A line of `/proc/net/tcp` or `tcp6` (`proc_net_tcp.txt` of the kernel).
struct TcpRow {
    local: SocketAddr,
    listens: bool,
    inode: u64,
}

impl TcpRow {
    fn parse(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let (address, port) = columns.get(1)?.split_once(':')?;
        Some(Self {
            local: SocketAddr::new(parse_address(address)?, u16::from_str_radix(port, 16).ok()?),
            listens: *columns.get(3)? == "0A",
            inode: columns.get(9)?.parse().ok()?,
        })
    }
}

/// Each group of eight digits is 32 bits of the address as this machine stores a number.
fn parse_address(digits: &str) -> Option<IpAddr> {
    let mut bytes = Vec::with_capacity(16);
    for group in digits.as_bytes().chunks(8) {
        let number = u32::from_str_radix(std::str::from_utf8(group).ok()?, 16).ok()?;
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(IpAddr::V4(Ipv4Addr::from(v4)));
    }
    let v6 = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(v6)))
}

fn conflicts(held: SocketAddr, wanted: SocketAddr) -> bool {
    let (held_ip, wanted_ip) = (held.ip().to_canonical(), wanted.ip().to_canonical());
    let same_family = held_ip.is_ipv4() == wanted_ip.is_ipv4();
    held.port() == wanted.port()
        && (held_ip == wanted_ip
            || (same_family && (held_ip.is_unspecified() || wanted_ip.is_unspecified()))
            // A dual-stack socket on `::` holds the port for IPv4 as well.
            || held_ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
            || wanted_ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED))
}

/// The process that has the first of these sockets open, failing that the second, and so on.
fn owner_of_first(inodes: &[u64]) -> Option<Holder> {
    if inodes.is_empty() {
        return None;
    }
    let holders: Vec<(usize, i32)> = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((open_sockets(pid, inodes)?, pid)))
        .collect();
    let first = holders.iter().map(|(rank, _)| *rank).min()?;
    let sharing: Vec<i32> = holders.iter().filter(|(rank, _)| *rank == first).map(|(_, pid)| *pid).collect();
    let pid = eldest(&sharing, parent_of)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(Holder { pid, name: name.trim_end().to_owned() })
}

/// The one that is the ancestor of the one with the lowest pid, or that one itself. Pids do not tell: they begin again
/// from below when they run out. Between two of them may be one that does not hold the socket, as a launcher.
fn eldest(pids: &[i32], parent_of: impl Fn(i32) -> Option<i32>) -> Option<i32> {
    let lowest = *pids.iter().min()?;
    // Read one after the other while processes come and go, the parents might form a circle.
    let ancestors = iter::successors(Some(lowest), |pid| parent_of(*pid)).take(MOST_ANCESTORS);
    ancestors.filter(|pid| pids.contains(pid)).last()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain blanks and brackets; the last bracket ends it. The state is before the parent.
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// The lowest place in `inodes` of a socket that the process has open.
fn open_sockets(pid: i32, inodes: &[u64]) -> Option<usize> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|entry| {
            let target = fs::read_link(entry.ok()?.path()).ok()?;
            let inode: u64 = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
            inodes.iter().position(|wanted| *wanted == inode)
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_whom_the_others_descend_from_whatever_the_pids() {
        // The master 900, its launcher 7, the workers 8 and 9; a shell, 500, has started it.
        let parent = |pid| match pid {
            8 => Some(7),
            7 | 9 => Some(900),
            900 => Some(500),
            500 => Some(1),
            _ => None,
        };
        for pids in [&[8, 9, 900][..], &[9, 8, 900], &[900, 9], &[900]] {
            assert_eq!(eldest(pids, parent), Some(900), "{pids:?}");
        }
        assert_eq!(eldest(&[9, 8], parent), Some(8), "the master has ended");
        assert_eq!(eldest(&[], parent), None);
        assert_eq!(eldest(&[3], |pid| Some(7 - pid)), Some(3), "a circle ends");
    }

    #[test]
    fn a_parent_is_read() {
        let own = i32::try_from(std::process::id()).expect("small");
        assert_eq!(parent_of(own), i32::try_from(std::os::unix::process::parent_id()).ok());
    }
}
