//! The form of a UDP socket. Called by: `forms`.

use std::net::IpAddr;

use egui::Ui;

use super::fields::{FIELD_WIDTH, FormUi, bind_address, read_name, read_number, read_port};
use crate::model::{Answer, EndpointSettings, EndpointUri, HostPort, Protocol, TextEncoding, UdpSettings};
use crate::ui::panels::composer::read_address;
use crate::ui::state::Ctx;
use crate::ui::widgets::{FieldText, form_row, hint, problem};

pub struct UdpForm {
    address: IpAddr,
    address_problem: Option<String>,
    port: FieldText,
    dual_stack: bool,
    one_peer: bool,
    remote: FieldText,
    broadcast: bool,
    receive_buffer_kib: FieldText,
    answer: Answer,
    shown_as: TextEncoding,
    name: FieldText,
    start_with_workspace: bool,
}

impl Default for UdpForm {
    fn default() -> Self {
        let udp = UdpSettings { port: 5005, ..UdpSettings::default() };
        Self::of(&EndpointSettings::new(Protocol::Udp(udp.clone())), &udp)
    }
}

impl UdpForm {
    pub fn of(settings: &EndpointSettings, udp: &UdpSettings) -> Self {
        Self {
            address: udp.address,
            address_problem: None,
            port: FieldText::new(udp.port.to_string()),
            dual_stack: udp.dual_stack,
            one_peer: udp.remote.is_some(),
            remote: FieldText::new(udp.remote.as_ref().map(HostPort::to_string).unwrap_or_default()),
            broadcast: udp.broadcast,
            receive_buffer_kib: FieldText::new((udp.receive_buffer / 1024).to_string()),
            answer: udp.answer,
            shown_as: settings.shown_as,
            name: FieldText::new(settings.name.clone().unwrap_or_default()),
            start_with_workspace: settings.start_with_workspace,
        }
    }

    pub fn let_system_choose_port(&mut self) {
        self.port = FieldText::new("0");
    }

    pub fn fill(&mut self, ctx: &Ctx<'_>, uri: &EndpointUri) {
        match bind_address(&uri.at.host) {
            Some(address) => {
                self.address = address;
                self.address_problem = None;
                self.port = FieldText::new(uri.at.port.to_string());
            }
            None => self.address_problem = Some(ctx.words.get("form.address_is_name").to_owned()),
        }
    }

    /// The text names the peer to talk to, not the address to bind.
    pub fn fill_remote(&mut self, uri: &EndpointUri) {
        self.one_peer = true;
        self.remote = FieldText::new(uri.at.to_string());
        self.port = FieldText::new("0");
        let v6 = uri.at.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
        self.address = if v6 { IpAddr::from([0u16; 8]) } else { IpAddr::from([0u8; 4]) };
    }

    pub fn rows(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let (words, theme) = (form.ctx.words, form.ctx.theme);
        form.bind_row(ui, &mut self.address, &mut self.address_problem);
        let port = form.text_row(ui, words.get("form.port"), &mut self.port, words.get("form.port_hint"));
        form.take_focus(ui, &port, &self.port.text);
        if self.address == IpAddr::from([0u16; 8]) {
            form_row(ui, theme, "", |ui| ui.checkbox(&mut self.dual_stack, words.get("form.dual_stack")));
        }
        form_row(ui, theme, words.get("form.peers"), |ui| {
            ui.checkbox(&mut self.one_peer, words.get("form.one_peer"));
            if self.one_peer {
                form.text_field(ui, words.get("form.one_peer_address"), 170.0, "host:port", &mut self.remote);
                match &self.remote.problem {
                    Some(text) => problem(ui, theme, text),
                    None => hint(ui, theme, words.get("form.one_peer_hint")),
                };
            }
        });
        form.answer_row(ui, &crate::model::Answer::FOR_UDP, &mut self.answer);
    }

    pub fn options(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui) {
        let (words, theme) = (form.ctx.words, form.ctx.theme);
        form_row(ui, theme, words.get("form.broadcast"), |ui| {
            ui.checkbox(&mut self.broadcast, words.get("form.broadcast_allow"));
        });
        let label = words.get("form.receive_buffer");
        form_row(ui, theme, label, |ui| {
            form.text_field(ui, label, FIELD_WIDTH, "", &mut self.receive_buffer_kib);
            match &self.receive_buffer_kib.problem {
                Some(text) => problem(ui, theme, text),
                None => hint(ui, theme, words.get("form.receive_buffer_hint")),
            };
        });
        form.encoding_row(ui, &mut self.shown_as);
        form.text_row(ui, words.get("form.name"), &mut self.name, words.get("form.name_hint"));
    }

    pub fn summary(&self, ctx: &Ctx<'_>) -> String {
        let buffer = &self.receive_buffer_kib.text;
        ctx.words.fill("form.udp_summary", &[("buffer", buffer), ("encoding", &self.shown_as.name())])
    }

    pub fn has_hidden_problem(&self) -> bool {
        self.receive_buffer_kib.problem.is_some()
    }

    pub fn read(&mut self, ctx: &Ctx<'_>) -> Option<EndpointSettings> {
        let port = read_port(ctx, &mut self.port, true);
        let buffer = read_number(ctx, &mut self.receive_buffer_kib, 1, 1024 * 1024);
        let remote = if self.one_peer {
            let remote = read_address(&self.remote.text);
            if remote.as_ref().is_none_or(|remote| remote.port == 0) {
                self.remote.problem = Some(ctx.words.get("form.remote_bad").to_owned());
                return None;
            }
            remote
        } else {
            None
        };
        if self.address_problem.is_some() {
            return None;
        }
        let udp = UdpSettings {
            address: self.address,
            port: port?,
            dual_stack: self.dual_stack && self.address == IpAddr::from([0u16; 8]),
            remote,
            broadcast: self.broadcast,
            receive_buffer: buffer? * 1024,
            answer: self.answer,
        };
        Some(EndpointSettings {
            name: read_name(&self.name),
            start_with_workspace: self.start_with_workspace,
            shown_as: self.shown_as,
            ..EndpointSettings::new(Protocol::Udp(udp))
        })
    }
}
