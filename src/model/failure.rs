//! What could not be done: what was tried, on which address, what the system answered.
//! `words` turns it into sentences and hints; here stand only the facts.
//! Built by: engine, kernel, session, workspace. Error numbers are those of errno(3).

use std::io::{Error, ErrorKind};
use std::path::Path;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub doing: Doing,
    /// What it was tried on: an address, a host name, a path.
    pub on: String,
    pub reason: Reason,
    /// The system's own words, where the system said something.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The system's error number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
    /// The program that holds the port, where that can be read: "nginx (pid 812)".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    Listen,
    Bind,
    Accept,
    Resolve,
    Connect,
    Send,
    /// Carrying out an automatic reply; `on` is its number and name.
    Reply,
    Receive,
    ReadFile,
    WriteFile,
    Record,
}

/// Why it failed. Each has a sentence and a hint of its own in every language (`words::failure`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    PortTaken,
    PortNeedsRights,
    AddressNotHere,
    Ipv6Off,
    NameUnknown,
    NameServerSilent,
    Refused,
    TimedOut,
    NetworkUnreachable,
    HostUnreachable,
    Prohibited,
    Reset,
    BrokenPipe,
    PortUnreachable,
    DatagramTooLong,
    BroadcastOff,
    TooManyOpenFiles,
    NoMemory,
    NotConnected,
    NoPeers,
    Cancelled,
    DiskFull,
    FolderGone,
    NotAllowed,
    FileMissing,
    FileExists,
    NotAFile,
    NoProgress,
    FamilyMismatch,
    /// A link-local address, of which every interface has its own.
    InterfaceMissing,
    /// Both ends are sockets of ours that answer with an echo: it would never end, so one of them does not answer.
    EchoLoop,
    /// Another program wrote the file: it is only read.
    NotOurs,
    /// The file is damaged or cut: nothing is put behind the damage.
    Damaged,
    /// The session is being recorded into by another program of ours.
    BeingRecorded,
    /// The file is another one than when it was opened.
    FileChanged,
    /// The file is still being read through.
    StillReading,
    TooManyNotes,
    /// Neither pcap nor pcapng; `system` holds its first bytes.
    NotACapture,
    /// Bytes that were sent and do not stand in the capture that was imported.
    NotCaptured,
    /// A template of a payload asks for something that is not there; `system` holds the template.
    NotFilledIn,
    /// What the peer of a Modbus service sends are no frames of Modbus/TCP; `system` holds what is wrong.
    NotModbus,
    /// A file outside the workspace's folder that nobody chose.
    OutOfReach,
    /// The workspace is not trusted to read the environment.
    NotTrusted,
    /// It is longer than a payload that is put together in memory may be.
    PayloadTooLong,
    Other,
}

impl Failure {
    pub fn new(doing: Doing, on: impl Into<String>, reason: Reason) -> Self {
        Self { doing, on: on.into(), reason, system: String::new(), errno: None, holder: None }
    }

    /// What the system answered about a file. (What it answers about a socket, `kernel::failure` reads.)
    pub fn of_file(doing: Doing, path: &Path, error: &Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Reason::DiskFull,
            ErrorKind::NotFound | ErrorKind::NotADirectory if doing != Doing::ReadFile => Reason::FolderGone,
            ErrorKind::NotFound | ErrorKind::NotADirectory => Reason::FileMissing,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Reason::NotAllowed,
            ErrorKind::AlreadyExists => Reason::FileExists,
            ErrorKind::IsADirectory => Reason::NotAFile,
            ErrorKind::OutOfMemory => Reason::NoMemory,
            ErrorKind::BrokenPipe => Reason::BrokenPipe,
            ErrorKind::Interrupted => Reason::Cancelled,
            // EMFILE and ENFILE have no kind of their own.
            _ if cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)) => Reason::TooManyOpenFiles,
            _ => Reason::Other,
        };
        let (system, errno) = (error.to_string(), error.raw_os_error());
        Self { system, errno, ..Self::new(doing, path.to_string_lossy(), reason) }
    }
}

impl Doing {
    pub const ALL: [Self; 11] = [
        Self::Listen,
        Self::Bind,
        Self::Accept,
        Self::Resolve,
        Self::Connect,
        Self::Send,
        Self::Reply,
        Self::Receive,
        Self::ReadFile,
        Self::WriteFile,
        Self::Record,
    ];

    /// The name in files and in the tables of words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Bind => "bind",
            Self::Accept => "accept",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Send => "send",
            Self::Reply => "reply",
            Self::Receive => "receive",
            Self::ReadFile => "read_file",
            Self::WriteFile => "write_file",
            Self::Record => "record",
        }
    }
}

impl Reason {
    pub const ALL: [Self; 45] = [
        Self::PortTaken,
        Self::PortNeedsRights,
        Self::AddressNotHere,
        Self::Ipv6Off,
        Self::NameUnknown,
        Self::NameServerSilent,
        Self::Refused,
        Self::TimedOut,
        Self::NetworkUnreachable,
        Self::HostUnreachable,
        Self::Prohibited,
        Self::Reset,
        Self::BrokenPipe,
        Self::PortUnreachable,
        Self::DatagramTooLong,
        Self::BroadcastOff,
        Self::TooManyOpenFiles,
        Self::NoMemory,
        Self::NotConnected,
        Self::NoPeers,
        Self::Cancelled,
        Self::DiskFull,
        Self::FolderGone,
        Self::NotAllowed,
        Self::FileMissing,
        Self::FileExists,
        Self::NotAFile,
        Self::NoProgress,
        Self::FamilyMismatch,
        Self::InterfaceMissing,
        Self::EchoLoop,
        Self::NotOurs,
        Self::Damaged,
        Self::BeingRecorded,
        Self::FileChanged,
        Self::StillReading,
        Self::TooManyNotes,
        Self::NotACapture,
        Self::NotCaptured,
        Self::NotFilledIn,
        Self::NotModbus,
        Self::OutOfReach,
        Self::NotTrusted,
        Self::PayloadTooLong,
        Self::Other,
    ];

    /// The name in files and in the tables of words.
    pub fn name(self) -> &'static str {
        match self {
            Self::PortTaken => "port_taken",
            Self::PortNeedsRights => "port_needs_rights",
            Self::AddressNotHere => "address_not_here",
            Self::Ipv6Off => "ipv6_off",
            Self::NameUnknown => "name_unknown",
            Self::NameServerSilent => "name_server_silent",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::NetworkUnreachable => "network_unreachable",
            Self::HostUnreachable => "host_unreachable",
            Self::Prohibited => "prohibited",
            Self::Reset => "reset",
            Self::BrokenPipe => "broken_pipe",
            Self::PortUnreachable => "port_unreachable",
            Self::DatagramTooLong => "datagram_too_long",
            Self::BroadcastOff => "broadcast_off",
            Self::TooManyOpenFiles => "too_many_open_files",
            Self::NoMemory => "no_memory",
            Self::NotConnected => "not_connected",
            Self::NoPeers => "no_peers",
            Self::Cancelled => "cancelled",
            Self::DiskFull => "disk_full",
            Self::FolderGone => "folder_gone",
            Self::NotAllowed => "not_allowed",
            Self::FileMissing => "file_missing",
            Self::FileExists => "file_exists",
            Self::NotAFile => "not_a_file",
            Self::NoProgress => "no_progress",
            Self::FamilyMismatch => "family_mismatch",
            Self::InterfaceMissing => "interface_missing",
            Self::EchoLoop => "echo_loop",
            Self::NotOurs => "not_ours",
            Self::Damaged => "damaged",
            Self::BeingRecorded => "being_recorded",
            Self::FileChanged => "file_changed",
            Self::StillReading => "still_reading",
            Self::TooManyNotes => "too_many_notes",
            Self::NotACapture => "not_a_capture",
            Self::NotCaptured => "not_captured",
            Self::NotFilledIn => "not_filled_in",
            Self::NotModbus => "not_modbus",
            Self::OutOfReach => "out_of_reach",
            Self::NotTrusted => "not_trusted",
            Self::PayloadTooLong => "payload_too_long",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for doing in Doing::ALL {
            assert_eq!(serde_json::to_value(doing).unwrap(), doing.name());
        }
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
        assert_eq!(Reason::Other as usize + 1, Reason::ALL.len());
    }
}
