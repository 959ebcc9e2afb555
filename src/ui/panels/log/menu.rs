//! What can be done with one row: the menu of its second button.
//!
//! Called by: a row's drawing.

use std::sync::Arc;

use egui::Ui;

use super::drawing::Drawing;
use super::selected_row;
use super::text;
use crate::filter;
use crate::model::{HighlightRule, Recorded, TextEncoding};
use crate::payload;
use crate::session::Scope;
use crate::ui::action::{Action, Form, LogAction, Tab, ViewAction};
use crate::ui::panels::highlights::{MOST_RULES, unused_color};
use crate::ui::panels::{note_editor, reuse};

impl Drawing<'_, '_> {
    pub fn menu(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        self.copying(ui, row, actions);
        if let Some(bytes) = row.event.bytes() {
            ui.separator();
            reuse::menu(self.ctx, ui, row, bytes, actions);
        }
        ui.separator();
        self.filtering(ui, row, actions);
        ui.separator();
        self.narrowing(ui, row, actions);
        ui.separator();
        self.showing(ui, row, actions);
    }

    fn entry(&self, ui: &mut Ui, key: &str, ask: impl FnOnce() -> Vec<Action>, actions: &mut Vec<Action>) {
        if ui.button(self.ctx.words.get(key)).clicked() {
            actions.extend(ask());
            ui.close();
        }
    }

    fn copying(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        let (words, state) = (self.ctx.words, self.ctx.state);
        let event = &row.event;
        let whole = || text::whole_row(words, self.clock, row, state, usize::MAX, "\t");
        self.entry(ui, "log.copy_row", || vec![Action::Copy(whole())], actions);
        if let Some(bytes) = event.bytes() {
            let encoding = state.encoding_of(&event.flow);
            let text = || vec![Action::Copy(payload::bytes_to_text(bytes, encoding))];
            self.entry(ui, "log.copy_text", text, actions);
            self.entry(ui, "log.copy_hex", || vec![Action::Copy(payload::bytes_to_hex(bytes))], actions);
            self.entry(ui, "log.copy_c", || vec![Action::Copy(payload::bytes_to_c_array(bytes))], actions);
        }
    }

    /// Filters are written for the person: they stand in the line, to be seen and changed.
    fn filtering(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        let state = self.ctx.state;
        let encoding = state.encoding_of(&row.event.flow);
        let now = state.query.filter.text();
        let take = |text| vec![Action::Log(LogAction::SetFilter(text)), Action::Log(LogAction::CommitFilter)];
        self.entry(ui, "log.exclude_like", || take(filter::exclude_like(now, row, encoding)), actions);
        self.entry(ui, "log.only_like", || take(filter::only_like(now, row, encoding)), actions);
        let highlight = || {
            let rules: Vec<&HighlightRule> = state.highlights.iter().collect();
            let color = unused_color(&rules);
            let filter = filter::only_like("", row, encoding);
            let rule = HighlightRule { filter, color, enabled: true };
            // In front: it is wanted for what other rules may take already.
            let rules = std::iter::once(rule).chain(state.highlights.iter().cloned()).collect();
            vec![Action::Log(LogAction::SetHighlights(rules)), Action::View(ViewAction::ShowForm(Form::Highlights))]
        };
        ui.add_enabled_ui(state.highlights.len() < MOST_RULES, |ui| {
            self.entry(ui, "log.highlight_like", highlight, actions);
        });
    }

    fn narrowing(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        let flow = &row.event.flow;
        let select = |scope| Action::Log(LogAction::Select(scope));
        if !flow.connection.is_none() {
            let scope = Scope::Connection(flow.connection);
            let follow = || vec![select(scope.clone()), Action::View(ViewAction::ShowTab(Tab::Conversation))];
            self.entry(ui, "log.follow", follow, actions);
            self.entry(ui, "log.only_socket", || vec![select(scope.clone())], actions);
        }
        let scope = Scope::Endpoint(flow.endpoint);
        self.entry(ui, "log.only_endpoint", || vec![select(scope)], actions);
    }

    fn showing(&self, ui: &mut Ui, row: &Arc<Recorded>, actions: &mut Vec<Action>) {
        let (words, state) = (self.ctx.words, self.ctx.state);
        let event = &row.event;
        note_editor::menu(self.ctx, ui, row.seq, actions);
        // What happened has no bytes to be compared.
        let selected = selected_row(self.ctx).filter(|selected| selected.seq != row.seq);
        if event.bytes().is_some() && selected.is_some_and(|selected| selected.event.bytes().is_some()) {
            let compare = || vec![Action::Log(LogAction::Compare(Some(row.seq)))];
            self.entry(ui, "log.compare", compare, actions);
        }
        ui.menu_button(words.get("log.encoding"), |ui| {
            let id = event.flow.endpoint;
            for encoding in TextEncoding::ALL {
                if ui.radio(state.encoding_of(&event.flow) == encoding, encoding.name()).clicked() {
                    actions.push(Action::Log(LogAction::SetEncoding(id, encoding)));
                    ui.close();
                }
            }
        });
        let mut hex = state.as_hex;
        if ui.checkbox(&mut hex, words.get("log.as_hex")).clicked() {
            actions.push(Action::Log(LogAction::ShowAsHex(hex)));
            ui.close();
        }
    }
}
