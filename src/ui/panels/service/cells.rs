//! One row of the register table: the addresses, and a cell each, edited in place.
//!
//! Owns: the cell that is being typed into. A coil is switched by a click. Called by: the register table.

use egui::{Align2, Id, Key, Modifiers, Pos2, Rect, Role, Sense, Stroke, StrokeKind, TextEdit, Ui, Vec2, WidgetInfo};

use super::number::View;
use super::registers::is_bits;
use crate::model::{EndpointId, ModbusTable, ModbusUnit};
use crate::services::modbus::Bank;
use crate::ui::action::{Action, EndpointAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::problem;

/// Where the addresses stand.
const LABEL: f32 = 104.0;

/// Whose values are shown.
pub enum Held<'a> {
    Live(&'a Bank),
    /// While it is not open: what it begins with.
    Initial(&'a ModbusUnit),
}

#[derive(Default)]
pub struct Cells {
    of: Option<(EndpointId, ModbusTable, View)>,
    typing: Option<Typing>,
    /// A cell that takes the keyboard as soon as it is on screen.
    wanted: Option<u16>,
    /// It is to come into view.
    follow: Option<u16>,
}

struct Typing {
    address: u16,
    text: String,
    /// What stood there when the typing began: a peer may write meanwhile.
    before: String,
    wrong: bool,
    /// It takes the keyboard in this frame.
    fresh: bool,
}

impl Held<'_> {
    fn get(&self, table: ModbusTable, address: u32) -> u16 {
        let Ok(address) = u16::try_from(address) else { return 0 };
        match self {
            Self::Live(bank) => bank.get(table, address),
            Self::Initial(unit) => match table {
                ModbusTable::Holding => unit.holding.get(&address).copied().unwrap_or(0),
                ModbusTable::InputRegisters => unit.input_registers.get(&address).copied().unwrap_or(0),
                ModbusTable::Coils => u16::from(unit.coils.get(&address).copied().unwrap_or(false)),
                ModbusTable::Inputs => u16::from(unit.inputs.get(&address).copied().unwrap_or(false)),
            },
        }
    }

    fn is_by_peer(&self, table: ModbusTable, address: u32) -> bool {
        match (self, u16::try_from(address)) {
            (Self::Live(bank), Ok(address)) => bank.is_by_peer(table, address),
            _ => false,
        }
    }
}

impl Cells {
    /// What this frame shows. A text that was being typed into something else is let go.
    pub fn begin(&mut self, ctx: &Ctx<'_>, endpoint: EndpointId, table: ModbusTable, view: View) {
        if self.of.replace((endpoint, table, view)) != Some((endpoint, table, view)) || ctx.state.palette_open {
            self.typing = None;
        }
    }

    pub fn leave(&mut self) {
        (self.typing, self.wanted) = (None, None);
    }

    pub fn focus(&mut self, address: u16) {
        self.wanted = Some(address);
    }

    pub fn follow(&mut self) -> Option<u16> {
        self.follow.take()
    }

    #[allow(clippy::too_many_arguments, reason = "a row is drawn from all of them")]
    pub fn row(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        rect: Rect,
        first: u32,
        columns: u32,
        size: u32,
        held: &Held<'_>,
        actions: &mut Vec<Action>,
    ) {
        let Some((endpoint, table, view)) = self.of else { return };
        let step = view.registers();
        let last = (first + columns * step).min(size).saturating_sub(1);
        let label = format!("{first} – {last}");
        let at = Pos2::new(rect.left() + 10.0, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, label, theme::mono(), ctx.theme.dim);
        let width = ((rect.width() - LABEL) / columns as f32).floor();
        for column in 0..columns {
            let address = first + column * step;
            // A float needs both of its registers.
            if address + step > size {
                return;
            }
            let corner = Pos2::new(rect.left() + LABEL + column as f32 * width, rect.top());
            let place = Rect::from_min_size(corner, Vec2::new(width, rect.height())).shrink(1.0);
            let cell = Cell { endpoint, table, view, address, place };
            if is_bits(table) {
                self.bit(ctx, ui, &cell, held, actions);
            } else {
                self.register(ctx, ui, &cell, size, held, actions);
            }
        }
    }

    fn bit(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, cell: &Cell, held: &Held<'_>, actions: &mut Vec<Action>) {
        let on = held.get(cell.table, cell.address) != 0;
        let by_peer = held.is_by_peer(cell.table, cell.address);
        let response = ui.interact(cell.place, cell.id(), Sense::click());
        let name = cell.name(ctx, by_peer);
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, &name));
        if self.wanted.take_if(|wanted| u32::from(*wanted) == cell.address).is_some() {
            response.request_focus();
        }
        if response.clicked() {
            actions.push(cell.set(cell.address, u16::from(!on)));
        }
        let color = if on { ctx.theme.text } else { ctx.theme.dim };
        cell.paint(ctx, ui, &response, if on { "1" } else { "0" }, color, on, by_peer);
        response.on_hover_text(name);
    }

    fn register(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        cell: &Cell,
        size: u32,
        held: &Held<'_>,
        actions: &mut Vec<Action>,
    ) {
        let is_here = |address: u16| u32::from(address) == cell.address;
        if self.typing.as_ref().is_some_and(|typing| is_here(typing.address)) {
            return self.field(ctx, ui, cell, size, actions);
        }
        let text = cell.text(held);
        let by_peer = (0..cell.view.registers()).any(|at| held.is_by_peer(cell.table, cell.address + at));
        let response = ui.interact(cell.place, cell.id(), Sense::click());
        let name = cell.name(ctx, by_peer);
        response.widget_info(|| {
            let mut facts = WidgetInfo::labeled(Role::Button, true, format!("{name}: {text}"));
            facts.current_text_value = Some(text.clone());
            facts
        });
        let wanted =
            self.wanted.take_if(|wanted| (0..cell.view.registers()).any(|at| u32::from(*wanted) == cell.address + at));
        if response.clicked() || wanted.is_some() {
            self.begin_typing(cell.address, text.clone());
            ui.ctx().request_repaint();
        }
        let is_zero = text == "0" || text == "0000";
        cell.paint(ctx, ui, &response, &text, if is_zero { ctx.theme.dim } else { ctx.theme.text }, false, by_peer);
        response.on_hover_text(name);
    }

    fn begin_typing(&mut self, address: u32, text: String) {
        let Ok(address) = u16::try_from(address) else { return };
        self.typing = Some(Typing { address, before: text.clone(), text, wrong: false, fresh: true });
    }

    fn field(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, cell: &Cell, size: u32, actions: &mut Vec<Action>) {
        let Some(typing) = &mut self.typing else { return };
        let id = Id::unique(("register field", cell.endpoint.0));
        // It ends the typing, not the dialog. (The field has let go of the keyboard by now.)
        let escaped = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        let edge = if typing.wrong { ctx.theme.error } else { ctx.theme.accent };
        let edit = TextEdit::singleline(&mut typing.text)
            .id(id)
            .font(theme::mono())
            .align(Align2::RIGHT_CENTER)
            .margin(egui::Margin::symmetric(4, 2));
        let response = ui.put(cell.place, edit).accessible_name(cell.name(ctx, false));
        ui.painter().rect_stroke(cell.place, 2.0, Stroke::new(1.0, edge), StrokeKind::Inside);
        if std::mem::take(&mut typing.fresh) {
            response.request_focus();
            let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
            let end = egui::text::CCursor::new(typing.text.chars().count());
            state.cursor.set_char_range(Some(egui::text::CCursorRange::two(egui::text::CCursor::new(0), end)));
            TextEdit::store_state(ui.ctx(), id, state);
        }
        if response.changed() {
            typing.wrong = false;
        }
        let key = if cell.view.registers() == 2 { "service.bad_float" } else { "service.bad_number" };
        if typing.wrong {
            response.show_tooltip_ui(|ui| {
                problem(ui, ctx.theme, ctx.words.get(key));
            });
        }
        if escaped {
            self.typing = None;
        } else if response.lost_focus() {
            let entered = ui.input(|input| input.key_pressed(Key::Enter));
            self.commit(cell, size, entered, &response, actions);
        }
    }

    /// Takes over what was typed; behind Enter the next cell is typed into.
    fn commit(&mut self, cell: &Cell, size: u32, entered: bool, response: &egui::Response, actions: &mut Vec<Action>) {
        let Some(typing) = &mut self.typing else { return };
        if typing.text.trim() != typing.before {
            let Some((first, second)) = cell.view.read(&typing.text) else {
                typing.wrong = true;
                if entered {
                    response.request_focus();
                }
                return;
            };
            actions.push(cell.set(cell.address, first));
            if let Some(second) = second {
                actions.push(cell.set(cell.address + 1, second));
            }
        }
        self.typing = None;
        let next = cell.address + cell.view.registers();
        if let (true, Ok(address)) = (entered && next + cell.view.registers() <= size, u16::try_from(next)) {
            (self.wanted, self.follow) = (Some(address), Some(address));
        }
    }
}

struct Cell {
    endpoint: EndpointId,
    table: ModbusTable,
    view: View,
    address: u32,
    place: Rect,
}

impl Cell {
    fn id(&self) -> Id {
        Id::unique(("register", self.endpoint.0, self.table, self.address))
    }

    fn text(&self, held: &Held<'_>) -> String {
        self.view.text(held.get(self.table, self.address), held.get(self.table, self.address + 1))
    }

    /// "Holding register 12"
    fn name(&self, ctx: &Ctx<'_>, by_peer: bool) -> String {
        let key = match self.table {
            ModbusTable::Holding => "service.one_holding",
            ModbusTable::InputRegisters => "service.one_input_register",
            ModbusTable::Coils => "service.one_coil",
            ModbusTable::Inputs => "service.one_input",
        };
        let name = ctx.words.fill(key, &[("address", &self.address)]);
        if by_peer { ctx.words.fill("service.by_peer", &[("name", &name)]) } else { name }
    }

    fn set(&self, address: u32, value: u16) -> Action {
        let address = u16::try_from(address).unwrap_or(u16::MAX);
        Action::Endpoint(EndpointAction::SetRegister { endpoint: self.endpoint, table: self.table, address, value })
    }

    #[allow(clippy::too_many_arguments, reason = "what a cell looks like")]
    fn paint(
        &self,
        ctx: &Ctx<'_>,
        ui: &Ui,
        response: &egui::Response,
        text: &str,
        color: egui::Color32,
        filled: bool,
        by_peer: bool,
    ) {
        let painter = ui.painter();
        let edge = if response.has_focus() || response.hovered() { ctx.theme.accent } else { ctx.theme.line };
        if filled {
            painter.rect_filled(self.place, 2.0, ctx.theme.selection);
        }
        painter.rect_stroke(self.place, 2.0, Stroke::new(1.0, edge), StrokeKind::Inside);
        let color = if by_peer { ctx.theme.incoming } else { color };
        if by_peer {
            painter.circle_filled(self.place.left_top() + Vec2::splat(5.0), 2.5, ctx.theme.incoming);
        }
        let (at, align) = if is_bits(self.table) {
            (self.place.center(), Align2::CENTER_CENTER)
        } else {
            (Pos2::new(self.place.right() - 6.0, self.place.center().y), Align2::RIGHT_CENTER)
        };
        painter.text(at, align, text, theme::mono(), color);
    }
}
