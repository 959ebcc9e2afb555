//! What stands at the left while a session file is shown: its endpoints and their connections instead of the live sockets,
//! whose ids mean others here.
//!
//! Owns: the scroll, which endpoints are folded, the row one clicked. Virtual: only the rows on screen are laid out.
//! Called by: the sidebar.

use std::collections::HashSet;
use std::sync::Arc;

use egui::{Align, Id, Layout, Panel as Side, Rect, Sense, Ui, UiBuilder, Vec2};

use super::{ROW_HEIGHT, detail, row};
use crate::model::{EndpointId, Transport};
use crate::payload::visible_text;
use crate::session::{ConnectionEntry, EndpointEntry, Scope};
use crate::ui::action::{Action, ConnectionList, ConnectionsAction, Form, LogAction, SessionAction, Tab, ViewAction};
use crate::ui::panels::connections::text;
use crate::ui::panels::log::text::Clock;
use crate::ui::state::Ctx;
use crate::ui::widgets::row_list::RowList;
use crate::ui::widgets::small_button;

/// Longest endpoint that is ever laid out, in bytes.
const URI_BYTES: usize = 200;
/// Rows beyond the screen that are asked for.
const AHEAD: u64 = 20;

pub struct OpenedFile {
    list: RowList,
    clock: Clock,
    path: std::path::PathBuf,
    folded: HashSet<EndpointId>,
    blocks: Blocks,
    wanted: (u64, usize),
    /// The connection that the log is narrowed to, as it was seen last.
    selected: Option<Arc<ConnectionEntry>>,
    /// The row of what the log is narrowed to, as it was seen last.
    cursor: Option<u64>,
    detail_height: f32,
}

impl Default for OpenedFile {
    fn default() -> Self {
        Self {
            list: RowList::default(),
            clock: Clock::new(),
            path: Default::default(),
            folded: HashSet::new(),
            blocks: Blocks::default(),
            wanted: (0, 0),
            selected: None,
            cursor: None,
            detail_height: 0.0,
        }
    }
}

impl OpenedFile {
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let path = ctx.state.opened_file.as_ref().map(|file| &file.path);
        if path != Some(&self.path) {
            *self = Self { path: path.cloned().unwrap_or_default(), ..Self::default() };
        }
        self.follow_scope(ctx);
        self.details(ctx, ui);
        ui.spacing_mut().item_spacing.y = 0.0;
        let (place, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW_HEIGHT + 4.0), Sense::hover());
        row::section(ctx, ui, place, ctx.words.get("sidebar.in_file"));
        let (place, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW_HEIGHT), Sense::hover());
        let layout = Layout::left_to_right(Align::Center);
        let inner = place.shrink2(Vec2::new(12.0, 0.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
            if small_button(ui, ctx.theme, ctx.words.get("sidebar.leave_file")).clicked() {
                actions.push(Action::Session(SessionAction::ShowLive));
            }
        });
        ui.add_space(4.0);
        self.rows(ctx, ui, actions);
    }

    fn rows(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let outline = ctx.outline;
        self.blocks.follow(&outline.endpoints, &self.folded);
        if outline.ready && outline.endpoints.is_empty() && outline.scanned >= outline.rows {
            let (place, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW_HEIGHT), Sense::hover());
            return row::note(ctx, ui, place, ctx.words.get("sidebar.none_in_file"));
        }
        let (mut first, mut last) = (u64::MAX, 0);
        let (blocks, folded, cursor) = (&self.blocks, &mut self.folded, &mut self.cursor);
        let name = ctx.words.get("sidebar.in_file");
        let scope = &ctx.state.query.scope;
        let shown = self.list.show(
            ui,
            Id::unique("file_connections"),
            name,
            blocks.rows,
            ROW_HEIGHT,
            |ui, number, place, _| match blocks.row(number) {
                Some(Row::Endpoint(endpoint)) => {
                    if *scope == Scope::Endpoint(endpoint.id) {
                        *cursor = Some(number);
                    }
                    endpoint_row(ctx, ui, place, endpoint, folded, actions);
                }
                Some(Row::Connection { of, at }) => {
                    (first, last) = (first.min(at), last.max(at + 1));
                    if let Some(entry) = outline.entry(at).filter(|entry| entry.endpoint == of) {
                        if *scope == Scope::Connection(entry.id) {
                            *cursor = Some(number);
                        }
                        connection_row(ctx, ui, place, entry, actions);
                    }
                }
                None => {}
            },
        );
        if shown.step != 0 {
            self.step(ctx, shown.step, shown.first, actions);
        }
        if last == 0 {
            return;
        }
        let want = (first.saturating_sub(AHEAD), usize::try_from(last - first + 2 * AHEAD).unwrap_or_default());
        if want != self.wanted || outline.entry(first).is_none() {
            self.wanted = want;
            let (list, first, count) = (ConnectionList::Outline, want.0, want.1);
            actions.push(Action::Connections(ConnectionsAction::Want { list, first, count }));
        }
    }

    /// The arrow keys narrow the log to the row above or below.
    fn step(&mut self, ctx: &Ctx<'_>, step: i64, first: u64, actions: &mut Vec<Action>) {
        let last = self.blocks.rows.saturating_sub(1);
        let to = self.cursor.map_or(first, |at| at.saturating_add_signed(step).min(last));
        let scope = match self.blocks.row(to) {
            Some(Row::Endpoint(endpoint)) => Some(Scope::Endpoint(endpoint.id)),
            Some(Row::Connection { of, at }) => {
                let entry = ctx.outline.entry(at).filter(|entry| entry.endpoint == of);
                entry.map(|entry| Scope::Connection(entry.id))
            }
            None => None,
        };
        if let Some(scope) = scope {
            self.cursor = Some(to);
            self.list.reveal(to);
            actions.push(Action::Log(LogAction::Select(scope)));
        }
    }

    /// The connection that the log is narrowed to, where it is among the rows or was.
    fn follow_scope(&mut self, ctx: &Ctx<'_>) {
        let Scope::Connection(id) = ctx.state.query.scope else {
            self.selected = None;
            return;
        };
        let listed = ctx.outline.entries.iter().chain(&ctx.connections.entries).find(|entry| entry.id == id);
        match listed {
            Some(entry) => self.selected = Some(entry.clone()),
            None => self.selected = self.selected.take().filter(|entry| entry.id == id),
        }
    }

    /// All that is known of that connection.
    fn details(&mut self, ctx: &Ctx<'_>, ui: &mut Ui) {
        let Some(entry) = self.selected.clone() else { return };
        let most = ui.available_height() * 0.55;
        let shown = Side::bottom("sidebar file details")
            .resizable(false)
            .exact_size(self.detail_height.clamp(60.0, most.max(61.0)))
            .frame(egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 8)))
            .show(ui, |ui| {
                let area = egui::ScrollArea::vertical().id_salt("file details").auto_shrink([false, true]);
                area.show(ui, |ui| facts(ctx, ui, &self.clock, &entry)).content_size.y
            });
        // As high as what it has to say, from the next frame on.
        let wanted = shown.inner + 18.0;
        if (wanted - self.detail_height).abs() > 0.5 {
            self.detail_height = wanted;
            ui.ctx().request_repaint();
        }
    }
}

fn endpoint_row(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    place: Rect,
    endpoint: &EndpointEntry,
    folded: &mut HashSet<EndpointId>,
    actions: &mut Vec<Action>,
) {
    let words = ctx.words;
    let scope = Scope::Endpoint(endpoint.id);
    let selected = ctx.state.query.scope == scope;
    let name = match endpoint.uri.as_ref() {
        "" => format!("#{}", endpoint.id.0),
        uri => visible_text(uri, URI_BYTES),
    };
    let count = words.count("connections.count", endpoint.connections);
    let look = row::Look {
        id: Id::unique(("file endpoint", endpoint.id)),
        said: format!("{name}, {count}"),
        name,
        color: ctx.theme.dim,
        filled: true,
        figure: row::Figure::Text(words.number(endpoint.connections)),
        figure_color: ctx.theme.dim,
        indent: 0.0,
        reachable: false,
        mono: true,
    };
    let drawn = row::draw(ctx, ui, place, &look, selected);
    if drawn.response.clicked() && !selected {
        actions.push(Action::Log(LogAction::Select(scope)));
    }
    let fold = |folded: &mut HashSet<EndpointId>| {
        if !folded.remove(&endpoint.id) {
            folded.insert(endpoint.id);
        }
    };
    if drawn.response.double_clicked() && endpoint.connections > 0 {
        fold(folded);
    }
    let menu = |ui: &mut Ui, actions: &mut Vec<Action>, folded: &mut HashSet<EndpointId>| {
        let key = if folded.contains(&endpoint.id) { "sidebar.show_peers" } else { "sidebar.hide_peers" };
        if endpoint.connections > 0 && entry(ui, words.get(key)) {
            fold(folded);
        }
        if entry(ui, words.get("sidebar.framing")) {
            actions.push(Action::View(ViewAction::ShowForm(Form::Framing(endpoint.id))));
        }
        if entry(ui, words.get("sidebar.copy_address")) {
            actions.push(Action::Copy(look.name.clone()));
        }
    };
    drawn.response.context_menu(|ui| menu(ui, actions, folded));
    if let Some(more) = &drawn.more {
        egui::Popup::menu(more).show(|ui| menu(ui, actions, folded));
    }
}

fn connection_row(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, of: &ConnectionEntry, actions: &mut Vec<Action>) {
    let words = ctx.words;
    let scope = Scope::Connection(of.id);
    let selected = ctx.state.query.scope == scope;
    let (name, state) = (text::peer(of), text::state(words, &of.life));
    let bytes = words.bytes(of.bytes_in.saturating_add(of.bytes_out));
    let look = row::Look {
        id: Id::unique(("file connection", of.id)),
        said: format!("{name}, {state}, {bytes}"),
        name,
        color: text::color(ctx.theme, &of.life),
        filled: false,
        figure: row::Figure::Text(bytes),
        figure_color: ctx.theme.dim,
        indent: row::INDENT,
        reachable: false,
        mono: true,
    };
    let drawn = row::draw(ctx, ui, place, &look, selected);
    if drawn.response.clicked() && !selected {
        actions.push(Action::Log(LogAction::Select(scope.clone())));
    }
    let menu = |ui: &mut Ui, actions: &mut Vec<Action>| {
        let show = |tab| [Action::Log(LogAction::Select(scope.clone())), Action::View(ViewAction::ShowTab(tab))];
        if entry(ui, words.get("connections.follow")) {
            actions.extend(show(Tab::Conversation));
        }
        if entry(ui, words.get("connections.show_in_log")) {
            actions.extend(show(Tab::Log));
        }
        if entry(ui, words.get("sidebar.copy_address")) {
            actions.push(Action::Copy(look.name.clone()));
        }
    };
    drawn.response.context_menu(|ui| menu(ui, actions));
    if let Some(more) = &drawn.more {
        egui::Popup::menu(more).show(|ui| menu(ui, actions));
    }
}

/// An entry of a menu; true: it was chosen.
fn entry(ui: &mut Ui, text: &str) -> bool {
    let response = ui.button(text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MenuItem, true, text));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}

fn facts(ctx: &Ctx<'_>, ui: &mut Ui, clock: &Clock, of: &ConnectionEntry) {
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.spacing_mut().interact_size.y = 18.0;
    let words = ctx.words;
    detail::heading(ctx, ui, &text::peer(of));
    let state = text::reason(words, &of.life).unwrap_or_else(|| text::state(words, &of.life));
    detail::colored_fact(ctx, ui, "sidebar.fact_state", &state, text::color(ctx.theme, &of.life));
    if let Some(local) = of.flow.as_ref().and_then(|flow| flow.local) {
        detail::fact(ctx, ui, "sidebar.fact_local", &local.to_string());
    }
    let udp = of.flow.as_ref().is_some_and(|flow| flow.transport == Transport::Udp);
    let events = if udp { "count.datagrams" } else { "count.events" };
    for (key, count, bytes) in
        [("sidebar.fact_in", of.events_in, of.bytes_in), ("sidebar.fact_out", of.events_out, of.bytes_out)]
    {
        detail::fact(ctx, ui, key, &format!("{} · {}", words.bytes(bytes), words.count(events, count)));
    }
    if let Some(opened) = of.opened {
        let lasted = of.duration_nanos().map(|nanos| format!(" · {}", words.duration(nanos))).unwrap_or_default();
        let opened = text::opened_at(ctx, clock, opened);
        detail::fact(ctx, ui, "sidebar.fact_since", &format!("{opened}{lasted}"));
    }
}

/// Which row stands where: each endpoint, and its connections unless it is folded.
#[derive(Default)]
struct Blocks {
    endpoints: Arc<[EndpointEntry]>,
    folded: HashSet<EndpointId>,
    /// For each endpoint its own row, and the place of its first connection in the order by endpoint.
    starts: Vec<(u64, u64)>,
    rows: u64,
}

enum Row<'a> {
    Endpoint(&'a EndpointEntry),
    Connection { of: EndpointId, at: u64 },
}

impl Blocks {
    fn follow(&mut self, endpoints: &Arc<[EndpointEntry]>, folded: &HashSet<EndpointId>) {
        if Arc::ptr_eq(&self.endpoints, endpoints) && self.folded == *folded {
            return;
        }
        (self.endpoints, self.folded) = (endpoints.clone(), folded.clone());
        self.starts.clear();
        let (mut row, mut at) = (0, 0);
        for endpoint in endpoints.iter() {
            self.starts.push((row, at));
            row += 1 + if folded.contains(&endpoint.id) { 0 } else { endpoint.connections };
            at += endpoint.connections;
        }
        self.rows = row;
    }

    fn row(&self, number: u64) -> Option<Row<'_>> {
        let index = self.starts.partition_point(|(row, _)| *row <= number).checked_sub(1)?;
        let (start, at) = *self.starts.get(index)?;
        let endpoint = self.endpoints.get(index)?;
        Some(match number - start {
            0 => Row::Endpoint(endpoint),
            within => Row::Connection { of: endpoint.id, at: at + within - 1 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_counts_alone() {
        let endpoint = |id, connections| EndpointEntry { id: EndpointId(id), uri: "tcp://a:1".into(), connections };
        let endpoints: Arc<[EndpointEntry]> = [endpoint(1, 2), endpoint(2, 0), endpoint(3, 1_000_000)].into();
        let mut blocks = Blocks::default();
        let said = |blocks: &Blocks, number| match blocks.row(number) {
            Some(Row::Endpoint(endpoint)) => format!("endpoint {}", endpoint.id.0),
            Some(Row::Connection { of, at }) => format!("{at} of {}", of.0),
            None => "nothing".to_owned(),
        };
        assert_eq!(said(&blocks, 0), "nothing");
        blocks.follow(&endpoints, &HashSet::new());
        assert_eq!(blocks.rows, 1_000_005);
        let rows: Vec<_> = (0..6).map(|number| said(&blocks, number)).collect();
        assert_eq!(rows, ["endpoint 1", "0 of 1", "1 of 1", "endpoint 2", "endpoint 3", "2 of 3"]);
        assert_eq!(said(&blocks, 1_000_004), "1000001 of 3");
        blocks.follow(&endpoints, &HashSet::from([EndpointId(1)]));
        assert_eq!((blocks.rows, said(&blocks, 1)), (1_000_003, "endpoint 2".to_owned()));
        assert_eq!(said(&blocks, 3), "2 of 3");
    }
}
