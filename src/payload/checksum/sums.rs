//! Checksums that are no CRC: plain sums, Fletcher, Adler, the Internet checksum, digests and digests with a key.
//!
//! Called by: `checksum`. All give their high byte first.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Algorithm;
use crate::model::ByteOrder;

type Compute = fn(&[u8], &[u8]) -> Vec<u8>;

pub(super) static SUMS: &[Algorithm] = &[
    plain("SUM-8", &["sum8", "checksum8"], 1, |bytes, _| vec![sum8(bytes)]),
    plain("XOR-8", &["xor8", "bcc", "nmea"], 1, |bytes, _| vec![bytes.iter().fold(0, |xor, byte| xor ^ byte)]),
    plain("LRC", &["lrc8", "modbus-ascii", "sum-8-twos-complement", "intel-hex"], 1, |bytes, _| {
        vec![sum8(bytes).wrapping_neg()]
    }),
    plain("SUM-16", &["sum16", "checksum16"], 2, |bytes, _| {
        bytes.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte))).to_be_bytes().to_vec()
    }),
    plain("FLETCHER-16", &["fletcher16"], 2, |bytes, _| fletcher16(bytes).to_be_bytes().to_vec()),
    plain("FLETCHER-32", &["fletcher32"], 4, |bytes, _| fletcher32(bytes).to_be_bytes().to_vec()),
    plain("ADLER-32", &["adler32", "zlib"], 4, |bytes, _| adler2::adler32_slice(bytes).to_be_bytes().to_vec()),
    plain("INTERNET", &["rfc1071", "inet", "ip-checksum"], 2, |bytes, _| internet(bytes).to_be_bytes().to_vec()),
    plain("MD5", &["md-5"], 16, |bytes, _| Md5::digest(bytes).to_vec()),
    plain("SHA-1", &["sha1"], 20, |bytes, _| Sha1::digest(bytes).to_vec()),
    plain("SHA-256", &["sha256", "sha2"], 32, |bytes, _| Sha256::digest(bytes).to_vec()),
    keyed("HMAC-MD5", &["hmacmd5"], 16, |bytes, key| {
        Hmac::<Md5>::new_from_slice(key)
            .map_or_else(|_| Vec::new(), |mac| mac.chain_update(bytes).finalize().into_bytes().to_vec())
    }),
    keyed("HMAC-SHA-1", &["hmacsha1", "hmac-sha1"], 20, |bytes, key| {
        Hmac::<Sha1>::new_from_slice(key)
            .map_or_else(|_| Vec::new(), |mac| mac.chain_update(bytes).finalize().into_bytes().to_vec())
    }),
    keyed("HMAC-SHA-256", &["hmacsha256", "hmac-sha256"], 32, |bytes, key| {
        Hmac::<Sha256>::new_from_slice(key)
            .map_or_else(|_| Vec::new(), |mac| mac.chain_update(bytes).finalize().into_bytes().to_vec())
    }),
];

const fn plain(name: &'static str, aliases: &'static [&'static str], bytes: usize, compute: Compute) -> Algorithm {
    Algorithm { name, aliases, bytes, order: ByteOrder::Big, keyed: false, compute }
}

const fn keyed(name: &'static str, aliases: &'static [&'static str], bytes: usize, compute: Compute) -> Algorithm {
    Algorithm { name, aliases, bytes, order: ByteOrder::Big, keyed: true, compute }
}

fn sum8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

/// Over bytes, modulo 255.
fn fletcher16(bytes: &[u8]) -> u16 {
    let (mut low, mut high) = (0_u32, 0_u32);
    // So many bytes fit before a sum of sums could overflow.
    for part in bytes.chunks(5_000) {
        for byte in part {
            low += u32::from(*byte);
            high += low;
        }
        low %= 255;
        high %= 255;
    }
    // Both are below 255.
    (high * 256 + low) as u16
}

/// Over 16-bit words, low byte first, modulo 65535; an odd last byte is the low byte of a word.
fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0_u64, 0_u64);
    for part in bytes.chunks(64 * 1024) {
        for word in part.chunks(2) {
            low += u64::from(word[0]) + 256 * u64::from(word.get(1).copied().unwrap_or(0));
            high += low;
        }
        low %= 65_535;
        high %= 65_535;
    }
    (high * 65_536 + low) as u32
}

/// RFC 1071: the ones' complement of the ones' complement sum of 16-bit words, high byte first.
fn internet(bytes: &[u8]) -> u16 {
    let mut sum: u64 =
        bytes.chunks(2).map(|word| 256 * u64::from(word[0]) + u64::from(word.get(1).copied().unwrap_or(0))).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
