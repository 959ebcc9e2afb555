//! The four tables of a unit, in pages that copies share: a copy costs nothing until a page of it is written to.
//!
//! Owns: values, and which of them a peer wrote last. Called by: `request`, engine, ui.

use std::sync::Arc;

use crate::model::{ModbusTable, ModbusUnit};

/// Addresses of a table, at most.
pub const MOST_ADDRESSES: u32 = 65_536;
const PAGE: usize = 256;
const PAGES: usize = 256;

/// Coils and inputs are 0 or 1.
#[derive(Clone, Debug)]
pub struct Bank {
    /// In the order of `ModbusTable::ALL`.
    tables: [Table; 4],
    /// Addresses that are there.
    size: u32,
}

#[derive(Clone, Debug)]
struct Table(Arc<[Arc<Page>]>);

#[derive(Clone, Debug)]
struct Page {
    values: [u16; PAGE],
    /// A bit for each that a peer wrote and nobody here since.
    by_peer: [u64; PAGE / 64],
}

impl Bank {
    /// With the values of the beginning.
    pub fn new(unit: &ModbusUnit) -> Self {
        let empty = Arc::new(Page { values: [0; PAGE], by_peer: [0; PAGE / 64] });
        let table = Table(vec![empty; PAGES].into());
        let mut bank = Self { tables: std::array::from_fn(|_| table.clone()), size: 0 };
        bank.resize(unit.size);
        for (table, values) in [(ModbusTable::Coils, &unit.coils), (ModbusTable::Inputs, &unit.inputs)] {
            for (address, on) in values {
                bank.put(table, *address, u16::from(*on), false);
            }
        }
        let registers = [(ModbusTable::Holding, &unit.holding), (ModbusTable::InputRegisters, &unit.input_registers)];
        for (table, values) in registers {
            for (address, value) in values {
                bank.put(table, *address, *value, false);
            }
        }
        bank
    }

    pub fn size(&self) -> u32 {
        self.size
    }

    /// What lies beyond stays as it is, for when the table grows again.
    pub fn resize(&mut self, size: u32) {
        self.size = size.clamp(1, MOST_ADDRESSES);
    }

    pub fn get(&self, table: ModbusTable, address: u16) -> u16 {
        let (page, at) = place(address);
        self.tables[index(table)].0[page].values[at]
    }

    /// A peer wrote it, and nobody here since.
    pub fn is_by_peer(&self, table: ModbusTable, address: u16) -> bool {
        let (page, at) = place(address);
        self.tables[index(table)].0[page].by_peer[at / 64] & (1 << (at % 64)) != 0
    }

    /// Addresses beyond the size are taken too; nobody can read them.
    pub fn put(&mut self, table: ModbusTable, address: u16, value: u16, by_peer: bool) {
        let is_bit = matches!(table, ModbusTable::Coils | ModbusTable::Inputs);
        let (page, at) = place(address);
        let pages = &mut self.tables[index(table)].0;
        let page = Arc::make_mut(&mut Arc::make_mut(pages)[page]);
        page.values[at] = if is_bit { u16::from(value != 0) } else { value };
        let bit = 1 << (at % 64);
        if by_peer {
            page.by_peer[at / 64] |= bit;
        } else {
            page.by_peer[at / 64] &= !bit;
        }
    }
}

fn index(table: ModbusTable) -> usize {
    match table {
        ModbusTable::Holding => 0,
        ModbusTable::InputRegisters => 1,
        ModbusTable::Coils => 2,
        ModbusTable::Inputs => 3,
    }
}

/// Page, and place in it.
fn place(address: u16) -> (usize, usize) {
    (usize::from(address) / PAGE, usize::from(address) % PAGE)
}
