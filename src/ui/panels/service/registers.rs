//! The table of a Modbus service: which of the four it shows, how, and what is set for the whole unit.
//!
//! Owns: the scroll, and the fields of the unit. Only rows on screen are formatted. Called by: the service panel.

use egui::{Id, Key, Rect, RichText, Ui, UiBuilder, Vec2};

use super::cells::{Cells, Held};
use super::number::View;
use crate::engine::EndpointState;
use crate::model::{ModbusTable, ModbusUnit};
use crate::services::modbus::MOST_ADDRESSES;
use crate::ui::action::Action;
use crate::ui::state::{Configured, Ctx};
use crate::ui::widgets::{Choice, Field, FieldText, chip, choice, hint, problem, row_list::RowList};

const ROW: f32 = 26.0;
/// What stands above and below the table.
const AROUND: f32 = 190.0;

#[derive(Default)]
pub struct RegisterTable {
    list: RowList,
    table: ModbusTable,
    view: View,
    cells: Cells,
    unit: FieldText,
    size: FieldText,
    go_to: FieldText,
}

impl RegisterTable {
    pub fn of(unit: &ModbusUnit) -> Self {
        Self {
            unit: FieldText::new(unit.unit.map_or_else(String::new, |unit| unit.to_string())),
            size: FieldText::new(unit.size.to_string()),
            ..Self::default()
        }
    }

    pub fn ui(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        endpoint: &Configured,
        unit: &mut ModbusUnit,
        height: f32,
        actions: &mut Vec<Action>,
    ) {
        let status = ctx.engine.endpoint(endpoint.id);
        let runs = status.filter(|status| {
            matches!(status.state, EndpointState::Open | EndpointState::Paused) || status.open_peers > 0
        });
        let live = runs.and_then(|status| status.modbus.clone());
        let held = match &live {
            Some(live) => Held::Live(&live.bank),
            None => Held::Initial(&endpoint.settings.modbus),
        };
        self.unit(ctx, ui, unit);
        self.choices(ctx, ui, unit.size);
        let size = Vec2::new(ui.available_width(), (height - AROUND).clamp(4.0 * ROW, 16.0 * ROW));
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        self.rows(ctx, ui, rect, endpoint, unit.size, &held, actions);
        let said = match &live {
            None => ctx.words.get("service.not_open").to_owned(),
            Some(live) => match &live.last_written {
                None => ctx.words.get("service.nobody_wrote").to_owned(),
                Some((written, by)) => {
                    let peer = by.map_or_else(String::new, |by| by.to_string());
                    let last = written.address.saturating_add(written.count - 1);
                    let table = ctx.words.get(table_key(written.table));
                    let places = [
                        ("peer", &peer as &dyn std::fmt::Display),
                        ("table", &table),
                        ("first", &written.address),
                        ("last", &last),
                    ];
                    let key = if written.count == 1 { "service.wrote_one" } else { "service.wrote" };
                    ctx.words.fill(key, &places)
                }
            },
        };
        ui.horizontal_wrapped(|ui| {
            hint(ui, ctx.theme, &said);
            if live.as_ref().is_some_and(|live| live.last_written.is_some()) {
                ui.label(RichText::new(ctx.words.get("service.by_peer_legend")).color(ctx.theme.incoming));
            }
        });
    }

    fn unit(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, unit: &mut ModbusUnit) {
        let words = ctx.words;
        ui.horizontal(|ui| {
            let field = |key| Field { theme: ctx.theme, name: words.get(key), width: 70.0, placeholder: "" };
            ui.label(RichText::new(words.get("service.unit")).color(ctx.theme.dim));
            field("service.unit").show(ui, Id::unique("service unit"), &mut self.unit);
            let typed = self.unit.text.trim();
            match if typed.is_empty() { Ok(None) } else { typed.parse::<u8>().map(Some) } {
                Ok(read) => (unit.unit, self.unit.problem) = (read, None),
                Err(_) => self.unit.problem = Some(words.get("service.bad_unit").to_owned()),
            }
            hint(ui, ctx.theme, words.get("service.unit_hint"));
            ui.add_space(16.0);
            ui.label(RichText::new(words.get("service.size")).color(ctx.theme.dim));
            field("service.size").show(ui, Id::unique("service size"), &mut self.size);
            match self.size.text.trim().parse::<u32>() {
                Ok(size) if (1..=MOST_ADDRESSES).contains(&size) => (unit.size, self.size.problem) = (size, None),
                _ => self.size.problem = Some(words.get("service.bad_size").to_owned()),
            }
        });
        for text in [&self.unit.problem, &self.size.problem].into_iter().flatten() {
            problem(ui, ctx.theme, text);
        }
    }

    fn choices(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, size: u32) {
        let words = ctx.words;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for table in ModbusTable::ALL {
                let text = words.get(table_key(table));
                if chip(ui, ctx.theme, text, None, text, self.table == table).clicked() && self.table != table {
                    self.table = table;
                    self.cells.leave();
                    self.list.to_start();
                }
            }
        });
        ui.horizontal(|ui| {
            if !is_bits(self.table) {
                let before = self.view;
                let list = View::ALL.map(|value| Choice { value, text: words.get(value.key()).to_owned() });
                let label = words.get("service.view");
                choice(ui, ctx.theme, label, words.get(before.key()), Some(220.0), &mut self.view, &list);
                if self.view != before {
                    // The same addresses stay in view.
                    let address = self.list.position.top_row * u64::from(columns(self.table, before));
                    self.cells.leave();
                    let row = address / u64::from(columns(self.table, self.view));
                    self.list.put(row, 0.0, rows(self.table, self.view, size));
                }
            }
            ui.label(RichText::new(words.get("service.go_to")).color(ctx.theme.dim));
            let field = Field { theme: ctx.theme, name: words.get("service.go_to"), width: 80.0, placeholder: "" };
            let response = field.show(ui, Id::unique("service go to"), &mut self.go_to);
            if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
                self.go(ctx, size);
            }
            if let Some(text) = &self.go_to.problem {
                problem(ui, ctx.theme, text);
            }
        });
    }

    fn go(&mut self, ctx: &Ctx<'_>, size: u32) {
        let address = View::Decimal.read(&self.go_to.text).map(|(address, _)| address);
        match address.filter(|address| u32::from(*address) < size && !self.go_to.text.contains('-')) {
            Some(address) => {
                let row = u64::from(u32::from(address) / columns(self.table, self.view));
                self.list.reveal_in(row, rows(self.table, self.view, size));
                self.cells.focus(address);
            }
            None => {
                let last = size - 1;
                self.go_to.problem = Some(ctx.words.fill("service.bad_address", &[("last", &last)]));
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one row of the table is drawn from all of them")]
    fn rows(
        &mut self,
        ctx: &Ctx<'_>,
        ui: &mut Ui,
        rect: Rect,
        endpoint: &Configured,
        size: u32,
        held: &Held<'_>,
        actions: &mut Vec<Action>,
    ) {
        ui.painter().rect_stroke(rect, 4.0, egui::Stroke::new(1.0, ctx.theme.line), egui::StrokeKind::Inside);
        let mut inside = ui.new_child(UiBuilder::new().max_rect(rect.shrink(1.0)).id_salt("registers"));
        let (table, view) = (self.table, if is_bits(self.table) { View::Decimal } else { self.view });
        let columns = columns(table, view);
        let (cells, name) = (&mut self.cells, ctx.words.get(table_key(table)));
        cells.begin(ctx, endpoint.id, table, view);
        let id = Id::unique(("registers", endpoint.id.0));
        self.list.show(&mut inside, id, name, rows(table, view, size), ROW, |ui, row, rect, _| {
            let first = u32::try_from(row).unwrap_or(u32::MAX) * columns * view.registers();
            cells.row(ctx, ui, rect, first, columns, size, held, actions);
        });
        if let Some(address) = cells.follow() {
            let row = u64::from(u32::from(address) / (columns * view.registers()));
            self.list.reveal(row);
            ui.ctx().request_repaint();
        }
    }
}

/// Cells of a row.
fn columns(table: ModbusTable, view: View) -> u32 {
    match (is_bits(table), view.registers()) {
        (true, _) => 16,
        (false, 2) => 4,
        (false, _) => 8,
    }
}

fn rows(table: ModbusTable, view: View, size: u32) -> u64 {
    let view = if is_bits(table) { View::Decimal } else { view };
    u64::from(size.div_ceil(columns(table, view) * view.registers()))
}

pub fn is_bits(table: ModbusTable) -> bool {
    matches!(table, ModbusTable::Coils | ModbusTable::Inputs)
}

fn table_key(table: ModbusTable) -> &'static str {
    match table {
        ModbusTable::Holding => "service.holding",
        ModbusTable::InputRegisters => "service.input_registers",
        ModbusTable::Coils => "service.coils",
        ModbusTable::Inputs => "service.inputs",
    }
}
