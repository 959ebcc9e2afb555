//! A UDP socket's error queue: ICMP errors with the address that they are about.
//!
//! Owns: IP_RECVERR and MSG_ERRQUEUE. Never: waiting. Called by: `kernel::queues`, `kernel::datagrams`.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use super::{empty_address, socket_address};
use crate::kernel::IcmpError;

/// Room for the control messages of one error, with their alignment.
#[repr(C, align(8))]
struct Control([u8; 512]);

/// At most so many errors a call: a flood of them must not hold up the traffic.
const AT_ONCE: usize = 256;

/// Reports ICMP errors even on an unconnected socket. An IPv6 socket that also speaks IPv4 needs both options.
pub fn report_icmp_errors(socket: BorrowedFd<'_>, ipv6: bool) -> io::Result<()> {
    if ipv6 {
        set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVERR)?;
        // Fails on a socket that speaks IPv6 only, where it is not needed.
        let _ = set_option(socket, libc::IPPROTO_IP, libc::IP_RECVERR);
        return Ok(());
    }
    set_option(socket, libc::IPPROTO_IP, libc::IP_RECVERR)
}

/// What the network refused since the last call, oldest first.
pub fn icmp_errors(socket: impl AsFd) -> Vec<IcmpError> {
    let mut errors = Vec::new();
    for _ in 0..AT_ONCE {
        match next_error(socket.as_fd()) {
            Some(Some(error)) => errors.push(error),
            Some(None) => {}
            None => break,
        }
    }
    errors
}

/// One entry of the queue; `Some(None)` for one that is not about the network, `None` when the queue is empty.
fn next_error(socket: BorrowedFd<'_>) -> Option<Option<IcmpError>> {
    let mut name = empty_address();
    let mut control = Control([0; 512]);
    // SAFETY: `msghdr` is pointers and integers, for which all zero bits are a value.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_name = std::ptr::from_mut(&mut name).cast();
    header.msg_namelen = mem::size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = control.0.len();
    // SAFETY: name and control outlive the call; no payload is asked for, so there is no iovec.
    let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if got < 0 {
        return None;
    }
    let to = socket_address(&name);
    // SAFETY: `header` was filled by the system and still points at `control`, which the CMSG macros walk within its bounds.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(&header) };
    while !message.is_null() {
        // SAFETY: not null, so it points at a control message header within `control`.
        let head = unsafe { &*message };
        let is_error = matches!(
            (head.cmsg_level, head.cmsg_type),
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        );
        // SAFETY: plain arithmetic on the size of the content.
        let whole = unsafe { libc::CMSG_LEN(mem::size_of::<libc::sock_extended_err>() as libc::c_uint) };
        if is_error && head.cmsg_len as usize >= whole as usize {
            // SAFETY: a message of this level and type carries a `sock_extended_err`, and its length says that it is whole;
            // it may stand unaligned (ip(7), cmsg(3)).
            let error = unsafe { std::ptr::read_unaligned(libc::CMSG_DATA(message).cast::<libc::sock_extended_err>()) };
            let from_network = matches!(error.ee_origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6);
            let errno = i32::try_from(error.ee_errno).unwrap_or(libc::EIO);
            let told = to.filter(|_| from_network);
            return Some(told.map(|to| IcmpError { to, error: io::Error::from_raw_os_error(errno) }));
        }
        // SAFETY: as for CMSG_FIRSTHDR.
        message = unsafe { libc::CMSG_NXTHDR(&header, message) };
    }
    Some(None)
}

fn set_option(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option takes an int, and the pointer and length describe one that outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(&on).cast(),
            mem::size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_closed_port_is_reported_with_its_address() {
        let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        report_icmp_errors(socket.as_fd(), false).unwrap();
        socket.send_to(b"anybody?", closed).unwrap();
        // On the loopback the answer is there when the send returns.
        let errors = icmp_errors(&socket);
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to, closed);
        assert_eq!(errors[0].error.raw_os_error(), Some(libc::ECONNREFUSED));
        assert!(icmp_errors(&socket).is_empty());
    }

    #[test]
    #[allow(clippy::print_stderr)]
    fn an_ipv6_socket_reports_its_own_kind() {
        let Ok(closed) = UdpSocket::bind("[::1]:0") else {
            eprintln!("SKIPPED: no IPv6 here");
            return;
        };
        let to = closed.local_addr().unwrap();
        drop(closed);
        let socket = UdpSocket::bind("[::1]:0").unwrap();
        report_icmp_errors(socket.as_fd(), true).unwrap();
        socket.send_to(b"anybody?", to).unwrap();
        let errors = icmp_errors(&socket);
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].to, errors[0].error.raw_os_error()), (to, Some(libc::ECONNREFUSED)));
    }
}
