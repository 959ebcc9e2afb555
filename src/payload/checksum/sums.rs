//! Checksums that are no CRC: plain sums, Fletcher, Adler, the Internet checksum, digests and digests with a key.
//!
//! Called by: `checksum`. All give their high byte first.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Algorithm, Compute};
use crate::model::ByteOrder;

pub(super) static SUMS: &[Algorithm] = &[
    plain("SUM-8", &["sum8", "checksum8"], 1, |bytes, _, ends| each(bytes, ends, |part| vec![sum8(part)])),
    plain("XOR-8", &["xor8", "bcc", "nmea"], 1, |bytes, _, ends| {
        each(bytes, ends, |part| vec![part.iter().fold(0, |xor, byte| xor ^ byte)])
    }),
    plain("LRC", &["lrc8", "modbus-ascii", "sum-8-twos-complement", "intel-hex"], 1, |bytes, _, ends| {
        each(bytes, ends, |part| vec![sum8(part).wrapping_neg()])
    }),
    plain("SUM-16", &["sum16", "checksum16"], 2, |bytes, _, ends| {
        let sum = |part: &[u8]| part.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        each(bytes, ends, |part| sum(part).to_be_bytes().to_vec())
    }),
    plain("FLETCHER-16", &["fletcher16"], 2, |bytes, _, ends| {
        each(bytes, ends, |part| fletcher16(part).to_be_bytes().to_vec())
    }),
    plain("FLETCHER-32", &["fletcher32"], 4, |bytes, _, ends| {
        each(bytes, ends, |part| fletcher32(part).to_be_bytes().to_vec())
    }),
    plain("ADLER-32", &["adler32", "zlib"], 4, |bytes, _, ends| {
        each(bytes, ends, |part| adler2::adler32_slice(part).to_be_bytes().to_vec())
    }),
    plain("INTERNET", &["rfc1071", "inet", "ip-checksum"], 2, |bytes, _, ends| {
        each(bytes, ends, |part| internet(part).to_be_bytes().to_vec())
    }),
    plain("MD5", &["md-5"], 16, |bytes, _, ends| digests(Md5::new(), bytes, ends)),
    plain("SHA-1", &["sha1"], 20, |bytes, _, ends| digests(Sha1::new(), bytes, ends)),
    plain("SHA-256", &["sha256", "sha2"], 32, |bytes, _, ends| digests(Sha256::new(), bytes, ends)),
    keyed("HMAC-MD5", &["hmacmd5"], 16, |bytes, key, ends| macs(Hmac::<Md5>::new_from_slice(key).ok(), bytes, ends)),
    keyed("HMAC-SHA-1", &["hmacsha1", "hmac-sha1"], 20, |bytes, key, ends| {
        macs(Hmac::<Sha1>::new_from_slice(key).ok(), bytes, ends)
    }),
    keyed("HMAC-SHA-256", &["hmacsha256", "hmac-sha256"], 32, |bytes, key, ends| {
        macs(Hmac::<Sha256>::new_from_slice(key).ok(), bytes, ends)
    }),
];

const fn plain(name: &'static str, aliases: &'static [&'static str], bytes: usize, compute: Compute) -> Algorithm {
    Algorithm { name, aliases, bytes, order: ByteOrder::Big, keyed: false, compute }
}

const fn keyed(name: &'static str, aliases: &'static [&'static str], bytes: usize, compute: Compute) -> Algorithm {
    Algorithm { name, aliases, bytes, order: ByteOrder::Big, keyed: true, compute }
}

/// These are so quick that each part is summed for itself.
fn each(bytes: &[u8], ends: &[usize], sum: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    ends.iter().map(|end| sum(bytes.get(..*end).unwrap_or_default())).collect()
}

fn digests<D: Digest + Clone>(mut digest: D, bytes: &[u8], ends: &[usize]) -> Vec<Vec<u8>> {
    let mut at = 0;
    let mut up_to = |end: &usize| {
        digest.update(bytes.get(at..*end).unwrap_or_default());
        at = *end;
        digest.clone().finalize().to_vec()
    };
    ends.iter().map(&mut up_to).collect()
}

fn macs<M: Mac + Clone>(mac: Option<M>, bytes: &[u8], ends: &[usize]) -> Vec<Vec<u8>> {
    // Keys of any length are taken.
    let Some(mut mac) = mac else { return vec![Vec::new(); ends.len()] };
    let mut at = 0;
    let mut up_to = |end: &usize| {
        mac.update(bytes.get(at..*end).unwrap_or_default());
        at = *end;
        mac.clone().finalize().into_bytes().to_vec()
    };
    ends.iter().map(&mut up_to).collect()
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
