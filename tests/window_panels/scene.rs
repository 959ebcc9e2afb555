//! Made-up snapshots of the engine for tests of the window: endpoints, peers, sends.

use std::net::SocketAddr;
use std::sync::Arc;

use sockscope::engine::{
    AddressOutcome, BufferSize, ConnectionState, ConnectionStatus, EndpointState, EndpointStatus, EngineSnapshot,
    ResolvedAddress, Totals,
};
use sockscope::model::{
    ClientSettings, ConnectionId, Doing, EndpointId, EndpointSettings, Failure, Flow, HostPort, ListenerSettings,
    Protocol, Reason, Role, Timestamp, Transport, UdpSettings,
};
use sockscope::ui::stage::Stage;
use sockscope::ui::state::{Configured, State};

/// 2026-11-22 17:40:05 UTC.
pub const NOW: Timestamp = Timestamp(1_795_369_205_000_000_000);

#[derive(Default)]
pub struct Scene {
    pub endpoints: Vec<Configured>,
    statuses: Vec<EndpointStatus>,
    connections: u32,
}

impl Scene {
    pub fn listener(&mut self, at: &str, peers: usize) -> EndpointId {
        let at: SocketAddr = at.parse().unwrap();
        let listener = ListenerSettings { address: at.ip(), port: at.port(), ..ListenerSettings::default() };
        let id = self.add(EndpointSettings::new(Protocol::TcpListener(listener)), EndpointState::Open);
        let status = self.statuses.last_mut().unwrap();
        status.local = vec![at];
        let mut list = Vec::with_capacity(peers);
        for number in 0..peers {
            self.connections += 1;
            let peer = SocketAddr::from(([127, 0, 0, 1], u16::try_from(20_000 + number).unwrap()));
            list.push(connection(self.connections, id, Transport::Tcp, at, peer));
        }
        status.open_peers = peers as u64;
        status.peers = Arc::new(list);
        id
    }

    pub fn client(&mut self, to: &str, state: EndpointState) -> EndpointId {
        let remote: HostPort = to.parse().unwrap();
        let id = self.add(EndpointSettings::new(Protocol::TcpClient(ClientSettings::new(remote))), state);
        if state == EndpointState::Open {
            self.connections += 1;
            let local = SocketAddr::from(([127, 0, 0, 1], 51_000));
            let peer = SocketAddr::from(([127, 0, 0, 1], 502));
            let status = self.statuses.last_mut().unwrap();
            status.peers = Arc::new(vec![connection(self.connections, id, Transport::Tcp, local, peer)]);
            status.open_peers = 1;
            status.resolved = vec![
                ResolvedAddress {
                    address: "[::1]:502".parse().unwrap(),
                    outcome: AddressOutcome::Failed(Failure::new(Doing::Connect, "[::1]:502", Reason::Refused)),
                },
                ResolvedAddress { address: peer, outcome: AddressOutcome::Won },
            ];
        }
        id
    }

    pub fn udp(&mut self, at: &str, lanes: usize) -> EndpointId {
        let at: SocketAddr = at.parse().unwrap();
        let udp = UdpSettings { address: at.ip(), port: at.port(), ..UdpSettings::default() };
        let id = self.add(EndpointSettings::new(Protocol::Udp(udp)), EndpointState::Open);
        let mut list = Vec::new();
        for number in 0..lanes {
            self.connections += 1;
            let peer = SocketAddr::from(([127, 0, 0, 1], u16::try_from(40_000 + number).unwrap()));
            list.push(connection(self.connections, id, Transport::Udp, at, peer));
        }
        let status = self.statuses.last_mut().unwrap();
        status.local = vec![at];
        status.peers = Arc::new(list);
        status.open_peers = lanes as u64;
        status.dropped = Some(0);
        status.receive_buffer = Some(BufferSize { asked: 4 << 20, given: 212_992 });
        id
    }

    pub fn status(&mut self, id: EndpointId) -> &mut EndpointStatus {
        self.statuses.iter_mut().find(|status| status.id == id).unwrap()
    }

    pub fn peer(&mut self, id: EndpointId, place: usize) -> &mut ConnectionStatus {
        &mut Arc::make_mut(&mut self.status(id).peers)[place]
    }

    fn add(&mut self, settings: EndpointSettings, state: EndpointState) -> EndpointId {
        let id = EndpointId(u32::try_from(self.endpoints.len()).unwrap() + 1);
        self.endpoints.push(Configured { id, settings: settings.clone() });
        self.statuses.push(EndpointStatus {
            id,
            settings,
            state,
            local: Vec::new(),
            peers: Arc::default(),
            open_peers: 0,
            forgotten_peers: 0,
            totals: Totals::default(),
            dropped: None,
            receive_buffer: None,
            failure: None,
            resolved: Vec::new(),
            retry_at: None,
            replies: Default::default(),
            replies_paused: false,
            modbus: None,
        });
        id
    }

    pub fn state(&self) -> State {
        let mut state = State::default();
        state.endpoints.clone_from(&self.endpoints);
        state
    }

    pub fn stage(&self) -> Stage {
        let mut stage = Stage::default();
        stage.engine = self.engine();
        stage.now = NOW;
        stage
    }

    pub fn engine(&self) -> Arc<EngineSnapshot> {
        Arc::new(EngineSnapshot {
            version: 1,
            endpoints: self.statuses.iter().cloned().map(Arc::new).collect(),
            ..EngineSnapshot::default()
        })
    }
}

pub fn connection(
    number: u32,
    endpoint: EndpointId,
    transport: Transport,
    local: SocketAddr,
    peer: SocketAddr,
) -> ConnectionStatus {
    let flow = Flow {
        endpoint,
        endpoint_uri: format!("{transport}://{local}").into(),
        connection: ConnectionId(number),
        transport,
        role: if transport == Transport::Udp { Role::Datagram } else { Role::Listener },
        local: Some(local),
        peer: Some(peer),
        mirror: false,
    };
    ConnectionStatus {
        id: ConnectionId(number),
        flow: Arc::new(flow),
        state: ConnectionState::Open,
        opened: Timestamp(NOW.0 - 75_000_000_000),
        totals: Totals { bytes_in: 156, bytes_out: 111, ..Totals::default() },
        recent: [0, 1, 2, 8, 30, 12, 60, 90, 40, 120, 70, 20],
        not_reading_millis: None,
        self_connected: false,
    }
}
