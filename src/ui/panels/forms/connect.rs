//! The form of a TCP client. Called by: `forms`.

use std::net::IpAddr;

use egui::Ui;

use super::fields::{FIELD_WIDTH, FormUi, read_name, read_port, read_seconds, seconds};
use crate::model::{
    Answer, ClientSettings, EndpointSettings, EndpointUri, HostPort, Protocol, TextEncoding, Transport,
};
use crate::ui::state::Ctx;
use crate::ui::widgets::{Choice, FieldText, choice, form_row, hint, problem};

pub struct ConnectForm {
    host: FieldText,
    port: FieldText,
    source_address: Option<IpAddr>,
    source_port: FieldText,
    timeout: FieldText,
    reconnect: bool,
    reconnect_after: FieldText,
    answer: Answer,
    shown_as: TextEncoding,
    name: FieldText,
    start_with_workspace: bool,
}

impl Default for ConnectForm {
    fn default() -> Self {
        let client = ClientSettings::new(HostPort::new("127.0.0.1", 9000));
        Self::of(&EndpointSettings::new(Protocol::TcpClient(client.clone())), &client)
    }
}

impl ConnectForm {
    pub fn of(settings: &EndpointSettings, client: &ClientSettings) -> Self {
        Self {
            host: FieldText::new(client.remote.host.clone()),
            port: FieldText::new(client.remote.port.to_string()),
            source_address: client.source_address,
            source_port: FieldText::new(client.source_port.to_string()),
            timeout: FieldText::new(seconds(client.connect_timeout_millis)),
            reconnect: client.reconnect_millis.is_some(),
            reconnect_after: FieldText::new(seconds(client.reconnect_millis.unwrap_or(3000))),
            answer: client.answer,
            shown_as: settings.shown_as,
            name: FieldText::new(settings.name.clone().unwrap_or_default()),
            start_with_workspace: settings.start_with_workspace,
        }
    }

    pub fn fill(&mut self, uri: &EndpointUri) {
        self.host = FieldText::new(uri.at.host.clone());
        self.port = FieldText::new(uri.at.port.to_string());
    }

    pub fn rows(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let words = form.ctx.words;
        let host = form.text_row(ui, words.get("form.host"), &mut self.host, words.get("form.host_hint"));
        form.take_focus(ui, &host, &self.host.text);
        if host.changed() {
            self.split_pasted(ui);
        }
        form.text_row(ui, words.get("form.port"), &mut self.port, "");
        let (theme, label) = (form.ctx.theme, words.get("form.reconnect"));
        form_row(ui, theme, label, |ui| {
            ui.allocate_ui(egui::vec2(FIELD_WIDTH, 26.0), |ui| {
                ui.set_min_width(FIELD_WIDTH);
                ui.horizontal(|ui| {
                    let key = if self.reconnect { "form.reconnect_after" } else { "form.reconnect_off" };
                    ui.checkbox(&mut self.reconnect, words.get(key));
                    if self.reconnect {
                        form.text_field(ui, words.get("form.reconnect_seconds"), 48.0, "", &mut self.reconnect_after);
                        hint(ui, theme, words.get("form.seconds"));
                    }
                });
            });
            if let Some(text) = &self.reconnect_after.problem {
                problem(ui, theme, text);
            }
        });
        form.answer_row(ui, &crate::model::Answer::FOR_CLIENTS, &mut self.answer);
    }

    /// `host:port` and `tcp://host:port` pasted into the host field fill both fields.
    fn split_pasted(&mut self, ui: &Ui) {
        let text = self.host.text.trim().to_owned();
        if text.contains("://") {
            if let Ok(uri) = text.parse::<EndpointUri>()
                && uri.transport == Transport::Tcp
            {
                self.fill(&uri);
            }
            return;
        }
        let pasted = ui.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Paste(_))));
        if pasted && let Ok(at) = text.parse::<HostPort>() {
            self.fill(&EndpointUri { transport: Transport::Tcp, at });
        }
    }

    pub fn options(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let (words, theme) = (form.ctx.words, form.ctx.theme);
        let label = words.get("form.source_address");
        form_row(ui, theme, label, |ui| {
            let any = words.get("form.system_chooses");
            let own = form.ctx.state.own_addresses.iter().map(|own| own.address);
            let mut addresses: Vec<Option<IpAddr>> = std::iter::once(None).chain(own.map(Some)).collect();
            if !addresses.contains(&self.source_address) {
                addresses.push(self.source_address);
            }
            let text = |address: Option<IpAddr>| address.map_or_else(|| any.to_owned(), |address| address.to_string());
            let list: Vec<_> = addresses.into_iter().map(|value| Choice { value, text: text(value) }).collect();
            choice(ui, theme, label, &text(self.source_address), Some(FIELD_WIDTH), &mut self.source_address, &list);
        });
        form.text_row(ui, words.get("form.source_port"), &mut self.source_port, words.get("form.source_port_hint"));
        form.text_row(ui, words.get("form.timeout"), &mut self.timeout, words.get("form.seconds"));
        form.encoding_row(ui, &mut self.shown_as);
        form.text_row(ui, words.get("form.name"), &mut self.name, words.get("form.name_hint"));
    }

    pub fn summary(&self, ctx: &Ctx<'_>) -> String {
        ctx.words.fill("form.connect_summary", &[("timeout", &self.timeout.text), ("encoding", &self.shown_as.name())])
    }

    pub fn has_hidden_problem(&self) -> bool {
        self.source_port.problem.is_some() || self.timeout.problem.is_some()
    }

    pub fn read(&mut self, ctx: &Ctx<'_>) -> Option<EndpointSettings> {
        let host = read_host(ctx, &mut self.host);
        let port = read_port(ctx, &mut self.port, false);
        let source_port =
            if self.source_port.text.trim().is_empty() { Some(0) } else { read_port(ctx, &mut self.source_port, true) };
        let timeout = read_seconds(ctx, &mut self.timeout);
        let reconnect =
            if self.reconnect { read_seconds(ctx, &mut self.reconnect_after).map(Some) } else { Some(None) };
        let client = ClientSettings {
            remote: HostPort::new(host?, port?),
            source_address: self.source_address,
            source_port: source_port?,
            connect_timeout_millis: timeout?,
            reconnect_millis: reconnect?,
            answer: self.answer,
        };
        Some(EndpointSettings {
            name: read_name(&self.name),
            start_with_workspace: self.start_with_workspace,
            shown_as: self.shown_as,
            ..EndpointSettings::new(Protocol::TcpClient(client))
        })
    }
}

/// A host name or an address, brackets forgiven; the problem stands at the field.
fn read_host(ctx: &Ctx<'_>, field: &mut FieldText) -> Option<String> {
    let host = field.text.trim();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let key = if host.is_empty() {
        "form.host_missing"
    } else if host.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '[' | ']')) {
        "form.host_bad"
    } else if host.contains(':') && host.split('%').next().is_none_or(|ip| ip.parse::<IpAddr>().is_err()) {
        // A colon belongs to an IPv6 address only.
        "form.host_with_port"
    } else {
        return Some(host.to_owned());
    };
    field.problem = Some(ctx.words.get(key).to_owned());
    None
}
