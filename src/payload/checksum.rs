//! Checksums that protocols append to their messages. Called by: `compose`, ui.

use crc::{CRC_16_MODBUS, CRC_32_ISO_HDLC, Crc, Table};

use crate::model::Checksum;

static MODBUS: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_MODBUS);
static ISO_HDLC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// The bytes to append to `bytes`, in the order in which they are sent.
pub fn checksum(kind: Checksum, bytes: &[u8]) -> Vec<u8> {
    match kind {
        Checksum::None => Vec::new(),
        Checksum::Crc16Modbus => MODBUS.checksum(bytes).to_le_bytes().to_vec(),
        Checksum::Crc32 => ISO_HDLC.checksum(bytes).to_be_bytes().to_vec(),
        Checksum::Sum8 => vec![bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))],
        Checksum::Xor8 => vec![bytes.iter().fold(0, |xor, byte| xor ^ byte)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values that the CRC catalogue publishes for this text; the two plain ones by hand.
    #[test]
    fn published_check_values() {
        let check = b"123456789";
        assert_eq!(checksum(Checksum::Crc16Modbus, check), 0x4B37_u16.to_le_bytes());
        assert_eq!(checksum(Checksum::Crc32, check), 0xCBF4_3926_u32.to_be_bytes());
        assert_eq!(checksum(Checksum::Sum8, check), [0xDD]);
        assert_eq!(checksum(Checksum::Xor8, check), [0x31]);
        assert!(checksum(Checksum::None, check).is_empty());
    }

    /// A request that stands in the Modbus documentation: read two registers of unit 1.
    #[test]
    fn a_modbus_request() {
        assert_eq!(checksum(Checksum::Crc16Modbus, &[0x01, 0x03, 0x00, 0x00, 0x00, 0x02]), [0xC4, 0x0B]);
    }
}
