//! `192.168.1.0/24:80`, `[::1]:9000`, `fe80::/10`, `:80`: the far end, as it stands in a filter.
//! Called by: `parse`, and `print` for the way back.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use super::{AddressPattern, Host, Mistake, MistakeKind};

/// `at` is where the text begins in the filter.
pub(super) fn address(text: &str, at: usize) -> Result<AddressPattern, Mistake> {
    let all = at..at + text.len();
    if let Some(rest) = text.strip_prefix('[') {
        let Some((inner, after)) = rest.split_once(']') else {
            return Err(Mistake::new(all, MistakeKind::BadAddress));
        };
        let (prefix, port) = match after.split_once(':') {
            Some((prefix, port)) => (prefix, Some(port)),
            None => (after, None),
        };
        if !prefix.is_empty() && !prefix.starts_with('/') {
            return Err(Mistake::new(all, MistakeKind::BadAddress));
        }
        let text_of_host = if prefix.is_empty() { inner.to_owned() } else { format!("{inner}{prefix}") };
        let host = host(&text_of_host, at..all.end - port.map_or(0, |port| port.len() + 1))?;
        if !host.address.is_ipv6() {
            return Err(Mistake::new(all, MistakeKind::BadAddress));
        }
        let port = port.map(|text| self::port(text, all.end - text.len())).transpose()?;
        return Ok(AddressPattern { host: Some(host), port });
    }
    let bare = text.split('/').next().unwrap_or_default();
    if bare.parse::<Ipv6Addr>().is_ok() {
        return Ok(AddressPattern { host: Some(host(text, all)?), port: None });
    }
    let (before, port) = match text.rsplit_once(':') {
        // Neither an IPv6 address nor one with brackets.
        Some((before, _)) if before.contains(':') => return Err(Mistake::new(all, MistakeKind::BadAddress)),
        Some((before, port)) => (before, Some(self::port(port, all.end - port.len())?)),
        None => (text, None),
    };
    let host = if before.is_empty() { None } else { Some(host(before, at..at + before.len())?) };
    if host.is_none() && port.is_none() {
        return Err(Mistake::new(all, MistakeKind::BadAddress));
    }
    Ok(AddressPattern { host, port })
}

/// As `address` reads it.
pub(super) fn text_of(pattern: &AddressPattern) -> String {
    let mut text = String::new();
    if let Some(Host { address, prefix }) = &pattern.host {
        let address = match (address, pattern.port) {
            (IpAddr::V6(_), Some(_)) => format!("[{address}]"),
            _ => address.to_string(),
        };
        text.push_str(&address);
        if *prefix < width(&pattern.host) {
            text.push_str(&format!("/{prefix}"));
        }
    }
    if let Some(port) = pattern.port {
        text.push_str(&format!(":{port}"));
    }
    text
}

fn width(host: &Option<Host>) -> u8 {
    if matches!(host, Some(Host { address: IpAddr::V4(_), .. })) { 32 } else { 128 }
}

fn host(text: &str, at: Range<usize>) -> Result<Host, Mistake> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| Mistake::new(at.clone(), MistakeKind::BadAddress))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => most,
        Some(digits) => plain_number(digits)
            .and_then(|bits| u8::try_from(bits).ok())
            .filter(|bits| *bits <= most)
            .ok_or(Mistake::new(at, MistakeKind::BadPrefix { most }))?,
    };
    Ok(Host { address, prefix })
}

fn port(text: &str, at: usize) -> Result<u16, Mistake> {
    plain_number(text)
        .and_then(|port| u16::try_from(port).ok())
        // Of an empty one the colon is marked.
        .ok_or_else(|| Mistake::new(at - usize::from(text.is_empty())..at + text.len(), MistakeKind::BadPort))
}

/// Digits only: no sign.
fn plain_number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (typed, written) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            (":80", ":80"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/8:80", "10.0.0.0/8:80"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:9000", "[::1]:9000"),
            ("fe80::/10", "fe80::/10"),
            ("[fe80::]/10:80", "[fe80::]/10:80"),
            ("[fe80::/10]:80", "[fe80::]/10:80"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ] {
            let pattern = address(typed, 0).unwrap();
            assert_eq!(text_of(&pattern), written, "{typed}");
            assert_eq!(address(written, 0).unwrap(), pattern);
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (typed, at, what) in [
            ("localhost", 0..9, MistakeKind::BadAddress),
            ("1.2.3", 0..5, MistakeKind::BadAddress),
            ("1.2.3.4:", 7..8, MistakeKind::BadPort),
            ("1.2.3.4:99999", 8..13, MistakeKind::BadPort),
            ("1.2.3.4:+5", 8..10, MistakeKind::BadPort),
            ("1.2.3.4/33", 0..10, MistakeKind::BadPrefix { most: 32 }),
            ("[::1", 0..4, MistakeKind::BadAddress),
            ("[1.2.3.4]:5", 0..11, MistakeKind::BadAddress),
            ("[::1]:x", 6..7, MistakeKind::BadPort),
            ("[::1]9", 0..6, MistakeKind::BadAddress),
            ("fe80::1%eth0", 0..12, MistakeKind::BadAddress),
            ("é:80", 0..2, MistakeKind::BadAddress),
        ] {
            assert_eq!(address(typed, 0), Err(Mistake::new(at, what)), "{typed}");
        }
    }
}
