//! One row of the sidebar, painted: dot, address, the one figure that matters. What is painted is also said in words,
//! as the row's accessible name and tooltip. Called by: the sidebar.

use std::hash::Hash;
use std::time::Duration;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, CornerRadius, FontId, Id, Pos2, Rect, Response, Role, Sense, Stroke, TextStyle, Ui, Vec2};

use super::outline::is_over;
use crate::engine::{ConnectionState, ConnectionStatus, EndpointState, EndpointStatus};
use crate::model::{Protocol, Timestamp, Transport};
use crate::ui::panels::target;
use crate::ui::state::{Configured, Ctx};
use crate::ui::theme;
use crate::ui::widgets::{Spark, dot, sparkline};

pub const INDENT: f32 = 18.0;
const SPARK: Vec2 = Vec2::new(52.0, 12.0);

pub struct Drawn {
    pub response: Response,
    /// The button with three dots of a selected row.
    pub more: Option<Response>,
}

/// What a row shows.
pub struct Look {
    pub id: Id,
    pub name: String,
    pub color: Color32,
    pub filled: bool,
    pub figure: Figure,
    pub figure_color: Color32,
    pub indent: f32,
    /// Others than this computer reach it.
    pub reachable: bool,
    pub mono: bool,
    /// All of it in words.
    pub said: String,
}

pub enum Figure {
    Text(String),
    Spark([u32; 12]),
}

pub fn section(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, text: &str) {
    let font = theme::medium(11.0);
    let at = Pos2::new(place.left() + 14.0, place.bottom() - 5.0);
    ui.painter().text(at, Align2::LEFT_BOTTOM, text, font, ctx.theme.dim);
    let response = ui.interact(place, Id::unique(("sidebar section", text)), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Label, true, text));
}

pub fn note(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, text: &str) {
    let at = Pos2::new(place.left() + 14.0, place.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, text, body(ui), ctx.theme.dim);
}

/// A row of words that does something.
pub fn link(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, id: impl Hash + std::fmt::Debug, text: &str) -> Response {
    let response = ui.interact(place, Id::unique(("sidebar link", id)), Sense::click());
    ground(ctx, ui, place, false, &response);
    let at = Pos2::new(place.left() + 14.0 + INDENT, place.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, text, body(ui), ctx.theme.dim);
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, text));
    response
}

pub fn endpoint(
    ctx: &Ctx<'_>,
    ui: &mut Ui,
    place: Rect,
    configured: &Configured,
    status: Option<&EndpointStatus>,
    selected: bool,
) -> Drawn {
    let state = status.map_or(EndpointState::Closed, |status| status.state);
    let name = match status {
        Some(status) => target::endpoint_title(status),
        None => target::configured_title(&configured.settings),
    };
    let (figure, figure_color) = endpoint_figure(ctx, ui, status, state);
    let reachable = configured.settings.reachable_from_network();
    let mut said = format!("{name}, {}", ctx.words.get(endpoint_state_key(state, &configured.settings.protocol)));
    if !figure.is_empty() {
        said = format!("{said}, {figure}");
    }
    if reachable {
        said = format!("{said}, {}", ctx.words.get("sidebar.reachable"));
    }
    let look = Look {
        id: Id::unique(("sidebar endpoint", configured.id)),
        mono: configured.settings.name.is_none(),
        name,
        color: endpoint_color(ctx, status, state),
        filled: state != EndpointState::Closed,
        figure: Figure::Text(figure),
        figure_color,
        indent: 0.0,
        reachable,
        said,
    };
    draw(ctx, ui, place, &look, selected)
}

pub fn peer(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, peer: &ConnectionStatus, selected: bool) -> Drawn {
    let state = ctx.words.get(connection_state_key(&peer.state));
    let name = target::peer_name(peer);
    let not_reading = not_reading(ctx, peer);
    let (figure, color) = match (&peer.state, not_reading) {
        (ConnectionState::Open | ConnectionState::PeerFinished | ConnectionState::WeFinished, Some(text)) => {
            (Figure::Text(text), ctx.theme.outgoing)
        }
        (ConnectionState::Open, None) => (Figure::Spark(peer.recent), ctx.theme.ok),
        (ConnectionState::PeerFinished | ConnectionState::WeFinished, None) => {
            (Figure::Text(ctx.words.get("sidebar.half_closed").to_owned()), ctx.theme.outgoing)
        }
        (ConnectionState::Failed(failure), _) => {
            (Figure::Text(ctx.words.title_of(failure.reason).to_owned()), ctx.theme.error)
        }
        (ConnectionState::Reset, _) => (Figure::Text(state.to_owned()), ctx.theme.error),
        (ConnectionState::Closed, _) => (Figure::Text(state.to_owned()), ctx.theme.faint),
    };
    let said = match &figure {
        Figure::Text(text) if text != state => format!("{name}, {state}, {text}"),
        _ => format!("{name}, {state}"),
    };
    let look = Look {
        id: Id::unique(("sidebar peer", peer.id)),
        name,
        color,
        filled: !is_over(peer),
        figure,
        figure_color: ctx.theme.dim,
        indent: INDENT,
        reachable: false,
        mono: true,
        said,
    };
    draw(ctx, ui, place, &look, selected)
}

pub fn draw(ctx: &Ctx<'_>, ui: &mut Ui, place: Rect, look: &Look, selected: bool) -> Drawn {
    let response = ui.interact(place.shrink2(Vec2::new(8.0, 0.0)), look.id, Sense::click());
    ground(ctx, ui, place, selected, &response);
    response.widget_info(|| egui::WidgetInfo::selected(Role::Button, true, selected, &look.said));
    let center = place.center().y;
    let left = place.left() + 18.0 + look.indent;
    dot(ui.painter(), Pos2::new(left, center), look.color, look.filled);

    let font = if look.mono { TextStyle::Monospace.resolve(ui.style()) } else { body(ui) };
    let mut right = place.right() - 14.0;
    let more = selected.then(|| more_button(ctx, ui, Pos2::new(right - 6.0, center), look.id, &look.name));
    if more.is_some() {
        right -= 20.0;
    }
    match &look.figure {
        Figure::Text(text) if text.is_empty() => {}
        Figure::Text(text) => {
            let galley = one_line(ui, text, small(ui), look.figure_color, place.width() * 0.45);
            let at = Pos2::new(right - galley.size().x, center - galley.size().y / 2.0);
            right = at.x - 8.0;
            ui.painter().galley(at, galley, look.figure_color);
        }
        // An address that says less than it needs to is worth more than a flat line.
        Figure::Spark(periods) => {
            let whole = one_line(ui, &look.name, font.clone(), ctx.theme.text, f32::INFINITY).size().x;
            let crowded = left + 12.0 + whole > right - SPARK.x - 8.0;
            if crowded && periods.iter().all(|period| *period == 0) {
                right -= 8.0;
            } else {
                right = spark(ctx, ui, periods, Pos2::new(right, center));
            }
        }
    }
    if look.reachable {
        globe(ui, Pos2::new(right - 6.0, center), ctx.theme.outgoing);
        right -= 18.0;
    }
    let ink = if look.filled { ctx.theme.text } else { ctx.theme.dim };
    let room = (right - left - 12.0).max(20.0);
    let name = if look.mono { fit_address(ui, &look.name, &font, room) } else { look.name.clone() };
    let galley = one_line(ui, &name, font, ink, room);
    ui.painter().galley(Pos2::new(left + 12.0, center - galley.size().y / 2.0), galley, ink);
    Drawn { response: response.on_hover_text(&look.said), more }
}

/// The last periods of a peer up to `right_center`; gives back where the room left of it ends.
fn spark(ctx: &Ctx<'_>, ui: &Ui, periods: &[u32; 12], right_center: Pos2) -> f32 {
    let at = Rect::from_min_size(right_center - Vec2::new(SPARK.x, SPARK.y / 2.0), SPARK);
    sparkline(ui.painter(), at, &Spark { periods, color: ctx.theme.dim });
    at.left() - 8.0
}

fn ground(ctx: &Ctx<'_>, ui: &Ui, place: Rect, selected: bool, response: &Response) {
    let fill = if selected {
        ctx.theme.selection
    } else if response.hovered() {
        ctx.theme.raised
    } else {
        Color32::TRANSPARENT
    };
    let inner = place.shrink2(Vec2::new(8.0, 0.5));
    ui.painter().rect_filled(inner, CornerRadius::same(6), fill);
    if response.has_focus() {
        let edge = Stroke::new(1.0, ctx.theme.accent);
        ui.painter().rect_stroke(inner, CornerRadius::same(6), edge, egui::StrokeKind::Inside);
    }
}

/// Three dots that open a menu.
pub fn more_button(ctx: &Ctx<'_>, ui: &Ui, at: Pos2, of: Id, name: &str) -> Response {
    let place = Rect::from_center_size(at, Vec2::splat(20.0));
    let response = ui.interact(place, of.with("more"), Sense::click());
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(place, CornerRadius::same(4), ctx.theme.raised);
    }
    for step in [-4.5, 0.0, 4.5] {
        ui.painter().circle_filled(at + Vec2::new(step, 0.0), 1.4, ctx.theme.text);
    }
    let name = ctx.words.fill("sidebar.more", &[("name", &name)]);
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, &name));
    response
}

/// The mark of what others than this computer reach.
fn globe(ui: &Ui, at: Pos2, color: Color32) {
    let stroke = Stroke::new(1.0, color);
    let painter = ui.painter();
    painter.circle_stroke(at, 5.5, stroke);
    painter.line_segment([at - Vec2::new(5.5, 0.0), at + Vec2::new(5.5, 0.0)], stroke);
    painter.add(egui::epaint::EllipseShape::stroke(at, Vec2::new(2.4, 5.5), stroke));
}

/// An address cut in its middle where it is too long: peers differ in their ports.
fn fit_address(ui: &Ui, text: &str, font: &FontId, width: f32) -> String {
    let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(font, '0')).max(1.0);
    cut_middle(text, (width / glyph) as usize)
}

/// At most `most` characters, the end of them always.
fn cut_middle(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let tail = (most / 2).clamp(1, 8);
    let head = most.saturating_sub(tail + 1);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

/// Text cut with `…` at a width.
pub fn one_line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping { max_width: width, max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

fn endpoint_color(ctx: &Ctx<'_>, status: Option<&EndpointStatus>, state: EndpointState) -> Color32 {
    let half_closed = status
        .is_some_and(|status| matches!(status.settings.protocol, Protocol::TcpClient(_)) && is_half_closed(status));
    match state {
        EndpointState::Open if half_closed => ctx.theme.outgoing,
        EndpointState::Open => ctx.theme.ok,
        EndpointState::Resolving | EndpointState::Connecting | EndpointState::Paused | EndpointState::Waiting => {
            ctx.theme.outgoing
        }
        EndpointState::Closed => ctx.theme.faint,
        EndpointState::Failed => ctx.theme.error,
    }
}

/// The one figure at the right edge.
fn endpoint_figure(ctx: &Ctx<'_>, ui: &Ui, status: Option<&EndpointStatus>, state: EndpointState) -> (String, Color32) {
    let dim = ctx.theme.dim;
    let Some(status) = status else { return (String::new(), dim) };
    match state {
        EndpointState::Failed | EndpointState::Paused => {
            let reason = status.failure.as_ref().map(|failure| ctx.words.title_of(failure.reason));
            (reason.unwrap_or_default().to_owned(), ctx.theme.error)
        }
        EndpointState::Waiting => (retry_words(ctx, ui, status.retry_at), dim),
        EndpointState::Resolving | EndpointState::Connecting => (ctx.words.get("sidebar.connecting").to_owned(), dim),
        // What a closed client was closed by is worth more than that it is closed.
        EndpointState::Closed => match &status.failure {
            Some(failure) => (ctx.words.title_of(failure.reason).to_owned(), ctx.theme.error),
            None if status.open_peers > 0 => (status.open_peers.to_string(), dim),
            None => (String::new(), dim),
        },
        EndpointState::Open => match client_connection(status).and_then(|peer| not_reading(ctx, peer)) {
            Some(text) => (text, ctx.theme.outgoing),
            None => (open_figure(ctx, status), dim),
        },
    }
}

/// The one connection of a client: not to be asked of a listener with ten thousand.
fn client_connection(status: &EndpointStatus) -> Option<&ConnectionStatus> {
    let is_client = matches!(status.settings.protocol, Protocol::TcpClient(_));
    is_client.then(|| status.peers.iter().find(|peer| !is_over(peer))).flatten()
}

/// "not reading 5 s"
fn not_reading(ctx: &Ctx<'_>, peer: &ConnectionStatus) -> Option<String> {
    let time = whole_seconds(ctx, peer.not_reading_millis?);
    Some(ctx.words.fill("sidebar.not_reading", &[("time", &time)]))
}

fn open_figure(ctx: &Ctx<'_>, status: &EndpointStatus) -> String {
    match &status.settings.protocol {
        Protocol::TcpListener(_) => match rate_words(ctx, status) {
            rate if rate.is_empty() => status.open_peers.to_string(),
            rate => format!("{} · {rate}", status.open_peers),
        },
        Protocol::TcpClient(_) if is_half_closed(status) => ctx.words.get("sidebar.half_closed").to_owned(),
        Protocol::TcpClient(_) | Protocol::Udp(_) => rate_words(ctx, status),
    }
}

/// Of a client, which has one connection: not to be asked of a listener with ten thousand.
fn is_half_closed(status: &EndpointStatus) -> bool {
    status.peers.iter().any(|peer| matches!(peer.state, ConnectionState::PeerFinished | ConnectionState::WeFinished))
}

/// Bytes a second of a stream, datagrams a second of a UDP socket; nothing while nothing flows.
fn rate_words(ctx: &Ctx<'_>, status: &EndpointStatus) -> String {
    let totals = &status.totals;
    let rate = match status.settings.transport() {
        Transport::Tcp => totals.bytes_in_per_second + totals.bytes_out_per_second,
        Transport::Udp => totals.events_in_per_second + totals.events_out_per_second,
    };
    if rate < 0.5 {
        return String::new();
    }
    match status.settings.transport() {
        Transport::Tcp => format!("{}{}", ctx.words.bytes(rate as u64), ctx.words.get("units.per_second")),
        Transport::Udp => {
            let number = if rate >= 10_000.0 { format!("{:.1} k", rate / 1000.0) } else { format!("{rate:.0}") };
            format!("{number}{}", ctx.words.get("units.per_second"))
        }
    }
}

/// "retry in 3 s", counting down with a frame a second.
pub fn retry_words(ctx: &Ctx<'_>, ui: &Ui, at: Option<Timestamp>) -> String {
    let Some(at) = at else { return ctx.words.get("sidebar.waiting").to_owned() };
    let left = at.nanos_since(ctx.now);
    let seconds = left.div_ceil(1_000_000_000);
    let to_next = left % 1_000_000_000;
    if left > 0 {
        ui.ctx().request_repaint_after(Duration::from_nanos(to_next.max(1_000_000)));
    }
    ctx.words.fill("sidebar.retry_in", &[("seconds", &seconds)])
}

/// "5 s"
pub fn whole_seconds(ctx: &Ctx<'_>, millis: u64) -> String {
    format!("{} {}", millis / 1000, ctx.words.get("units.seconds"))
}

pub fn endpoint_state_key(state: EndpointState, protocol: &Protocol) -> &'static str {
    match (state, protocol) {
        (EndpointState::Resolving, _) => "sidebar.state_resolving",
        (EndpointState::Connecting, _) => "sidebar.state_connecting",
        (EndpointState::Open, Protocol::TcpListener(_)) => "sidebar.state_listening",
        (EndpointState::Open, Protocol::TcpClient(_)) => "sidebar.state_connected",
        (EndpointState::Open, Protocol::Udp(_)) => "sidebar.state_open",
        (EndpointState::Paused, _) => "sidebar.state_paused",
        (EndpointState::Waiting, _) => "sidebar.state_waiting",
        (EndpointState::Closed, _) => "sidebar.state_closed",
        (EndpointState::Failed, _) => "sidebar.state_failed",
    }
}

pub fn connection_state_key(state: &ConnectionState) -> &'static str {
    match state {
        ConnectionState::Open => "sidebar.state_open",
        ConnectionState::PeerFinished => "sidebar.state_peer_finished",
        ConnectionState::WeFinished => "sidebar.state_we_finished",
        ConnectionState::Closed => "sidebar.state_closed",
        ConnectionState::Reset => "sidebar.state_reset",
        ConnectionState::Failed(_) => "sidebar.state_failed",
    }
}

fn small(ui: &Ui) -> FontId {
    TextStyle::Small.resolve(ui.style())
}

fn body(ui: &Ui) -> FontId {
    TextStyle::Body.resolve(ui.style())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_address_keeps_its_port() {
        assert_eq!(cut_middle("127.0.0.1:22030", 15), "127.0.0.1:22030");
        assert_eq!(cut_middle("255.255.255.255:22199", 16), "255.255…55:22199");
        assert_eq!(cut_middle("泵 1 of the 2nd floor", 6), "泵 …oor");
        assert_eq!(cut_middle("abc", 0), "…c");
    }
}
