//! The addresses of this computer.
//!
//! Owns: one reading of the interfaces. Never: names, routes. Called by: `engine`.

use std::net::{IpAddr, Ipv4Addr};

/// Own addresses, loopback first, then IPv4 before IPv6; each once. Empty where the system does not tell.
pub fn own_addresses() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> =
        if_addrs::get_if_addrs().unwrap_or_default().iter().map(|interface| interface.ip()).collect();
    addresses.sort_by_key(|address| (!address.is_loopback(), address.is_ipv6(), *address));
    addresses.dedup();
    addresses
}

/// 255.255.255.255, or the broadcast address of a network this computer is in.
pub fn is_broadcast(address: IpAddr) -> bool {
    let IpAddr::V4(address) = address.to_canonical() else { return false };
    address.is_broadcast()
        || if_addrs::get_if_addrs().unwrap_or_default().iter().any(|interface| match &interface.addr {
            if_addrs::IfAddr::V4(own) => broadcast_of(own.ip, own.netmask) == Some(address),
            if_addrs::IfAddr::V6(_) => false,
        })
}

/// Absent for networks of one or two addresses, which have none (RFC 3021).
fn broadcast_of(own: Ipv4Addr, netmask: Ipv4Addr) -> Option<Ipv4Addr> {
    let mask = u32::from(netmask);
    (mask.count_ones() < 31).then(|| Ipv4Addr::from(u32::from(own) | !mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_loopback_and_broadcasts() {
        assert!(own_addresses().contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(is_broadcast(IpAddr::V4(Ipv4Addr::BROADCAST)));
        assert!(!is_broadcast(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let (own, mask) = (Ipv4Addr::new(192, 168, 1, 7), Ipv4Addr::new(255, 255, 255, 0));
        assert_eq!(broadcast_of(own, mask), Some(Ipv4Addr::new(192, 168, 1, 255)));
        assert_eq!(broadcast_of(own, Ipv4Addr::BROADCAST), None);
    }
}
