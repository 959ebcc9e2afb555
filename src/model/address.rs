//! A host and a port as people type them: `example.org:80`, `127.0.0.1:9000`, `[fe80::1%eth0]:7`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A host (name or address, IPv6 without brackets, scope kept) and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPort {
    pub host: String,
    pub port: u16,
}

/// Why a text is not a host and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPortError {
    #[error("the host is missing")]
    NoHost,
    #[error("the port is missing: write host:port")]
    NoPort,
    #[error("the port is not a number from 0 to 65535")]
    BadPort,
    #[error("an IPv6 address needs brackets: [::1]:9000")]
    NeedsBrackets,
    #[error("the bracket is not closed: [::1]:9000")]
    OpenBracket,
    #[error("a host holds no spaces, brackets or control characters")]
    BadCharacter,
}

impl HostPort {
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The address, where the host is one already (no scope: that needs the system).
    pub fn as_socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip().to_string(), address.port())
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(HostPortError::BadCharacter);
        }
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, after) = rest.split_once(']').ok_or(HostPortError::OpenBracket)?;
            (host, after.strip_prefix(':').ok_or(HostPortError::NoPort)?)
        } else {
            let (host, port) = text.rsplit_once(':').ok_or(HostPortError::NoPort)?;
            if host.contains(':') {
                return Err(HostPortError::NeedsBrackets);
            }
            (host, port)
        };
        if host.is_empty() {
            return Err(HostPortError::NoHost);
        }
        if host.contains(['[', ']']) {
            return Err(HostPortError::BadCharacter);
        }
        if port.is_empty() {
            return Err(HostPortError::NoPort);
        }
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(HostPortError::BadPort);
        }
        let port = port.parse().map_err(|_| HostPortError::BadPort)?;
        Ok(Self::new(host, port))
    }
}

impl TryFrom<String> for HostPort {
    type Error = HostPortError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HostPort> for String {
    fn from(value: HostPort) -> Self {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_addresses_and_scopes() {
        for text in ["example.org:80", "127.0.0.1:0", "[::1]:9000", "[fe80::1%eth0]:7"] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| text.parse::<HostPort>().unwrap_err();
        assert_eq!(error(":80"), HostPortError::NoHost);
        assert_eq!(error("host"), HostPortError::NoPort);
        assert_eq!(error("host:"), HostPortError::NoPort);
        assert_eq!(error("host:65536"), HostPortError::BadPort);
        assert_eq!(error("host:+80"), HostPortError::BadPort);
        assert_eq!(error("::1:80"), HostPortError::NeedsBrackets);
        assert_eq!(error("[::1"), HostPortError::OpenBracket);
        assert_eq!(error("a b:1"), HostPortError::BadCharacter);
        assert_eq!(error("[[]:1"), HostPortError::BadCharacter);
        assert_eq!(error("a]:1"), HostPortError::BadCharacter);
    }
}
