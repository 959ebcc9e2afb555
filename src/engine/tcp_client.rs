//! A TCP client: resolve, connect, serve, and begin again if asked.
//!
//! Owns: the order of these and their waiting. Never: reading and writing. Called by: `run`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::pairs::End;
use super::resolve::{interleave, resolve};
use super::run::Opened;
use super::shared::{Shared, note_failure};
use super::status::{AddressOutcome, EndpointState, ResolvedAddress};
use super::tcp_connect::{Race, Won};
use super::tcp_stream::{Conversation, Ended, Fresh, Manners};
use crate::model::{Answer, ClientSettings, Doing, Failure, Flow, Happening, Reason, Timestamp};
use crate::session::RecorderHandle;

struct Client<'a> {
    shared: &'a Arc<Shared>,
    recorder: &'a RecorderHandle,
    endpoint: &'a Arc<Endpoint>,
    settings: &'a ClientSettings,
    flow: Arc<Flow>,
    stop: &'a CancellationToken,
}

/// How one round of connecting and talking ended.
enum Round {
    /// By the user.
    Ordered,
    Ended,
    Failed(Failure),
}

/// Connects, again and again where asked, until stopped; the failure where it gave up.
pub(super) async fn run(
    shared: &Arc<Shared>,
    recorder: &RecorderHandle,
    endpoint: &Arc<Endpoint>,
    settings: &ClientSettings,
    stop: &CancellationToken,
) -> Result<Opened, Failure> {
    let flow = endpoint.flow(None);
    let client = Client { shared, recorder, endpoint, settings, flow: flow.clone(), stop };
    let mut attempt = 0;
    loop {
        let round = tokio::select! {
            biased;
            () = stop.cancelled() => Round::Ordered,
            connected = client.connect() => match connected {
                Ok((won, took)) => {
                    attempt = 0;
                    client.talk(won, took).await
                }
                Err(failure) => Round::Failed(failure),
            },
        };
        if let Round::Failed(failure) = &round {
            note_failure(recorder, &flow, failure.clone());
        }
        let again = settings.reconnect_millis.filter(|_| !matches!(round, Round::Ordered));
        let Some(in_millis) = again else {
            return match round {
                Round::Failed(failure) => Err(failure),
                Round::Ordered | Round::Ended => Ok(Opened { flow }),
            };
        };
        attempt += 1;
        let failure = if let Round::Failed(failure) = round { Some(failure) } else { None };
        if !client.wait(in_millis, attempt, failure).await {
            return Ok(Opened { flow });
        }
    }
}

impl Client<'_> {
    async fn connect(&self) -> Result<(Won, Duration), Failure> {
        let time_limit = Duration::from_millis(self.settings.connect_timeout_millis);
        let began = Instant::now();
        let addresses = self.addresses(time_limit).await?;
        self.shared.show(self.endpoint, |shown| {
            shown.state = EndpointState::Connecting;
            let untried = |&address| ResolvedAddress { address, outcome: AddressOutcome::NotTried };
            shown.resolved = addresses.iter().map(untried).collect();
        });
        let (shared, recorder, endpoint, flow) = (self.shared, self.recorder, self.endpoint, &self.flow);
        let race = Race { shared, recorder, endpoint, flow, addresses: &addresses };
        let connecting = Instant::now();
        let left = time_limit.saturating_sub(began.elapsed());
        match tokio::time::timeout(left, race.run(self.settings, self.end())).await {
            Ok(result) => result.map(|won| (won, connecting.elapsed())),
            Err(_) => {
                let on = match addresses.as_slice() {
                    [one] => one.to_string(),
                    _ => self.settings.remote.to_string(),
                };
                let failure = Failure::new(Doing::Connect, on, Reason::TimedOut);
                race.give_up(&failure);
                Err(failure)
            }
        }
    }

    async fn addresses(&self, time_limit: Duration) -> Result<Vec<std::net::SocketAddr>, Failure> {
        let remote = &self.settings.remote;
        if remote.as_socket_addr().is_none() {
            self.shared.show(self.endpoint, |shown| {
                shown.state = EndpointState::Resolving;
                shown.resolved.clear();
            });
        }
        let found = tokio::time::timeout(time_limit, resolve(&*self.shared.resolver, remote)).await;
        let found = found
            .unwrap_or_else(|_| Err(Failure::new(Doing::Resolve, remote.host.clone(), Reason::NameServerSilent)))?;
        let addresses = interleave(found);
        if remote.as_socket_addr().is_none() {
            let resolved = Happening::Resolved { host: remote.host.clone(), addresses: addresses.clone() };
            self.recorder.note(self.recorder.happened(&self.flow, resolved));
        }
        Ok(addresses)
    }

    fn echoes(&self) -> bool {
        self.settings.answer == Answer::Echo
    }

    fn end(&self) -> End {
        End { echoes: self.echoes(), order: Default::default(), streak: Default::default() }
    }

    async fn talk(&self, won: Won, took: Duration) -> Round {
        let self_connected = won.local == won.peer;
        let flow = Arc::new(Flow {
            connection: self.shared.next_connection(),
            local: Some(won.local),
            peer: Some(won.peer),
            ..Flow::clone(&self.flow)
        });
        let fresh = Fresh { stream: won.stream, flow: flow.clone(), self_connected, pair: won.pair };
        // A connection to itself that echoes would never be quiet again.
        let loops = self.echoes() && self_connected;
        let manners = Manners {
            echo: self.echoes() && !loops,
            service: Answer::Nothing,
            close_when_peer_finished: self.settings.reconnect_millis.is_some(),
        };
        let recorder = self.recorder.clone();
        let Some(conversation) = Conversation::begin(self.shared, recorder, self.endpoint, fresh, manners) else {
            return Round::Ordered;
        };
        let took_nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let connected = Happening::Connected { took_nanos, self_connected };
        self.recorder.note(self.recorder.happened(&flow, connected));
        if loops {
            let failure = Failure::new(Doing::Send, won.peer.to_string(), Reason::EchoLoop);
            note_failure(self.recorder, &flow, failure);
        }
        self.shared.show(self.endpoint, |shown| {
            shown.state = EndpointState::Open;
            shown.local = vec![won.local];
            shown.failure = None;
            shown.retry_at = None;
        });
        match conversation.run().await {
            Ended::Ordered => Round::Ordered,
            Ended::ByItself => Round::Ended,
        }
    }

    /// `false` when stopped.
    async fn wait(&self, in_millis: u64, attempt: u32, failure: Option<Failure>) -> bool {
        let reconnecting = Happening::Reconnecting { in_millis, attempt };
        self.recorder.note(self.recorder.happened(&self.flow, reconnecting));
        let retry_at = Timestamp(self.recorder.now().0.saturating_add(in_millis.saturating_mul(1_000_000)));
        self.shared.show(self.endpoint, |shown| {
            shown.state = EndpointState::Waiting;
            shown.failure = failure;
            shown.local.clear();
            shown.retry_at = Some(retry_at);
        });
        let go_on = tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(Duration::from_millis(in_millis)) => true,
        };
        self.shared.show(self.endpoint, |shown| shown.retry_at = None);
        go_on
    }
}
