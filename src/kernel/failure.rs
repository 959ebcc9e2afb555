//! The system's error numbers as reasons a person can act on.
//!
//! Owns: the one table errno → `Reason`. Never: sentences (that is `words`). Called by: `engine`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use super::ipv6_is_off;
use crate::model::{Doing, Failure, Reason};

/// What an error means for what was being done. `on` is an address, a host name or a path.
pub fn failure(doing: Doing, on: impl Into<String>, error: &io::Error) -> Failure {
    let on = on.into();
    let reason = reason(doing, &on, error);
    Failure { doing, on, reason, system: error.to_string(), errno: error.raw_os_error(), holder: None }
}

/// A name that could not be looked up. The resolver's errors carry no number, only the C library's English words.
pub fn lookup_failure(host: &str, error: &io::Error) -> Failure {
    let system = error.to_string();
    let silent = system.contains("Temporary failure") || error.kind() == ErrorKind::TimedOut;
    let reason = match error.raw_os_error() {
        Some(_) if out_of_files(error) => Reason::TooManyOpenFiles,
        _ if silent => Reason::NameServerSilent,
        _ => Reason::NameUnknown,
    };
    Failure { doing: Doing::Resolve, on: host.into(), reason, system, errno: error.raw_os_error(), holder: None }
}

/// A send to a broadcast address without SO_BROADCAST: EACCES, which elsewhere means something else.
pub fn broadcast_off(on: impl Into<String>, error: &io::Error) -> Failure {
    Failure { reason: Reason::BroadcastOff, ..failure(Doing::Send, on, error) }
}

/// EMFILE or ENFILE: nothing can be opened until something is closed.
fn out_of_files(error: &io::Error) -> bool {
    number::is_one_of(error, &[number::EMFILE, number::ENFILE])
}

/// What a non-blocking `connect` answers while it is still under way.
pub fn connect_in_progress(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || number::is_one_of(error, &[number::EINPROGRESS])
}

/// A listener that meets this waits and tries again; other errors of `accept` concern one connection only.
pub fn accept_must_wait(error: &io::Error) -> bool {
    out_of_files(error) || number::is_one_of(error, &[number::ENOBUFS, number::ENOMEM])
}

fn reason(doing: Doing, on: &str, error: &io::Error) -> Reason {
    if let Some(reason) = error.raw_os_error().and_then(|errno| by_number(doing, on, errno)) {
        return reason;
    }
    match error.kind() {
        ErrorKind::AddrInUse => Reason::PortTaken,
        ErrorKind::AddrNotAvailable => Reason::AddressNotHere,
        ErrorKind::ConnectionRefused => Reason::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Reason::Reset,
        ErrorKind::BrokenPipe | ErrorKind::WriteZero => Reason::BrokenPipe,
        ErrorKind::TimedOut => Reason::TimedOut,
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Reason::NetworkUnreachable,
        ErrorKind::HostUnreachable => Reason::HostUnreachable,
        ErrorKind::NotConnected => Reason::NotConnected,
        ErrorKind::NotFound => Reason::FileMissing,
        ErrorKind::IsADirectory => Reason::NotAFile,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Reason::DiskFull,
        ErrorKind::OutOfMemory => Reason::NoMemory,
        ErrorKind::PermissionDenied => not_permitted(doing),
        _ => Reason::Other,
    }
}

/// Permission means three different things: rights for a low port, a rule on the way, a file's mode.
fn not_permitted(doing: Doing) -> Reason {
    match doing {
        Doing::Listen | Doing::Bind => Reason::PortNeedsRights,
        Doing::Connect | Doing::Send | Doing::Receive | Doing::Accept => Reason::Prohibited,
        Doing::Reply | Doing::Resolve | Doing::ReadFile | Doing::WriteFile | Doing::Record => Reason::NotAllowed,
    }
}

fn by_number(doing: Doing, on: &str, errno: i32) -> Option<Reason> {
    let ipv6_off_here = || is_ipv6(on) && ipv6_is_off();
    Some(match errno {
        number::EMFILE | number::ENFILE => Reason::TooManyOpenFiles,
        number::ENOBUFS | number::ENOMEM => Reason::NoMemory,
        number::EMSGSIZE => Reason::DatagramTooLong,
        number::EAFNOSUPPORT if is_ipv6(on) => Reason::Ipv6Off,
        number::EINVAL if is_link_local(on) => Reason::InterfaceMissing,
        number::EAFNOSUPPORT if doing == Doing::Connect => Reason::FamilyMismatch,
        // From a loopback source to the world outside.
        number::EINVAL if doing == Doing::Connect => Reason::NetworkUnreachable,
        number::EADDRNOTAVAIL | number::ENETUNREACH if ipv6_off_here() => Reason::Ipv6Off,
        number::ECONNREFUSED if matches!(doing, Doing::Send | Doing::Receive) => Reason::PortUnreachable,
        number::EHOSTDOWN => Reason::HostUnreachable,
        number::EDESTADDRREQ => Reason::NotConnected,
        _ => return None,
    })
}

fn is_link_local(on: &str) -> bool {
    on.parse::<SocketAddr>().is_ok_and(|at| matches!(at, SocketAddr::V6(v6) if v6.ip().is_unicast_link_local()))
}

fn is_ipv6(on: &str) -> bool {
    on.parse::<SocketAddr>().map_or_else(|_| on.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()), |at| at.is_ipv6())
}

/// Error numbers that std has no kind for.
#[cfg(unix)]
mod number {
    pub use libc::{
        EADDRNOTAVAIL, EAFNOSUPPORT, ECONNREFUSED, EDESTADDRREQ, EHOSTDOWN, EINPROGRESS, EINVAL, EMFILE, EMSGSIZE,
        ENETUNREACH, ENFILE, ENOBUFS, ENOMEM,
    };

    pub fn is_one_of(error: &std::io::Error, numbers: &[i32]) -> bool {
        error.raw_os_error().is_some_and(|errno| numbers.contains(&errno))
    }
}

/// The same names with Windows' socket numbers.
#[cfg(not(unix))]
mod number {
    pub const EMFILE: i32 = 10024;
    pub const ENFILE: i32 = -1;
    pub const EINVAL: i32 = 10022;
    pub const EINPROGRESS: i32 = 10036;
    pub const EDESTADDRREQ: i32 = 10039;
    pub const EMSGSIZE: i32 = 10040;
    pub const EAFNOSUPPORT: i32 = 10047;
    pub const EADDRNOTAVAIL: i32 = 10049;
    pub const ENETUNREACH: i32 = 10051;
    pub const ENOBUFS: i32 = 10055;
    pub const ECONNREFUSED: i32 = 10061;
    pub const EHOSTDOWN: i32 = 10064;
    pub const ENOMEM: i32 = 8;

    pub fn is_one_of(error: &std::io::Error, numbers: &[i32]) -> bool {
        error.raw_os_error().is_some_and(|errno| numbers.contains(&errno))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn reason_of(doing: Doing, errno: i32) -> Reason {
        let failure = failure(doing, "127.0.0.1:9", &io::Error::from_raw_os_error(errno));
        assert_eq!(failure.errno, Some(errno));
        assert!(!failure.system.is_empty());
        failure.reason
    }

    #[test]
    fn every_number_of_the_fault_table_has_its_reason() {
        for (doing, errno, reason) in [
            (Doing::Listen, libc::EADDRINUSE, Reason::PortTaken),
            (Doing::Bind, libc::EACCES, Reason::PortNeedsRights),
            (Doing::Connect, libc::EACCES, Reason::Prohibited),
            (Doing::Send, libc::EPERM, Reason::Prohibited),
            (Doing::ReadFile, libc::EACCES, Reason::NotAllowed),
            (Doing::Listen, libc::EADDRNOTAVAIL, Reason::AddressNotHere),
            (Doing::Connect, libc::ECONNREFUSED, Reason::Refused),
            (Doing::Send, libc::ECONNREFUSED, Reason::PortUnreachable),
            (Doing::Connect, libc::ETIMEDOUT, Reason::TimedOut),
            (Doing::Connect, libc::ENETUNREACH, Reason::NetworkUnreachable),
            (Doing::Connect, libc::EHOSTUNREACH, Reason::HostUnreachable),
            (Doing::Receive, libc::ECONNRESET, Reason::Reset),
            (Doing::Send, libc::EPIPE, Reason::BrokenPipe),
            (Doing::Send, libc::EMSGSIZE, Reason::DatagramTooLong),
            (Doing::Accept, libc::EMFILE, Reason::TooManyOpenFiles),
            (Doing::Accept, libc::ENFILE, Reason::TooManyOpenFiles),
            (Doing::Accept, libc::ENOMEM, Reason::NoMemory),
            (Doing::Send, libc::ENOTCONN, Reason::NotConnected),
            (Doing::Send, libc::EDESTADDRREQ, Reason::NotConnected),
            (Doing::ReadFile, libc::ENOENT, Reason::FileMissing),
            (Doing::ReadFile, libc::EISDIR, Reason::NotAFile),
            (Doing::Record, libc::ENOSPC, Reason::DiskFull),
            (Doing::Record, libc::EIO, Reason::Other),
        ] {
            assert_eq!(reason_of(doing, errno), reason, "{doing:?} {errno}");
        }
    }

    #[test]
    fn an_invalid_argument_means_an_address_without_its_interface_or_a_source_without_a_way() {
        let invalid = io::Error::from_raw_os_error(libc::EINVAL);
        let reason = |doing, on: &str| failure(doing, on, &invalid).reason;
        assert_eq!(reason(Doing::Connect, "[fe80::1]:80"), Reason::InterfaceMissing);
        assert_eq!(reason(Doing::Send, "[fe80::1]:80"), Reason::InterfaceMissing);
        assert_eq!(reason(Doing::Connect, "192.0.2.1:80"), Reason::NetworkUnreachable);
    }

    #[test]
    fn a_silent_name_server_is_not_an_unknown_name() {
        let error = |text: &str| lookup_failure("plc", &io::Error::other(text.to_owned())).reason;
        assert_eq!(error("failed to lookup address information: Name or service not known"), Reason::NameUnknown);
        assert_eq!(
            error("failed to lookup address information: Temporary failure in name resolution"),
            Reason::NameServerSilent
        );
    }

    #[test]
    fn tells_families_apart_in_what_is_shown() {
        assert!(is_ipv6("[::1]:9") && is_ipv6("::1"));
        assert!(!is_ipv6("127.0.0.1:9") && !is_ipv6("plc:9"));
    }
}
