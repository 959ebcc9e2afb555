//! Which program holds a port, where that may be read.
//!
//! Owns: one search through /proc, tens of milliseconds: only after a failure, never on an async thread.
//! Never: anything with what it found. Called by: `engine`.

use std::net::SocketAddr;

use crate::model::Transport;

/// "nginx (pid 812)", or nothing where the holder is another user's or the system does not tell.
#[cfg(target_os = "linux")]
pub fn port_holder(transport: Transport, at: SocketAddr) -> Option<String> {
    let inodes = holding_sockets(transport, at);
    if inodes.is_empty() {
        return None;
    }
    for process in procfs::process::all_processes().ok()?.flatten() {
        let Ok(files) = process.fd() else { continue };
        let holds = files
            .flatten()
            .any(|file| matches!(file.target, procfs::process::FDTarget::Socket(inode) if inodes.contains(&inode)));
        if holds {
            let name = process.stat().map_or_else(|_| "?".into(), |stat| stat.comm);
            return Some(format!("{name} (pid {})", process.pid()));
        }
    }
    None
}

#[cfg(not(target_os = "linux"))]
pub fn port_holder(_transport: Transport, _at: SocketAddr) -> Option<String> {
    None
}

/// Sockets that stand in the way of `at`: same port, and the same address or a wildcard on either side.
#[cfg(target_os = "linux")]
fn holding_sockets(transport: Transport, at: SocketAddr) -> Vec<u64> {
    let in_the_way = |local: SocketAddr| {
        local.port() == at.port() && (local.ip() == at.ip() || local.ip().is_unspecified() || at.ip().is_unspecified())
    };
    let mut inodes = Vec::new();
    match transport {
        Transport::Tcp => {
            for entry in procfs::net::tcp().into_iter().chain(procfs::net::tcp6()).flatten() {
                if entry.state == procfs::net::TcpState::Listen && in_the_way(entry.local_address) {
                    inodes.push(entry.inode);
                }
            }
        }
        Transport::Udp => {
            for entry in procfs::net::udp().into_iter().chain(procfs::net::udp6()).flatten() {
                if in_the_way(entry.local_address) {
                    inodes.push(entry.inode);
                }
            }
        }
    }
    inodes
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn names_this_very_program() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = port_holder(Transport::Tcp, listener.local_addr().unwrap()).unwrap();
        assert!(holder.contains(&format!("(pid {})", std::process::id())), "{holder}");
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(port_holder(Transport::Udp, socket.local_addr().unwrap()).is_some());
    }
}
