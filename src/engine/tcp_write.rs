//! Sending on a TCP connection: one payload at a time, one row for each write that the kernel accepted.
//!
//! Owns: waiting for a peer that does not read, and saying so. Never: holds a payload twice, holds room while it waits.
//! Called by: `send`, `tcp_stream` (echo).

use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::peer::{Peer, TcpLink};
use super::shared::Shared;
use crate::kernel;
use crate::model::{Doing, Event, Failure, Happening, MAX_CHUNK, Reason, What};
use crate::session::RecorderHandle;
use crate::session::lane::EVENT_COST;

/// Bytes that wait so long wait for a peer that does not read.
const NOT_READING: Duration = Duration::from_secs(2);
/// How often a wait looks whether the peer took something.
const LOOK: Duration = Duration::from_millis(250);
/// Bytes of a file that are in memory at a time.
const FILE_PIECE: u64 = 4 * MAX_CHUNK as u64;

/// What is sent.
#[derive(Clone)]
pub(super) enum Payload {
    Bytes(Bytes),
    File(FilePayload),
}

/// A regular file, read in pieces at its own pace by each that sends it.
#[derive(Clone)]
pub(super) struct FilePayload {
    pub file: Arc<File>,
    pub path: Arc<str>,
    pub length: u64,
}

/// Why not all of a payload was sent.
#[derive(Debug)]
pub(super) enum SendEnd {
    /// The user stopped the send, or closed the connection.
    Stopped,
    Failed(Failure),
}

/// Sends on one connection.
pub(super) struct Writer<'a> {
    pub shared: &'a Arc<Shared>,
    pub recorder: &'a RecorderHandle,
    pub peer: &'a Arc<Peer>,
    /// The send's own stop; an echo has none.
    pub stop: Option<&'a CancellationToken>,
}

impl Payload {
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.length,
        }
    }
}

impl Writer<'_> {
    /// Sends all of it, in turn with other payloads for the same connection. `progress` hears of each accepted write.
    pub async fn send(&self, payload: &Payload, progress: impl Fn(u64)) -> Result<(), SendEnd> {
        let Some(link) = self.peer.tcp() else { return Err(self.not_connected()) };
        let _turn = tokio::select! {
            biased;
            () = self.stopped(link) => return Err(SendEnd::Stopped),
            turn = link.turn.lock() => turn,
        };
        let Some(stream) = link.stream() else { return Err(self.not_connected()) };
        if link.we_finished.load(Ordering::Acquire) {
            return Err(self.not_connected());
        }
        let total = payload.length();
        let mut sent = 0;
        let result = self.send_in_turn(link, &stream, payload, &mut sent, &progress).await;
        if let (Err(SendEnd::Stopped), true) = (&result, sent < total) {
            self.note(Happening::SendStopped { sent, total });
        }
        result
    }

    async fn send_in_turn(
        &self,
        link: &TcpLink,
        stream: &TcpStream,
        payload: &Payload,
        sent: &mut u64,
        progress: &impl Fn(u64),
    ) -> Result<(), SendEnd> {
        let total = payload.length();
        let mut piece = match payload {
            Payload::Bytes(bytes) => bytes.clone(),
            Payload::File(_) => Bytes::new(),
        };
        while *sent < total {
            self.writable(link, stream, &mut piece, payload, total - *sent).await?;
            if let (true, Payload::File(file)) = (piece.is_empty(), payload) {
                piece = self.read_piece(link, file, *sent).await?;
            }
            let chunk = piece.slice(..piece.len().min(MAX_CHUNK));
            let room = tokio::select! {
                biased;
                () = self.stopped(link) => return Err(SendEnd::Stopped),
                room = self.recorder.room(&self.peer.flow, chunk.len() + EVENT_COST) => room,
            };
            let accepted = {
                let _order = link.order.lock();
                let (time, flow) = (self.recorder.now(), self.peer.flow.clone());
                match stream.try_write(&chunk) {
                    Ok(accepted) => {
                        let what = What::Sent(chunk.slice(..accepted));
                        self.recorder.append(room, [Event { time, flow, what }]);
                        accepted
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
                    Err(error) => return Err(self.broken(link, &error)),
                }
            };
            let _ = piece.split_to(accepted);
            *sent += accepted as u64;
            self.shared.sent(self.peer, 1, accepted as u64);
            progress(accepted as u64);
            tokio::task::coop::consume_budget().await;
        }
        Ok(())
    }

    /// Waits until the kernel takes more. A piece of a file that cannot go yet is not kept: it can be read again.
    async fn writable(
        &self,
        link: &TcpLink,
        stream: &TcpStream,
        piece: &mut Bytes,
        payload: &Payload,
        left: u64,
    ) -> Result<(), SendEnd> {
        let mut wait: Option<Wait<'_>> = None;
        loop {
            tokio::select! {
                biased;
                () = self.stopped(link) => return Err(SendEnd::Stopped),
                ready = stream.writable() => {
                    return ready.map_err(|error| self.broken(link, &error));
                }
                () = tokio::time::sleep(LOOK) => {
                    if let Payload::File(_) = payload {
                        piece.clear();
                    }
                    wait.get_or_insert_with(|| Wait::begin(self, stream)).look(stream, left);
                }
            }
        }
    }

    async fn read_piece(&self, link: &TcpLink, file: &FilePayload, at: u64) -> Result<Bytes, SendEnd> {
        let wanted = usize::try_from(FILE_PIECE.min(file.length - at)).unwrap_or(MAX_CHUNK);
        let handle = file.file.clone();
        let reading = tokio::task::spawn_blocking(move || read_at(&handle, at, wanted));
        let read = tokio::select! {
            biased;
            () = self.stopped(link) => return Err(SendEnd::Stopped),
            read = reading => read.unwrap_or_else(|_| Err(io::Error::other("reading the file was interrupted"))),
        };
        read.map_err(|error| SendEnd::Failed(kernel::failure(Doing::ReadFile, &*file.path, &error)))
    }

    async fn stopped(&self, link: &TcpLink) {
        match self.stop {
            Some(stop) => tokio::select! {
                () = stop.cancelled() => {}
                () = link.stop.cancelled() => {}
            },
            None => link.stop.cancelled().await,
        }
    }

    /// The connection no longer takes bytes: its reader is told, for it may never learn by itself.
    fn broken(&self, link: &TcpLink, error: &io::Error) -> SendEnd {
        link.broken.store(true, Ordering::Release);
        link.changed.notify_one();
        SendEnd::Failed(kernel::failure(Doing::Send, self.on(), error))
    }

    fn not_connected(&self) -> SendEnd {
        SendEnd::Failed(Failure::new(Doing::Send, self.on(), Reason::NotConnected))
    }

    fn on(&self) -> String {
        self.peer.flow.peer.map(|at| at.to_string()).unwrap_or_default()
    }

    fn note(&self, happening: Happening) {
        self.recorder.note(self.recorder.happened(&self.peer.flow, happening));
    }
}

/// A wait for a peer that takes nothing; whatever ends it, the status is cleared.
struct Wait<'a> {
    writer: &'a Writer<'a>,
    since: Instant,
    /// Bytes in the kernel's hands when last looked at.
    unsent: u64,
    told: bool,
}

impl<'a> Wait<'a> {
    fn begin(writer: &'a Writer<'a>, stream: &TcpStream) -> Self {
        let unsent = kernel::unsent_bytes(stream).unwrap_or(0);
        Self { writer, since: Instant::now(), unsent, told: false }
    }

    /// A peer that reads slowly makes room in the kernel long before a write is accepted: that is not "not reading".
    fn look(&mut self, stream: &TcpStream, left: u64) {
        let unsent = kernel::unsent_bytes(stream).unwrap_or(self.unsent);
        if unsent < self.unsent {
            self.unsent = unsent;
            self.reads_again();
            self.since = Instant::now();
            return;
        }
        let waited = self.since.elapsed() + LOOK;
        if self.told || waited < NOT_READING {
            return;
        }
        self.told = true;
        let Writer { shared, recorder, peer, .. } = self.writer;
        let since = recorder.now().0.saturating_sub(nanos(waited)).max(1);
        peer.stalled_since.store(since, Ordering::Release);
        shared.board.stalled(true);
        shared.board.state_changed(&peer.endpoint);
        self.writer.note(Happening::PeerNotReading { waiting: left + unsent, millis: nanos(waited) / 1_000_000 });
    }

    fn reads_again(&mut self) {
        if self.clear() {
            let waited_millis = nanos(self.since.elapsed() + LOOK) / 1_000_000;
            self.writer.note(Happening::PeerReading { waited_millis });
        }
    }

    fn clear(&mut self) -> bool {
        let told = std::mem::take(&mut self.told);
        if told {
            let Writer { shared, peer, .. } = self.writer;
            peer.stalled_since.store(0, Ordering::Release);
            shared.board.stalled(false);
            shared.board.state_changed(&peer.endpoint);
        }
        told
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let stopped =
            self.writer.peer.stop().is_cancelled() || self.writer.stop.is_some_and(CancellationToken::is_cancelled);
        if stopped {
            self.clear();
        } else {
            self.reads_again();
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `wanted` bytes at a place of the file; fewer are an error, for the length was announced.
#[cfg(unix)]
pub(super) fn read_at(file: &File, at: u64, wanted: usize) -> io::Result<Bytes> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; wanted];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes.into())
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, at: u64, wanted: usize) -> io::Result<Bytes> {
    use std::os::windows::fs::FileExt as _;
    let mut bytes = vec![0; wanted];
    let mut read = 0;
    while read < wanted {
        match file.seek_read(&mut bytes[read..], at + read as u64)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    Ok(bytes.into())
}
