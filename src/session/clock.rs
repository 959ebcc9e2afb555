//! The session's clock: wall time read once, then advanced by the monotonic clock, so it never runs backwards.
//! Called by: the recorder's lane; every timestamp of a session comes from here.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base_wall_nanos: u64,
    base: Instant,
}

impl Clock {
    pub fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { base_wall_nanos: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX), base: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        let elapsed = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Timestamp(self.base_wall_nanos.saturating_add(elapsed))
    }
}
