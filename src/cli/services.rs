//! Ready-made services on the command line: the words that a workspace has for them.
//!
//! Owns: the arguments, and which of them fit together. Never: what a service says. Called by: `arguments`, `listen`.

use clap::{Args, ValueEnum};

use crate::model::{Answer, Draft, EndpointSettings, HttpAnswer, ModbusTable, ModbusUnit, Transport};
use crate::payload;
use crate::services::http::{check_header, check_value};

/// What `listen` plays.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Service")]
pub struct ServiceArguments {
    /// Play a ready-made service; http and modbus over TCP only
    #[arg(long, value_name = "NAME", value_enum, conflicts_with = "echo")]
    pub answer: Option<AnswerName>,
    /// The status of --answer http [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(200..=599))]
    pub http_status: Option<u16>,
    /// Its Content-Type; empty: none [default: text/plain; charset=utf-8]
    #[arg(long, value_name = "TYPE", value_parser = content_type)]
    pub http_type: Option<String>,
    /// One more header field of it
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub http_header: Vec<String>,
    /// Its body: text with escapes and templates, filled in at each request
    #[arg(long, value_name = "TEXT", value_parser = body, allow_hyphen_values = true)]
    pub http_body: Option<Draft>,
    /// What --answer modbus holds at the beginning, for example holding:0=17,0x1234 or coils:3=1
    #[arg(long, value_name = "TABLE:ADDRESS=VALUE,…", value_parser = registers)]
    pub registers: Vec<Registers>,
    /// Its unit; others are answered with exception 11 [default: every one]
    #[arg(long, value_name = "N")]
    pub unit: Option<u8>,
}

/// The names that `answer` has in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerName {
    /// Only automatic replies answer
    Nothing,
    /// Every byte goes back (RFC 862)
    Echo,
    /// Everything is read and nothing is answered (RFC 863)
    Discard,
    /// The date and the time as a line (RFC 867)
    Daytime,
    /// Printable characters for as long as the peer reads (RFC 864)
    Chargen,
    /// One answer to each HTTP/1 request
    Http,
    /// A Modbus/TCP server
    Modbus,
}

/// Values from one address on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    table: ModbusTable,
    address: u16,
    values: Vec<u16>,
}

impl ServiceArguments {
    /// Which service is meant; the mistake where the arguments do not fit together or a transport has it not.
    pub fn answer(&self, echo: bool, transports: impl Iterator<Item = Transport>) -> Result<Answer, String> {
        let answer = if echo { Answer::Echo } else { self.answer.map_or(Answer::Nothing, AnswerName::answer) };
        let of_http = self.http_status.is_some()
            || self.http_type.is_some()
            || !self.http_header.is_empty()
            || self.http_body.is_some();
        if of_http && answer != Answer::Http {
            return Err("--http-… belongs to --answer http".to_owned());
        }
        if (self.unit.is_some() || !self.registers.is_empty()) && answer != Answer::Modbus {
            return Err("--registers and --unit belong to --answer modbus".to_owned());
        }
        let has_udp = transports.into_iter().any(|transport| transport == Transport::Udp);
        if has_udp && !Answer::FOR_UDP.contains(&answer) {
            return Err("http and modbus are played on tcp:// endpoints only".to_owned());
        }
        Ok(answer)
    }

    /// What the service of an endpoint holds.
    pub fn fill(&self, settings: &mut EndpointSettings) {
        let usual = HttpAnswer::default();
        settings.http = HttpAnswer {
            status: self.http_status.unwrap_or(usual.status),
            content_type: self.http_type.clone().unwrap_or(usual.content_type),
            headers: self.http_header.clone(),
            body: self.http_body.clone().unwrap_or(usual.body),
        };
        settings.modbus = ModbusUnit { unit: self.unit, ..ModbusUnit::default() };
        for registers in &self.registers {
            for (address, value) in (registers.address..=u16::MAX).zip(&registers.values) {
                settings.modbus.begin_with(registers.table, address, *value);
            }
        }
    }
}

impl AnswerName {
    fn answer(self) -> Answer {
        match self {
            Self::Nothing => Answer::Nothing,
            Self::Echo => Answer::Echo,
            Self::Discard => Answer::Discard,
            Self::Daytime => Answer::Daytime,
            Self::Chargen => Answer::Chargen,
            Self::Http => Answer::Http,
            Self::Modbus => Answer::Modbus,
        }
    }
}

fn content_type(text: &str) -> Result<String, String> {
    check_value(text).map(str::to_owned).map_err(|_| "a header field has no control characters".to_owned())
}

fn header(text: &str) -> Result<String, String> {
    let wrong = |_| "a line such as X-Name: value; lengths, Content-Type and Connection are not among them".to_owned();
    check_header(text.trim()).map(|_| text.trim().to_owned()).map_err(wrong)
}

fn body(text: &str) -> Result<Draft, String> {
    let draft = Draft { text: text.to_owned(), ..Draft::default() };
    match payload::compile(&draft) {
        Ok(_) => Ok(draft),
        Err(mistake) => Err(crate::words::Words::of(crate::words::Language::English).mistake(&mistake)),
    }
}

fn registers(text: &str) -> Result<Registers, String> {
    let form = "TABLE:ADDRESS=VALUE,VALUE,…, for example holding:0=17,0x1234";
    let (table, rest) = text.split_once(':').ok_or(form)?;
    let (address, values) = rest.split_once('=').ok_or(form)?;
    let table = match table.trim() {
        "holding" => ModbusTable::Holding,
        "input_registers" => ModbusTable::InputRegisters,
        "coils" => ModbusTable::Coils,
        "inputs" => ModbusTable::Inputs,
        other => return Err(format!("{other:?} is no table: use holding, input_registers, coils or inputs")),
    };
    let address = number(address).ok_or_else(|| format!("{address:?} is no address: use 0 to 65535"))?;
    let is_bit = matches!(table, ModbusTable::Coils | ModbusTable::Inputs);
    let most = if is_bit { 1 } else { u16::MAX };
    let value = |text: &str| {
        let value = number(text).filter(|value| *value <= most);
        value.ok_or_else(|| format!("{text:?} is no value of this table: use 0 to {most}"))
    };
    let values = values.split(',').map(value).collect::<Result<Vec<_>, _>>()?;
    if usize::from(address) + values.len() > 65_536 {
        return Err("the last address is 65535".to_owned());
    }
    Ok(Registers { table, address, values })
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ListenerSettings, Protocol};

    #[test]
    fn names_are_those_of_the_workspace() {
        for (name, answer) in AnswerName::value_variants().iter().zip(Answer::ALL) {
            let named = name.to_possible_value().unwrap().get_name().to_owned();
            assert_eq!(serde_json::to_value(answer).unwrap(), named);
            assert_eq!(name.answer(), answer);
        }
    }

    #[test]
    fn registers_are_read() {
        let read = registers("holding:65534=1,0x10").unwrap();
        assert_eq!(read, Registers { table: ModbusTable::Holding, address: 65_534, values: vec![1, 16] });
        for wrong in
            ["", "holding", "holding:1", "hold:1=1", "holding:-1=1", "coils:0=2", "holding:65535=1,2", "inputs:0="]
        {
            assert!(registers(wrong).is_err(), "{wrong}");
        }
        let arguments = ServiceArguments { registers: vec![read], unit: Some(3), ..ServiceArguments::default() };
        let mut settings = EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default()));
        arguments.fill(&mut settings);
        assert_eq!((settings.modbus.unit, settings.modbus.holding.len()), (Some(3), 2));
        assert_eq!(settings.http, HttpAnswer::default());
    }

    #[test]
    fn what_does_not_fit_together_is_told() {
        let of = |answer, http_status, unit| ServiceArguments { answer, http_status, unit, ..Default::default() };
        let tcp = || std::iter::once(Transport::Tcp);
        assert_eq!(of(None, None, None).answer(true, tcp()), Ok(Answer::Echo));
        assert_eq!(of(Some(AnswerName::Http), Some(404), None).answer(false, tcp()), Ok(Answer::Http));
        assert!(of(Some(AnswerName::Echo), Some(404), None).answer(false, tcp()).is_err());
        assert!(of(Some(AnswerName::Http), None, Some(1)).answer(false, tcp()).is_err());
        assert!(of(Some(AnswerName::Modbus), None, None).answer(false, std::iter::once(Transport::Udp)).is_err());
        assert!(header("Content-Length: 3").is_err() && header("X: a\r\nb: c").is_err());
        assert!(body("{{nothing}}").is_err() && content_type("a\nb").is_err());
    }
}
