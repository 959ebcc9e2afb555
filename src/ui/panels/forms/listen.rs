//! The form of a TCP listener. Called by: `forms`.

use std::net::IpAddr;

use egui::Ui;

use super::fields::{FIELD_WIDTH, FormUi, bind_address, read_name, read_number, read_port};
use crate::model::{EndpointSettings, EndpointUri, ListenerSettings, OverLimit, Protocol, TextEncoding};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, FieldText, choice, form_row, problem};

pub struct ListenForm {
    address: IpAddr,
    address_problem: Option<String>,
    port: FieldText,
    dual_stack: bool,
    limited: bool,
    max_peers: FieldText,
    over_limit: OverLimit,
    answer: crate::model::Answer,
    backlog: FieldText,
    shown_as: TextEncoding,
    name: FieldText,
    start_with_workspace: bool,
}

impl Default for ListenForm {
    fn default() -> Self {
        Self::of(
            &EndpointSettings::new(Protocol::TcpListener(ListenerSettings::default())),
            &ListenerSettings::default(),
        )
    }
}

impl ListenForm {
    pub fn of(settings: &EndpointSettings, listener: &ListenerSettings) -> Self {
        Self {
            address: listener.address,
            address_problem: None,
            port: FieldText::new(listener.port.to_string()),
            dual_stack: listener.dual_stack,
            limited: listener.max_peers.is_some(),
            max_peers: FieldText::new(listener.max_peers.unwrap_or(100).to_string()),
            over_limit: listener.over_limit,
            answer: listener.answer,
            backlog: FieldText::new(listener.backlog.to_string()),
            shown_as: settings.shown_as,
            name: FieldText::new(settings.name.clone().unwrap_or_default()),
            start_with_workspace: settings.start_with_workspace,
        }
    }

    /// The default port is one that no listener of ours has already.
    pub fn suggest_port(&mut self, ctx: &Ctx<'_>) {
        let used = |port: u16| {
            ctx.state.endpoints.iter().any(|endpoint| match &endpoint.settings.protocol {
                Protocol::TcpListener(listener) => listener.port == port,
                _ => false,
            })
        };
        if let Some(port) = (9000..=9999).find(|&port| !used(port)) {
            self.port = FieldText::new(port.to_string());
        }
    }

    pub fn let_system_choose_port(&mut self) {
        self.port = FieldText::new("0");
    }

    pub fn fill(&mut self, ctx: &Ctx<'_>, uri: &EndpointUri) {
        self.port = FieldText::new(uri.at.port.to_string());
        match bind_address(&uri.at.host) {
            Some(address) => {
                self.address = address;
                self.address_problem = None;
            }
            None => self.address_problem = Some(ctx.words.get("form.address_is_name").to_owned()),
        }
    }

    pub fn rows(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let words = form.ctx.words;
        form.bind_row(ui, &mut self.address, &mut self.address_problem);
        let port = form.text_row(ui, words.get("form.port"), &mut self.port, words.get("form.port_hint"));
        form.take_focus(ui, &port, &self.port.text);
        if self.address == IpAddr::from([0u16; 8]) {
            form_row(ui, form.ctx.theme, "", |ui| ui.checkbox(&mut self.dual_stack, words.get("form.dual_stack")));
        }
        self.limit_row(form, ui);
        form.answer_row(ui, &crate::model::Answer::ALL, &mut self.answer);
    }

    fn limit_row(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let (words, theme) = (form.ctx.words, form.ctx.theme);
        let label = words.get("form.max_peers");
        form_row(ui, theme, label, |ui| {
            let list = [(false, "form.no_limit"), (true, "form.limit")]
                .map(|(value, key)| Choice { value, text: words.get(key).to_owned() });
            let shown = words.get(if self.limited { "form.limit" } else { "form.no_limit" });
            let width = if self.limited { 92.0 } else { FIELD_WIDTH };
            choice(ui, theme, label, shown, Some(width), &mut self.limited, &list);
            if !self.limited {
                return;
            }
            form.text_field(ui, words.get("form.max_peers_number"), 74.0, "", &mut self.max_peers);
            if let Some(text) = &self.max_peers.problem {
                problem(ui, theme, text);
                return;
            }
            let list = [OverLimit::Reset, OverLimit::Wait]
                .map(|value| Choice { value, text: words.over_limit(value).to_owned() });
            let shown = words.over_limit(self.over_limit);
            let name = words.get("form.over_limit");
            choice(ui, theme, name, shown, Some(FIELD_WIDTH), &mut self.over_limit, &list);
        });
    }

    pub fn options(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let words = form.ctx.words;
        form.text_row(ui, words.get("form.backlog"), &mut self.backlog, words.get("form.backlog_hint"));
        form.encoding_row(ui, &mut self.shown_as);
        form.text_row(ui, words.get("form.name"), &mut self.name, words.get("form.name_hint"));
    }

    /// What the folded options are, in one line.
    pub fn summary(&self, ctx: &Ctx<'_>) -> String {
        ctx.words.fill("form.listen_summary", &[("backlog", &self.backlog.text), ("encoding", &self.shown_as.name())])
    }

    pub fn has_hidden_problem(&self) -> bool {
        self.backlog.problem.is_some()
    }

    /// The settings, or `None` with the problems at their fields.
    pub fn read(&mut self, ctx: &Ctx<'_>) -> Option<EndpointSettings> {
        let port = read_port(ctx, &mut self.port, true);
        let backlog = read_number(ctx, &mut self.backlog, 1, 1_000_000);
        let max_peers =
            if self.limited { read_number(ctx, &mut self.max_peers, 1, 1_000_000).map(Some) } else { Some(None) };
        if self.address_problem.is_some() {
            return None;
        }
        let listener = ListenerSettings {
            address: self.address,
            port: port?,
            dual_stack: self.dual_stack && self.address == IpAddr::from([0u16; 8]),
            backlog: backlog?,
            max_peers: max_peers?,
            over_limit: self.over_limit,
            answer: self.answer,
        };
        Some(EndpointSettings {
            name: read_name(&self.name),
            start_with_workspace: self.start_with_workspace,
            shown_as: self.shown_as,
            ..EndpointSettings::new(Protocol::TcpListener(listener))
        })
    }
}
