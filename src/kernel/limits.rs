//! The limit of open files: 10,000 peers need more than the 1,024 that most systems start with.
//!
//! Owns: RLIMIT_NOFILE. Never: other limits. Called by: `ui` and `cli` at start.

/// Soft and hard limit; `None` means unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimit {
    pub soft: Option<u64>,
    pub hard: Option<u64>,
}

/// Raises the soft limit to the hard one and tells what stands now. A refusal leaves the limit as it was.
#[cfg(unix)]
pub fn raise_file_limit() -> FileLimit {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = file_limit();
    if limit.soft != limit.hard {
        // macOS reports "unlimited" and refuses it: ask for what it does give.
        for wanted in [limit.hard, Some(limit.hard.unwrap_or(10_240).min(10_240))] {
            if setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum: limit.hard }).is_ok() {
                break;
            }
        }
    }
    file_limit()
}

#[cfg(unix)]
fn file_limit() -> FileLimit {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    FileLimit { soft: limit.current, hard: limit.maximum }
}

#[cfg(not(unix))]
pub fn raise_file_limit() -> FileLimit {
    file_limit()
}

#[cfg(not(unix))]
fn file_limit() -> FileLimit {
    FileLimit { soft: None, hard: None }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_reaches_the_hard_one() {
        let before = file_limit();
        let after = raise_file_limit();
        assert_eq!(after.hard, before.hard);
        assert!(after.soft.unwrap_or(u64::MAX) >= before.soft.unwrap_or(u64::MAX));
    }
}
