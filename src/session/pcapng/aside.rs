//! Payload events that must not become packets: the second copy of bytes whose both ends are ours, and what no IP header
//! can hold. A block for local use, which other programs skip.
//! Called by: `encoder` and `decode`.

use bytes::Bytes;

use super::batch::Batch;
use super::packet::{Addresses, addresses_text, read_addresses};
use super::{ASIDE, BLOCK_OVERHEAD, MAGIC, padding, u16_at, u32_at, u64_at};
use crate::model::{Flow, Timestamp, Transport};

/// Magic, direction, transport, mirror, filler, interface, connection, time, seq, lengths of payload and addresses, CRC.
const FIXED_BYTES: usize = 44;

pub(in crate::session) fn put_aside(
    batch: &mut Batch,
    flow: &Flow,
    interface: u32,
    time: Timestamp,
    seq: u64,
    outbound: bool,
    payload: &Bytes,
) {
    let addresses = addresses_text(flow);
    let mut fixed = [0; FIXED_BYTES];
    fixed[0..4].copy_from_slice(&MAGIC);
    fixed[4] = u8::from(outbound);
    fixed[5] = u8::from(flow.transport == Transport::Udp);
    fixed[6] = u8::from(flow.mirror);
    fixed[8..12].copy_from_slice(&interface.to_le_bytes());
    fixed[12..16].copy_from_slice(&flow.connection.0.to_le_bytes());
    fixed[16..24].copy_from_slice(&time.0.to_le_bytes());
    fixed[24..32].copy_from_slice(&seq.to_le_bytes());
    fixed[32..36].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    fixed[36..38].copy_from_slice(&(addresses.len() as u16).to_le_bytes());
    let crc = crc_of(&fixed, addresses.as_bytes(), payload);
    fixed[40..44].copy_from_slice(&crc.to_le_bytes());

    let content = FIXED_BYTES + addresses.len() + payload.len();
    let total = (BLOCK_OVERHEAD + content + padding(content)) as u32;
    let out = batch.buffer();
    out.extend_from_slice(&ASIDE.to_le_bytes());
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&fixed);
    out.extend_from_slice(addresses.as_bytes());
    batch.put_payload(payload);
    let out = batch.buffer();
    out.extend_from_slice(&[0; 3][..padding(content)]);
    out.extend_from_slice(&total.to_le_bytes());
}

fn crc_of(fixed: &[u8], addresses: &[u8], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&fixed[..40]);
    crc.update(addresses);
    crc.update(payload);
    crc.finalize()
}

pub(in crate::session) struct Aside<'a> {
    pub interface: u32,
    pub time: Timestamp,
    pub seq: u64,
    pub connection: u32,
    pub outbound: bool,
    pub transport: Transport,
    pub mirror: bool,
    pub payload: &'a [u8],
    fixed: &'a [u8],
    addresses: &'a [u8],
}

impl<'a> Aside<'a> {
    /// `None`: a block for local use of somebody else.
    pub(in crate::session) fn read(body: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = body.split_at_checked(FIXED_BYTES)?;
        if fixed[..4] != MAGIC {
            return None;
        }
        let (addresses, rest) = rest.split_at_checked(usize::from(u16_at(fixed, 36)?))?;
        Some(Self {
            interface: u32_at(fixed, 8)?,
            time: Timestamp(u64_at(fixed, 16)?),
            seq: u64_at(fixed, 24)?,
            connection: u32_at(fixed, 12)?,
            outbound: fixed[4] == 1,
            transport: if fixed[5] == 1 { Transport::Udp } else { Transport::Tcp },
            mirror: fixed[6] == 1,
            payload: rest.get(..u32_at(fixed, 32)? as usize)?,
            fixed,
            addresses,
        })
    }

    pub(in crate::session) fn addresses(&self) -> Option<Addresses> {
        read_addresses(self.addresses)
    }

    pub(in crate::session) fn is_damaged(&self) -> bool {
        u32_at(self.fixed, 40) != Some(crc_of(self.fixed, self.addresses, self.payload)) || self.addresses().is_none()
    }
}
