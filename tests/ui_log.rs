//! The window driven by label and role: log, filter, bytes, saving, sessions. No sockets, no display.
#![cfg(feature = "window")]

mod window_support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{By, NodeT, Queryable};
use sockscope::filter::Filter;
use sockscope::model::{
    ConnectionId, Doing, EndpointId, Event, Failure, Flow, Happening, Imported, LeftOut, Reason, Recorded, Timestamp,
    Transport, What,
};
use sockscope::session::{LogState, Query, RecorderStatus, Scope, SessionFile, ViewSnapshot};
use sockscope::ui::app::App;
use sockscope::ui::effects::{Done, Job, WindowOrder};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::State;

type Window = window_support::Window<Stage>;

fn window_of(state: State, stage: Stage, size: egui::Vec2) -> Window {
    let mut window = window_support::open(state, stage, size);
    window.run();
    window
}

fn window(stage: Stage) -> Window {
    window_of(State::default(), stage, egui::vec2(1440.0, 900.0))
}

fn app(window: &mut Window) -> &mut App<Stage> {
    window.state_mut().as_mut().expect("made in the first frame")
}

fn orders(window: &mut Window) -> Vec<Order> {
    app(window).feed.take_orders()
}

fn flow() -> Arc<Flow> {
    let at = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    Arc::new(Flow {
        endpoint: EndpointId(1),
        endpoint_uri: "tcp://127.0.0.1:9000".into(),
        connection: ConnectionId(7),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: at(9000),
        peer: at(51022),
        mirror: false,
    })
}

fn row(seq: u64, what: What) -> Option<Arc<Recorded>> {
    let time = Timestamp(1_763_833_202_118_204_000 + seq * 1_500_000);
    Some(Arc::new(Recorded { seq, event: Event { time, flow: flow(), what }, damaged: false }))
}

fn some_rows() -> Stage {
    let refused = Failure { errno: Some(111), system: "Connection refused".into(), ..failure(Reason::Refused) };
    let rows = vec![
        row(1, What::Happened(Box::new(Happening::Accepted))),
        row(2, What::Received(Bytes::from_static(b"hello\r\n"))),
        row(3, What::Sent(Bytes::from_static(b"\x00\x01world"))),
        row(4, What::Happened(Box::new(Happening::Failed { failure: refused }))),
    ];
    let view = ViewSnapshot { matched: 4, scanned: 4, total: 4, rows, ..ViewSnapshot::default() };
    stage(view)
}

fn stage(view: ViewSnapshot) -> Stage {
    let mut stage = Stage::default();
    stage.view = Arc::new(view);
    stage
}

fn failure(reason: Reason) -> Failure {
    Failure::new(Doing::Connect, "127.0.0.1:9", reason)
}

#[test]
fn rows_say_what_happened_and_selecting_one_shows_its_bytes() {
    let mut window = window(some_rows());
    window.get_by_role_and_label(Role::ListItem, "17:40:02.121 204  in  127.0.0.1:51022  7 bytes  hello␍␊").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Select(Some(2), None))));
    window.get_by_label("0000 68 65 6c 6c 6f 0d 0a hello··");
    window.get_by_label_contains("7 bytes · #2 · in");
    // The composer has a button of this name too, further down.
    let texts = window.get_all_by_role_and_label(Role::Button, "Text");
    texts.min_by(|a, b| a.rect().top().total_cmp(&b.rect().top())).expect("there are two").click();
    window.run();
    window.get_by_role_and_label(Role::ListItem, "hello␍␊");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_hex() {
    let mut window = window(some_rows());
    let binary = "17:40:02.122 704  out  127.0.0.1:51022  7 bytes  00 01 77 6f 72 6c 64";
    window.get_by_role_and_label(Role::ListItem, binary);
    window.key_press_modifiers(Modifiers::COMMAND, Key::H);
    window.run();
    window.get_by_role_and_label(Role::ListItem, binary);
    window.get_by_label_contains("7 bytes  68 65 6c 6c 6f 0d 0a");
}

#[test]
fn a_failure_shows_sentence_hint_and_the_system_s_words() {
    let mut window = window(some_rows());
    let refused = By::new().role(Role::ListItem).label_contains("127.0.0.1:9");
    window.get(refused).click();
    window.run();
    window.get_by_label("What to try");
    window.get_by_label_contains("Connection refused · error 111");
}

#[test]
fn copying_takes_the_selected_row() {
    let mut window = window(some_rows());
    window.get_by_label_contains("hello␍␊").click();
    window.run();
    window.event(egui::Event::Copy);
    window.run();
    let copied = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("17:40:02.121 204\tin\t127.0.0.1:51022\t7 bytes\thello␍␊"));
}

#[test]
fn the_menu_of_a_row_copies_bytes_and_narrows() {
    let mut window = window(some_rows());
    for (entry, expected) in [("Copy bytes as hex", "00 01 77 6f 72 6c 64"), ("Copy bytes as text", "\\0\\x01world")] {
        window.get_by_label_contains("bytes  00 01 77 6f").click_secondary();
        window.run();
        window.get_by_label(entry).click();
        window.run();
        let copied = orders(&mut window).into_iter().any(|order| {
            matches!(order, Order::Window(WindowOrder::Copy(text)) if text == expected || entry.ends_with("text"))
        });
        assert!(copied, "{entry}");
    }
    window.get_by_label_contains("bytes  00 01 77 6f").click_secondary();
    window.run();
    window.get_by_label("Show only this socket").click();
    window.run();
    let narrowed =
        |order: &Order| matches!(order, Order::Show(Query { scope: Scope::Connection(ConnectionId(7)), .. }));
    assert!(orders(&mut window).iter().any(narrowed));
    window.get_by_label_contains("Showing 127.0.0.1:51022");
    window.get_by_label("Show everything").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Show(Query { scope: Scope::All, .. }))));
}

#[test]
fn the_filter_waits_for_a_pause_in_typing_and_escape_clears_it() {
    let mut window = window(some_rows());
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text("hel");
    window.step();
    window.run_steps(1);
    let shown = |order: &Order| matches!(order, Order::Show(query) if query.filter.text() == "hel");
    let early = orders(&mut window);
    window.run_steps(12);
    let late = orders(&mut window);
    assert!(!early.iter().any(shown) && late.iter().any(shown), "{early:?} {late:?}");
    window.key_press(Key::Escape);
    window.run();
    let cleared = orders(&mut window);
    assert!(cleared.iter().any(|order| matches!(order, Order::Show(query) if query.filter.takes_all())), "{cleared:?}");
}

#[test]
fn chips_and_pause_change_the_query() {
    let mut window = window(some_rows());
    window.get_by_role_and_label(Role::Button, "in").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Show(Query { received: false, .. }))));
    window.get_by_label("Pause").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Show(Query { before_row: Some(4), .. }))));
    window.get_by_label_contains("New events are recorded");
}

#[test]
fn keys_walk_through_ten_million_rows() {
    let view = ViewSnapshot { matched: 10_000_000, scanned: 10_000_000, total: 10_000_000, ..ViewSnapshot::default() };
    let mut window = window(stage(view));
    let wanted = |window: &mut Window| {
        let orders = std::mem::take(&mut app(window).feed.orders);
        orders.into_iter().rev().find_map(|order| match order {
            Order::Want(first, count) => Some(first..first + count as u64),
            _ => None,
        })
    };
    assert!(wanted(&mut window).is_some_and(|range| range.contains(&9_999_999)), "it begins at the end");
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.key_press(Key::Home);
    window.run();
    assert!(wanted(&mut window).is_some_and(|range| range.start == 0));
    window.key_press(Key::PageDown);
    window.run();
    window.key_press(Key::End);
    window.run();
    assert!(wanted(&mut window).is_some_and(|range| range.contains(&9_999_999)));
}

#[test]
fn without_traffic_there_are_no_frames() {
    let mut window = window(some_rows());
    window.run();
    window.step();
    let delay = window.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert!(delay.is_some_and(|delay| delay > std::time::Duration::from_secs(3600)), "{delay:?}");
}

#[test]
fn saving_works_through_the_path_field_alone() {
    let mut window = window(some_rows());
    app(&mut window).state.saving.suggested = "/tmp/2026".into();
    window.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.run();
    let field = window.get_by_role_and_label(Role::TextInput, "File");
    assert_eq!(field.value().as_deref(), Some("/tmp/2026.pcapng"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.get_by_role_and_label(Role::TextInput, "File").type_text("/tmp/mine");
    window.run();
    window.get_by_role_and_label(Role::Button, "Save").click();
    window.run();
    let saved = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Start(Job::SaveLog { format, path, query, .. }) => Some((format, path, query.before_row)),
        _ => None,
    });
    assert_eq!(saved, Some(("pcapng", "/tmp/mine.pcapng".into(), Some(4))));
    let full = Failure::new(Doing::WriteFile, "/tmp/mine.pcapng", Reason::DiskFull);
    app(&mut window).feed.landed.push(Done::Saved {
        path: "/tmp/mine.pcapng".into(),
        result: Err(full),
        cancelled: false,
    });
    window.run();
    window.get_by_label_contains("/tmp/mine.pcapng");
    window.get_by_role_and_label(Role::Button, "Save");
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_a_second_press() {
    let mut window = window(some_rows());
    app(&mut window).state.saving.suggested = "/tmp/2026".into();
    window.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.run();
    let saves = |window: &mut Window| -> Vec<bool> {
        let of = |order| match order {
            Order::Start(Job::SaveLog { replace, .. }) => Some(replace),
            _ => None,
        };
        orders(window).into_iter().filter_map(of).collect()
    };
    window.get_by_role_and_label(Role::Button, "Save").click();
    window.run();
    assert_eq!(saves(&mut window), [false]);
    app(&mut window).feed.landed.push(Done::Exists { path: "/tmp/2026.pcapng".into() });
    window.run();
    window.get_by_label("A file of this name is there already.");
    assert!(window.get_by_role_and_label(Role::Button, "Replace").is_focused());
    window.get_by_role_and_label(Role::TextInput, "File").click();
    window.run();
    window.key_press(Key::End);
    window.get_by_role_and_label(Role::TextInput, "File").type_text("x");
    window.run();
    assert!(window.query_by_label("Replace").is_none(), "another name, another question");
    window.key_press(Key::Backspace);
    window.run();
    window.get_by_role_and_label(Role::Button, "Replace").click();
    window.run();
    assert_eq!(saves(&mut window), [true]);
}

#[test]
fn a_workspace_is_opened_and_saved_through_a_path_field() {
    let mut window = window(some_rows());
    window.get_by_label("File").click();
    window.run();
    window.get_by_label("Open a workspace…").click();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Workspace file").click();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Workspace file").type_text("/w/plant.toml");
    window.run();
    window.get_by_role_and_label(Role::Button, "Open").click();
    window.run();
    let opened =
        |order: &Order| matches!(order, Order::Start(Job::OpenWorkspace(path)) if path.ends_with("plant.toml"));
    assert!(orders(&mut window).iter().any(opened));
    window.key_press(Key::Escape);
    window.run();
    window.get_by_label("File").click();
    window.run();
    window.get_by_label("Save the workspace as…").click();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Workspace file").click();
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Workspace file").type_text("/w/mine");
    window.run();
    window.key_press(Key::Enter);
    window.run();
    let saves = |order: &Order| matches!(order, Order::Start(Job::SaveWorkspace { path, replace: false, .. }) if path.ends_with("mine.toml"));
    assert!(orders(&mut window).iter().any(saves));
    app(&mut window).feed.landed.push(Done::Exists { path: "/w/mine.toml".into() });
    window.run();
    window.get_by_role_and_label(Role::Button, "Replace").click();
    window.run();
    let replaces = |order: &Order| matches!(order, Order::Start(Job::SaveWorkspace { replace: true, .. }));
    assert!(orders(&mut window).iter().any(replaces));
}

#[test]
fn without_a_dialog_a_session_file_is_opened_by_its_path() {
    use sockscope::ui::effects::Ask;
    let mut window = window(some_rows());
    app(&mut window).feed.landed.push(Done::PathChosen { what: Ask::OpenSession, path: None, no_dialog: true });
    window.run();
    window.get_by_label("No file dialog available here: type a path.");
    window.get_by_role_and_label(Role::TextInput, "Path of a session file");
}

#[test]
fn the_selected_row_stays_where_it_is_when_the_filter_is_cleared() {
    let text = |seq: u64| row(seq, What::Received(Bytes::from(format!("event {seq}"))));
    let narrow = Query { filter: Filter::parse("\"event 400\"").unwrap(), ..Query::default() };
    let view = ViewSnapshot {
        query: narrow.clone(),
        matched: 1,
        scanned: 1_000,
        total: 1_000,
        rows: vec![text(400)],
        ..ViewSnapshot::default()
    };
    let mut state = State::default();
    state.query = narrow;
    let mut window = window_of(state, stage(view), egui::vec2(1440.0, 900.0));
    window.get_by_label_contains("event 400").click();
    window.run();
    let before = window.get_by_role_and_label(Role::ListItem, ROW_400).rect().top();
    app(&mut window).state.query = Query::default();
    let rows = (0..1_000).map(text).collect();
    let all = ViewSnapshot { matched: 1_000, scanned: 1_000, total: 1_000, rows, ..ViewSnapshot::default() };
    app(&mut window).feed.view = Arc::new(all);
    window.run();
    assert_eq!(window.get_by_role_and_label(Role::ListItem, ROW_400).rect().top(), before);
}

#[test]
fn the_bytes_do_not_cover_the_row_that_opened_them() {
    let rows = (0..20).map(|seq| row(seq, What::Received(Bytes::from(format!("event {seq}"))))).collect();
    let view = ViewSnapshot { matched: 20, scanned: 20, total: 20, rows, ..ViewSnapshot::default() };
    let mut window = window_of(State::default(), stage(view), egui::vec2(1200.0, 700.0));
    window.get_by_label_contains("event 6").click();
    window.run();
    let list = window.get_by_role_and_label(Role::List, "Events").rect();
    let row = window.get_by_role_and_label(Role::ListItem, "17:40:02.127 204  in  127.0.0.1:51022  7 bytes  event 6");
    assert!(list.contains_rect(row.rect()), "{:?} {:?}", list, row.rect());
}

#[test]
fn the_offer_after_a_crash_follows_the_language() {
    let mut window = window(some_rows());
    let file = SessionFile {
        path: "/s/old.pcapng".into(),
        bytes: 4_096,
        modified: SystemTime::UNIX_EPOCH,
        recording: false,
        crashed: true,
        files: 1,
    };
    app(&mut window).feed.landed.push(Done::Listed { folder: "/s".into(), result: Ok(vec![file]) });
    window.run();
    window.get_by_label("A session was left by a crash: old.pcapng");
    app(&mut window).state.language = sockscope::words::Language::Chinese;
    window.run();
    window.get_by_label("崩溃留下了一个会话：old.pcapng");
}

#[test]
fn a_session_is_told_to_go_on_in_new_files() {
    let mut window = window(some_rows());
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.run();
    let megabytes = (Role::TextInput, "Megabytes in one file");
    let files = (Role::TextInput, "Files that are kept");
    window.get_by_role_and_label(megabytes.0, megabytes.1).click();
    window.run();
    window.get_by_role_and_label(megabytes.0, megabytes.1).type_text("1");
    window.run();
    window.get_by_role_and_label(files.0, files.1).click();
    window.run();
    window.get_by_label("The size is a number of megabytes from 2 on, or empty.");
    assert!(!orders(&mut window).iter().any(|order| matches!(order, Order::Rotate(_))));
    window.get_by_role_and_label(files.0, files.1).type_text("5");
    window.get_by_role_and_label(megabytes.0, megabytes.1).click();
    window.key_press(Key::End);
    window.run();
    window.get_by_role_and_label(megabytes.0, megabytes.1).type_text("00");
    window.key_press(Key::Enter);
    window.run();
    let given = orders(&mut window);
    let rotation = given.iter().find_map(|order| match order {
        Order::Rotate(rotation) => Some(*rotation),
        _ => None,
    });
    let rotation = rotation.unwrap_or_else(|| panic!("{given:?}"));
    assert_eq!((rotation.every_bytes, rotation.every_secs, rotation.keep_files), (Some(100_000_000), None, Some(5)));
}

#[test]
fn the_ending_of_the_file_chooses_the_format() {
    let mut window = window(some_rows());
    app(&mut window).state.saving.suggested = "/tmp/2026".into();
    window.key_press_modifiers(Modifiers::COMMAND, Key::S);
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.get_by_role_and_label(Role::TextInput, "File").type_text("/tmp/mine.csv");
    window.run();
    window.get_by_role_and_label(Role::Button, "Save").click();
    window.run();
    let saved = |order: &Order| matches!(order, Order::Start(Job::SaveLog { format: "csv", .. }));
    assert!(orders(&mut window).iter().any(saved));
}

#[test]
fn clearing_a_filter_leads_back_to_where_it_began() {
    let text = |seq: u64| row(seq, What::Received(Bytes::from(format!("event {seq}"))));
    let all = |matched: Vec<_>, query: Query| {
        let matched_count = matched.len() as u64;
        let (scanned, total) = (1_000, 1_000);
        Arc::new(ViewSnapshot {
            query,
            matched: matched_count,
            scanned,
            total,
            rows: matched,
            ..ViewSnapshot::default()
        })
    };
    let mut start = Stage::default();
    start.view = all((0..1_000).map(text).collect(), Query::default());
    let mut window = window(start);
    window.get_by_role_and_label(Role::List, "Events").click();
    window.run();
    window.key_press(Key::Home);
    window.key_press(Key::PageDown);
    window.run();
    let first = |window: &Window| {
        let list = window.get_by_role_and_label(Role::List, "Events").rect();
        let rows = window.query_all(By::new().role(Role::ListItem).label_contains("event "));
        let row =
            rows.filter(|row| row.rect().top() >= list.top()).min_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
        row.and_then(|row| row.accesskit_node().label()).expect("there are rows")
    };
    let before = first(&window);
    assert!(!before.ends_with("event 0") && !before.ends_with("event 999"), "{before}");
    let narrow = Query { filter: Filter::parse("\"event 5\"").unwrap(), ..Query::default() };
    app(&mut window).state.query = narrow.clone();
    app(&mut window).feed.view = all(vec![text(5), text(50)], narrow);
    window.run();
    app(&mut window).state.query = Query::default();
    app(&mut window).feed.view = all((0..1_000).map(text).collect(), Query::default());
    window.run();
    assert_eq!(first(&window), before);
}

const ROW_400: &str = "17:40:02.718 204  in  127.0.0.1:51022  9 bytes  event 400";

#[test]
fn deleting_a_session_takes_two_presses() {
    let mut window = window(some_rows());
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::ListSessions))));
    let file = SessionFile {
        path: "/s/old.pcapng".into(),
        bytes: 4_096,
        modified: SystemTime::UNIX_EPOCH,
        recording: false,
        crashed: true,
        files: 1,
    };
    app(&mut window).feed.landed.push(Done::Listed { folder: "/s".into(), result: Ok(vec![file]) });
    window.run();
    window.get_by_label("Delete old.pcapng").click();
    window.run();
    assert!(!orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::DeleteSession(_)))));
    window.get_by_label("Delete for good old.pcapng").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::DeleteSession(_)))));
    window.get_by_label("Open old.pcapng").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::OpenSession(_)))));
}

#[test]
fn an_opened_file_is_marked_and_left_again() {
    let mut window = window(some_rows());
    app(&mut window).feed.landed.push(Done::SessionOpened { path: "/s/old.pcapng".into(), result: Ok(()) });
    window.run();
    window.get_by_label("Reading old.pcapng");
    orders(&mut window);
    window.get_by_label("Back to the live session").click();
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::ShowLive)));
    assert!(window.query_by_label_contains("Reading old.pcapng").is_none());
}

#[test]
fn showing_one_socket_is_said_only_where_it_is_so() {
    let mut window = window(some_rows());
    window.get_by_label("All sockets");
    for tab in ["Connections", "Notes"] {
        window.get_by_role_and_label(Role::Tab, tab).click();
        window.run();
        assert!(window.query_by_label("All sockets").is_none(), "{tab} is never narrowed to a socket");
    }
    window.get_by_role_and_label(Role::Tab, "Conversation").click();
    window.run();
    window.get_by_label("All sockets");
}

#[test]
fn an_imported_capture_says_how_far_it_is_read_and_what_was_left_out() {
    let mut window = window(some_rows());
    let mut imported = Imported { packets: 1_000, ..Imported::default() };
    imported.left_out.insert(LeftOut::NotIp(0x0806), 12);
    imported.left_out.insert(LeftOut::NotTcpUdp(1), 3);
    let imported = Some(std::sync::Arc::new(imported));
    let log = LogState { rows: 5, file_bytes: 1_000, indexed_bytes: 420, imported, ..LogState::default() };
    app(&mut window).feed.opened = Some(("/s/theirs.pcap".into(), log.clone()));
    app(&mut window).feed.landed.push(Done::SessionOpened { path: "/s/theirs.pcap".into(), result: Ok(()) });
    window.run();
    window.get_by_label_contains("Reading theirs.pcap, read-only · reading… 42 % · Not read: 12 × ARP, 3 × ICMP");
    let cut = LogState { damage: Some((420, "the last packet is cut off".into())), complete: true, ..log };
    app(&mut window).feed.opened = Some(("/s/theirs.pcap".into(), cut));
    window.run();
    window.get_by_label_contains("Reading stopped at byte 420: the last packet is cut off");
}

#[test]
fn failing_to_record_is_said_where_it_cannot_be_missed() {
    let mut stage = some_rows();
    stage.recorder = RecorderStatus {
        path: Some("/s/live.pcapng".into()),
        failing: Some(Failure::new(Doing::Record, "/s/live.pcapng", Reason::DiskFull)),
        unrecorded_now: 1_234,
        ..RecorderStatus::default()
    };
    let window = window(stage);
    window.get_by_label_contains("Not recording:");
    window.get_by_label("not recording");
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut window = window(some_rows());
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "Type a command or an endpoint").type_text("light");
    window.run();
    window.key_press(Key::Enter);
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Window(WindowOrder::SetTheme(_)))));
    assert!(!app(&mut window).state.palette_open);
}

#[test]
fn the_palette_knows_english_names_in_every_language() {
    let mut state = State::default();
    state.language = sockscope::words::Language::Chinese;
    let mut window = window_of(state, some_rows(), egui::vec2(1440.0, 900.0));
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "输入命令或端点").type_text("echo demo");
    window.run();
    window.key_press(Key::Enter);
    window.run();
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::Open(..))));
}

#[test]
fn a_workspace_that_another_window_has_open_says_so() {
    let mut window = window(some_rows());
    app(&mut window).feed.landed.push(Done::WorkspaceInUse { path: "/w/plant.toml".into() });
    window.run();
    window.get_by_label_contains("another window has plant.toml open");
}

#[test]
fn the_language_switches_live() {
    let mut window = window(some_rows());
    window.get_by_label("View").click();
    window.run();
    window.get_by_label("简体中文").click();
    window.run();
    window.get_by_label("视图");
    window.get_by_label("暂停");
}

#[test]
fn every_control_has_a_name() {
    for size in [egui::vec2(1440.0, 900.0), egui::vec2(800.0, 500.0)] {
        for keys in [None, Some(Key::L), Some(Key::N), Some(Key::U), Some(Key::S), Some(Key::O), Some(Key::K)] {
            let mut window = window_of(State::default(), some_rows(), size);
            window.get_by_label_contains("hello␍␊").click();
            window.run();
            if let Some(key) = keys {
                window.key_press_modifiers(Modifiers::COMMAND, key);
                window.run();
            }
            let nameless = By::new().predicate(|node| {
                let controls = [
                    Role::Button,
                    Role::TextInput,
                    Role::ComboBox,
                    Role::CheckBox,
                    Role::RadioButton,
                    Role::SpinButton,
                    Role::Link,
                ];
                controls.contains(&node.role()) && node.label().is_none_or(|label| label.trim().is_empty())
            });
            let found: Vec<String> = window
                .query_all(nameless)
                .map(|node| format!("{:?} {:?}", node.accesskit_node().role(), node.rect()))
                .collect();
            assert!(found.is_empty(), "{keys:?}: {found:?}");
        }
    }
}
