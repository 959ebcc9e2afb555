//! What the services of one endpoint hold: the answer of HTTP made ready, and the registers of Modbus, which all peers of a
//! listener share.
//!
//! Owns: both, as long as the engine knows the endpoint. Never: sends. Called by: `endpoint`, the services, `Engine`.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::engine::status::ModbusStatus;
use crate::model::{Doing, EndpointSettings, Failure, HttpAnswer, ModbusTable, PayloadFormat, Reason};
use crate::payload::{Compiled, compile};
use crate::services::modbus::{self, Bank, Exception, Frame};

#[derive(Default)]
pub(in crate::engine) struct Offered {
    http: Mutex<Option<Arc<HttpOffer>>>,
    modbus: Mutex<Option<Registers>>,
}

/// The answer of HTTP, and the body that was made ready of it.
#[derive(Default)]
pub(super) struct HttpOffer {
    pub answer: HttpAnswer,
    pub body: Body,
}

#[derive(Clone, Default)]
pub(super) enum Body {
    #[default]
    Empty,
    Payload(Compiled),
    /// The bytes of a file, by its path as typed.
    File(String),
    /// What was typed cannot be understood; told when the settings were taken over.
    Wrong,
}

struct Registers {
    unit: Option<u8>,
    status: ModbusStatus,
}

impl Offered {
    /// The registers as the settings have them at the beginning.
    pub fn restart(&self, settings: &EndpointSettings) {
        let unit = &settings.modbus;
        let status = ModbusStatus { version: 0, bank: Arc::new(Bank::new(unit)), last_written: None };
        *self.modbus.lock() = Some(Registers { unit: unit.unit, status });
    }

    /// Takes over what can be changed while the socket is open. Registers keep their values.
    pub fn retune(&self, settings: &EndpointSettings) -> Result<(), Failure> {
        if let Some(registers) = &mut *self.modbus.lock() {
            registers.unit = settings.modbus.unit;
            if registers.status.bank.size() != settings.modbus.size {
                Arc::make_mut(&mut registers.status.bank).resize(settings.modbus.size);
                registers.status.version += 1;
            }
        }
        if self.http.lock().as_ref().is_some_and(|offer| offer.answer == settings.http) {
            return Ok(());
        }
        let (body, result) = body_of(&settings.http);
        *self.http.lock() = Some(Arc::new(HttpOffer { answer: settings.http.clone(), body }));
        result
    }

    pub(super) fn http(&self) -> Arc<HttpOffer> {
        self.http.lock().clone().unwrap_or_default()
    }

    pub fn modbus(&self) -> Option<ModbusStatus> {
        self.modbus.lock().as_ref().map(|registers| registers.status.clone())
    }

    pub fn put(&self, table: ModbusTable, address: u16, value: u16) {
        if let Some(registers) = &mut *self.modbus.lock() {
            Arc::make_mut(&mut registers.status.bank).put(table, address, value, false);
            registers.status.version += 1;
        }
    }

    /// Carries a request out; the PDU that answers it.
    pub(super) fn carry_out(&self, frame: &Frame, peer: Option<SocketAddr>) -> Vec<u8> {
        let function = frame.pdu.first().copied().unwrap_or(0);
        let mut registers = self.modbus.lock();
        let is_meant = |registers: &Registers| registers.unit.is_none_or(|unit| unit == frame.unit);
        let Some(registers) = registers.as_mut().filter(|registers| is_meant(registers)) else {
            return Exception::NoTarget.pdu(function);
        };
        if !modbus::writes(function) {
            return modbus::read(&registers.status.bank, &frame.pdu);
        }
        let (answer, written) = modbus::answer(Arc::make_mut(&mut registers.status.bank), &frame.pdu);
        if let Some(written) = written {
            registers.status.version += 1;
            registers.status.last_written = Some((written, peer));
        }
        answer
    }
}

fn body_of(answer: &HttpAnswer) -> (Body, Result<(), Failure>) {
    let draft = &answer.body;
    if draft.format == PayloadFormat::File {
        return (Body::File(draft.text.clone()), Ok(()));
    }
    match compile(draft) {
        Ok(compiled) => (Body::Payload(compiled), Ok(())),
        Err(mistake) => {
            let before = draft.text.get(..mistake.at.start).map_or(0, |before| before.chars().count());
            let system = format!("the body of the HTTP answer cannot be understood at character {}", before + 1);
            (Body::Wrong, Err(Failure { system, ..Failure::new(Doing::Send, "", Reason::Other) }))
        }
    }
}
