//! SO_MEMINFO and SIOCOUTQ: what a socket dropped, and what still waits to be acknowledged.
//!
//! Owns: the two calls (about 0.3 µs each). Never: anything that walks tables. Called by: `kernel::queues`.

use std::mem;
use std::os::fd::{AsFd, AsRawFd};

/// SK_MEMINFO_DROPS of `linux/sock_diag.h`: the ninth number.
const DROPS: usize = 8;

/// Datagrams dropped because this socket's receive buffer was full. The count wraps at 2³².
pub fn dropped_datagrams(socket: impl AsFd) -> Option<u32> {
    let mut numbers = [0u32; DROPS + 1];
    let mut length = mem::size_of_val(&numbers) as libc::socklen_t;
    // SAFETY: the pointer and the length describe `numbers`, which outlives the call; the system writes at most `length`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            numbers.as_mut_ptr().cast(),
            &mut length,
        )
    };
    (result == 0 && length as usize == mem::size_of_val(&numbers)).then_some(numbers[DROPS])
}

/// Bytes of a TCP socket that the peer has not acknowledged: sent and not acknowledged, or not sent yet.
pub fn unsent_bytes(socket: impl AsFd) -> Option<u64> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ (SIOCOUTQ by another name) writes one int, and `bytes` is one that outlives the call.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &mut bytes) };
    if result == 0 { u64::try_from(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    #[test]
    fn counts_dropped_datagrams_exactly() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket2::SockRef::from(&socket).set_recv_buffer_size(4096).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..100 {
            peer.send_to(&[0; 200], socket.local_addr().unwrap()).unwrap();
        }
        let mut received = 0;
        while socket.recv(&mut [0; 200]).is_ok() {
            received += 1;
        }
        assert_eq!(dropped_datagrams(&socket), Some(100 - received));
        assert!(received < 100);
    }

    #[test]
    fn a_peer_that_does_not_read_leaves_bytes_unsent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(unsent_bytes(&stream), Some(0));
        stream.set_nonblocking(true).unwrap();
        while stream.write(&[0; 65536]).is_ok() {}
        assert!(unsent_bytes(&stream).unwrap() > 0);
    }
}
