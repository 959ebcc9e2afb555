//! The session file's format: events to pcapng blocks and back.
//!
//! Owns: block layout, synthetic headers, journal entries, the index at a clean end. Sizes are bounded before anything
//! is allocated. Never: files, threads, clocks.
//! Called by: the recorder and the pcapng export (writing), the log's reader (reading).

pub(super) mod aside;
pub(super) mod batch;
pub(super) mod decode;
pub(super) mod encoder;
pub(super) mod index;
pub(super) mod journal;
pub(super) mod note;
pub(super) mod packet;
pub(super) mod section;
pub(super) mod tcp;

/// Block types of the pcapng format (draft-ietf-opsawg-pcapng).
pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
pub(super) const PACKET: u32 = 6;
pub(super) const JOURNAL: u32 = 9;
/// Blocks for local use: other programs skip them. Ours begin with `MAGIC`.
pub(super) const ASIDE: u32 = 0x8000_0001;
pub(super) const INDEX: u32 = 0x8000_0002;
pub(super) const END: u32 = 0x8000_0003;
pub(super) const NOTE: u32 = 0x8000_0004;
pub(super) const MAGIC: [u8; 4] = *b"SKSC";

/// A longer block is damage: nothing that we write comes near it.
pub(super) const MAX_BLOCK_BYTES: usize = 16 * 1024 * 1024;
/// Type and length before the body, length again after it.
pub(super) const BLOCK_OVERHEAD: usize = 12;
/// The program that the section header names; how we know our own files.
pub(super) const PROGRAM: &str = "Sockscope";

pub(super) const OPTION_END: u16 = 0;
pub(super) const OPTION_COMMENT: u16 = 1;
/// Option codes with the highest bit are for local use. On an interface: endpoint id and role.
pub(super) const OPTION_ENDPOINT: u16 = 0x8001;
/// On a packet: the exact addresses, where the header cannot hold them (IPv4-mapped, scoped or absent ones).
pub(super) const OPTION_ADDRESSES: u16 = 0x8002;

/// Bytes up to the next multiple of four.
pub(super) fn padding(bytes: usize) -> usize {
    bytes.wrapping_neg() & 3
}

/// What an option takes in a block: code, length, value, padding.
pub(super) fn option_bytes(value: usize) -> usize {
    4 + value + padding(value)
}

pub(super) fn put_option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let value = &value[..usize::from(length)];
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
    out.extend_from_slice(&[0; 3][..padding(value.len())]);
}

/// Wraps a body that is already padded into a block.
pub(super) fn put_block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    debug_assert_eq!(body.len() % 4, 0);
    let total = u32::try_from(body.len() + BLOCK_OVERHEAD).unwrap_or(u32::MAX);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&total.to_le_bytes());
}

/// The options at the end of a block, one after the other; stops at the first that does not fit.
pub(super) struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.rest.split_first_chunk::<4>()?;
        let code = u16::from_le_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        if code == OPTION_END {
            self.rest = &[];
            return None;
        }
        let value = rest.get(..length)?;
        self.rest = rest.get(length + padding(length)..).unwrap_or_default();
        Some((code, value))
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk::<2>().map(|b| u16::from_le_bytes(*b))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk::<8>().map(|b| u64::from_le_bytes(*b))
}

/// One whole block: its type and its body, both lengths checked. `bytes` begins at the block and may go on behind it.
pub(super) fn block_at(bytes: &[u8]) -> Result<Block<'_>, Broken> {
    let (Some(kind), Some(total)) = (u32_at(bytes, 0), u32_at(bytes, 4)) else {
        return Err(Broken::Cut { needs: 8 });
    };
    let total = total as usize;
    if total < BLOCK_OVERHEAD || !total.is_multiple_of(4) || total > MAX_BLOCK_BYTES {
        return Err(Broken::Length);
    }
    let Some(block) = bytes.get(..total) else { return Err(Broken::Cut { needs: total }) };
    if u32_at(block, total - 4) != Some(total as u32) {
        return Err(Broken::Length);
    }
    Ok(Block { kind, body: &block[8..total - 4], total })
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub kind: u32,
    pub body: &'a [u8],
    pub total: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// More bytes are needed to have the block whole.
    Cut { needs: usize },
    /// The block's length is impossible, or its two copies differ.
    Length,
}
