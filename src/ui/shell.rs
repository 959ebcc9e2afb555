//! The layout of the window, from the panels' registry. Keeps a panel that panics from taking the session with it.
//!
//! Owns: the panels. Never: shared state (that is `State`, through `Ctx`). Called by: `app`.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use egui::accesskit::Action as Request;
use egui::{
    CentralPanel, Frame, Id, IdSalt, InteractOptions, Margin, Panel as Side, PanelState, Rect, Sense, Ui, Vec2,
};

use super::action::{Action, Tab};
use super::panels::{Banners, Entry, Place, registry};
use super::state::Ctx;
use super::widgets;

pub struct Shell {
    entries: Vec<Entry>,
    sizes: Sizes,
}

/// How large the person made the panels. egui keeps what was drawn: a panel that had to be small for a while, because the
/// window was, would stay so.
#[derive(Default)]
struct Sizes {
    panels: BTreeMap<&'static str, Wanted>,
}

struct Wanted {
    size: f32,
    /// What there was to share when the panel was drawn last.
    room: Vec2,
}

impl Sizes {
    /// Before a panel is drawn: where there is more or less room than before, gives egui the wanted size back, which it
    /// then fits into the room.
    fn before(&mut self, ui: &Ui, name: &'static str, default: f32) {
        let room = ui.available_size();
        let wanted = self.panels.entry(name).or_insert(Wanted { size: default, room });
        if wanted.room == room {
            return;
        }
        wanted.room = room;
        let id = state_of(ui, name);
        if let Some(state) = PanelState::load(ui, id) {
            let outer_rect = Rect::from_min_size(state.outer_rect.min, Vec2::splat(wanted.size));
            ui.data_mut(|memory| memory.insert_persisted(id, PanelState { outer_rect }));
        }
    }

    /// After it: what the person made of its size, with the mouse or through a screen reader.
    fn after(&mut self, ui: &Ui, name: &'static str, drawn: f32) {
        // As egui names the handle of a panel.
        let handle = state_of(ui, name).with("__resize");
        let dragged = ui.read_response(handle).is_some_and(|handle| handle.dragged() || handle.drag_stopped());
        let asked = [Request::Increment, Request::Decrement, Request::SetValue];
        let is_asked = |request| ui.input(|input| input.has_accesskit_action_request(handle, request));
        if dragged || asked.into_iter().any(is_asked) {
            self.panels.entry(name).and_modify(|wanted| wanted.size = drawn);
        }
    }
}

/// The handle of a panel lies half over its neighbour, which is drawn later: without this the neighbour's rows would take
/// the presses on that half.
fn raise_handle(ui: &Ui, name: &'static str) {
    let id = state_of(ui, name).with("__resize");
    let drawn = ui.viewport(|viewport| viewport.this_pass.widgets.get(id).map(|handle| handle.rect));
    if let Some(rect) = drawn {
        ui.interact_opt(rect, id, Sense::click_and_drag(), InteractOptions { move_to_top: true });
    }
}

/// As egui names the state of a panel.
fn state_of(ui: &Ui, name: &'static str) -> Id {
    ui.scope_id().with_salt(IdSalt::new(name))
}

impl Default for Shell {
    fn default() -> Self {
        Self { entries: registry(), sizes: Sizes::default() }
    }
}

const TOP: f32 = 40.0;
const STATUS: f32 = 25.0;

/// The table of connections has no events in it.
fn shows_bytes(ctx: &Ctx<'_>) -> bool {
    let state = ctx.state;
    state.selected_event.is_some() && !state.bytes_hidden && state.tab != Tab::Connections
}

impl Shell {
    /// Lays the window out and collects what the person asked for.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let theme = ctx.theme;
        let frame = |fill| Frame::new().fill(fill).inner_margin(Margin::ZERO);
        Side::top("top")
            .exact_size(TOP)
            .frame(frame(theme.panel).inner_margin(Margin::symmetric(12, 0)))
            .show(ui, |ui| self.place(Place::Top, ctx, ui, actions));
        Side::bottom("status")
            .exact_size(STATUS)
            .frame(frame(theme.panel).inner_margin(Margin::symmetric(12, 0)))
            .show(ui, |ui| self.place(Place::Status, ctx, ui, actions));
        if Banners::needed(ctx) {
            Side::top("banner").frame(frame(theme.panel)).show(ui, |ui| self.place(Place::Banner, ctx, ui, actions));
        }
        let width = ui.available_width();
        let range = 160.0..=(width * 0.5).max(161.0);
        self.sizes.before(ui, "sidebar", 264.0);
        let shown = Side::left("sidebar")
            .resizable(true)
            .default_size(264.0)
            .size_range(range)
            .frame(frame(theme.panel))
            .show(ui, |ui| self.fill(Place::Left, ctx, ui, actions));
        self.sizes.after(ui, "sidebar", shown.response.rect.width());
        let height = ui.available_height();
        if ctx.state.opened_file.is_none() {
            let range = 96.0..=(height * 0.5).max(97.0);
            self.sizes.before(ui, "composer", 148.0);
            let shown = Side::bottom("composer")
                .resizable(true)
                .default_size(148.0)
                .size_range(range)
                .frame(frame(theme.panel).inner_margin(Margin::symmetric(12, 8)))
                .show(ui, |ui| self.fill(Place::Composer, ctx, ui, actions));
            self.sizes.after(ui, "composer", shown.response.rect.height());
        }
        // The log keeps its head and a few rows.
        let most_bytes = ui.available_height() - super::panels::LOG_HEAD - 5.0 * super::theme::LOG_ROW;
        if shows_bytes(ctx) {
            let range = 72.0..=most_bytes.max(73.0);
            self.sizes.before(ui, "bytes", 224.0);
            let shown = Side::bottom("bytes")
                .resizable(true)
                .default_size(224.0)
                .size_range(range)
                .frame(frame(theme.panel))
                .show(ui, |ui| self.fill(Place::Bytes, ctx, ui, actions));
            self.sizes.after(ui, "bytes", shown.response.rect.height());
        }
        CentralPanel::no_frame().frame(frame(theme.background)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            self.place(Place::Tabs, ctx, ui, actions);
            self.place(Place::Middle(ctx.state.tab), ctx, ui, actions);
            if ctx.state.tab == Tab::Log && ctx.state.is_first_minute(ctx.view) {
                // Beneath the log's own header lines.
                let mut rect = ui.max_rect();
                rect.min.y += super::panels::LOG_HEAD;
                let mut middle = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt("first_minute"));
                middle.set_clip_rect(rect.intersect(ui.clip_rect()));
                self.place(Place::FirstMinute, ctx, &mut middle, actions);
            }
        });
        for name in ["sidebar", "composer", "bytes"] {
            raise_handle(ui, name);
        }
        self.place(Place::Over, ctx, ui, actions);
    }

    /// The same in a panel that a person can resize: it keeps its size whatever is in it.
    fn fill(&mut self, place: Place, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let rect = ui.available_rect_before_wrap();
        ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
            ui.set_clip_rect(rect.intersect(ui.clip_rect()));
            self.place(place, ctx, ui, actions);
        });
        ui.expand_to_include_rect(rect);
    }

    fn place(&mut self, place: Place, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        for entry in self.entries.iter_mut().filter(|entry| entry.place == place) {
            guarded(entry, ctx, ui, actions);
        }
    }
}

/// Draws one panel; if it panics, its place says so and offers a fresh one. The session goes on.
fn guarded(entry: &mut Entry, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
    if entry.broken {
        if entry.place == Place::Over {
            return;
        }
        ui.horizontal(|ui| {
            ui.colored_label(ctx.theme.error, ctx.words.fill("panel.broken", &[("panel", &entry.panel.key())]));
            if widgets::button(ui, ctx.words.get("panel.again")).clicked() {
                let key = entry.panel.key();
                if let Some(fresh) = registry().into_iter().find(|fresh| fresh.panel.key() == key) {
                    *entry = fresh;
                }
            }
        });
        return;
    }
    let asked_before = actions.len();
    let panel = &mut entry.panel;
    if catch_unwind(AssertUnwindSafe(|| panel.ui(ctx, ui, actions))).is_err() {
        actions.truncate(asked_before);
        entry.broken = true;
    }
}
