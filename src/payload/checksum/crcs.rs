//! The catalogue of cyclic redundancy checks: those of the `crc` crate, each by its published name.
//!
//! Owns: names and aliases of the CRC catalogue, and one table each. The tables are constants of the program: reading a page of
//! it is all that they cost, and only when they are used. Called by: `checksum`.

use crc::{Crc, Table};

use super::Algorithm;
use crate::model::ByteOrder;

/// Name, constant of the crate, its number type, lanes of its table (16 where large payloads are likely), aliases in small letters.
macro_rules! crcs {
    ($($name:literal, $constant:ident, $number:ty, $lanes:literal, [$($alias:literal),*];)*) => {
        pub(super) static CRCS: &[Algorithm] = &[$(
            Algorithm {
                name: $name,
                aliases: &[$($alias),*],
                bytes: bytes_of(crc::$constant.width),
                order: order_of($name, crc::$constant.refout),
                keyed: false,
                compute: |bytes, _, ends| {
                    static SUM: Crc<$number, Table<$lanes>> = Crc::<$number, Table<$lanes>>::new(&crc::$constant);
                    let (mut digest, mut at) = (SUM.digest(), 0);
                    let mut up_to = |end: &usize| {
                        digest.update(bytes.get(at..*end).unwrap_or_default());
                        at = *end;
                        let value = digest.clone().finalize().to_be_bytes();
                        value[value.len() - bytes_of(crc::$constant.width)..].to_vec()
                    };
                    ends.iter().map(&mut up_to).collect()
                },
            },
        )*];

        /// What the catalogue publishes for the text `123456789`.
        #[cfg(test)]
        pub(super) static CHECKS: &[(&str, u128)] = &[$(($name, crc::$constant.check as u128),)*];
    };
}

/// A sum that does not fill its last byte is sent in whole bytes, zero bits at the top.
const fn bytes_of(width: u8) -> usize {
    (width as usize).div_ceil(8)
}

/// A reflected sum comes out with its low bits first, and so its protocols send it. CRC-32 is in use in both ways; workspaces
/// have had it high byte first.
const fn order_of(name: &str, reflected: bool) -> ByteOrder {
    let iso_hdlc = matches!(name.as_bytes(), b"CRC-32/ISO-HDLC");
    if reflected && !iso_hdlc { ByteOrder::Little } else { ByteOrder::Big }
}

crcs! {
    "CRC-3/GSM", CRC_3_GSM, u8, 1, [];
    "CRC-3/ROHC", CRC_3_ROHC, u8, 1, [];
    "CRC-4/G-704", CRC_4_G_704, u8, 1, ["crc-4/itu"];
    "CRC-4/INTERLAKEN", CRC_4_INTERLAKEN, u8, 1, [];
    "CRC-5/EPC-C1G2", CRC_5_EPC_C1G2, u8, 1, ["crc-5/epc"];
    "CRC-5/G-704", CRC_5_G_704, u8, 1, ["crc-5/itu"];
    "CRC-5/USB", CRC_5_USB, u8, 1, [];
    "CRC-6/CDMA2000-A", CRC_6_CDMA2000_A, u8, 1, [];
    "CRC-6/CDMA2000-B", CRC_6_CDMA2000_B, u8, 1, [];
    "CRC-6/DARC", CRC_6_DARC, u8, 1, [];
    "CRC-6/G-704", CRC_6_G_704, u8, 1, ["crc-6/itu"];
    "CRC-6/GSM", CRC_6_GSM, u8, 1, [];
    "CRC-7/MMC", CRC_7_MMC, u8, 1, ["crc-7"];
    "CRC-7/ROHC", CRC_7_ROHC, u8, 1, [];
    "CRC-7/UMTS", CRC_7_UMTS, u8, 1, [];
    "CRC-8/AUTOSAR", CRC_8_AUTOSAR, u8, 1, [];
    "CRC-8/BLUETOOTH", CRC_8_BLUETOOTH, u8, 1, [];
    "CRC-8/CDMA2000", CRC_8_CDMA2000, u8, 1, [];
    "CRC-8/DARC", CRC_8_DARC, u8, 1, [];
    "CRC-8/DVB-S2", CRC_8_DVB_S2, u8, 1, [];
    "CRC-8/GSM-A", CRC_8_GSM_A, u8, 1, [];
    "CRC-8/GSM-B", CRC_8_GSM_B, u8, 1, [];
    "CRC-8/HITAG", CRC_8_HITAG, u8, 1, [];
    "CRC-8/I-432-1", CRC_8_I_432_1, u8, 1, ["crc-8/itu"];
    "CRC-8/I-CODE", CRC_8_I_CODE, u8, 1, [];
    "CRC-8/LTE", CRC_8_LTE, u8, 1, [];
    "CRC-8/MAXIM-DOW", CRC_8_MAXIM_DOW, u8, 1, ["crc-8/maxim", "dow-crc", "1-wire"];
    "CRC-8/MIFARE-MAD", CRC_8_MIFARE_MAD, u8, 1, [];
    "CRC-8/NRSC-5", CRC_8_NRSC_5, u8, 1, [];
    "CRC-8/OPENSAFETY", CRC_8_OPENSAFETY, u8, 1, [];
    "CRC-8/ROHC", CRC_8_ROHC, u8, 1, [];
    "CRC-8/SAE-J1850", CRC_8_SAE_J1850, u8, 1, [];
    "CRC-8/SMBUS", CRC_8_SMBUS, u8, 1, ["crc-8", "crc8"];
    "CRC-8/TECH-3250", CRC_8_TECH_3250, u8, 1, ["crc-8/aes", "crc-8/ebu"];
    "CRC-8/WCDMA", CRC_8_WCDMA, u8, 1, [];
    "CRC-10/ATM", CRC_10_ATM, u16, 1, ["crc-10", "crc-10/i-610"];
    "CRC-10/CDMA2000", CRC_10_CDMA2000, u16, 1, [];
    "CRC-10/GSM", CRC_10_GSM, u16, 1, [];
    "CRC-11/FLEXRAY", CRC_11_FLEXRAY, u16, 1, ["crc-11"];
    "CRC-11/UMTS", CRC_11_UMTS, u16, 1, [];
    "CRC-12/CDMA2000", CRC_12_CDMA2000, u16, 1, [];
    "CRC-12/DECT", CRC_12_DECT, u16, 1, ["x-crc-12"];
    "CRC-12/GSM", CRC_12_GSM, u16, 1, [];
    "CRC-12/UMTS", CRC_12_UMTS, u16, 1, ["crc-12/3gpp"];
    "CRC-13/BBC", CRC_13_BBC, u16, 1, [];
    "CRC-14/DARC", CRC_14_DARC, u16, 1, [];
    "CRC-14/GSM", CRC_14_GSM, u16, 1, [];
    "CRC-15/CAN", CRC_15_CAN, u16, 1, ["crc-15"];
    "CRC-15/MPT1327", CRC_15_MPT1327, u16, 1, [];
    "CRC-16/ARC", CRC_16_ARC, u16, 16, ["arc", "crc-16", "crc16", "crc-16/lha", "crc-ibm"];
    "CRC-16/CDMA2000", CRC_16_CDMA2000, u16, 1, [];
    "CRC-16/CMS", CRC_16_CMS, u16, 1, [];
    "CRC-16/DDS-110", CRC_16_DDS_110, u16, 1, [];
    "CRC-16/DECT-R", CRC_16_DECT_R, u16, 1, ["r-crc-16"];
    "CRC-16/DECT-X", CRC_16_DECT_X, u16, 1, ["x-crc-16"];
    "CRC-16/DNP", CRC_16_DNP, u16, 1, [];
    "CRC-16/EN-13757", CRC_16_EN_13757, u16, 1, [];
    "CRC-16/GENIBUS", CRC_16_GENIBUS, u16, 1, ["crc-16/darc", "crc-16/epc", "crc-16/epc-c1g2", "crc-16/i-code"];
    "CRC-16/GSM", CRC_16_GSM, u16, 1, [];
    "CRC-16/IBM-3740", CRC_16_IBM_3740, u16, 16, ["crc-16/autosar", "crc-16/ccitt-false", "ccitt-false"];
    "CRC-16/IBM-SDLC", CRC_16_IBM_SDLC, u16, 16, ["crc-16/iso-hdlc", "crc-16/iso-iec-14443-3-b", "crc-16/x-25", "crc-b", "x-25"];
    "CRC-16/ISO-IEC-14443-3-A", CRC_16_ISO_IEC_14443_3_A, u16, 1, ["crc-a"];
    "CRC-16/KERMIT", CRC_16_KERMIT, u16, 16, ["crc-16/bluetooth", "crc-16/ccitt", "crc-16/ccitt-true", "crc-16/v-41-lsb", "crc-ccitt", "kermit"];
    "CRC-16/LJ1200", CRC_16_LJ1200, u16, 1, [];
    "CRC-16/M17", CRC_16_M17, u16, 1, [];
    "CRC-16/MAXIM-DOW", CRC_16_MAXIM_DOW, u16, 1, ["crc-16/maxim"];
    "CRC-16/MCRF4XX", CRC_16_MCRF4XX, u16, 1, ["mavlink"];
    "CRC-16/MODBUS", CRC_16_MODBUS, u16, 16, ["modbus", "crc16-modbus"];
    "CRC-16/NRSC-5", CRC_16_NRSC_5, u16, 1, [];
    "CRC-16/OPENSAFETY-A", CRC_16_OPENSAFETY_A, u16, 1, [];
    "CRC-16/OPENSAFETY-B", CRC_16_OPENSAFETY_B, u16, 1, [];
    "CRC-16/PROFIBUS", CRC_16_PROFIBUS, u16, 1, ["crc-16/iec-61158-2"];
    "CRC-16/RIELLO", CRC_16_RIELLO, u16, 1, [];
    "CRC-16/SPI-FUJITSU", CRC_16_SPI_FUJITSU, u16, 1, ["crc-16/aug-ccitt"];
    "CRC-16/T10-DIF", CRC_16_T10_DIF, u16, 1, [];
    "CRC-16/TELEDISK", CRC_16_TELEDISK, u16, 1, [];
    "CRC-16/TMS37157", CRC_16_TMS37157, u16, 1, [];
    "CRC-16/UMTS", CRC_16_UMTS, u16, 1, ["crc-16/buypass", "crc-16/verifone"];
    "CRC-16/USB", CRC_16_USB, u16, 1, [];
    "CRC-16/XMODEM", CRC_16_XMODEM, u16, 16, ["crc-16/acorn", "crc-16/lte", "crc-16/v-41-msb", "xmodem", "zmodem"];
    "CRC-17/CAN-FD", CRC_17_CAN_FD, u32, 1, [];
    "CRC-21/CAN-FD", CRC_21_CAN_FD, u32, 1, [];
    "CRC-24/BLE", CRC_24_BLE, u32, 1, [];
    "CRC-24/FLEXRAY-A", CRC_24_FLEXRAY_A, u32, 1, [];
    "CRC-24/FLEXRAY-B", CRC_24_FLEXRAY_B, u32, 1, [];
    "CRC-24/INTERLAKEN", CRC_24_INTERLAKEN, u32, 1, [];
    "CRC-24/LTE-A", CRC_24_LTE_A, u32, 1, [];
    "CRC-24/LTE-B", CRC_24_LTE_B, u32, 1, [];
    "CRC-24/OPENPGP", CRC_24_OPENPGP, u32, 1, ["crc-24"];
    "CRC-24/OS-9", CRC_24_OS_9, u32, 1, [];
    "CRC-30/CDMA", CRC_30_CDMA, u32, 1, [];
    "CRC-31/PHILIPS", CRC_31_PHILIPS, u32, 1, [];
    "CRC-32/AIXM", CRC_32_AIXM, u32, 1, ["crc-32q"];
    "CRC-32/AUTOSAR", CRC_32_AUTOSAR, u32, 1, [];
    "CRC-32/BASE91-D", CRC_32_BASE91_D, u32, 1, ["crc-32d"];
    "CRC-32/BZIP2", CRC_32_BZIP2, u32, 16, ["crc-32/aal5", "crc-32/dect-b", "b-crc-32"];
    "CRC-32/CD-ROM-EDC", CRC_32_CD_ROM_EDC, u32, 1, [];
    "CRC-32/CKSUM", CRC_32_CKSUM, u32, 1, ["cksum", "crc-32/posix"];
    "CRC-32/ISCSI", CRC_32_ISCSI, u32, 16, ["crc-32/base91-c", "crc-32/castagnoli", "crc-32/interlaken", "crc-32c", "crc32c"];
    "CRC-32/ISO-HDLC", CRC_32_ISO_HDLC, u32, 16, ["crc-32", "crc32", "crc-32/adccp", "crc-32/v-42", "crc-32/xz", "pkzip", "ethernet"];
    "CRC-32/JAMCRC", CRC_32_JAMCRC, u32, 1, ["jamcrc"];
    "CRC-32/MEF", CRC_32_MEF, u32, 1, [];
    "CRC-32/MPEG-2", CRC_32_MPEG_2, u32, 16, [];
    "CRC-32/XFER", CRC_32_XFER, u32, 1, ["xfer"];
    "CRC-40/GSM", CRC_40_GSM, u64, 1, [];
    "CRC-64/ECMA-182", CRC_64_ECMA_182, u64, 1, ["crc-64"];
    "CRC-64/GO-ISO", CRC_64_GO_ISO, u64, 1, [];
    "CRC-64/MS", CRC_64_MS, u64, 1, [];
    "CRC-64/NVME", CRC_64_NVME, u64, 1, [];
    "CRC-64/REDIS", CRC_64_REDIS, u64, 1, [];
    "CRC-64/WE", CRC_64_WE, u64, 1, [];
    "CRC-64/XZ", CRC_64_XZ, u64, 1, ["crc-64/go-ecma"];
    "CRC-82/DARC", CRC_82_DARC, u128, 1, [];
}
