//! recvmmsg: many datagrams with one call.
//!
//! Owns: the headers of one call. Never: waiting, receive offload (it merges datagrams). Called by: `kernel::datagrams`.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::{empty_address, socket_address};
use crate::kernel::datagrams::{BATCH, MAX_DATAGRAM};

/// Fills `bytes` (one place of `MAX_DATAGRAM` a datagram), lengths and senders; says how many came.
pub fn receive_batch(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    lengths: &mut [u32; BATCH],
    senders: &mut [SocketAddr; BATCH],
) -> io::Result<usize> {
    assert!(bytes.len() >= BATCH * MAX_DATAGRAM, "the area holds a whole batch");
    let mut names = [empty_address(); BATCH];
    let mut pieces = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH];
    // SAFETY: `mmsghdr` is pointers and integers, for which all zero bits are a value.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
    for (n, place) in bytes.chunks_exact_mut(MAX_DATAGRAM).take(BATCH).enumerate() {
        let piece = pieces[n].write(libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: MAX_DATAGRAM });
        let header = &mut headers[n].msg_hdr;
        header.msg_iov = piece;
        header.msg_iovlen = 1;
        header.msg_name = std::ptr::from_mut(&mut names[n]).cast();
        header.msg_namelen = mem::size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    }
    // MSG_DONTWAIT and no timeout: the call ends when the queue is empty, and an error behind the first datagram is kept by
    // the system for the next call (recvmmsg(2)).
    // SAFETY: every header points at one iovec, one name and one place of `bytes`, which all outlive the call and are not
    // touched by anybody else during it.
    let got = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            BATCH as libc::c_uint,
            libc::MSG_DONTWAIT,
            std::ptr::null_mut(),
        )
    };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    for n in 0..got {
        debug_assert_eq!(headers[n].msg_hdr.msg_flags & libc::MSG_TRUNC, 0, "64 KiB hold any datagram");
        lengths[n] = headers[n].msg_len.min(MAX_DATAGRAM as u32);
        if let Some(sender) = socket_address(&names[n]) {
            senders[n] = sender;
        }
    }
    Ok(got)
}
