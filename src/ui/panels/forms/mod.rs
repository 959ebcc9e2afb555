//! The forms that open in place: listen, connect, UDP, and the settings of an endpoint that is there already.
//!
//! Owns: what is half typed (kept while a form is closed), and what became of what was asked for.
//! Never: sockets; it asks by `EndpointAction::Create` and reads the outcome from the engine's snapshot.
//! Called by: the window's shell, through the panel registry.

mod connect;
mod fields;
mod listen;
mod udp;

use egui::{Align, Area, Frame, Id, Key, Layout, Margin, Order, RichText, Stroke, Ui};

use super::{Anchor, Panel, anchor};
use crate::engine::{EndpointState, EndpointStatus, Peers};
use crate::model::{EndpointId, EndpointSettings, EndpointUri, Protocol, Reason, Transport};
use crate::ui::action::{Action, EndpointAction, Form, ViewAction};
use crate::ui::state::Ctx;
use crate::ui::theme;
use crate::ui::widgets::{FieldText, chip, hint, mono, plain_button, primary_button, problem};

use connect::ConnectForm;
use fields::FormUi;
use listen::ListenForm;
use udp::UdpForm;

const WIDTH: f32 = 590.0;
const ROW_GAP: f32 = 8.0;

#[derive(Default)]
pub struct Forms {
    listen: ListenForm,
    connect: ConnectForm,
    udp: UdpForm,
    /// The settings being edited, kept apart from the forms of new endpoints.
    edited: Option<(EndpointId, Edited)>,
    paste: FieldText,
    options_open: bool,
    /// Enter found a mistake in the last frame.
    focus_problem: bool,
    /// The form that was on screen in the last frame.
    shown: Form,
    submitted: Option<Submitted>,
}

enum Edited {
    Listen(Box<ListenForm>),
    Connect(Box<ConnectForm>),
    Udp(Box<UdpForm>),
}

/// What Enter sent off, until it is open or the form is closed.
struct Submitted {
    form: Form,
    settings: EndpointSettings,
    /// `State::last_created` before: when it has changed, it names ours.
    before: Option<EndpointId>,
    id: Option<EndpointId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Listen,
    Connect,
    Udp,
}

impl Panel for Forms {
    fn key(&self) -> &'static str {
        "forms"
    }

    fn ui(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, actions: &mut Vec<Action>) {
        let opened = self.shown != ctx.state.form;
        if opened {
            self.shown = ctx.state.form.clone();
            self.open(ctx);
        }
        self.follow_submitted(ctx, actions);
        let Some(kind) = self.kind(ctx) else { return };
        let at = corner(ui, kind);
        let width = WIDTH.min(ui.ctx().content_rect().right() - at.x - 8.0).max(320.0);
        let shown =
            Area::new(Id::unique("form")).order(Order::Middle).fixed_pos(at).constrain(true).fade_in(false).show(
                ui.ctx(),
                |ui| {
                    let frame = Frame::popup(ui.style())
                        .fill(ctx.theme.panel)
                        .stroke(Stroke::new(1.0, ctx.theme.line))
                        .inner_margin(Margin::same(16));
                    frame.show(ui, |ui| {
                        ui.set_width(width - 34.0);
                        ui.spacing_mut().item_spacing.y = ROW_GAP;
                        // In a small window the options scroll.
                        let most = (ui.ctx().content_rect().bottom() - at.y - 48.0).max(120.0);
                        let area = egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most);
                        area.auto_shrink([false, true]).show(ui, |ui| {
                            self.form(ctx, ui, kind, opened, actions);
                        });
                    });
                },
            );
        // A message must not cover the form's buttons.
        ui.ctx().move_to_top(shown.response.layer_id);
    }
}

/// Below the button that opened it, as far left as the window needs.
fn corner(ui: &Ui, kind: Kind) -> egui::Pos2 {
    let of = match kind {
        Kind::Listen => Anchor::Listen,
        Kind::Connect => Anchor::Connect,
        Kind::Udp => Anchor::Udp,
    };
    let room = ui.ctx().content_rect();
    let below = anchor(ui.ctx(), of).map_or(room.left_top() + egui::vec2(8.0, 40.0), |button| button.left_bottom());
    egui::pos2(below.x.min(room.right() - WIDTH - 8.0).max(room.left() + 8.0), below.y + 10.0)
}

impl Forms {
    fn open(&mut self, ctx: &Ctx<'_>) {
        self.paste = FieldText::default();
        let kept = self.submitted.as_ref().is_some_and(|submitted| submitted.form == self.shown);
        if !kept && self.shown != Form::None {
            self.submitted = None;
        }
        match self.shown {
            Form::Listen if !kept => self.listen.suggest_port(ctx),
            Form::Edit(id) => {
                let configured = ctx.state.endpoints.iter().find(|endpoint| endpoint.id == id);
                self.edited = configured.map(|configured| (id, Edited::of(&configured.settings)));
            }
            _ => {}
        }
    }

    fn kind(&self, ctx: &Ctx<'_>) -> Option<Kind> {
        match (&ctx.state.form, &self.edited) {
            (Form::Listen, _) | (Form::Edit(_), Some((_, Edited::Listen(_)))) => Some(Kind::Listen),
            (Form::Connect, _) | (Form::Edit(_), Some((_, Edited::Connect(_)))) => Some(Kind::Connect),
            (Form::Udp, _) | (Form::Edit(_), Some((_, Edited::Udp(_)))) => Some(Kind::Udp),
            _ => None,
        }
    }

    fn form(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, kind: Kind, opened: bool, actions: &mut Vec<Action>) {
        let salt = match kind {
            Kind::Listen => "listen",
            Kind::Connect => "connect",
            Kind::Udp => "udp",
        };
        let mut form = FormUi {
            ctx,
            enter: false,
            focus_first: opened,
            focus_problem: std::mem::take(&mut self.focus_problem),
            salt,
        };
        self.header(&mut form, ui, kind, actions);
        match self.part(kind) {
            Part::Listen(listen) => listen.rows(&mut form, ui),
            Part::Connect(connect) => connect.rows(&mut form, ui),
            Part::Udp(udp) => udp.rows(&mut form, ui),
        }
        self.options(&mut form, ui, kind);
        let pressed = self.footer(&mut form, ui, kind, actions);
        let nothing_focused = ui.memory(|memory| memory.focused().is_none());
        let enter = form.enter || (nothing_focused && !opened && ui.input(|i| i.key_pressed(Key::Enter)));
        if pressed || enter {
            self.submit(ctx, kind, actions);
        }
        if ui.input(|i| i.key_pressed(Key::Escape)) && !egui::Popup::is_any_open(ui.ctx()) {
            self.cancel(ctx, actions);
        }
    }

    /// Which transport, and the field for a pasted address.
    fn header(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui, kind: Kind, actions: &mut Vec<Action>) {
        let (ctx, words) = (form.ctx, form.ctx.words);
        let editing = matches!(ctx.state.form, Form::Edit(_));
        ui.horizontal(|ui| {
            let title = match kind {
                _ if editing => "form.title_edit",
                Kind::Listen => "form.title_listen",
                Kind::Connect => "form.title_connect",
                Kind::Udp => "form.title_udp",
            };
            ui.label(RichText::new(words.get(title)).font(theme::semibold(14.0)).color(ctx.theme.text));
            if !editing && kind != Kind::Connect {
                if chip(ui, ctx.theme, "TCP", None, "TCP", kind == Kind::Listen).clicked() && kind != Kind::Listen {
                    actions.push(Action::View(ViewAction::ShowForm(Form::Listen)));
                }
                if chip(ui, ctx.theme, "UDP", None, "UDP", kind == Kind::Udp).clicked() && kind != Kind::Udp {
                    actions.push(Action::View(ViewAction::ShowForm(Form::Udp)));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let placeholder = match kind {
                    Kind::Listen => "tcp://0.0.0.0:9000",
                    Kind::Connect => "tcp://host:port",
                    Kind::Udp => "udp://0.0.0.0:5005",
                };
                let placeholder = words.fill("form.or_paste", &[("example", &placeholder)]);
                let name = words.get("form.paste");
                let width = ui.available_width().min(230.0);
                let mut text = std::mem::take(&mut self.paste);
                let response = form.text_field(ui, name, width, &placeholder, &mut text);
                self.paste = text;
                if response.changed() {
                    self.pasted(ctx, kind, editing, actions);
                }
            });
        });
        if let Some(text) = &self.paste.problem {
            problem(ui, ctx.theme, text);
        }
    }

    fn pasted(&mut self, ctx: &Ctx<'_>, kind: Kind, editing: bool, actions: &mut Vec<Action>) {
        // Without a scheme the form that is open decides.
        let scheme = if kind == Kind::Udp { "udp" } else { "tcp" };
        let text = self.paste.text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
        self.paste.problem = None;
        let uri = match whole.parse::<EndpointUri>() {
            Ok(uri) => uri,
            Err(_) if text.is_empty() => return,
            Err(_) => {
                self.paste.problem = Some(ctx.words.get("form.paste_bad").to_owned());
                return;
            }
        };
        match (self.part(kind), uri.transport) {
            (Part::Listen(listen), Transport::Tcp) => listen.fill(ctx, &uri),
            (Part::Connect(connect), Transport::Tcp) => connect.fill(&uri),
            (Part::Udp(udp), Transport::Udp) => udp.fill(ctx, &uri),
            _ if editing => self.paste.problem = Some(ctx.words.get("form.paste_other").to_owned()),
            (Part::Listen(_), Transport::Udp) => {
                self.udp.fill(ctx, &uri);
                actions.push(Action::View(ViewAction::ShowForm(Form::Udp)));
            }
            (Part::Connect(_), Transport::Udp) => {
                self.udp.fill_remote(&uri);
                actions.push(Action::View(ViewAction::ShowForm(Form::Udp)));
            }
            (Part::Udp(_), Transport::Tcp) => {
                self.listen.fill(ctx, &uri);
                actions.push(Action::View(ViewAction::ShowForm(Form::Listen)));
            }
        }
    }

    fn options(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui, kind: Kind) {
        let words = form.ctx.words;
        let hidden_problem = match self.part(kind) {
            Part::Listen(listen) => listen.has_hidden_problem(),
            Part::Connect(connect) => connect.has_hidden_problem(),
            Part::Udp(udp) => udp.has_hidden_problem(),
        };
        self.options_open |= hidden_problem;
        ui.horizontal(|ui| {
            let mark = if self.options_open { "▾" } else { "▸" };
            let text = format!("{mark} {}", words.get("form.options"));
            let button = egui::Button::new(RichText::new(text).color(form.ctx.theme.text)).frame(false);
            let response = ui.add(button).accessible_name(words.get("form.options"));
            if response.clicked() {
                self.options_open = !self.options_open;
            }
            if !self.options_open {
                let summary = match self.part(kind) {
                    Part::Listen(listen) => listen.summary(form.ctx),
                    Part::Connect(connect) => connect.summary(form.ctx),
                    Part::Udp(udp) => udp.summary(form.ctx),
                };
                ui.add(egui::Label::new(mono(summary, form.ctx.theme.dim)).truncate());
            }
        });
        if self.options_open {
            match self.part(kind) {
                Part::Listen(listen) => listen.options(form, ui),
                Part::Connect(connect) => connect.options(form, ui),
                Part::Udp(udp) => udp.options(form, ui),
            }
        }
    }

    /// What became of it, Cancel and the primary action. True when that was pressed.
    fn footer(&mut self, form: &mut FormUi<'_, '_>, ui: &mut Ui, kind: Kind, actions: &mut Vec<Action>) -> bool {
        let (ctx, words) = (form.ctx, form.ctx.words);
        let editing = matches!(ctx.state.form, Form::Edit(_));
        let mut pressed = self.outcome(ctx, ui, kind);
        ui.horizontal(|ui| {
            let note = match (editing, self.still_connecting(ctx).is_some()) {
                (_, true) => "form.connecting",
                (true, false) => "form.note_edit",
                (false, false) => "form.note_new",
            };
            hint(ui, ctx.theme, words.get(note));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let submit = match kind {
                    _ if editing => "form.apply",
                    Kind::Listen => "form.listen",
                    Kind::Connect => "form.connect",
                    Kind::Udp => "form.open",
                };
                pressed |= primary_button(ui, ctx.theme, words.get(submit), "↵", true).clicked();
                if plain_button(ui, ctx.theme, words.get("form.cancel"), "Esc").clicked() {
                    self.cancel(ctx, actions);
                }
            });
        });
        pressed
    }

    /// What was asked for and is neither open nor failed yet.
    fn still_connecting(&self, ctx: &Ctx<'_>) -> Option<EndpointId> {
        let status = self.submitted_status(ctx)?;
        matches!(status.state, EndpointState::Resolving | EndpointState::Connecting).then_some(status.id)
    }

    /// Closes the form, and ends a connect that it waits for: with a name that takes long there is nothing else to press.
    fn cancel(&self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        if let Some(id) = self.still_connecting(ctx) {
            actions.push(Action::Endpoint(EndpointAction::Close(id, Peers::Close)));
        }
        actions.push(Action::View(ViewAction::HideForm));
    }

    /// The failure of what was asked for, with what to try. True when another try was asked for.
    fn outcome(&mut self, ctx: &Ctx<'_>, ui: &mut Ui, kind: Kind) -> bool {
        let Some(failure) = self.submitted_status(ctx).and_then(|status| status.failure.clone()) else { return false };
        let text = format!("{} {}", ctx.words.failure(&failure), ctx.words.hint(&failure));
        problem(ui, ctx.theme, text.trim());
        let other_port = failure.reason == Reason::PortTaken && kind != Kind::Connect;
        if !other_port || !plain_button(ui, ctx.theme, ctx.words.get("form.any_port"), "").clicked() {
            return false;
        }
        match self.part(kind) {
            Part::Listen(listen) => listen.let_system_choose_port(),
            Part::Udp(udp) => udp.let_system_choose_port(),
            Part::Connect(_) => {}
        }
        true
    }

    fn submit(&mut self, ctx: &Ctx<'_>, kind: Kind, actions: &mut Vec<Action>) {
        let settings = match self.part(kind) {
            Part::Listen(listen) => listen.read(ctx),
            Part::Connect(connect) => connect.read(ctx),
            Part::Udp(udp) => udp.read(ctx),
        };
        let Some(settings) = settings else {
            self.focus_problem = true;
            return;
        };
        let replaces = match &ctx.state.form {
            Form::Edit(id) => Some(*id),
            _ => self.failed_id(ctx),
        };
        self.submitted = Some(Submitted {
            form: ctx.state.form.clone(),
            settings: settings.clone(),
            before: ctx.state.last_created,
            id: replaces,
        });
        actions.push(Action::Endpoint(EndpointAction::Create { settings: settings.into(), replaces }));
    }

    /// The endpoint of a try that failed: the next one takes its place.
    fn failed_id(&self, ctx: &Ctx<'_>) -> Option<EndpointId> {
        let status = self.submitted_status(ctx)?;
        (status.state != EndpointState::Open).then_some(status.id)
    }

    fn submitted_status<'a>(&self, ctx: &Ctx<'a>) -> Option<&'a EndpointStatus> {
        let (engine, submitted) = (ctx.engine, self.submitted.as_ref()?);
        // The engine may still show the endpoint as it was before it was edited.
        engine
            .endpoint(submitted.id?)
            .map(|status| status.as_ref())
            .filter(|status| status.settings == submitted.settings)
    }

    /// Closes the form once what it asked for is open.
    fn follow_submitted(&mut self, ctx: &Ctx<'_>, actions: &mut Vec<Action>) {
        let Some(submitted) = &mut self.submitted else { return };
        if submitted.id.is_none() && ctx.state.last_created != submitted.before {
            submitted.id = ctx.state.last_created;
        }
        let form = submitted.form.clone();
        if self.submitted_status(ctx).is_some_and(|status| status.state == EndpointState::Open) {
            self.submitted = None;
            if ctx.state.form == form {
                actions.push(Action::View(ViewAction::HideForm));
            }
        }
    }

    fn part(&mut self, kind: Kind) -> Part<'_> {
        match (&self.shown, &mut self.edited, kind) {
            (Form::Edit(_), Some((_, Edited::Listen(listen))), Kind::Listen) => Part::Listen(listen),
            (Form::Edit(_), Some((_, Edited::Connect(connect))), Kind::Connect) => Part::Connect(connect),
            (Form::Edit(_), Some((_, Edited::Udp(udp))), Kind::Udp) => Part::Udp(udp),
            (_, _, Kind::Listen) => Part::Listen(&mut self.listen),
            (_, _, Kind::Connect) => Part::Connect(&mut self.connect),
            (_, _, Kind::Udp) => Part::Udp(&mut self.udp),
        }
    }
}

/// The form on screen.
enum Part<'a> {
    Listen(&'a mut ListenForm),
    Connect(&'a mut ConnectForm),
    Udp(&'a mut UdpForm),
}

impl Edited {
    fn of(settings: &EndpointSettings) -> Self {
        match &settings.protocol {
            Protocol::TcpListener(listener) => Self::Listen(Box::new(ListenForm::of(settings, listener))),
            Protocol::TcpClient(client) => Self::Connect(Box::new(ConnectForm::of(settings, client))),
            Protocol::Udp(udp) => Self::Udp(Box::new(UdpForm::of(settings, udp))),
        }
    }
}
