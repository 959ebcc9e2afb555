//! The conversation tab, driven by label and role: choosing, reading, finding, copying, saving; and with the real engine.
#![cfg(feature = "window")]

mod window_support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use sockscope::filter::Term;
use sockscope::model::{
    ConnectionId, Direction, Draft, EndpointId, Event, Flow, Happening, Recorded, TextEncoding, Timestamp, Transport,
    What,
};
use sockscope::session::conversation::{
    BytesLine, ConversationFind, ConversationOrder, ConversationSnapshot, Line, LineContent, Shape, Sides, TextLine,
    Turn,
};
use sockscope::session::{FindStep, Scope};
use sockscope::ui::action::{Action, SendAction, Tab};
use sockscope::ui::app::App;
use sockscope::ui::apply::{Seen, apply};
use sockscope::ui::effects::{Done, Effects, Feed, Job, WindowOrder};
use sockscope::ui::live::Live;
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;
use sockscope::workspace::Folders;
use window_support::Window;

fn window_of<F: Feed + 'static>(state: State, feed: F) -> Window<F> {
    window_support::open(state, feed, egui::vec2(1380.0, 820.0))
}

fn window(state: State, stage: Stage) -> Window<Stage> {
    let mut window = window_of(state, stage);
    window.run();
    window
}

fn app(window: &mut Window<Stage>) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

fn followed(window: &mut Window<Stage>) -> ConversationOrder {
    app(window).feed.followed.clone().expect("the tab is shown")
}

fn orders(window: &mut Window<Stage>) -> Vec<Order> {
    app(window).feed.take_orders()
}

fn on_tab(scope: Scope) -> State {
    let mut state = State::default();
    state.tab = Tab::Conversation;
    state.query.scope = scope;
    state
}

fn flow(connection: u32) -> Arc<Flow> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(connection),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(9000),
        peer: at(51_000 + connection as u16),
        mirror: false,
    })
}

fn time(micros: u64) -> Timestamp {
    Timestamp(1_763_833_202_118_204_000 + micros * 1_000)
}

fn turn(direction: Direction, seq: u64, bytes: u64, after: Option<u64>) -> Line {
    let (first, last) = (time(seq), time(seq));
    let turn = Turn { direction, first_seq: seq, last_seq: seq, first, last, bytes, chunks: 1, after };
    Line { seq, direction: Some(direction), content: LineContent::Turn(turn) }
}

fn text(direction: Direction, seq: u64, text: &str) -> Line {
    let line = TextLine { text: text.into(), ..TextLine::default() };
    Line { seq, direction: Some(direction), content: LineContent::Text(line) }
}

fn greeting() -> Vec<Line> {
    let what = What::Happened(Box::new(Happening::Accepted));
    let accepted = Recorded { seq: 1, event: Event { time: time(0), flow: flow(7), what }, damaged: false };
    vec![
        Line { seq: 1, direction: None, content: LineContent::Happened(Arc::new(accepted)) },
        turn(Direction::In, 2, 12, None),
        text(Direction::In, 2, "hello\\r\\n"),
        text(Direction::In, 3, "there"),
        turn(Direction::Out, 4, 6, Some(1_200_000)),
        text(Direction::Out, 4, "world\\n"),
    ]
}

/// What the reader would answer to what is asked for now.
fn answer(window: &mut Window<Stage>, lines: Vec<Line>, change: impl FnOnce(&mut ConversationSnapshot)) {
    let order = followed(window);
    let mut snapshot = ConversationSnapshot {
        connection: order.connection,
        shape: order.shape,
        connections: vec![flow(5), flow(7)].into(),
        flow: Some(flow(7)),
        bytes: [12, 6],
        chunks: [2, 1],
        first: Some(time(0)),
        last: Some(time(2_000_000)),
        live: true,
        lines: lines.len() as u64,
        ready: true,
        rows: lines.into_iter().map(Arc::new).collect(),
        ..ConversationSnapshot::default()
    };
    change(&mut snapshot);
    app(window).feed.conversation = Arc::new(snapshot);
    window.run();
}

fn conversation() -> Window<Stage> {
    let mut window = window(on_tab(Scope::Connection(ConnectionId(7))), Stage::default());
    assert_eq!(followed(&mut window).connection, Some(ConnectionId(7)));
    answer(&mut window, greeting(), |_| {});
    orders(&mut window);
    window
}

fn is_selected(window: &Window<Stage>, line: &str) -> bool {
    window.get_by_label(line).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn an_empty_session_says_what_will_stand_here() {
    let window = window(on_tab(Scope::All), Stage::default());
    window.get_by_label("No connection yet");
}

#[test]
fn a_connection_is_chosen_from_the_list() {
    let mut stage = Stage::default();
    let connections = vec![flow(5), flow(7)].into();
    stage.conversation = Arc::new(ConversationSnapshot { connections, ..ConversationSnapshot::default() });
    let mut window = window(on_tab(Scope::All), stage);
    assert_eq!(followed(&mut window).connection, None);
    window.get_by_label("#5  127.0.0.1:51005  tcp://127.0.0.1:9000");
    window.get_by_role_and_label(Role::TextInput, "Find a connection").focus();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Find a connection").type_text("51007");
    window.run();
    assert!(window.query_by_label_contains("#5").is_none());
    window.get_by_role_and_label(Role::ListItem, "#7  127.0.0.1:51007  tcp://127.0.0.1:9000").click();
    window.run();
    assert_eq!(followed(&mut window).connection, Some(ConnectionId(7)));
    window.get_by_label("Choose another connection").click();
    window.run();
    assert_eq!(followed(&mut window).connection, None);
}

#[test]
fn the_only_connection_of_an_endpoint_needs_no_choice() {
    let mut stage = Stage::default();
    let of = |flows: Vec<Arc<Flow>>| Arc::new(ConversationSnapshot { connections: flows.into(), ..Default::default() });
    stage.conversation = of(vec![flow(7)]);
    let mut window = window(on_tab(Scope::Endpoint(EndpointId(1))), stage);
    assert_eq!(followed(&mut window).connection, Some(ConnectionId(7)));
    // A second one takes nothing away from who is reading.
    app(&mut window).feed.conversation = of(vec![flow(7), flow(8)]);
    window.run();
    assert_eq!(followed(&mut window).connection, Some(ConnectionId(7)));
}

#[test]
fn turns_say_direction_time_bytes_and_delta() {
    let window = conversation();
    window.get_by_label("in  17:40:02.118 206  12 bytes");
    window.get_by_role_and_label(Role::ListItem, "in  hello\\r\\n");
    window.get_by_label("out  17:40:02.118 208  6 bytes  +1.20 ms");
    window.get_by_label_contains("Accepted 127.0.0.1:51007.");
    window.get_by_label("↓ 12 B");
    window.get_by_label("↑ 6 B");
    window.get_by_label("open");
}

#[test]
fn a_line_selects_its_event_and_leads_to_the_log() {
    let mut window = conversation();
    window.get_by_label("in  there").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Select(Some(3), None))));
    window.get_by_label("out  world\\n").click_secondary();
    window.run();
    window.get_by_label("Show in log").click();
    window.run();
    assert_eq!((app(&mut window).state.tab, app(&mut window).state.selected_event), (Tab::Log, Some(4)));
    assert_eq!(app(&mut window).feed.followed, None, "nobody looks, nothing runs");
}

#[test]
fn a_click_asks_for_nothing_that_would_move_the_list_later() {
    let mut window = conversation();
    let before = followed(&mut window).reveal;
    window.get_by_label("in  there").click();
    window.run();
    assert_eq!(app(&mut window).state.selected_event, Some(3));
    assert_eq!(followed(&mut window).reveal, before);
}

#[test]
fn keys_walk_through_the_lines() {
    let mut window = conversation();
    window.get_by_label("in  hello\\r\\n").click();
    window.run();
    window.key_press(Key::ArrowDown);
    window.run();
    assert_eq!(app(&mut window).state.selected_event, Some(3));
    window.key_press(Key::Enter);
    window.run();
    assert_eq!(app(&mut window).state.tab, Tab::Log);
}

#[test]
fn selected_lines_are_copied_as_the_reader_gives_them() {
    let mut window = conversation();
    window.get_by_label("in  hello\\r\\n").click();
    window.run();
    window.get_by_label("out  world\\n").click_modifiers(Modifiers::SHIFT);
    window.run();
    window.event(egui::Event::Copy);
    window.run();
    let (number, lines) = followed(&mut window).copy;
    assert_eq!(lines, 2..6);
    answer(&mut window, greeting(), |snapshot| snapshot.copied = (number, Some("hello\nthere".into())));
    let copied = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("hello\nthere"));
}

#[test]
fn an_event_selected_elsewhere_is_asked_for_and_shown() {
    let mut window = conversation();
    app(&mut window).state.selected_event = Some(4);
    window.run();
    let (number, seq) = followed(&mut window).reveal;
    assert_eq!(seq, Some(4));
    answer(&mut window, greeting(), |snapshot| snapshot.revealed = (number, Some(5)));
    assert!(is_selected(&window, "out  world\\n"));
}

#[test]
fn text_hex_and_raw() {
    let mut window = conversation();
    let shape = |window: &mut Window<Stage>| followed(window).shape;
    assert!(matches!(shape(&mut window), Shape::Text { encoding: TextEncoding::Utf8, columns: 60.. }));
    let press = |window: &mut Window<Stage>, name| {
        let buttons = window.get_all_by_role_and_label(Role::Button, name);
        buttons.min_by(|a, b| a.rect().top().total_cmp(&b.rect().top())).expect("one at least").click();
        window.run();
    };
    press(&mut window, "Hex");
    assert_eq!(shape(&mut window), Shape::Hex { bytes: 16 });
    let bytes = BytesLine { offset: 0x10, bytes: b"hi\n".to_vec(), ..BytesLine::default() };
    let line = Line { seq: 2, direction: Some(Direction::In), content: LineContent::Bytes(bytes) };
    answer(&mut window, vec![line], |_| {});
    window.get_by_label("in  00000010 68 69 0a hi·");
    press(&mut window, "Raw");
    assert!(matches!(shape(&mut window), Shape::Raw { columns: 60.. }));
    assert!(window.query_by_label_contains("68 69 0a").is_none(), "lines of another shape are never shown");
}

#[test]
fn the_encoding_of_this_connection_only() {
    let mut window = conversation();
    window.get_by_role_and_label(Role::ComboBox, "Encoding of this connection").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "GBK").click();
    window.run();
    assert_eq!(app(&mut window).state.connection_encodings.get(&ConnectionId(7)), Some(&TextEncoding::Gbk));
    let order = followed(&mut window);
    assert!(matches!(order.shape, Shape::Text { encoding: TextEncoding::Gbk, .. }));
    assert_eq!(order.encoding, TextEncoding::Gbk);
}

#[test]
fn finding_steps_through_matches() {
    let mut window = conversation();
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Find in conversation").type_text("the");
    window.step();
    assert_eq!(followed(&mut window).find, None, "typing may go on");
    window.run_steps(15);
    assert_eq!(followed(&mut window).find, Some(Term::Text("the".into())));
    window.key_press(Key::Enter);
    window.run();
    let order = followed(&mut window);
    assert!(matches!(order.step, (1, Some((FindStep::Next, _)))), "{:?}", order.step);
    let find = ConversationFind {
        term: order.find,
        found: 1,
        ready: true,
        current: Some((1, 3)),
        step: 1,
        ..Default::default()
    };
    answer(&mut window, greeting(), |snapshot| snapshot.find = find);
    window.get_by_label("1 of 1");
    assert!(is_selected(&window, "in  there"));
    window.get_by_label("Previous match").click();
    window.run();
    assert!(matches!(followed(&mut window).step, (2, Some((FindStep::Previous, _)))));
    window.get_by_role_and_label(Role::TextInput, "Find in conversation").focus();
    window.run();
    window.key_press(Key::Escape);
    window.run();
    assert_eq!(followed(&mut window).find, None);
}

#[test]
fn a_pattern_that_is_none_is_explained_beneath_the_field() {
    let mut window = conversation();
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Find in conversation").type_text("hex:0");
    window.run_steps(15);
    window.get_by_label_contains("A byte is two hex digits.");
    assert_eq!(followed(&mut window).find, None);
}

#[test]
fn bytes_are_saved_and_writing_over_a_file_is_asked_for() {
    let mut window = conversation();
    app(&mut window).state.saving.suggested = PathBuf::from("/tmp/session");
    window.get_by_label("Save bytes…").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "Sent").click();
    window.run();
    window.get_by_role_and_label(Role::Button, "Save").click();
    window.run();
    let saves = |window: &mut Window<Stage>| {
        let orders = orders(window);
        orders.into_iter().find_map(|order| match order {
            Order::Start(Job::SaveConversation { connection, sides, path, replace, .. }) => {
                Some((connection, sides, path, replace))
            }
            _ => None,
        })
    };
    let path = PathBuf::from("/tmp/session-7-sent.bin");
    assert_eq!(saves(&mut window), Some((ConnectionId(7), Sides::Sent, path.clone(), false)));
    app(&mut window).feed.landed.push(Done::Exists { path: path.clone() });
    window.run();
    window.get_by_label("A file of this name is there already.");
    window.get_by_label("Replace").click();
    window.run();
    assert!(saves(&mut window).is_some_and(|(.., replace)| replace));
    app(&mut window).feed.landed.push(Done::ConversationSaved { path, result: Ok(6), cancelled: false });
    window.run();
    window.get_by_label_contains("Saved 6 bytes to");
    assert!(window.query_by_label("Save bytes of this connection").is_none(), "it is done");
}

const PATIENCE: Duration = Duration::from_secs(20);

fn wait_for(window: &mut Window<Live>, label: &str) {
    let begun = Instant::now();
    while window.query_all_by_label_contains(label).next().is_none() {
        assert!(begun.elapsed() < PATIENCE, "{label:?} did not come");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }
}

fn live(runtime: &tokio::runtime::Runtime, home: &Path) -> Window<Live> {
    let folders = Folders::within(home);
    folders.create().expect("a temporary folder can be written");
    let (live, failure) = Live::start(runtime.handle().clone(), &folders, None, true).expect("threads can be had");
    assert_eq!(failure, None);
    window_of(State::default(), live)
}

#[test]
fn a_live_conversation_is_followed_and_another_log_takes_its_place() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut window = live(&runtime, home.path());
    window.run_steps(3);
    window.get_by_label("Try the echo demo").click();
    wait_for(&mut window, "Accepted 127.0.0.1:");
    window.get_by_role_and_label(Role::Tab, "Conversation").click();
    wait_for(&mut window, "Choose a connection");
    wait_for(&mut window, "#1  127.0.0.1:");
    let first = window.query_all_by_label_contains("#1  127.0.0.1:").next().expect("it is listed");
    first.click();
    window.run_steps(3);
    let app = window.state_mut().as_mut().expect("made in the first frame");
    let client = app.state.endpoints.last().expect("the demo has two endpoints").id;
    let (engine, view) = (app.feed.engine(), app.feed.view());
    let seen = Seen { engine: &engine, view: &view, now: app.feed.now() };
    let draft = Draft { text: "温度 one\\r\\n".into(), ..Draft::default() };
    let send = SendAction::Send { target: sockscope::engine::Target::Endpoint(client), draft, repeat: None };
    apply(&mut app.state, Action::Send(send), &seen, &mut app.feed);
    wait_for(&mut window, "in  温度 one\\r\\n");
    wait_for(&mut window, "out  温度 one\\r\\n");

    let app = window.state_mut().as_mut().expect("made in the first frame");
    let recorded = app.feed.recorder().path.expect("it is recorded");
    app.feed.start(Job::OpenSession(recorded));
    // The opened file begins with everything, so its connections are listed; they are read from the file now.
    wait_for(&mut window, "Choose a connection");
    wait_for(&mut window, "#1  127.0.0.1:");
    let first = window.query_all_by_label_contains("#1  127.0.0.1:").next().expect("it is listed");
    first.click();
    wait_for(&mut window, "in  温度 one\\r\\n");
    let app = window.state_mut().as_mut().expect("made in the first frame");
    app.feed.finish();
}
