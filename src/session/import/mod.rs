//! Captures of other programs: pcap and pcapng files become sessions that are read like our own, and never written.
//!
//! The packets are read once, on a thread of their own. Headers are taken off, TCP streams are put in order, and what
//! happened is encoded as blocks of ours into a file without a name, on which the log stands. So rows, filters, finding
//! and exports need not know where a session came from. The endpoint of a connection is its server.
//! Never: trusts the file, invents an event, keeps more than a bounded part in memory.
//! Called by: `Log::open`.

mod fragments;
mod headers;
mod packets;
mod recent;
mod sink;
mod stream;
mod tcp;
mod udp;
mod window;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread;

use super::log::Log;
use super::pcapng::section::{MIN_SECTION_BYTES, is_ours};
use super::pcapng::{Broken, block_at};
use super::reader::read_at;
use crate::model::{Direction, Doing, Failure, Happening, LeftOut, Reason, What};

use fragments::Fragments;
use headers::Content;
use packets::{Form, Packet, Packets};
use sink::Sink;

/// What files of packets are called, sessions of ours among them.
pub const CAPTURE_EXTENSIONS: [&str; 4] = ["pcapng", "pcap", "cap", "ntar"];

/// Where and why reading stopped.
type Damage = (u64, String);

/// Section headers of ours are far shorter.
const HEAD_BYTES: usize = 4096;
/// Bytes of a file that is neither that are told.
const TOLD_BYTES: usize = 8;
/// The clock is looked at after so many packets.
const PACKETS_TO_TICK: u64 = 32;

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A session of ours, or too little of one to tell.
    Ours,
    Foreign(Foreign),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign(Form);

/// By its first bytes. A file that is neither pcap nor pcapng is refused.
pub(super) fn whose(file: &File, path: &Path) -> Result<Whose, Failure> {
    let mut head = [0; HEAD_BYTES];
    let mut read = 0;
    while read < head.len() {
        match read_at(file, &mut head[read..], read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) => return Err(Failure::of_file(Doing::ReadFile, path, &error)),
        }
    }
    let head = &head[..read];
    match Form::of(head) {
        Some(Form::Pcap) => Ok(Whose::Foreign(Foreign(Form::Pcap))),
        Some(Form::Pcapng) => match block_at(head) {
            Ok(block) if is_ours(block.body) => Ok(Whose::Ours),
            Err(Broken::Cut { .. }) if read < MIN_SECTION_BYTES => Ok(Whose::Ours),
            _ => Ok(Whose::Foreign(Foreign(Form::Pcapng))),
        },
        None if [0x0a, 0x0d, 0x0d, 0x0a].starts_with(head) => Ok(Whose::Ours),
        None => {
            let begin: Vec<String> = head.iter().take(TOLD_BYTES).map(|byte| format!("{byte:02x}")).collect();
            let refused = Failure::new(Doing::ReadFile, path.to_string_lossy(), Reason::NotACapture);
            Err(Failure { system: begin.join(" "), ..refused })
        }
    }
}

/// Begins to read a capture; the log grows as it is read.
pub(super) fn open(foreign: Foreign, path: &Path, file: Arc<File>, bytes: u64) -> Result<Arc<Log>, Failure> {
    let failed = |error: &io::Error| Failure::of_file(Doing::ReadFile, path, error);
    let (copy, folder) = sink::nameless_file().map_err(|error| Failure {
        on: std::env::temp_dir().to_string_lossy().into_owned(),
        ..Failure::of_file(Doing::WriteFile, path, &error)
    })?;
    let copy = Arc::new(copy);
    let log = Log::importing(path, copy.clone(), bytes);
    let import = Import {
        log: Arc::downgrade(&log),
        packets: Packets::new(file, foreign.0),
        fragments: Fragments::default(),
        connections: tcp::Connections::default(),
        lanes: udp::Lanes::default(),
        sink: Sink::new(&log, copy, folder),
    };
    thread::Builder::new().name("session-import".into()).spawn(move || import.run()).map_err(|error| failed(&error))?;
    Ok(log)
}

/// Bytes that were sent and are not in the capture: a row of its own at the place where they belong.
fn missing(direction: Direction, bytes: u64) -> What {
    let doing = if direction == Direction::In { Doing::Receive } else { Doing::Send };
    let failure = Some(Failure::new(doing, "", Reason::NotCaptured));
    What::Happened(Box::new(Happening::Gap { events: 0, bytes, failure }))
}

struct Import {
    log: Weak<Log>,
    packets: Packets,
    fragments: Fragments,
    connections: tcp::Connections,
    lanes: udp::Lanes,
    sink: Sink,
}

impl Import {
    fn run(mut self) {
        let mut damage = self.read_all().err();
        // What was held back comes out, wherever the capture ends.
        let ended = self.end();
        if let Err(error) = ended
            && damage.is_none()
        {
            damage = Some(self.not_written(&error));
        }
        if let Some(log) = self.log.upgrade() {
            log.end_indexing(damage);
        }
    }

    fn read_all(&mut self) -> Result<(), Damage> {
        while let Some(packet) = self.packets.advance()? {
            let taken = self.take(&packet);
            self.sink.source_bytes = self.packets.offset();
            self.sink.imported.packets += 1;
            let goes_on = match taken {
                Ok(()) if !self.sink.imported.packets.is_multiple_of(PACKETS_TO_TICK) => Ok(true),
                Ok(()) => self.sink.tick(),
                Err(error) => Err(error),
            };
            match goes_on {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => return Err(self.not_written(&error)),
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: &Packet) -> io::Result<()> {
        if packet.time.is_none() {
            self.sink.leave_out(LeftOut::NoTime);
        }
        if packet.damaged {
            self.sink.leave_out(LeftOut::Damaged);
        }
        let time = packet.time.unwrap_or_default();
        let bytes = self.packets.bytes(packet);
        let mut content = headers::content(packet.link, bytes, packet.cut, &mut self.fragments);
        let whole;
        if let Content::Whole(payload, of, lost) = content {
            (0..lost).for_each(|_| self.sink.leave_out(LeftOut::Fragments));
            whole = payload;
            content = headers::of_whole(&whole, of);
        }
        match content {
            Content::Tcp(segment) => self.connections.take(&segment, time, &mut self.sink),
            Content::Udp(datagram) => self.lanes.take(&datagram, time, &mut self.sink),
            Content::LeftOut(what) => {
                self.sink.leave_out(what);
                Ok(())
            }
            Content::Piece(lost) => {
                (0..lost).for_each(|_| self.sink.leave_out(LeftOut::Fragments));
                Ok(())
            }
            Content::Whole(..) => Ok(()),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.connections.finish(&mut self.sink)?;
        (0..self.fragments.unfinished()).for_each(|_| self.sink.leave_out(LeftOut::Fragments));
        self.sink.show()
    }

    /// The copy could not be written: the capture is whole, but what is shown is not.
    fn not_written(&self, error: &io::Error) -> Damage {
        let folder = self.sink.folder().display();
        (self.packets.offset(), format!("what was read could not be kept in {folder}: {error}"))
    }
}
