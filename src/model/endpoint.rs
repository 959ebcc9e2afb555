//! `tcp://127.0.0.1:9000`: one line that names an endpoint, the same in the window, the workspace and the command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{HostPort, HostPortError};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A transport, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndpointUri {
    pub transport: Transport,
    pub at: HostPort,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointUriError {
    #[error("an endpoint begins with tcp:// or udp://, for example tcp://127.0.0.1:9000")]
    NoScheme,
    #[error("{0}:// is not known here: use tcp:// or udp://")]
    UnknownScheme(String),
    #[error("{0} (for example tcp://127.0.0.1:9000)")]
    Address(#[from] HostPortError),
}

impl fmt::Display for EndpointUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.at)
    }
}

impl FromStr for EndpointUri {
    type Err = EndpointUriError;

    /// Surrounding white space and one trailing `/` are forgiven: pasted text often carries them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(EndpointUriError::NoScheme)?;
        let transport = match scheme.to_ascii_lowercase().as_str() {
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            other => return Err(EndpointUriError::UnknownScheme(other.escape_debug().to_string())),
        };
        let at = rest.strip_suffix('/').unwrap_or(rest).parse()?;
        Ok(Self { transport, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for text in ["tcp://127.0.0.1:9000", "tcp://[::1]:0", "udp://0.0.0.0:5005", "tcp://plc-7.local:502"] {
            assert_eq!(text.parse::<EndpointUri>().unwrap().to_string(), text);
        }
        assert_eq!(" TCP://host:1/ ".parse::<EndpointUri>().unwrap().to_string(), "tcp://host:1");
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!("127.0.0.1:1".parse::<EndpointUri>(), Err(EndpointUriError::NoScheme));
        assert_eq!("http://a:1".parse::<EndpointUri>(), Err(EndpointUriError::UnknownScheme("http".into())));
        assert_eq!("tcp://a".parse::<EndpointUri>(), Err(EndpointUriError::Address(HostPortError::NoPort)));
    }
}
