//! Captured UDP datagrams: a lane for each pair of addresses, on the side that was addressed first.
//! Called by: `mod`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::headers::Datagram;
use super::missing;
use super::recent::{Pair, Recent};
use super::sink::Sink;
use crate::model::{Direction, Flow, Timestamp, Transport, What};

#[derive(Default)]
pub(super) struct Lanes {
    lanes: Recent<Lane>,
}

struct Lane {
    flow: Arc<Flow>,
    here: SocketAddr,
}

impl Lanes {
    pub(super) fn take(&mut self, datagram: &Datagram<'_>, time: Timestamp, sink: &mut Sink) -> io::Result<()> {
        let pair = Pair::of(datagram.source, datagram.target);
        let lane = match self.lanes.get(pair) {
            Some(lane) => lane,
            None => {
                // A lane that is given up here and goes on later is another one then.
                self.lanes.overflow();
                let here = datagram.target;
                let flow = sink.flow(Transport::Udp, here, datagram.source);
                self.lanes.insert(pair, Lane { flow, here });
                let Some(lane) = self.lanes.get(pair) else { return Ok(()) };
                lane
            }
        };
        let bytes = Bytes::copy_from_slice(datagram.payload);
        let (what, direction) = if datagram.target == lane.here {
            (What::Received(bytes), Direction::In)
        } else {
            (What::Sent(bytes), Direction::Out)
        };
        sink.put(time, &lane.flow, what)?;
        if datagram.uncaptured > 0 {
            sink.put(time, &lane.flow, missing(direction, u64::from(datagram.uncaptured)))?;
        }
        Ok(())
    }
}
