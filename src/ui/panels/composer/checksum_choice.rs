//! The choice of a checksum: a button, and a popup with the whole catalogue to search, byte order, form and key.
//!
//! Owns: what is searched for, and which were taken last.
//! Called by: the composer's row of choices, the framing form, the draft editor.

use egui::{
    Button, EventFilter, Id, Key, Modifiers, Popup, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui, Vec2,
    WidgetInfo,
};

use crate::model::{ByteOrder, Checksum, SumForm};
use crate::payload::checksum::{Algorithm, algorithm, search};
use crate::ui::action::{Action, Form, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{chip, drop_down};

/// The button in the row.
pub const WIDTH: f32 = 168.0;
const POPUP_WIDTH: f32 = 340.0;
const MOST_RECENT: usize = 5;

#[derive(Clone, Default)]
pub struct ChecksumChoice {
    /// Tells two choices on screen apart.
    scope: Option<Id>,
    width: Option<f32>,
    search: String,
    /// The row that Enter takes.
    at: usize,
    open: bool,
    /// Newest first.
    recent: Vec<&'static str>,
}

impl ChecksumChoice {
    /// In another place than the composer, with a button of this width.
    pub fn of(scope: Id, width: f32) -> Self {
        Self { scope: Some(scope), width: Some(width), ..Self::default() }
    }

    /// Without `actions` it does not lead to the finder.
    pub fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, sum: &mut Checksum, actions: Option<&mut Vec<Action>>) {
        let shown = shown(ctx, sum);
        let name = ctx.words.fill("checksum.chosen", &[("checksum", &shown)]);
        let width = self.width.unwrap_or(WIDTH - 8.0);
        let response = drop_down(ui, ctx.theme, &shown, width);
        let response = response.on_hover_text(&name);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        let popup = Popup::menu(&response)
            .id(Id::unique(("checksum_choice", self.scope)))
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                let screen = ui.ctx().content_rect().size();
                ui.set_width(POPUP_WIDTH.min(screen.x - 48.0));
                self.content(ctx, ui, sum, actions);
            });
        self.open = popup.is_some();
    }

    fn content(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, sum: &mut Checksum, actions: Option<&mut Vec<Action>>) {
        let fresh = !self.open;
        if fresh {
            self.search.clear();
            self.at = 0;
        }
        // Menus draw what is in them without an edge; a field is known by it.
        ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::new(1.0, ctx.theme.line);
        // Taken before the field sees them.
        let pressed = |ui: &mut Ui, key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (down, up) = (pressed(ui, Key::ArrowDown), pressed(ui, Key::ArrowUp));
        let searching = self.search_field(ctx, ui, fresh);
        let enter = searching && pressed(ui, Key::Enter);
        let rows = self.rows();
        if fresh {
            // Enter without a choice changes nothing.
            let current = algorithm(&sum.algorithm).map(|known| known.name);
            self.at = rows.iter().position(|row| row.map(|known| known.name) == current).unwrap_or(0);
        }
        if rows.is_empty() {
            ui.label(RichText::new(ctx.words.get("checksum.none_found")).color(ctx.theme.dim));
        } else {
            self.at = match (down, up) {
                (true, false) => (self.at + 1) % rows.len(),
                (false, true) => (self.at + rows.len() - 1) % rows.len(),
                _ => self.at.min(rows.len() - 1),
            };
            let taken = self.list(ctx, ui, &rows, sum, down || up);
            if let Some(at) = taken.or(enter.then_some(self.at)) {
                self.take(rows[at], sum);
                self.at = at;
                // A key is asked for in the popup itself.
                if enter && !rows[at].is_some_and(|known| known.keyed) {
                    ui.close();
                }
            }
        }
        ui.separator();
        if let Some(known) = algorithm(&sum.algorithm) {
            self.options(ctx, ui, known, sum);
        }
        if let Some(actions) = actions
            && ui.add(Button::new(ctx.words.get("commands.checksum_finder")).frame_when_inactive(false)).clicked()
        {
            actions.push(Action::View(ViewAction::ShowForm(Form::ChecksumFinder)));
            ui.close();
        }
    }

    fn search_field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, fresh: bool) -> bool {
        let name = ctx.words.get("checksum.search");
        let field = TextEdit::singleline(&mut self.search)
            .id(Id::unique(("checksum_search", self.scope)))
            .hint_text(RichText::new(ctx.words.get("checksum.search_hint")).color(ctx.theme.dim))
            .margin(egui::Margin::symmetric(8, 4))
            .return_key(None)
            .desired_width(f32::INFINITY);
        let response = ui.add(field);
        if fresh {
            response.request_focus();
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        if response.changed() {
            self.at = 0;
        }
        let focused = response.has_focus();
        response.accessible_name(name);
        focused
    }

    /// None at all, those taken last, then the catalogue; or what was searched for. No algorithm stands twice.
    fn rows(&self) -> Vec<Option<&'static Algorithm>> {
        let found = search(&self.search);
        if !self.search.trim().is_empty() {
            return found.into_iter().map(Some).collect();
        }
        let recent = self.recent.iter().filter_map(|name| algorithm(name));
        let rest = found.into_iter().filter(|known| !self.recent.contains(&known.name));
        std::iter::once(None).chain(recent.chain(rest).map(Some)).collect()
    }

    /// The row that was clicked.
    fn list(
        &self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        rows: &[Option<&'static Algorithm>],
        sum: &Checksum,
        moved: bool,
    ) -> Option<usize> {
        let current = algorithm(&sum.algorithm).map(|known| known.name);
        let mut clicked = None;
        let most = (ui.ctx().content_rect().height() * 0.5 - 90.0).clamp(80.0, 300.0);
        ScrollArea::vertical().id_salt("checksum_list").max_height(most).min_scrolled_height(most).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::NONE;
            for (at, row) in rows.iter().enumerate() {
                let name = row.map_or(ctx.words.get("checksum.none"), |known| known.name);
                let length = row.map(|known| ctx.words.count("count.bytes", known.bytes as u64)).unwrap_or_default();
                let chosen = current == row.map(|known| known.name);
                let color = if chosen { ctx.theme.accent } else { ctx.theme.text };
                let button = Button::selectable(at == self.at, RichText::new(name).color(color))
                    .shortcut_text(RichText::new(&length).font(theme::small()).color(ctx.theme.dim))
                    .min_size(Vec2::new(ui.available_width(), 24.0));
                let response = ui.push_id(("checksum", name), |ui| ui.add(button)).inner;
                response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, chosen, name));
                if moved && at == self.at {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    clicked = Some(at);
                }
            }
        });
        clicked
    }

    fn take(&mut self, row: Option<&'static Algorithm>, sum: &mut Checksum) {
        let Some(known) = row else {
            *sum = Checksum::default();
            return;
        };
        if !sum.algorithm.eq_ignore_ascii_case(known.name) {
            // The form and a key that was typed stay; the order is the new one's own.
            *sum = Checksum { algorithm: known.name.to_owned(), order: None, ..sum.clone() };
        }
        self.recent.retain(|name| *name != known.name);
        self.recent.insert(0, known.name);
        self.recent.truncate(MOST_RECENT);
    }

    /// Byte order, form and key of the one that was chosen.
    fn options(&self, ctx: &Ctx<'_>, ui: &mut Ui, known: &Algorithm, sum: &mut Checksum) {
        let words = ctx.words;
        if known.has_order() {
            ui.horizontal(|ui| {
                let current = sum.order.unwrap_or(known.order);
                for order in [ByteOrder::Big, ByteOrder::Little] {
                    let text = words.byte_order(order);
                    if chip(ui, ctx.theme, text, None, text, current == order).clicked() {
                        sum.order = (order != known.order).then_some(order);
                    }
                }
            });
        }
        ui.horizontal(|ui| {
            for form in [SumForm::Binary, SumForm::Hex, SumForm::HexUpper] {
                let text = words.sum_form(form);
                if chip(ui, ctx.theme, text, None, text, sum.form == form).clicked() {
                    sum.form = form;
                }
            }
        });
        if known.keyed {
            ui.horizontal(|ui| {
                let name = words.get("checksum.key");
                ui.label(RichText::new(name).color(ctx.theme.dim));
                let field = TextEdit::singleline(&mut sum.key)
                    .id(Id::unique(("checksum_key", self.scope)))
                    .margin(egui::Margin::symmetric(8, 4))
                    .desired_width(f32::INFINITY);
                ui.add(field).accessible_name(name);
            });
        }
    }
}

/// Never the key.
fn shown(ctx: &Ctx<'_>, sum: &Checksum) -> String {
    if sum.is_none() {
        return ctx.words.checksum(sum).to_owned();
    }
    let name = Checksum { key: String::new(), ..sum.clone() }.to_string();
    crate::payload::visible_text(&name, 200)
}
