//! Small captures made by hand: packets of a conversation, wrapped into the link layers and file formats that others write.
#![allow(dead_code, reason = "each test program uses a part of it")]

use etherparse::PacketBuilder;

pub const SYN: u8 = 2;
pub const SYN_ACK: u8 = 0x12;
pub const ACK: u8 = 0x10;
pub const FIN_ACK: u8 = 0x11;
pub const RST: u8 = 4;

pub const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 50_000);
pub const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 80);

/// An IP packet with a TCP segment; `up`: from the client to the server.
pub fn segment(up: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Vec<u8> {
    let (from, to) = if up { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let mut builder = PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, seq, 1000);
    if flags & 1 != 0 {
        builder = builder.fin();
    }
    if flags & SYN != 0 {
        builder = builder.syn();
    }
    if flags & RST != 0 {
        builder = builder.rst();
    }
    if flags & ACK != 0 {
        builder = builder.ack(ack);
    }
    written(|out| builder.write(out, payload).unwrap())
}

pub fn datagram(up: bool, payload: &[u8]) -> Vec<u8> {
    let (from, to) = if up { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    written(|out| PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1).write(out, payload).unwrap())
}

pub fn datagram_v6(payload: &[u8]) -> Vec<u8> {
    let (from, to) = ([0xfe; 16], [0xfd; 16]);
    written(|out| PacketBuilder::ipv6(from, to, 64).udp(5000, 53).write(out, payload).unwrap())
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// Asked, accepted, "hello" up, "world!" down, both finished.
pub fn conversation() -> Vec<Vec<u8>> {
    vec![
        segment(true, SYN, 100, 0, b""),
        segment(false, SYN_ACK, 900, 101, b""),
        segment(true, ACK, 101, 901, b""),
        segment(true, ACK, 101, 901, b"hello"),
        segment(false, ACK, 901, 106, b"world!"),
        segment(true, FIN_ACK, 106, 907, b""),
        segment(false, FIN_ACK, 907, 107, b""),
        segment(true, ACK, 107, 908, b""),
    ]
}

/// An IP packet as this link type carries it.
pub fn in_link(link: u16, ip: &[u8]) -> Vec<u8> {
    let kind: [u8; 2] = if ip[0] >> 4 == 6 { [0x86, 0xdd] } else { [8, 0] };
    let family_le = if ip[0] >> 4 == 6 { [30, 0, 0, 0] } else { [2, 0, 0, 0] };
    let mut packet = match link {
        // With a customer's VLAN in a provider's.
        1 => [&[1; 12][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 9], &kind].concat(),
        0 => family_le.to_vec(),
        108 => family_le.iter().rev().copied().collect(),
        113 => [&[0; 14][..], &kind].concat(),
        276 => [&kind[..], &[0; 18]].concat(),
        _ => Vec::new(),
    };
    packet.extend_from_slice(ip);
    // Short Ethernet frames are filled up.
    if link == 1 {
        packet.resize(packet.len().max(68), 0);
    }
    packet
}

/// A classic pcap file; packet `n` is of second 1,700,000,000 + n and half a second.
pub fn pcap(magic: [u8; 4], link: u16, packets: &[Vec<u8>], snaplen: usize) -> Vec<u8> {
    let big = magic[0] == 0xa1;
    let nanos = magic.contains(&0x3c);
    let word = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let half = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut out = magic.to_vec();
    out.extend([half(2), half(4)].concat());
    out.extend([word(0), word(0), word(snaplen as u32), word(u32::from(link))].concat());
    for (number, packet) in packets.iter().enumerate() {
        let captured = packet.len().min(snaplen);
        let fraction = if nanos { 500_000_000 } else { 500_000 };
        out.extend([word(1_700_000_000 + number as u32), word(fraction)].concat());
        out.extend([word(captured as u32), word(packet.len() as u32)].concat());
        out.extend_from_slice(&packet[..captured]);
    }
    out
}

pub const LITTLE: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];

/// A pcapng file of one byte order, block by block.
pub struct Blocks {
    pub big: bool,
    pub out: Vec<u8>,
}

impl Blocks {
    pub fn new(big: bool) -> Self {
        let mut blocks = Self { big, out: Vec::new() };
        blocks.section();
        blocks
    }

    pub fn section(&mut self) {
        let body =
            [self.word(0x1a2b_3c4d).to_vec(), self.half(1).to_vec(), self.half(0).to_vec(), vec![0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body);
    }

    pub fn interface(&mut self, link: u16, options: &[(u16, Vec<u8>)]) {
        let mut body = [self.half(link), self.half(0)].concat();
        body.extend(self.word(0));
        self.options(&mut body, options);
        self.block(1, &body);
    }

    pub fn enhanced(&mut self, interface: u32, time: u64, packet: &[u8], options: &[(u16, Vec<u8>)]) {
        let mut body = Vec::new();
        for value in [interface, (time >> 32) as u32, time as u32, packet.len() as u32, packet.len() as u32] {
            body.extend(self.word(value));
        }
        pad(&mut body, packet);
        self.options(&mut body, options);
        self.block(6, &body);
    }

    pub fn simple(&mut self, packet: &[u8]) {
        let mut body = self.word(packet.len() as u32).to_vec();
        pad(&mut body, packet);
        self.block(3, &body);
    }

    pub fn obsolete(&mut self, interface: u16, time: u64, packet: &[u8]) {
        let mut body = [self.half(interface), self.half(0)].concat();
        for value in [(time >> 32) as u32, time as u32, packet.len() as u32, packet.len() as u32] {
            body.extend(self.word(value));
        }
        pad(&mut body, packet);
        self.block(2, &body);
    }

    pub fn block(&mut self, kind: u32, body: &[u8]) {
        let total = self.word(body.len() as u32 + 12);
        self.out.extend(self.word(kind));
        self.out.extend(total);
        self.out.extend_from_slice(body);
        self.out.extend(total);
    }

    fn options(&self, body: &mut Vec<u8>, options: &[(u16, Vec<u8>)]) {
        for (code, value) in options {
            body.extend(self.half(*code));
            body.extend(self.half(value.len() as u16));
            pad(body, value);
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
    }

    pub fn word(&self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn half(&self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

fn pad(body: &mut Vec<u8>, value: &[u8]) {
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}
