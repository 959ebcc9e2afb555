//! Which row stands where: blocks of rows with their counts, so that ten thousand peers cost no more than ten.
//! Called by: the sidebar.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::tree::Entry;
use crate::engine::{ConnectionState, ConnectionStatus, EndpointStatus};
use crate::model::{EndpointId, Protocol};
use crate::ui::panels::target;
use crate::ui::state::{Configured, Ctx};

/// Closed connections listed beneath an endpoint until more are asked for.
const CLOSED_SHOWN: usize = 3;

pub enum Row<'a> {
    Section(&'static str),
    Empty(&'static str),
    Endpoint(&'a Configured, Option<&'a EndpointStatus>),
    Peer(&'a EndpointStatus, &'a ConnectionStatus),
    /// So many closed connections are not listed.
    MoreClosed(EndpointId, usize),
    /// So many UDP peers are no longer listed because newer ones are.
    Forgotten(u64),
    Library(Entry),
}

enum Block<'a> {
    Section(&'static str),
    Empty(&'static str),
    Endpoint(&'a Configured, Option<&'a EndpointStatus>),
    Peers(&'a EndpointStatus, usize),
    MoreClosed(EndpointId, usize),
    Forgotten(u64),
    Library(Arc<[Entry]>),
}

#[derive(Default)]
pub struct Outline<'a> {
    /// Each block and the row after its last.
    blocks: Vec<(Block<'a>, usize)>,
}

impl<'a> Outline<'a> {
    pub fn of(
        ctx: &Ctx<'a>,
        folded: &HashSet<EndpointId>,
        unfolded_closed: &HashSet<EndpointId>,
        library: Arc<[Entry]>,
    ) -> Self {
        let statuses: HashMap<EndpointId, &'a EndpointStatus> =
            ctx.engine.endpoints.iter().map(|status| (status.id, status.as_ref())).collect();
        let mut outline = Self::default();
        for (place, key) in ["sidebar.listeners", "sidebar.clients", "sidebar.udp"].into_iter().enumerate() {
            outline.push(Block::Section(key));
            let before = outline.blocks.len();
            for configured in &ctx.state.endpoints {
                if section(&configured.settings.protocol) == place {
                    let status = statuses.get(&configured.id).copied();
                    outline.endpoint(configured, status, folded, unfolded_closed);
                }
            }
            if outline.blocks.len() == before {
                outline.push(Block::Empty("sidebar.none"));
            }
        }
        outline.push(Block::Section("sidebar.payloads"));
        if library.is_empty() {
            outline.push(Block::Empty("sidebar.no_payloads"));
        } else {
            outline.push(Block::Library(library));
        }
        outline
    }

    fn endpoint(
        &mut self,
        configured: &'a Configured,
        status: Option<&'a EndpointStatus>,
        folded: &HashSet<EndpointId>,
        unfolded_closed: &HashSet<EndpointId>,
    ) {
        self.push(Block::Endpoint(configured, status));
        let Some(status) = status.filter(|status| lists_peers(status) && !folded.contains(&status.id)) else { return };
        let closed = status.peers.iter().rev().take_while(|peer| is_over(peer)).count();
        let open = status.peers.len() - closed;
        let shown = if unfolded_closed.contains(&status.id) { closed } else { closed.min(CLOSED_SHOWN) };
        if open + shown > 0 {
            self.push(Block::Peers(status, open + shown));
        }
        if closed > shown {
            self.push(Block::MoreClosed(status.id, closed - shown));
        }
        if status.forgotten_peers > 0 {
            self.push(Block::Forgotten(status.forgotten_peers));
        }
    }

    fn push(&mut self, block: Block<'a>) {
        let rows = match &block {
            Block::Peers(_, count) => *count,
            Block::Library(rows) => rows.len(),
            _ => 1,
        };
        let end = self.rows() + rows;
        self.blocks.push((block, end));
    }

    pub fn rows(&self) -> usize {
        self.blocks.last().map_or(0, |(_, end)| *end)
    }

    pub fn row(&self, index: usize) -> Option<Row<'a>> {
        let place = self.blocks.partition_point(|(_, end)| *end <= index);
        let start = place.checked_sub(1).map_or(0, |before| self.blocks[before].1);
        let within = index - start;
        Some(match &self.blocks.get(place)?.0 {
            Block::Section(key) => Row::Section(key),
            Block::Empty(key) => Row::Empty(key),
            Block::Endpoint(configured, status) => Row::Endpoint(configured, *status),
            Block::Peers(status, _) => Row::Peer(status, status.peers.get(within)?),
            Block::MoreClosed(id, count) => Row::MoreClosed(*id, *count),
            Block::Forgotten(count) => Row::Forgotten(*count),
            Block::Library(rows) => Row::Library(rows.get(within)?.clone()),
        })
    }
}

fn section(protocol: &Protocol) -> usize {
    match protocol {
        Protocol::TcpListener(_) => 0,
        Protocol::TcpClient(_) => 1,
        Protocol::Udp(_) => 2,
    }
}

/// A client is its own only connection, and so is a connected UDP socket.
fn lists_peers(status: &EndpointStatus) -> bool {
    !matches!(status.settings.protocol, Protocol::TcpClient(_)) && !target::is_connected_udp(status)
}

pub fn is_over(peer: &ConnectionStatus) -> bool {
    matches!(peer.state, ConnectionState::Closed | ConnectionState::Reset | ConnectionState::Failed(_))
}
