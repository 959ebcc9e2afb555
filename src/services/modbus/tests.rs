//! The examples of the specification, what is refused, and frames at every split.

use proptest::prelude::*;

use super::*;
use crate::model::{ModbusTable, ModbusUnit};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn said(bank: &mut Bank, request: &str) -> String {
    let (pdu, _) = answer(bank, &hex(request));
    pdu.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

/// Pages 11 to 38 of the specification; its addresses on the wire.
#[test]
fn the_examples_of_the_specification() {
    let mut bank = Bank::new(&ModbusUnit::default());
    let bits = |bank: &mut Bank, table, first: u16, bytes: &[u8], count: u16| {
        for at in 0..count {
            bank.put(table, first + at, u16::from(bytes[usize::from(at / 8)] >> (at % 8) & 1), false);
        }
    };
    bits(&mut bank, ModbusTable::Coils, 0x13, &[0xCD, 0x6B, 0x05], 19);
    assert_eq!(said(&mut bank, "01 00 13 00 13"), "01 03 CD 6B 05");
    bits(&mut bank, ModbusTable::Inputs, 0xC4, &[0xAC, 0xDB, 0x35], 22);
    assert_eq!(said(&mut bank, "02 00 C4 00 16"), "02 03 AC DB 35");
    for (address, value) in [(0x6B, 0x022B), (0x6C, 0), (0x6D, 0x64)] {
        bank.put(ModbusTable::Holding, address, value, false);
    }
    assert_eq!(said(&mut bank, "03 00 6B 00 03"), "03 06 02 2B 00 00 00 64");
    bank.put(ModbusTable::InputRegisters, 8, 0x0A, false);
    assert_eq!(said(&mut bank, "04 00 08 00 01"), "04 02 00 0A");
    assert_eq!(said(&mut bank, "05 00 AC FF 00"), "05 00 AC FF 00");
    assert!(bank.get(ModbusTable::Coils, 0xAC) == 1 && bank.is_by_peer(ModbusTable::Coils, 0xAC));
    assert_eq!(said(&mut bank, "06 00 01 00 03"), "06 00 01 00 03");
    assert_eq!(said(&mut bank, "0F 00 13 00 0A 02 CD 01"), "0F 00 13 00 0A");
    assert_eq!(said(&mut bank, "01 00 13 00 0A"), "01 02 CD 01");
    assert_eq!(said(&mut bank, "10 00 01 00 02 04 00 0A 01 02"), "10 00 01 00 02");
    assert_eq!(said(&mut bank, "03 00 01 00 02"), "03 04 00 0A 01 02");
    bank.put(ModbusTable::Holding, 4, 0x12, false);
    assert_eq!(said(&mut bank, "16 00 04 00 F2 00 25"), "16 00 04 00 F2 00 25");
    assert_eq!(bank.get(ModbusTable::Holding, 4), 0x17);
    assert_eq!(
        said(&mut bank, "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF"),
        "17 0C 00 00 00 17 00 00 00 00 00 00 00 00"
    );
    assert_eq!(said(&mut bank, "17 00 0E 00 01 00 0E 00 01 02 12 34"), "17 02 12 34", "the write comes first");
}

#[test]
fn what_is_refused_has_changed_nothing() {
    let mut bank = Bank::new(&ModbusUnit { size: 10, ..ModbusUnit::default() });
    for (request, exception) in [
        ("", 1),
        ("07", 1),
        ("2B 0E 01 00", 1),
        ("83", 1),
        ("03", 3),
        ("03 00 00 00", 3),
        ("03 00 00 00 01 00", 3),
        ("01 00 00 00 00", 3),
        ("01 00 00 07 D1", 3),
        ("03 00 00 00 7E", 3),
        ("03 00 00 00 0B", 2),
        ("03 00 09 00 02", 2),
        ("04 FF FF 00 02", 2),
        ("05 00 00 00 01", 3),
        ("05 00 0A FF 00", 2),
        ("06 00 0A 00 01", 2),
        ("0F 00 00 00 09 01 FF", 3),
        ("0F 00 00 07 B1 00", 3),
        ("0F 00 05 00 08 01 FF", 2),
        ("10 00 00 00 01 04 00 01", 3),
        ("10 00 00 00 00 00", 3),
        ("10 00 09 00 02 04 00 01 00 01", 2),
        ("16 00 0A 00 01 00 01", 2),
        ("17 00 00 00 01 00 0A 00 01 02 00 01", 2),
        ("17 00 0A 00 01 00 00 00 01 02 00 01", 2),
        ("17 00 00 00 01 00 00 00 7A F4", 3),
    ] {
        let function = hex(request).first().copied().unwrap_or(0);
        let wanted = (vec![function | 0x80, exception], None);
        assert_eq!(answer(&mut bank, &hex(request)), wanted, "{request}");
    }
    assert!((0..10).all(|at| ModbusTable::ALL.iter().all(|table| bank.get(*table, at) == 0)));
    // The largest of everything.
    let mut bank = Bank::new(&ModbusUnit::default());
    assert_eq!(answer(&mut bank, &hex("01 F8 30 07 D0")).0.len(), 252);
    assert_eq!(answer(&mut bank, &hex("03 FF 83 00 7D")).0.len(), 252);
    let most = [hex("10 FF 85 00 7B F6"), vec![0xAB; 246]].concat();
    assert_eq!(answer(&mut bank, &most).1, Some(Written { table: ModbusTable::Holding, address: 0xFF85, count: 123 }));
    assert_eq!(bank.get(ModbusTable::Holding, 0xFFFF), 0xABAB);
}

#[test]
fn a_copy_stays_as_it_was() {
    let unit = ModbusUnit { holding: [(7, 70)].into(), coils: [(9, true)].into(), ..ModbusUnit::default() };
    let mut bank = Bank::new(&unit);
    let copy = bank.clone();
    bank.put(ModbusTable::Holding, 7, 71, true);
    bank.put(ModbusTable::Inputs, 65_535, 5, false);
    assert_eq!((copy.get(ModbusTable::Holding, 7), bank.get(ModbusTable::Holding, 7)), (70, 71));
    assert!(bank.is_by_peer(ModbusTable::Holding, 7) && !copy.is_by_peer(ModbusTable::Holding, 7));
    assert_eq!((bank.get(ModbusTable::Inputs, 65_535), copy.get(ModbusTable::Coils, 9)), (1, 1));
    bank.put(ModbusTable::Holding, 7, 72, false);
    assert!(!bank.is_by_peer(ModbusTable::Holding, 7));
}

#[test]
fn heads_that_are_wrong_end_it() {
    let first = |bytes: &[u8]| {
        let mut frames = Frames::default();
        frames.push(bytes);
        let first = frames.take_next();
        assert_eq!(frames.take_next(), None);
        first
    };
    assert_eq!(first(&hex("0001 0001")), Some(Err(Astray::Protocol(1))));
    assert_eq!(first(&hex("0001 0000 0001")), Some(Err(Astray::Length(1))));
    assert_eq!(first(&hex("0001 0000 00FF")), Some(Err(Astray::Length(255))));
    assert_eq!(first(&hex("0001 0000 0002 01")), None);
    let pdu = Bytes::from_static(&[3]);
    assert_eq!(first(&hex("0001 0000 0002 01 03")), Some(Ok(Frame { transaction: 1, unit: 1, pdu })));
    assert_eq!(framed(0x1234, 5, &[3, 2, 0, 1]), hex("1234 0000 0005 05 03 02 00 01"));
}

fn frames_of(chunks: &[&[u8]]) -> Vec<Result<Frame, Astray>> {
    let (mut frames, mut all) = (Frames::default(), Vec::new());
    for chunk in chunks {
        frames.push(chunk);
        while let Some(frame) = frames.take_next() {
            all.push(frame);
        }
        assert!(frames.waiting() < 6 + usize::from(MOST_LENGTH));
    }
    all
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let frame = (any::<u16>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 1..20));
    let frame = frame.prop_map(|(transaction, unit, pdu)| framed(transaction, unit, &pdu));
    let part = prop_oneof![8 => frame, 1 => proptest::collection::vec(any::<u8>(), 0..9)];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn every_split_gives_the_same(bytes in stream()) {
        let all = frames_of(&[&bytes]);
        for at in 0..=bytes.len() {
            prop_assert_eq!(&frames_of(&[&bytes[..at], &bytes[at..]]), &all, "split at {}", at);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(frames_of(&single), all);
    }

    #[test]
    fn any_request_has_an_answer(pdu in proptest::collection::vec(any::<u8>(), 0..253), function in 0_u8..24, size in 0_u32..70_000) {
        let mut bank = Bank::new(&ModbusUnit { size, ..ModbusUnit::default() });
        let mut pdu = pdu;
        if let Some(first) = pdu.first_mut() {
            *first = function;
        }
        let (said, written) = answer(&mut bank, &pdu);
        prop_assert!((2..=253).contains(&said.len()));
        if let Some(written) = written {
            prop_assert!(u32::from(written.address) + u32::from(written.count) <= bank.size());
        }
    }
}
