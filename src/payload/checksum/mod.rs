//! Checksums that protocols carry: one catalogue for the composer, templates, received frames and the finder.
//! Called by: `compose`, `language`, ui, session (verify), words.

use crc::{CRC_16_MODBUS, CRC_32_ISO_HDLC, Crc, Table};

use crate::model::{ByteOrder, Checksum, SumForm};

static MODBUS: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_MODBUS);
static ISO_HDLC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// One way to compute a checksum.
#[derive(Clone, Copy, Debug)]
pub struct Algorithm {
    /// As the catalogue writes it: `CRC-16/MODBUS`.
    pub name: &'static str,
    /// Other names it is found by, in small letters.
    pub aliases: &'static [&'static str],
    /// Bytes of its binary form.
    pub bytes: usize,
    /// How its own protocols send it.
    pub order: ByteOrder,
    /// It needs a key (HMAC).
    pub keyed: bool,
    /// High byte first.
    compute: fn(&[u8], &[u8]) -> Vec<u8>,
}

impl Algorithm {
    /// The binary form, high byte first.
    pub fn compute(&self, bytes: &[u8], key: &[u8]) -> Vec<u8> {
        (self.compute)(bytes, key)
    }
}

/// All that are known, in the order in which they are offered.
pub fn catalogue() -> &'static [Algorithm] {
    &CATALOGUE
}

/// The one of a name, in any letters; old names of workspaces count too.
pub fn algorithm(name: &str) -> Option<&'static Algorithm> {
    let small = name.to_ascii_lowercase();
    catalogue().iter().find(|known| known.name.to_ascii_lowercase() == small || known.aliases.contains(&&*small))
}

/// How many bytes `checksum` gives; 0 where there is none or the name is not known.
pub fn checksum_length(sum: &Checksum) -> usize {
    let bytes = algorithm(&sum.algorithm).map_or(0, |known| known.bytes);
    if sum.form == SumForm::Binary { bytes } else { 2 * bytes }
}

/// The bytes to append to `bytes`, in the order in which they are sent; nothing where the name is not known.
pub fn checksum(sum: &Checksum, bytes: &[u8]) -> Vec<u8> {
    let Some(known) = algorithm(&sum.algorithm) else { return Vec::new() };
    let mut value = known.compute(bytes, sum.key.as_bytes());
    if sum.order.unwrap_or(known.order) == ByteOrder::Little {
        value.reverse();
    }
    let digits = |upper: bool| {
        let text: String =
            value.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect();
        text.into_bytes()
    };
    match sum.form {
        SumForm::Binary => value,
        SumForm::Hex => digits(false),
        SumForm::HexUpper => digits(true),
    }
}

static CATALOGUE: [Algorithm; 4] = [
    Algorithm {
        name: "CRC-16/MODBUS",
        aliases: &["crc16-modbus", "modbus"],
        bytes: 2,
        order: ByteOrder::Little,
        keyed: false,
        compute: |bytes, _| MODBUS.checksum(bytes).to_be_bytes().to_vec(),
    },
    Algorithm {
        name: "CRC-32/ISO-HDLC",
        aliases: &["crc32"],
        bytes: 4,
        order: ByteOrder::Big,
        keyed: false,
        compute: |bytes, _| ISO_HDLC.checksum(bytes).to_be_bytes().to_vec(),
    },
    Algorithm {
        name: "SUM-8",
        aliases: &["sum8"],
        bytes: 1,
        order: ByteOrder::Big,
        keyed: false,
        compute: |bytes, _| vec![bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))],
    },
    Algorithm {
        name: "XOR-8",
        aliases: &["xor8"],
        bytes: 1,
        order: ByteOrder::Big,
        keyed: false,
        compute: |bytes, _| vec![bytes.iter().fold(0, |xor, byte| xor ^ byte)],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values that the CRC catalogue publishes for this text; the two plain ones by hand.
    #[test]
    fn published_check_values() {
        let check = b"123456789";
        assert_eq!(checksum(&Checksum::of("crc16-modbus"), check), 0x4B37_u16.to_le_bytes());
        assert_eq!(checksum(&Checksum::of("CRC-32/ISO-HDLC"), check), 0xCBF4_3926_u32.to_be_bytes());
        assert_eq!(checksum(&Checksum::of("sum8"), check), [0xDD]);
        assert_eq!(checksum(&Checksum::of("xor8"), check), [0x31]);
        assert!(checksum(&Checksum::default(), check).is_empty());
    }

    /// A request that stands in the Modbus documentation: read two registers of unit 1.
    #[test]
    fn a_modbus_request() {
        let sum = Checksum::of("CRC-16/MODBUS");
        assert_eq!(checksum(&sum, &[0x01, 0x03, 0x00, 0x00, 0x00, 0x02]), [0xC4, 0x0B]);
    }
}
