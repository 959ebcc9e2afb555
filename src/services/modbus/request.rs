//! What a request asks of the registers, and the PDU that answers it.
//!
//! The order of checks is that of the specification's diagrams: function, quantities and lengths, then addresses. A request
//! that is refused has changed nothing.

use super::Bank;
use crate::model::ModbusTable;

const MOST_BITS_READ: u16 = 2000;
const MOST_REGISTERS_READ: u16 = 125;
const MOST_BITS_WRITTEN: u16 = 1968;
const MOST_REGISTERS_WRITTEN: u16 = 123;
const MOST_WRITTEN_AND_READ: u16 = 121;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    IllegalFunction = 1,
    IllegalDataAddress = 2,
    IllegalDataValue = 3,
    /// Nobody is at this unit.
    NoTarget = 0x0B,
}

/// What a request changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub table: ModbusTable,
    pub address: u16,
    pub count: u16,
}

/// Whether a function may change anything.
pub fn writes(function: u8) -> bool {
    matches!(function, 5 | 6 | 15 | 16 | 22 | 23)
}

/// The PDU that answers a function that writes nothing.
pub fn read(bank: &Bank, pdu: &[u8]) -> Vec<u8> {
    let function = pdu.first().copied().unwrap_or(0);
    let fields = &mut Fields(pdu.get(1..).unwrap_or_default());
    let content = match function {
        1 => bits(bank, ModbusTable::Coils, fields),
        2 => bits(bank, ModbusTable::Inputs, fields),
        3 => registers(bank, ModbusTable::Holding, fields),
        4 => registers(bank, ModbusTable::InputRegisters, fields),
        _ => Err(Exception::IllegalFunction),
    };
    content.map_or_else(|exception| exception.pdu(function), |content| with_function(function, &content))
}

/// The PDU of the answer, and what was written.
pub fn answer(bank: &mut Bank, pdu: &[u8]) -> (Vec<u8>, Option<Written>) {
    let function = pdu.first().copied().unwrap_or(0);
    if !writes(function) {
        return (read(bank, pdu), None);
    }
    match carry_out(bank, function, &mut Fields(pdu.get(1..).unwrap_or_default())) {
        Ok((content, written)) => (with_function(function, &content), Some(written)),
        Err(exception) => (exception.pdu(function), None),
    }
}

fn with_function(function: u8, content: &[u8]) -> Vec<u8> {
    let mut answer = Vec::with_capacity(1 + content.len());
    answer.push(function);
    answer.extend_from_slice(content);
    answer
}

impl Exception {
    pub fn pdu(self, function: u8) -> Vec<u8> {
        vec![function | 0x80, self as u8]
    }
}

type Done = Result<(Vec<u8>, Written), Exception>;

fn carry_out(bank: &mut Bank, function: u8, fields: &mut Fields<'_>) -> Done {
    match function {
        5 => {
            let (address, value) = (fields.u16()?, fields.u16()?);
            fields.end()?;
            if !matches!(value, 0 | 0xFF00) {
                return Err(Exception::IllegalDataValue);
            }
            write(bank, ModbusTable::Coils, address, &[u16::from(value != 0)], &[address, value])
        }
        6 => {
            let (address, value) = (fields.u16()?, fields.u16()?);
            fields.end()?;
            write(bank, ModbusTable::Holding, address, &[value], &[address, value])
        }
        15 => {
            let (address, count) = (fields.u16()?, fields.quantity(MOST_BITS_WRITTEN)?);
            let bytes = fields.counted(usize::from(count).div_ceil(8))?;
            fields.end()?;
            let bit = |at: u16| u16::from(bytes[usize::from(at / 8)] >> (at % 8) & 1);
            let values: Vec<u16> = (0..count).map(bit).collect();
            write(bank, ModbusTable::Coils, address, &values, &[address, count])
        }
        16 => {
            let (address, count) = (fields.u16()?, fields.quantity(MOST_REGISTERS_WRITTEN)?);
            let values = fields.values(count)?;
            fields.end()?;
            write(bank, ModbusTable::Holding, address, &values, &[address, count])
        }
        22 => {
            let (address, and, or) = (fields.u16()?, fields.u16()?, fields.u16()?);
            fields.end()?;
            let value = (bank.get(ModbusTable::Holding, address) & and) | (or & !and);
            write(bank, ModbusTable::Holding, address, &[value], &[address, and, or])
        }
        23 => {
            let (read, count) = (fields.u16()?, fields.quantity(MOST_REGISTERS_READ)?);
            let (address, written) = (fields.u16()?, fields.quantity(MOST_WRITTEN_AND_READ)?);
            let values = fields.values(written)?;
            fields.end()?;
            within(bank, read, count)?;
            // The write comes before the read.
            let (_, written) = write(bank, ModbusTable::Holding, address, &values, &[])?;
            Ok((read_registers(bank, ModbusTable::Holding, read, count), written))
        }
        _ => Err(Exception::IllegalFunction),
    }
}

fn bits(bank: &Bank, table: ModbusTable, fields: &mut Fields<'_>) -> Result<Vec<u8>, Exception> {
    let (address, count) = (fields.u16()?, fields.quantity(MOST_BITS_READ)?);
    fields.end()?;
    within(bank, address, count)?;
    let length = usize::from(count).div_ceil(8);
    let mut content = vec![0; 1 + length];
    content[0] = u8::try_from(length).unwrap_or(u8::MAX);
    for at in 0..count {
        if bank.get(table, address + at) != 0 {
            content[1 + usize::from(at / 8)] |= 1 << (at % 8);
        }
    }
    Ok(content)
}

fn registers(bank: &Bank, table: ModbusTable, fields: &mut Fields<'_>) -> Result<Vec<u8>, Exception> {
    let (address, count) = (fields.u16()?, fields.quantity(MOST_REGISTERS_READ)?);
    fields.end()?;
    within(bank, address, count)?;
    Ok(read_registers(bank, table, address, count))
}

/// The count of bytes, and the values.
fn read_registers(bank: &Bank, table: ModbusTable, address: u16, count: u16) -> Vec<u8> {
    let mut content = vec![u8::try_from(2 * count).unwrap_or(u8::MAX)];
    content.extend((0..count).flat_map(|at| bank.get(table, address + at).to_be_bytes()));
    content
}

fn write(bank: &mut Bank, table: ModbusTable, address: u16, values: &[u16], said: &[u16]) -> Done {
    let count = u16::try_from(values.len()).map_err(|_| Exception::IllegalDataValue)?;
    within(bank, address, count)?;
    for (at, value) in (0..count).zip(values) {
        bank.put(table, address + at, *value, true);
    }
    let content = said.iter().flat_map(|field| field.to_be_bytes()).collect();
    Ok((content, Written { table, address, count }))
}

fn within(bank: &Bank, address: u16, count: u16) -> Result<(), Exception> {
    let is_there = u32::from(address) + u32::from(count) <= bank.size();
    if is_there { Ok(()) } else { Err(Exception::IllegalDataAddress) }
}

/// A PDU as it is taken apart; one of another length than its function says is an illegal value.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Exception> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Exception::IllegalDataValue)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Exception> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn quantity(&mut self, most: u16) -> Result<u16, Exception> {
        self.u16().and_then(
            |count| {
                if (1..=most).contains(&count) { Ok(count) } else { Err(Exception::IllegalDataValue) }
            },
        )
    }

    /// The bytes behind their count, which must be this one.
    fn counted(&mut self, wanted: usize) -> Result<&'a [u8], Exception> {
        let count = usize::from(self.take(1)?[0]);
        if count == wanted { self.take(count) } else { Err(Exception::IllegalDataValue) }
    }

    fn values(&mut self, count: u16) -> Result<Vec<u16>, Exception> {
        let bytes = self.counted(2 * usize::from(count))?;
        Ok(bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
    }

    fn end(&self) -> Result<(), Exception> {
        if self.0.is_empty() { Ok(()) } else { Err(Exception::IllegalDataValue) }
    }
}
