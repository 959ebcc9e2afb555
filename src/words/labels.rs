//! Names of what can be chosen. Called by: ui, cli.

use super::Words;
use crate::model::{
    Answer, ByteOrder, Checksum, Direction, EventKind, HostPortError, LineEnding, OverLimit, PayloadFormat, Protocol,
    Role, SumForm,
};
use crate::payload::MadeBy;

impl Words {
    pub fn kind(&self, kind: EventKind) -> &str {
        self.known(&format!("kind.{}", kind.name()))
    }

    pub fn direction(&self, direction: Direction) -> &str {
        self.known(match direction {
            Direction::In => "direction.in",
            Direction::Out => "direction.out",
        })
    }

    pub fn role(&self, role: Role) -> &str {
        self.known(match role {
            Role::Listener => "role.listener",
            Role::Client => "role.client",
            Role::Datagram => "role.datagram",
        })
    }

    pub fn protocol(&self, protocol: &Protocol) -> &str {
        self.known(match protocol {
            Protocol::TcpListener(_) => "protocol.tcp_listener",
            Protocol::TcpClient(_) => "protocol.tcp_client",
            Protocol::Udp(_) => "protocol.udp",
        })
    }

    /// An export format by its name on the command line.
    pub fn export_format(&self, name: &str) -> &str {
        self.known(&format!("format.{name}"))
    }

    pub fn payload_format(&self, format: PayloadFormat) -> &str {
        self.known(match format {
            PayloadFormat::Text => "payload_format.text",
            PayloadFormat::Mixed => "payload_format.mixed",
            PayloadFormat::Hex => "payload_format.hex",
            PayloadFormat::Base64 => "payload_format.base64",
            PayloadFormat::File => "payload_format.file",
        })
    }

    /// What made bytes of a payload.
    pub fn made_by(&self, made_by: MadeBy) -> &str {
        self.get(match made_by {
            MadeBy::Typed => "made_by.typed",
            MadeBy::Escape => "made_by.escape",
            MadeBy::Hex => "made_by.hex",
            MadeBy::Counter => "made_by.counter",
            MadeBy::Time => "made_by.time",
            MadeBy::Random => "made_by.random",
            MadeBy::Address => "made_by.address",
            MadeBy::Length => "made_by.length",
            MadeBy::Checksum => "made_by.checksum",
            MadeBy::File => "made_by.file",
            MadeBy::Environment => "made_by.environment",
            MadeBy::Asked => "made_by.asked",
            MadeBy::Capture => "made_by.capture",
            MadeBy::Variable => "made_by.variable",
            MadeBy::Ending => "made_by.ending",
        })
    }

    pub fn line_ending(&self, ending: LineEnding) -> &str {
        self.known(match ending {
            LineEnding::None => "line_ending.none",
            LineEnding::Lf => "line_ending.lf",
            LineEnding::CrLf => "line_ending.crlf",
            LineEnding::Cr => "line_ending.cr",
            LineEnding::Nul => "line_ending.nul",
        })
    }

    /// Its own name, which is the same in every language.
    pub fn byte_order(&self, order: ByteOrder) -> &str {
        self.known(match order {
            ByteOrder::Big => "checksum.big",
            ByteOrder::Little => "checksum.little",
        })
    }

    pub fn sum_form(&self, form: SumForm) -> &str {
        self.known(match form {
            SumForm::Binary => "checksum.binary",
            SumForm::Hex => "checksum.hex",
            SumForm::HexUpper => "checksum.hex_upper",
        })
    }

    pub fn checksum<'a>(&'a self, checksum: &'a Checksum) -> &'a str {
        if checksum.is_none() { self.known("checksum.none") } else { &checksum.algorithm }
    }

    pub fn answer(&self, answer: Answer) -> &str {
        self.known(match answer {
            Answer::Nothing => "answer.nothing",
            Answer::Echo => "answer.echo",
            Answer::Discard => "answer.discard",
            Answer::Daytime => "answer.daytime",
            Answer::Chargen => "answer.chargen",
            Answer::Http => "answer.http",
            Answer::Modbus => "answer.modbus",
        })
    }

    /// What an answer does, in a few words beside its name.
    pub fn answer_hint(&self, answer: Answer) -> &str {
        self.known(match answer {
            Answer::Nothing => "answer_hint.nothing",
            Answer::Echo => "answer_hint.echo",
            Answer::Discard => "answer_hint.discard",
            Answer::Daytime => "answer_hint.daytime",
            Answer::Chargen => "answer_hint.chargen",
            Answer::Http => "answer_hint.http",
            Answer::Modbus => "answer_hint.modbus",
        })
    }

    pub fn over_limit(&self, over_limit: OverLimit) -> &str {
        self.known(match over_limit {
            OverLimit::Reset => "over_limit.reset",
            OverLimit::Wait => "over_limit.wait",
        })
    }

    /// Why a text is not `host:port`.
    pub fn address_error(&self, error: HostPortError) -> &str {
        self.known(match error {
            HostPortError::NoHost => "address.no_host",
            HostPortError::NoPort => "address.no_port",
            HostPortError::BadPort => "address.bad_port",
            HostPortError::NeedsBrackets => "address.needs_brackets",
            HostPortError::OpenBracket => "address.open_bracket",
            HostPortError::BadCharacter => "address.bad_character",
        })
    }

    pub(super) fn known(&self, key: &str) -> &str {
        self.find(key).unwrap_or_default()
    }
}
