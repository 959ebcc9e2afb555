//! Names to addresses, in a way that can be given up at once.
//!
//! Owns: the resolver trait and the system's resolver. Never: caching, DNS of its own. Called by: `tcp_client`, `udp`, `send`.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use crate::kernel;
use crate::model::{Failure, HostPort};

pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// How names are looked up. Dropping the future gives up at once.
pub trait Resolver: Send + Sync {
    fn lookup(&self, host: String, port: u16) -> Lookup;
}

/// `getaddrinfo`. It cannot be cancelled, so each lookup has a thread of its own that nobody waits for: neither the user who
/// gives up nor the end of the program.
#[derive(Default)]
pub struct SystemResolver {
    running: Arc<AtomicUsize>,
}

/// Lookups that may be under way, abandoned ones included.
const LOOKUPS: usize = 64;

impl Resolver for SystemResolver {
    fn lookup(&self, host: String, port: u16) -> Lookup {
        let running = self.running.clone();
        Box::pin(async move {
            if running.fetch_add(1, Ordering::AcqRel) >= LOOKUPS {
                running.fetch_sub(1, Ordering::AcqRel);
                return Err(io::Error::new(io::ErrorKind::TimedOut, "too many lookups wait for the name server"));
            }
            let (answer, answered) = oneshot::channel();
            let done = running.clone();
            let started = std::thread::Builder::new().name("resolver".into()).spawn(move || {
                let result = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
                done.fetch_sub(1, Ordering::AcqRel);
                // Nobody listens any more where the user gave up.
                let _ = answer.send(result);
            });
            if let Err(error) = started {
                running.fetch_sub(1, Ordering::AcqRel);
                return Err(error);
            }
            answered.await.unwrap_or_else(|_| Err(io::Error::other("the lookup ended without an answer")))
        })
    }
}

/// The addresses of a host, each once, in the resolver's order; a literal address asks nobody.
pub(super) async fn resolve(resolver: &dyn Resolver, at: &HostPort) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(address) = at.as_socket_addr() {
        return Ok(vec![address]);
    }
    let found = resolver.lookup(at.host.clone(), at.port).await.map_err(|e| kernel::lookup_failure(&at.host, &e))?;
    let mut addresses = Vec::with_capacity(found.len());
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        let none = io::Error::other("the name has no addresses");
        return Err(kernel::lookup_failure(&at.host, &none));
    }
    Ok(addresses)
}

/// RFC 8305 §4: families take turns, beginning with the one that the resolver put first.
pub(super) fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return addresses };
    let first_is_ipv6 = first.is_ipv6();
    let (mut these, mut those): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|at| at.is_ipv6() == first_is_ipv6);
    let mut mixed = Vec::with_capacity(these.len() + those.len());
    these.reverse();
    those.reverse();
    while !these.is_empty() || !those.is_empty() {
        mixed.extend(these.pop());
        mixed.extend(those.pop());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let given = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(at).to_vec();
        let wanted = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(at).to_vec();
        assert_eq!(interleave(given), wanted);
        assert_eq!(interleave(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn finds_localhost_and_not_what_is_not_there() {
        let resolver = SystemResolver::default();
        let found = resolve(&resolver, &HostPort::new("localhost", 7)).await.unwrap();
        assert!(found.iter().all(|at| at.ip().is_loopback() && at.port() == 7), "{found:?}");
        assert!(resolve(&resolver, &HostPort::new("nx.invalid", 7)).await.is_err());
        assert_eq!(resolver.running.load(Ordering::Acquire), 0);
    }
}
