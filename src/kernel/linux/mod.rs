//! Linux's own calls: batches of datagrams, the error queue, socket memory, the send queue, early writing to the disk.
//!
//! Owns: the `unsafe` calls, each behind a safe function. Never: policy. Called by: the files of `kernel`.

mod error_queue;
mod receive_batch;
mod socket_memory;
mod writeback;

pub use error_queue::{icmp_errors, report_icmp_errors};
pub use receive_batch::receive_batch;
pub use socket_memory::{dropped_datagrams, unsent_bytes};
pub use writeback::begin_writeback;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// A zeroed address for the system to fill.
fn empty_address() -> libc::sockaddr_storage {
    // SAFETY: `sockaddr_storage` is plain integers, for which all zero bits are a value.
    unsafe { std::mem::zeroed() }
}

/// The address the system filled in; nothing for a family that is not IP.
fn socket_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that a `sockaddr_in` stands here, and the storage is larger and aligned for it.
            let v4 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for `sockaddr_in6`.
            let v6 = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}
