//! What the operating system knows and no crate tells; a file per subject, Linux in `linux/`, a portable answer beside it.
//! The one room where `unsafe` may stand.
//!
//! Owns: raw system calls, limits, and the reading of errno into `model::Failure`.
//! Never: tasks, timers, events; nothing here waits. Called by: `engine`, the fronts for the limit of open files, the
//! recorder for writing early.
#![allow(unsafe_code)]

mod addresses;
mod datagrams;
mod failure;
mod files;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
mod port_holder;
mod queues;
mod settings;
mod writeback;

pub use addresses::{is_broadcast, own_addresses};
pub use datagrams::{BATCH, DatagramArea, MAX_DATAGRAM, report_icmp_errors};
pub use failure::{accept_must_wait, broadcast_off, connect_in_progress, failure, lookup_failure};
pub use files::open_regular_file;
pub use limits::{FileLimit, raise_file_limit};
pub use port_holder::port_holder;
pub use queues::{dropped_datagrams, icmp_errors, unread_bytes, unsent_bytes};
pub use settings::ipv6_is_off;
pub use writeback::begin_writeback;

/// A datagram of ours that the network refused, as the system's error queue tells it.
#[derive(Debug)]
pub struct IcmpError {
    /// Where the datagram was going.
    pub to: std::net::SocketAddr,
    pub error: std::io::Error,
}
