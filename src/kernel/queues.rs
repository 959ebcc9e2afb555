//! How full a socket's queues are, what it dropped, and what the network refused.
//!
//! Owns: FIONREAD, SIOCOUTQ, SO_MEMINFO and the error queue, each one cheap call. Never: waiting. Called by: `engine`.

#[cfg(target_os = "linux")]
pub use super::linux::{dropped_datagrams, icmp_errors, unsent_bytes};

/// Bytes that were received and not read: a socket closed with some sends RST instead of FIN.
#[cfg(unix)]
pub fn unread_bytes(socket: impl std::os::fd::AsFd) -> u64 {
    rustix::io::ioctl_fionread(socket).unwrap_or(0)
}

#[cfg(not(unix))]
pub fn unread_bytes<S>(_socket: S) -> u64 {
    0
}

/// Bytes that the system accepted and the peer has not acknowledged yet; unknown here.
#[cfg(not(target_os = "linux"))]
pub fn unsent_bytes<S>(_socket: S) -> Option<u64> {
    None
}

/// Datagrams dropped because the receive buffer was full; unknown here.
#[cfg(not(target_os = "linux"))]
pub fn dropped_datagrams<S>(_socket: S) -> Option<u32> {
    None
}

/// What the network refused since the last call; unknown here.
#[cfg(not(target_os = "linux"))]
pub fn icmp_errors<S>(_socket: S) -> Vec<super::IcmpError> {
    Vec::new()
}
