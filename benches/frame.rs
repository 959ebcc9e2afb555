//! What a frame of the window costs with the log full of rows: layout and tessellation, no drawing.
//!
//! Goal: at most 4 ms at 10,000 and at 10,000,000 rows alike.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use egui::{Event, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, Vec2};
use sockscope::filter::Filter;
use sockscope::model::{
    ConnectionId, Draft, EndpointId, Event as SocketEvent, Flow, HighlightColor, Note, PayloadFormat, Recorded, Role,
    Timestamp, Transport, What,
};
use sockscope::session::{Decoration, FindSnapshot, ViewSnapshot};
use sockscope::ui::app::App;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

const SCREEN: Vec2 = Vec2::new(1440.0, 900.0);

fn recorded(seq: u64, flow: &Arc<Flow>) -> Arc<Recorded> {
    let text =
        format!("{{\"id\": {seq}, \"at\": \"2026-11-22T17:40:02Z\", \"value\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}}\r\n");
    let bytes = Bytes::from(text);
    let what = if seq.is_multiple_of(2) { What::Received(bytes) } else { What::Sent(bytes) };
    let time = Timestamp(1_763_833_202_118_204_000 + seq * 1_234_567);
    Arc::new(Recorded { seq, event: SocketEvent { time, flow: flow.clone(), what }, damaged: false })
}

fn flow() -> Arc<Flow> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(1),
        transport: Transport::Tcp,
        role: Role::Listener,
        local: at(9000),
        peer: at(51022),
        mirror: false,
    })
}

/// A snapshot with the rows that were asked for, as the reader would bring them.
fn view(total: u64, first: u64, count: usize, flow: &Arc<Flow>) -> Arc<ViewSnapshot> {
    let last = total.min(first + count as u64);
    let rows = (first..last).map(|place| Some(recorded(place + 1, flow))).collect();
    Arc::new(ViewSnapshot { matched: total, scanned: total, total, first, rows, ..ViewSnapshot::default() })
}

struct Window {
    ctx: egui::Context,
    app: App<Stage>,
    flow: Arc<Flow>,
    total: u64,
    time: f64,
}

impl Window {
    fn new(total: u64) -> Self {
        Self::of(total, State::default())
    }

    fn of(total: u64, state: State) -> Self {
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let flow = flow();
        let mut window = Self { app: App::new(&ctx, state, Stage::default()), ctx, flow, total, time: 0.0 };
        window.app.feed.view = view(total, 0, 0, &window.flow);
        for _ in 0..4 {
            window.frame(vec![]);
            window.bring();
        }
        window
    }

    /// Answers what the log asked for.
    fn bring(&mut self) {
        let wanted = self.app.feed.orders.iter().rev().find_map(|order| match order {
            Order::Want(first, count) => Some((*first, *count)),
            _ => None,
        });
        self.app.feed.orders.clear();
        if let Some((first, count)) = wanted {
            self.app.feed.view = view(self.total, first, count, &self.flow);
        }
    }

    fn frame(&mut self, events: Vec<Event>) -> usize {
        self.time += 0.016;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SCREEN)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let (app, ctx) = (&mut self.app, self.ctx.clone());
        app.drain(&ctx);
        let output = ctx.run_ui(input, |ui| app.frame(ui));
        ctx.tessellate(output.shapes, output.pixels_per_point).len()
    }
}

/// Every row with all that can be drawn on one: a colour, what was found and filtered, a note, a gap.
fn decorated(view: &ViewSnapshot) -> Arc<ViewSnapshot> {
    let decoration = |(at, row): (usize, &Option<Arc<Recorded>>)| Decoration {
        highlight: HighlightColor::ALL.get(at % HighlightColor::ALL.len()).copied(),
        found: [7..12, 30..38, 60..61].into(),
        filtered: [2..4, 36..44].into(),
        note: row
            .as_ref()
            .map(|row| Arc::new(Note { seq: row.seq, text: "the pump answered late".into(), time: Timestamp(0) })),
        gap: Some(1_234_567),
        frame: None,
        beneath: None,
        sum: None,
    };
    let find = FindSnapshot {
        filter: Filter::parse("value").expect("a word"),
        found: 1_204,
        scanned: view.total,
        current: None,
        step: 1,
        wrapped: false,
        bar: (0..2_000).map(|at| at % 3 == 0).collect(),
    };
    let decorations = view.rows.iter().enumerate().map(decoration).collect();
    Arc::new(ViewSnapshot { decorations, find, ..view.clone() })
}

/// A filter and the find bar are open, rows are marked.
fn busy() -> State {
    let mut state = State::default();
    state.filter_text = "dir:in or (size>64 and -heartbeat) /val.e/i".into();
    state.query.filter = Filter::parse(&state.filter_text).expect("a filter");
    state.find.open = true;
    state.find.text = "value".into();
    state.marked = (0..2_000).map(|at| at * 3..=at * 3 + 1).collect();
    state
}

fn decorated_frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame_decorated");
    for total in [10_000u64, 10_000_000] {
        let mut window = Window::of(total, busy());
        window.app.feed.view = decorated(&window.app.feed.view);
        for _ in 0..4 {
            window.frame(vec![]);
        }
        group.bench_function(format!("still/{total}"), |bencher| bencher.iter(|| black_box(window.frame(vec![]))));
    }
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for total in [10_000u64, 10_000_000] {
        let mut window = Window::new(total);
        group.bench_function(format!("still/{total}"), |bencher| bencher.iter(|| black_box(window.frame(vec![]))));
        let mut window = Window::new(total);
        window.frame(vec![Event::PointerMoved(Pos2::new(700.0, 400.0))]);
        let mut up = false;
        group.bench_function(format!("scroll/{total}"), |bencher| {
            bencher.iter(|| {
                up = !up;
                let delta = Vec2::new(0.0, if up { 600.0 } else { -600.0 });
                let wheel = Event::MouseWheel {
                    unit: MouseWheelUnit::Point,
                    delta,
                    phase: TouchPhase::Move,
                    source: egui::MouseWheelSource::Unknown,
                    modifiers: egui::Modifiers::NONE,
                };
                let shapes = window.frame(vec![wheel]);
                window.bring();
                black_box(shapes)
            });
        });
    }
    group.finish();
}

/// The composer with a short and with a long payload: a frame in which nothing changes, and one in which a letter is typed.
/// The goal is that a still frame costs the same, however long the payload is.
fn composer_frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame_composer");
    group.sample_size(20);
    let hex = |bytes: usize| "a5 ".repeat(bytes);
    let text = r"LOGIN \x02{{counter}} the quick brown fox\r\n".repeat(744);
    let kinds: [(&str, PayloadFormat, String); 5] = [
        ("1 KiB of text", PayloadFormat::Text, "the quick brown fox; ".repeat(49)),
        ("1 MiB of text", PayloadFormat::Text, "the quick brown fox; ".repeat(49_932)),
        ("32 KiB of templates", PayloadFormat::Text, text),
        ("1 KiB of hex", PayloadFormat::Hex, hex(1 << 10)),
        ("1 MiB of hex", PayloadFormat::Hex, hex(1 << 20)),
    ];
    for (name, format, text) in kinds {
        let mut state = State::default();
        state.edited_draft = (1, Draft { format, text, ..Draft::default() });
        let mut window = Window::of(100, state);
        for _ in 0..4 {
            window.frame(vec![]);
        }
        group.bench_function(format!("still/{name}"), |bencher| bencher.iter(|| black_box(window.frame(vec![]))));
        window.ctx.memory_mut(|memory| memory.request_focus(egui::Id::unique("composer text")));
        window.frame(vec![]);
        let typed = if format == PayloadFormat::Hex { "00" } else { "x" };
        group.bench_function(format!("typed/{name}"), |bencher| {
            bencher.iter(|| black_box(window.frame(vec![Event::Text(typed.into())])))
        });
    }
    group.finish();
}

criterion_group!(benches, frames, decorated_frames, composer_frames);
criterion_main!(benches);
