//! Switches of the system's network that explain a failure.
//!
//! Owns: reading `/proc/sys/net`. Never: changing it. Called by: `engine`, `kernel::failure`.

/// IPv6 is switched off on this computer (or was never built in).
#[cfg(target_os = "linux")]
pub fn ipv6_is_off() -> bool {
    // Without the loopback's own switch the system has no IPv6 at all.
    ["all", "lo"].iter().all(|interface| {
        let path = format!("/proc/sys/net/ipv6/conf/{interface}/disable_ipv6");
        std::fs::read_to_string(path).is_ok_and(|value| value.trim() == "1")
    }) || !std::path::Path::new("/proc/sys/net/ipv6").exists()
}

#[cfg(not(target_os = "linux"))]
pub fn ipv6_is_off() -> bool {
    false
}
