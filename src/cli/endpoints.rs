//! An ENDPOINT of the command line ⇄ the settings of an endpoint. Pure: names are resolved by the engine, not here.
//! Called by: `arguments` (the checks) and the commands.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::{
    Answer, ClientSettings, EndpointSettings, EndpointUri, ListenerSettings, Protocol, Transport, UdpSettings,
};

/// An endpoint to listen at: its host is an address of this computer, not a name.
pub fn to_listen_at(text: &str) -> Result<EndpointUri, String> {
    let uri: EndpointUri = text.parse().map_err(|error| format!("{error}"))?;
    match own_address(&uri.at.host) {
        Some(_) => Ok(uri),
        None => Err("listening needs an address of this computer, for example 127.0.0.1, 0.0.0.0 or [::1]".to_owned()),
    }
}

/// An endpoint to connect or send to.
pub fn to_connect_to(text: &str) -> Result<EndpointUri, String> {
    let uri: EndpointUri = text.parse().map_err(|error| format!("{error}"))?;
    if uri.at.port == 0 { Err("port 0 cannot be connected to".to_owned()) } else { Ok(uri) }
}

/// What `listen` opens for an endpoint that `to_listen_at` has let pass.
pub fn listening(uri: &EndpointUri, answer: Answer, max_peers: Option<u32>, dual_stack: bool) -> EndpointSettings {
    let address = own_address(&uri.at.host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let dual_stack = dual_stack && address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let port = uri.at.port;
    EndpointSettings::new(match uri.transport {
        Transport::Tcp => Protocol::TcpListener(ListenerSettings {
            address,
            port,
            dual_stack,
            max_peers,
            answer,
            ..Default::default()
        }),
        Transport::Udp => Protocol::Udp(UdpSettings { address, port, dual_stack, answer, ..Default::default() }),
    })
}

/// What `connect` and `send` open. A UDP socket's own address has to be of the peer's family.
pub fn connecting(uri: &EndpointUri) -> EndpointSettings {
    EndpointSettings::new(match uri.transport {
        Transport::Tcp => Protocol::TcpClient(ClientSettings::new(uri.at.clone())),
        Transport::Udp => {
            let v6 = uri.at.host.contains(':');
            let address = if v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
            Protocol::Udp(UdpSettings { address, remote: Some(uri.at.clone()), broadcast: true, ..Default::default() })
        }
    })
}

fn own_address(host: &str) -> Option<IpAddr> {
    match host {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        "*" => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        _ => host.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listens_at_addresses_only() {
        for text in ["tcp://127.0.0.1:9000", "tcp://[::1]:0", "udp://0.0.0.0:5005", "tcp://localhost:1", "tcp://*:1"] {
            assert!(to_listen_at(text).is_ok(), "{text}");
        }
        for text in ["tcp://example.org:80", "127.0.0.1:80", "tcp://:80", "tcp://127.0.0.1"] {
            assert!(to_listen_at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_say_what_was_typed() {
        let uri = to_listen_at("tcp://[::]:9000").unwrap();
        let settings = listening(&uri, Answer::Echo, Some(3), true);
        let Protocol::TcpListener(listener) = &settings.protocol else { panic!("{settings:?}") };
        assert_eq!((listener.port, listener.max_peers, listener.dual_stack), (9000, Some(3), true));
        assert_eq!(listener.answer, Answer::Echo);
        assert_eq!(listener.backlog, 4096);
        let v4 = listening(&to_listen_at("tcp://0.0.0.0:9000").unwrap(), Answer::Nothing, None, true);
        let Protocol::TcpListener(v4) = v4.protocol else { panic!() };
        assert!(!v4.dual_stack);
    }

    #[test]
    fn a_udp_socket_is_of_its_peers_family() {
        let settings = connecting(&to_connect_to("udp://[::1]:5").unwrap());
        let Protocol::Udp(udp) = settings.protocol else { panic!() };
        assert!(udp.address.is_ipv6());
        assert!(to_connect_to("tcp://a:0").is_err());
    }
}
