//! Where imported events go: as blocks of ours into a file without a name, so that all that reads a session reads them.
//!
//! The file is made for its owner only and is gone when the last reader lets go of it. Batches become rows at once.
//! Called by: `mod`, `tcp`, `udp`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::model::{
    ConnectionId, EndpointId, Event, EventKind, Flow, Imported, LeftOut, MAX_CHUNK, Role, Timestamp, Transport, What,
};
use crate::session::log::Log;
use crate::session::pcapng::batch::Batch;
use crate::session::pcapng::encoder::Encoder;
use crate::session::rows::{ConnectionRow, Fresh, Seen};

/// What was read is shown this often at the latest.
const SHOW: Duration = Duration::from_millis(40);
/// Free space is looked at each time so many bytes were written, and so many are left to others.
const BYTES_TO_LOOK: u64 = 8 * 1024 * 1024;
const KEEP_FREE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) struct Sink {
    log: Weak<Log>,
    file: Arc<File>,
    folder: PathBuf,
    encoder: Encoder,
    batch: Batch,
    fresh: Fresh,
    seen: Seen,
    /// Interfaces that the log knows.
    interfaces_shown: usize,
    endpoints: HashMap<(Transport, SocketAddr), (EndpointId, Arc<str>)>,
    connections: u32,
    rows: u64,
    bytes: u64,
    bytes_to_look: u64,
    shown: Instant,
    /// Of the capture: bytes taken, and what was counted.
    pub source_bytes: u64,
    pub imported: Imported,
}

impl Sink {
    pub(super) fn new(log: &Arc<Log>, file: Arc<File>, folder: PathBuf) -> Self {
        let mut sink = Self {
            log: Arc::downgrade(log),
            file,
            folder,
            encoder: Encoder::default(),
            batch: Batch::default(),
            fresh: Fresh::default(),
            seen: Seen::default(),
            interfaces_shown: 0,
            endpoints: HashMap::new(),
            connections: 0,
            rows: 0,
            bytes: 0,
            bytes_to_look: 0,
            shown: Instant::now(),
            source_bytes: 0,
            imported: Imported::default(),
        };
        sink.encoder.begin_section(&mut sink.batch);
        sink
    }

    /// A new connection or lane: `here` is the side that is taken for ours.
    pub(super) fn flow(&mut self, transport: Transport, here: SocketAddr, there: SocketAddr) -> Arc<Flow> {
        let next = EndpointId(u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX - 1) + 1);
        let known = self.endpoints.entry((transport, here));
        let (endpoint, uri) = known.or_insert_with(|| (next, format!("{transport}://{here}").into())).clone();
        self.connections = self.connections.saturating_add(1);
        Arc::new(Flow {
            endpoint,
            endpoint_uri: uri,
            connection: ConnectionId(self.connections),
            transport,
            role: if transport == Transport::Tcp { Role::Listener } else { Role::Datagram },
            local: Some(here),
            peer: Some(there),
            mirror: false,
        })
    }

    /// Where the file without a name is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn leave_out(&mut self, what: LeftOut) {
        self.imported.leave_out(what);
    }

    /// One event; a chunk that is too long for one becomes several.
    pub(super) fn put(&mut self, time: Timestamp, flow: &Arc<Flow>, what: What) -> io::Result<()> {
        match what {
            What::Received(bytes) if flow.transport == Transport::Tcp && bytes.len() > MAX_CHUNK => {
                self.put_chunks(time, flow, &bytes, What::Received)
            }
            What::Sent(bytes) if flow.transport == Transport::Tcp && bytes.len() > MAX_CHUNK => {
                self.put_chunks(time, flow, &bytes, What::Sent)
            }
            what => self.put_one(Event { time, flow: flow.clone(), what }),
        }
    }

    fn put_chunks(
        &mut self,
        time: Timestamp,
        flow: &Arc<Flow>,
        bytes: &bytes::Bytes,
        what: fn(bytes::Bytes) -> What,
    ) -> io::Result<()> {
        for chunk in bytes.chunks(MAX_CHUNK) {
            self.put_one(Event { time, flow: flow.clone(), what: what(bytes.slice_ref(chunk)) })?;
        }
        Ok(())
    }

    fn put_one(&mut self, event: Event) -> io::Result<()> {
        let row = self.encoder.event(&mut self.batch, self.bytes, self.rows + 1, &event);
        self.rows += 1;
        let tells = matches!(row.kind(), EventKind::Accepted | EventKind::Connected);
        if self.seen.insert(event.flow.connection) || tells {
            let known = ConnectionRow { endpoint: event.flow.endpoint, row_plus_one: self.rows };
            self.fresh.connections.push((event.flow.connection, known));
        }
        self.fresh.rows.push(row);
        if self.batch.is_full() { self.show() } else { Ok(()) }
    }

    /// Shows what was read, when it is time to. `false`: nobody reads this log any longer.
    pub(super) fn tick(&mut self) -> io::Result<bool> {
        if self.shown.elapsed() >= SHOW {
            self.show()?;
        }
        Ok(self.log.strong_count() > 0)
    }

    /// Writes the batch and lets the log grow by it.
    pub(super) fn show(&mut self) -> io::Result<()> {
        self.shown = Instant::now();
        let bytes = self.batch.len() as u64;
        if bytes > self.bytes_to_look {
            self.look_at_space(bytes)?;
        }
        self.bytes_to_look = self.bytes_to_look.saturating_sub(bytes);
        let mut file = &*self.file;
        self.batch.write_all(|slices| file.write_vectored(slices))?;
        self.batch.clear();
        self.bytes += bytes;
        let written = self.encoder.interfaces();
        let known = self.interfaces_shown;
        self.fresh.interfaces.extend_from_slice(&written[known..]);
        self.interfaces_shown = written.len();
        if let Some(log) = self.log.upgrade() {
            log.grow_imported(&mut self.fresh, self.bytes, self.source_bytes, &self.imported);
        }
        self.fresh.clear();
        Ok(())
    }

    fn look_at_space(&mut self, bytes: u64) -> io::Result<()> {
        let spare = free_bytes(&self.folder)?.saturating_sub(KEEP_FREE_BYTES);
        if spare < bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes_to_look = spare.min(BYTES_TO_LOOK);
        Ok(())
    }
}

/// A file without a name, and the folder that it is in: where large temporary files belong, and else where small ones do.
pub(super) fn nameless_file() -> io::Result<(File, PathBuf)> {
    let asked = std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let large = cfg!(unix).then(|| PathBuf::from("/var/tmp"));
    let mut refused = None;
    for folder in [asked, large, Some(std::env::temp_dir())].into_iter().flatten() {
        match tempfile::tempfile_in(&folder) {
            Ok(file) => return Ok((file, folder)),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_folder: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}
