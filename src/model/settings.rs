//! What a person sets for an endpoint. The same words stand in the workspace file.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::{
    DecoderChoice, EndpointUri, Framing, HostPort, HttpAnswer, ModbusUnit, ReplyRule, TextEncoding, Transport, Verify,
};

/// One endpoint as the user configured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSettings {
    /// A name of the user's, shown instead of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Open it when the workspace is opened, on a computer where the user said so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub start_with_workspace: bool,
    /// How the content of this socket is shown as text.
    #[serde(default)]
    pub shown_as: TextEncoding,
    /// How its streams are taken apart into frames, for the log and for replies.
    #[serde(default, skip_serializing_if = "is_default")]
    pub framing: Framing,
    /// What reads the fields of its frames.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decoder: DecoderChoice,
    /// A checksum that received frames carry; wrong ones are marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    #[serde(flatten)]
    pub protocol: Protocol,
    /// Automatic replies, in order: the first that fits counts.
    #[serde(default, rename = "reply", skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<ReplyRule>,
    /// What `Answer::Http` says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub http: HttpAnswer,
    /// What `Answer::Modbus` holds at the beginning.
    #[serde(default, skip_serializing_if = "is_default")]
    pub modbus: ModbusUnit,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Protocol {
    TcpListener(ListenerSettings),
    TcpClient(ClientSettings),
    Udp(UdpSettings),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListenerSettings {
    pub address: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
    /// Accept IPv4 peers on an IPv6 wildcard address as well (IPV6_V6ONLY off).
    pub dual_stack: bool,
    /// Connections that the system completes before we accept them; capped by net.core.somaxconn.
    pub backlog: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_peers: Option<u32>,
    pub over_limit: OverLimit,
    pub answer: Answer,
}

/// What happens to a peer beyond `max_peers`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverLimit {
    /// Accepted and reset at once, with a row that says so.
    #[default]
    Reset,
    /// Left in the system's queue until a place is free.
    Wait,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    #[default]
    Nothing,
    /// Every byte goes back to where it came from (RFC 862).
    Echo,
    /// Everything is read and nothing is answered (RFC 863).
    Discard,
    /// The date and the time as a line, then the end (RFC 867).
    Daytime,
    /// Lines of printable characters for as long as the peer reads (RFC 864).
    Chargen,
    /// One answer to each HTTP/1 request.
    Http,
    /// A Modbus/TCP server.
    Modbus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    pub remote: HostPort,
    /// Local address to connect from; the system chooses when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_address: Option<IpAddr>,
    /// Local port to connect from; 0 lets the system choose.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub source_port: u16,
    #[serde(default = "ClientSettings::default_timeout")]
    pub connect_timeout_millis: u64,
    /// Connect again this long after the connection ended or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect_millis: Option<u64>,
    #[serde(default)]
    pub answer: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UdpSettings {
    pub address: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
    pub dual_stack: bool,
    /// A connected socket: the only peer it sends to and hears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<HostPort>,
    /// Allow sending to broadcast addresses (SO_BROADCAST).
    pub broadcast: bool,
    /// Bytes asked for with SO_RCVBUF.
    pub receive_buffer: u32,
    pub answer: Answer,
}

impl Answer {
    /// What a listener can play; a client and a UDP socket answer in the ways that make sense for them.
    pub const ALL: [Self; 7] =
        [Self::Nothing, Self::Echo, Self::Discard, Self::Daytime, Self::Chargen, Self::Http, Self::Modbus];
    pub const FOR_UDP: [Self; 5] = [Self::Nothing, Self::Echo, Self::Discard, Self::Daytime, Self::Chargen];
    pub const FOR_CLIENTS: [Self; 3] = [Self::Nothing, Self::Echo, Self::Discard];
}

impl EndpointSettings {
    pub fn new(protocol: Protocol) -> Self {
        Self {
            name: None,
            start_with_workspace: false,
            shown_as: TextEncoding::default(),
            framing: Framing::default(),
            decoder: DecoderChoice::default(),
            verify: None,
            protocol,
            replies: Vec::new(),
            http: HttpAnswer::default(),
            modbus: ModbusUnit::default(),
        }
    }

    /// With everything of another's that can be changed while the socket is open and has no place in the forms.
    pub fn keeping(self, other: &Self) -> Self {
        Self {
            framing: other.framing.clone(),
            decoder: other.decoder.clone(),
            verify: other.verify.clone(),
            replies: other.replies.clone(),
            http: other.http.clone(),
            modbus: other.modbus.clone(),
            ..self
        }
    }

    /// What it answers by itself.
    pub fn answer(&self) -> Answer {
        match &self.protocol {
            Protocol::TcpListener(listener) => listener.answer,
            Protocol::TcpClient(client) => client.answer,
            Protocol::Udp(udp) => udp.answer,
        }
    }

    pub fn transport(&self) -> Transport {
        match self.protocol {
            Protocol::TcpListener(_) | Protocol::TcpClient(_) => Transport::Tcp,
            Protocol::Udp(_) => Transport::Udp,
        }
    }

    /// The endpoint in one line. A connected UDP socket is named by its peer.
    pub fn uri(&self) -> EndpointUri {
        let at = match &self.protocol {
            Protocol::TcpListener(listener) => HostPort::new(listener.address.to_string(), listener.port),
            Protocol::TcpClient(client) => client.remote.clone(),
            Protocol::Udp(udp) => match &udp.remote {
                Some(remote) => remote.clone(),
                None => HostPort::new(udp.address.to_string(), udp.port),
            },
        };
        EndpointUri { transport: self.transport(), at }
    }

    /// Whether others than this computer can reach the endpoint as it is configured.
    pub fn reachable_from_network(&self) -> bool {
        match &self.protocol {
            Protocol::TcpListener(listener) => !listener.address.is_loopback(),
            Protocol::Udp(udp) => !udp.address.is_loopback() && udp.remote.is_none(),
            Protocol::TcpClient(_) => false,
        }
    }
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 9000,
            dual_stack: false,
            backlog: 4096,
            max_peers: None,
            over_limit: OverLimit::default(),
            answer: Answer::default(),
        }
    }
}

impl ClientSettings {
    pub fn new(remote: HostPort) -> Self {
        Self {
            remote,
            source_address: None,
            source_port: 0,
            connect_timeout_millis: Self::default_timeout(),
            reconnect_millis: None,
            answer: Answer::default(),
        }
    }

    fn default_timeout() -> u64 {
        10_000
    }
}

impl Default for UdpSettings {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            dual_stack: false,
            remote: None,
            broadcast: false,
            receive_buffer: 4 * 1024 * 1024,
            answer: Answer::default(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u16) -> bool {
    *value == 0
}
