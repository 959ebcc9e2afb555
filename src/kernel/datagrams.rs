//! Datagrams read in batches into one reusable area.
//!
//! Owns: the area, and reading from a socket that is ready. Never: waiting. Called by: `engine::udp`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// Datagrams of one batch.
pub const BATCH: usize = 64;
/// No datagram is longer, so none is cut.
pub const MAX_DATAGRAM: usize = 64 * 1024;

/// Room for a batch of datagrams of any length. The pages are taken from the system as they are touched.
pub struct DatagramArea {
    bytes: Vec<u8>,
    lengths: [u32; BATCH],
    senders: [SocketAddr; BATCH],
    filled: usize,
}

impl DatagramArea {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * MAX_DATAGRAM],
            lengths: [0; BATCH],
            senders: [SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)); BATCH],
            filled: 0,
        }
    }

    /// Reads what is there, at most `BATCH` datagrams; `WouldBlock` when there is none. The socket must be non-blocking.
    #[cfg(target_os = "linux")]
    pub fn receive(&mut self, socket: impl std::os::fd::AsFd) -> io::Result<usize> {
        self.filled = 0;
        self.filled =
            super::linux::receive_batch(socket.as_fd(), &mut self.bytes, &mut self.lengths, &mut self.senders)?;
        Ok(self.filled)
    }

    /// One datagram a call where the system has no batches.
    #[cfg(not(target_os = "linux"))]
    pub fn receive(&mut self, socket: &tokio::net::UdpSocket) -> io::Result<usize> {
        self.filled = 0;
        let view = socket2::SockRef::from(socket);
        // SAFETY: `MaybeUninit<u8>` has the layout of `u8`, and a receive call only writes initialised bytes.
        let area = unsafe {
            std::slice::from_raw_parts_mut(self.bytes.as_mut_ptr().cast::<std::mem::MaybeUninit<u8>>(), MAX_DATAGRAM)
        };
        let (length, sender) = view.recv_from(area)?;
        self.lengths[0] = u32::try_from(length).unwrap_or(u32::MAX);
        self.senders[0] = sender.as_socket().unwrap_or(self.senders[0]);
        self.filled = 1;
        Ok(1)
    }

    /// The datagrams of the last `receive`, in order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = (&[u8], SocketAddr)> {
        (0..self.filled).map(|n| {
            let start = n * MAX_DATAGRAM;
            (&self.bytes[start..start + self.lengths[n] as usize], self.senders[n])
        })
    }

    /// Payload bytes of the last `receive`.
    pub fn payload_bytes(&self) -> usize {
        self.lengths[..self.filled].iter().map(|&length| length as usize).sum()
    }
}

impl Default for DatagramArea {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks the system to report ICMP errors on this socket, connected or not (IP_RECVERR).
#[cfg(target_os = "linux")]
pub fn report_icmp_errors(socket: impl std::os::fd::AsFd, ipv6: bool) -> io::Result<()> {
    super::linux::report_icmp_errors(socket.as_fd(), ipv6)
}

#[cfg(not(target_os = "linux"))]
pub fn report_icmp_errors<S>(_socket: S, _ipv6: bool) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::print_stderr)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn reads_a_batch_whole_with_its_senders() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut area = DatagramArea::new();
        assert_eq!(area.receive(&socket).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let long = vec![7; crate::model::MAX_DATAGRAM_V4];
        for payload in [&b"a"[..], b"", &long] {
            peer.send_to(payload, socket.local_addr().unwrap()).unwrap();
        }
        assert_eq!(area.receive(&socket).unwrap(), 3);
        let got: Vec<_> = area.datagrams().collect();
        assert_eq!(got.iter().map(|(bytes, _)| bytes.len()).collect::<Vec<_>>(), [1, 0, long.len()]);
        assert!(got.iter().all(|(_, sender)| *sender == peer.local_addr().unwrap()));
        assert_eq!(got[2].0, long);
        assert_eq!(area.payload_bytes(), 1 + long.len());
    }

    #[test]
    fn reads_ipv6_senders() {
        let Ok(socket) = UdpSocket::bind("[::1]:0") else {
            eprintln!("SKIPPED: no IPv6 here");
            return;
        };
        socket.set_nonblocking(true).unwrap();
        let peer = UdpSocket::bind("[::1]:0").unwrap();
        peer.send_to(b"six", socket.local_addr().unwrap()).unwrap();
        let mut area = DatagramArea::new();
        assert_eq!(area.receive(&socket).unwrap(), 1);
        assert_eq!(area.datagrams().next().unwrap(), (&b"six"[..], peer.local_addr().unwrap()));
    }
}
