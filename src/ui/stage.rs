//! A `Feed` without sockets and files: made-up snapshots to look at, orders written down. For tests and benches.

use std::path::PathBuf;
use std::sync::Arc;

use super::action::ConnectionList;
use super::app;
use super::effects::{Done, Effects, Feed, Job, WindowOrder};
use crate::engine::{Busy, CloseHow, EngineSnapshot, Peers, Repeat, SequenceOrder, Source, Target};
use crate::filter::Filter;
use crate::model::{ConnectionId, EndpointId, EndpointSettings, ModbusTable, Rotation, RunId, SendId, Timestamp};
use crate::session::conversation::{ConversationOrder, ConversationSnapshot};
use crate::session::{
    ConnectionsOrder, ConnectionsSnapshot, FindStep, Highlight, LogState, Notes, Query, RecorderStatus, SampleOf,
    ViewSnapshot,
};

/// An order as it was given.
#[derive(Clone, Debug)]
pub enum Order {
    Open(EndpointId, EndpointSettings),
    Close(EndpointId, Peers),
    Forget(EndpointId),
    CloseConnection(ConnectionId, CloseHow),
    ClosePeers(EndpointId, CloseHow),
    Send(Target, Source, Option<Repeat>),
    StopSend(SendId),
    Retune(EndpointId, EndpointSettings),
    ResumeReplies(EndpointId),
    SetRegister(EndpointId, ModbusTable, u16, u16),
    ListClosed(EndpointId, EndpointSettings),
    RunSequence(SequenceOrder),
    StopRun(RunId),
    Show(Query),
    Select(Option<u64>, Option<u64>),
    SelectFrame(Option<u32>),
    Sample(Option<SampleOf>),
    OpenFrames(Vec<(u64, u32)>),
    Find(Option<Filter>),
    FindStep(FindStep, Option<u64>),
    Highlight(Arc<[Highlight]>),
    Want(u64, usize),
    Rotate(Rotation),
    /// Only where it differs from the one before.
    Follow(Option<ConversationOrder>),
    ListConnections(ConnectionList, Option<ConnectionsOrder>),
    WantConnections(ConnectionList, u64, usize),
    ShowLive,
    Start(Job),
    Window(WindowOrder),
}

#[derive(Default)]
pub struct Stage {
    pub engine: Arc<EngineSnapshot>,
    pub view: Arc<ViewSnapshot>,
    pub notes: Arc<Notes>,
    pub conversation: Arc<ConversationSnapshot>,
    /// What is followed now.
    pub followed: Option<ConversationOrder>,
    pub connections: Arc<ConnectionsSnapshot>,
    pub outline: Arc<ConnectionsSnapshot>,
    pub recorder: RecorderStatus,
    pub opened: Option<(PathBuf, LogState)>,
    pub now: Timestamp,
    pub landed: Vec<Done>,
    pub orders: Vec<Order>,
    /// The engine takes no orders.
    pub busy: bool,
    sends: u64,
    ctx: Option<egui::Context>,
}

impl Stage {
    /// The orders that were given since the last call, without those for rows.
    pub fn take_orders(&mut self) -> Vec<Order> {
        let mut orders = std::mem::take(&mut self.orders);
        orders.retain(|order| !matches!(order, Order::Want(..) | Order::Follow(_) | Order::WantConnections(..)));
        orders
    }
}

impl Effects for Stage {
    fn open(&mut self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy> {
        if self.busy {
            return Err(Busy);
        }
        self.orders.push(Order::Open(id, settings));
        Ok(())
    }

    fn close(&mut self, id: EndpointId, peers: Peers) {
        self.orders.push(Order::Close(id, peers));
    }

    fn forget(&mut self, id: EndpointId) {
        self.orders.push(Order::Forget(id));
    }

    fn close_connection(&mut self, id: ConnectionId, how: CloseHow) {
        self.orders.push(Order::CloseConnection(id, how));
    }

    fn close_peers(&mut self, id: EndpointId, how: CloseHow) {
        self.orders.push(Order::ClosePeers(id, how));
    }

    fn send(&mut self, target: Target, source: Source, repeat: Option<Repeat>) -> Result<SendId, Busy> {
        if self.busy {
            return Err(Busy);
        }
        self.orders.push(Order::Send(target, source, repeat));
        self.sends += 1;
        Ok(SendId(self.sends))
    }

    fn stop_send(&mut self, id: SendId) {
        self.orders.push(Order::StopSend(id));
    }

    fn retune(&mut self, id: EndpointId, settings: EndpointSettings) {
        self.orders.push(Order::Retune(id, settings));
    }

    fn resume_replies(&mut self, id: EndpointId) {
        self.orders.push(Order::ResumeReplies(id));
    }

    fn set_register(&mut self, id: EndpointId, table: ModbusTable, address: u16, value: u16) {
        self.orders.push(Order::SetRegister(id, table, address, value));
    }

    fn list_closed(&mut self, id: EndpointId, settings: EndpointSettings) -> Result<(), Busy> {
        self.orders.push(Order::ListClosed(id, settings));
        Ok(())
    }

    fn run_sequence(&mut self, order: SequenceOrder) -> Result<RunId, Busy> {
        if self.busy {
            return Err(Busy);
        }
        self.orders.push(Order::RunSequence(order));
        self.sends += 1;
        Ok(RunId(self.sends))
    }

    fn stop_run(&mut self, id: RunId) {
        self.orders.push(Order::StopRun(id));
    }

    fn show(&mut self, query: Query) {
        self.orders.push(Order::Show(query));
    }

    fn select(&mut self, seq: Option<u64>, compared: Option<u64>) {
        self.orders.push(Order::Select(seq, compared));
    }

    fn select_frame(&mut self, index: Option<u32>) {
        if index.is_some() {
            self.orders.push(Order::SelectFrame(index));
        }
    }

    fn open_frames(&mut self, frames: &[(u64, u32)]) {
        self.orders.push(Order::OpenFrames(frames.to_vec()));
    }

    fn sample(&mut self, of: Option<SampleOf>) {
        self.orders.push(Order::Sample(of));
    }

    fn find(&mut self, filter: Option<Filter>) {
        self.orders.push(Order::Find(filter));
    }

    fn find_step(&mut self, step: FindStep, from: Option<u64>) {
        self.orders.push(Order::FindStep(step, from));
    }

    fn highlight(&mut self, rules: Arc<[Highlight]>) {
        self.orders.push(Order::Highlight(rules));
    }

    fn want(&mut self, first: u64, count: usize) {
        self.orders.push(Order::Want(first, count));
    }

    fn rotate(&mut self, rotation: Rotation) {
        self.orders.push(Order::Rotate(rotation));
    }

    fn follow(&mut self, order: Option<&ConversationOrder>) {
        if self.followed.as_ref() != order {
            self.followed = order.cloned();
            self.orders.push(Order::Follow(order.cloned()));
        }
    }

    fn list_connections(&mut self, list: ConnectionList, order: Option<ConnectionsOrder>) {
        self.orders.push(Order::ListConnections(list, order));
    }

    fn want_connections(&mut self, list: ConnectionList, first: u64, count: usize) {
        self.orders.push(Order::WantConnections(list, first, count));
    }

    fn show_live(&mut self) {
        self.opened = None;
        self.orders.push(Order::ShowLive);
    }

    fn start(&mut self, job: Job) {
        self.orders.push(Order::Start(job));
    }

    fn window(&mut self, order: WindowOrder) {
        if let Some(ctx) = &self.ctx {
            app::carry_out(ctx, order.clone());
        }
        self.orders.push(Order::Window(order));
    }
}

impl Feed for Stage {
    fn engine(&self) -> Arc<EngineSnapshot> {
        self.engine.clone()
    }

    fn view(&self) -> Arc<ViewSnapshot> {
        self.view.clone()
    }

    fn place_of(&self, seq: u64) -> Option<u64> {
        let at = self.view.rows.iter().position(|row| row.as_ref().is_some_and(|row| row.seq >= seq))?;
        Some(self.view.first + at as u64)
    }

    fn notes(&self) -> Arc<Notes> {
        self.notes.clone()
    }

    fn connections(&self, list: ConnectionList) -> Arc<ConnectionsSnapshot> {
        match list {
            ConnectionList::Table => self.connections.clone(),
            ConnectionList::Outline => self.outline.clone(),
        }
    }

    fn recorder(&self) -> RecorderStatus {
        self.recorder.clone()
    }

    fn conversation(&self) -> Arc<ConversationSnapshot> {
        self.conversation.clone()
    }

    fn opened(&self) -> Option<(PathBuf, LogState)> {
        self.opened.clone()
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn landed(&mut self) -> Vec<Done> {
        std::mem::take(&mut self.landed)
    }

    fn asked_to_quit(&self) -> bool {
        false
    }

    fn wake_through(&mut self, ctx: egui::Context) {
        self.ctx = Some(ctx);
    }

    fn finish(&mut self) {}
}
