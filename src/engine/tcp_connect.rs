//! Connecting to the first address that answers (RFC 8305).
//!
//! Owns: the attempts and their rows. Never: names, timeouts, what comes after. Called by: `tcp_client`.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol as IpProtocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::endpoint::Endpoint;
use super::pairs::{End, Pairs, TcpEnd};
use super::shared::Shared;
use super::status::{AddressOutcome, ResolvedAddress};
use super::tcp_stream::internal_error;
use crate::kernel;
use crate::model::{ClientSettings, Doing, Failure, Flow, Happening, Reason};
use crate::session::RecorderHandle;

/// RFC 8305 §5: the next address is tried this long after the last one, or at once when that one failed.
const STAGGER: Duration = Duration::from_millis(250);

/// A connection that stands.
pub(super) struct Won {
    pub stream: TcpStream,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub pair: TcpEnd,
}

/// Where a client connects from.
#[derive(Clone)]
struct From {
    address: Option<IpAddr>,
    port: u16,
    end: End,
}

/// The attempts on one list of addresses.
pub(super) struct Race<'a> {
    pub shared: &'a Arc<Shared>,
    pub recorder: &'a RecorderHandle,
    pub endpoint: &'a Arc<Endpoint>,
    pub flow: &'a Arc<Flow>,
    pub addresses: &'a [SocketAddr],
}

impl Race<'_> {
    /// The first connection that stands, or why the last address failed. Dropping the future ends all attempts.
    pub async fn run(&self, settings: &ClientSettings, end: End) -> Result<Won, Failure> {
        let from = From { address: settings.source_address, port: settings.source_port, end };
        let mut attempts = JoinSet::new();
        let mut waiting = self.addresses.iter().copied().enumerate();
        let mut last_failure = None;
        loop {
            if let Some((n, address)) = waiting.next() {
                self.trying(n, address);
                let pairs = self.shared.pairs.clone();
                let from = from.clone();
                attempts.spawn(async move { (address, connect(pairs, address, from).await) });
            }
            let more = waiting.len() > 0;
            let ended = tokio::select! {
                ended = attempts.join_next() => ended,
                () = tokio::time::sleep(STAGGER), if more => continue,
            };
            match ended {
                Some(Ok((_, Ok(won)))) => {
                    self.outcome(won.peer, AddressOutcome::Won);
                    return Ok(won);
                }
                Some(Ok((address, Err(failure)))) => {
                    self.failed(address, failure.clone());
                    last_failure = Some(failure);
                }
                Some(Err(_)) => last_failure = Some(internal_error(Doing::Connect, self.flow.endpoint_uri.to_string())),
                None if !more => {
                    let on = self.flow.endpoint_uri.to_string();
                    return Err(last_failure.unwrap_or_else(|| Failure::new(Doing::Connect, on, Reason::Other)));
                }
                None => {}
            }
        }
    }

    /// The time is up for those that are still under way.
    pub fn give_up(&self, failure: &Failure) {
        let under_way: Vec<_> = {
            let shown = self.endpoint.shown.lock();
            shown.resolved.iter().filter(|at| at.outcome == AddressOutcome::Trying).map(|at| at.address).collect()
        };
        for address in under_way {
            self.failed(address, Failure { on: address.to_string(), ..failure.clone() });
        }
    }

    fn trying(&self, n: usize, address: SocketAddr) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let connecting = Happening::Connecting { address, attempt: count(n + 1), of: count(self.addresses.len()) };
        self.recorder.note(self.recorder.happened(self.flow, connecting));
        self.outcome(address, AddressOutcome::Trying);
    }

    /// A single address needs no row of its own: the endpoint's failure says the same.
    fn failed(&self, address: SocketAddr, failure: Failure) {
        if self.addresses.len() > 1 {
            let failed = Happening::AttemptFailed { address, failure: failure.clone() };
            self.recorder.note(self.recorder.happened(self.flow, failed));
        }
        self.outcome(address, AddressOutcome::Failed(failure));
    }

    fn outcome(&self, address: SocketAddr, outcome: AddressOutcome) {
        self.shared.show(self.endpoint, |shown| {
            for entry in shown.resolved.iter_mut().filter(|entry| entry.address == address) {
                *entry = ResolvedAddress { address, outcome: outcome.clone() };
            }
        });
    }
}

async fn connect(pairs: Arc<Pairs>, address: SocketAddr, from: From) -> Result<Won, Failure> {
    let failed = |error: io::Error| kernel::failure(Doing::Connect, address.to_string(), &error);
    let socket = source_socket(address, &from)?;
    let pair = pairs.begin_tcp(from.end.clone(), || match socket.connect(&address.into()) {
        Err(error) if !kernel::connect_in_progress(&error) => Err(error),
        _ => socket.local_addr().map(|local| (local.as_socket().unwrap_or(address), address)),
    });
    let pair = pair.map_err(|error| connect_failure(address, &from, &error))?;
    let stream = TcpStream::from_std(socket.into()).map_err(failed)?;
    let connected = stream
        .async_io(Interest::WRITABLE, || match stream.take_error()? {
            Some(error) => Err(error),
            None => match stream.peer_addr() {
                Err(error) if error.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
                other => other,
            },
        })
        .await;
    connected.map_err(|error| connect_failure(address, &from, &error))?;
    let local = stream.local_addr().map_err(failed)?;
    Ok(Won { stream, local, peer: address, pair })
}

/// A socket bound as the user asked; the failure names the source, not the peer.
fn source_socket(to: SocketAddr, from: &From) -> Result<Socket, Failure> {
    let unspecified: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let source = SocketAddr::new(from.address.unwrap_or(unspecified), from.port);
    if source.is_ipv4() != to.is_ipv4() {
        return Err(Failure::new(Doing::Bind, source.to_string(), Reason::FamilyMismatch));
    }
    let open = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(IpProtocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let socket = open().map_err(|error| kernel::failure(Doing::Connect, to.to_string(), &error))?;
    if from.address.is_some() || from.port != 0 {
        let bind = || -> io::Result<()> {
            // So that a fixed port works again while its last connection is still in TIME_WAIT.
            #[cfg(unix)]
            socket.set_reuse_address(true)?;
            socket.bind(&source.into())
        };
        bind().map_err(|error| kernel::failure(Doing::Bind, source.to_string(), &error))?;
    }
    Ok(socket)
}

/// With a fixed source port, "address not available" means that this very pair of ports is still in use.
fn connect_failure(address: SocketAddr, from: &From, error: &io::Error) -> Failure {
    let failure = kernel::failure(Doing::Connect, address.to_string(), error);
    if from.port != 0 && matches!(failure.reason, Reason::AddressNotHere | Reason::PortTaken) {
        let source = SocketAddr::new(from.address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), from.port);
        return Failure { doing: Doing::Bind, on: source.to_string(), reason: Reason::PortTaken, ..failure };
    }
    failure
}
