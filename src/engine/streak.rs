//! Two endpoints of ours that answer each other without end: noticed by counting.
//!
//! Owns: how many automatic replies went between two sockets of ours with no other sending between them. A peer that is not
//! ours has no streak and is never held up. Called by: `pairs`, `answering`, `tcp_stream`, `udp`, `send`.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::model::EndpointId;

/// Replies in a row, of both ends together.
pub(super) const MOST_REPLIES: u32 = 1000;
/// Each end has its part in an endless exchange; one that only answers a long sending has none.
const LEAST_PART: u32 = 100;

/// Shared by both ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Streak(Arc<Mutex<BTreeMap<EndpointId, u32>>>);

impl Streak {
    /// Counts a reply; `to_itself`: both ends are one socket. The endpoints that answer each other without end, where they do.
    pub fn replied(&self, by: EndpointId, to_itself: bool) -> Option<Vec<EndpointId>> {
        let mut counts = self.0.lock();
        *counts.entry(by).or_default() += 1;
        let both = (to_itself || counts.len() > 1) && counts.values().all(|count| *count >= LEAST_PART);
        if !both || counts.values().sum::<u32>() <= MOST_REPLIES {
            return None;
        }
        Some(std::mem::take(&mut *counts).into_keys().collect())
    }

    /// Something else was sent.
    pub fn broken(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_that_answer_in_a_row_make_a_loop() {
        let streak = Streak::default();
        let (a, b) = (EndpointId(1), EndpointId(2));
        assert!((0..5000).all(|_| streak.replied(a, false).is_none()), "one that answers a long sending");
        streak.broken();
        assert!((0..490).all(|_| streak.replied(a, false).is_none() && streak.replied(b, false).is_none()));
        streak.broken();
        assert!((0..500).all(|_| streak.replied(a, false).is_none() && streak.replied(b, false).is_none()));
        assert_eq!(streak.replied(a, false), Some(vec![a, b]));
        assert_eq!(streak.replied(b, false), None, "it begins anew");
        let alone = Streak::default();
        assert!((0..1000).all(|_| alone.replied(a, true).is_none()));
        assert_eq!(alone.replied(a, true), Some(vec![a]));
    }
}
