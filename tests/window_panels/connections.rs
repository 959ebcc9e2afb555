//! The connections tab and the list of an opened file: sorting, narrowing, following, closing, the table as CSV.

use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{By as Query, NodeT as _, Queryable as _};
use sockscope::engine::CloseHow;
use sockscope::model::{By, ConnectionId, Doing, EndpointId, Failure, Flow, Reason, Timestamp, Transport};
use sockscope::session::{
    ConnectionColumn, ConnectionEntry, ConnectionLife, ConnectionSums, ConnectionsCsv, ConnectionsOrder,
    ConnectionsSnapshot, EndpointEntry, LogState, Scope,
};
use sockscope::ui::action::{ConnectionList, Tab};
use sockscope::ui::effects::{Ask, Done, Job, WindowOrder};
use sockscope::ui::stage::{Order, Stage};
use sockscope::ui::state::{OpenedFile, State};

use super::scene::{NOW, Scene};
use super::{Window, field, orders, press, sees, window};

fn entry(id: u32, endpoint: u32, life: ConnectionLife) -> Arc<ConnectionEntry> {
    let live = matches!(life, ConnectionLife::Open | ConnectionLife::HalfClosed { .. });
    let flow = Flow {
        endpoint: EndpointId(endpoint),
        endpoint_uri: format!("tcp://127.0.0.1:{}", 9000 + endpoint).into(),
        connection: ConnectionId(id),
        transport: Transport::Tcp,
        role: sockscope::model::Role::Listener,
        local: Some(([127, 0, 0, 1], 9001).into()),
        peer: Some(([127, 0, 0, 1], u16::try_from(20_000 + id % 40_000).unwrap()).into()),
        mirror: false,
    };
    Arc::new(ConnectionEntry {
        id: ConnectionId(id),
        endpoint: EndpointId(endpoint),
        flow: Some(Arc::new(flow)),
        life,
        live,
        opened: Some(Timestamp(NOW.0 - 60_000_000_000)),
        until: Some(Timestamp(NOW.0 - 30_000_000_000)),
        bytes_in: u64::from(id) * 100,
        bytes_out: 0,
        events_in: 2,
        events_out: 0,
        rate_now: None,
    })
}

fn listed(entries: Vec<Arc<ConnectionEntry>>) -> ConnectionsSnapshot {
    let connections = entries.len() as u64;
    let listed = ConnectionSums { connections, live: 1, bytes_in: 12_600, ..ConnectionSums::default() };
    let endpoint = |id: u32, connections| EndpointEntry {
        id: EndpointId(id),
        uri: format!("tcp://127.0.0.1:{}", 9000 + id).into(),
        connections,
    };
    let of = |id: u32| entries.iter().filter(|entry| entry.endpoint.0 == id).count() as u64;
    ConnectionsSnapshot {
        ready: true,
        total: connections,
        read: connections,
        listed,
        from: Timestamp(NOW.0 - 100_000_000_000),
        until: NOW,
        endpoints: [endpoint(1, of(1)), endpoint(2, of(2))].into(),
        entries,
        ..ConnectionsSnapshot::default()
    }
}

fn some() -> ConnectionsSnapshot {
    let failed = Failure::new(Doing::Receive, "127.0.0.1:20003", Reason::TimedOut);
    listed(vec![
        entry(1, 1, ConnectionLife::Open),
        entry(2, 1, ConnectionLife::Reset { by: Some(By::Peer) }),
        entry(3, 2, ConnectionLife::Failed(Some(Box::new(failed)))),
    ])
}

/// The tab over a listener with one live peer, which is connection 1.
fn table(snapshot: ConnectionsSnapshot) -> Window<'static> {
    let (state, stage) = staged(snapshot);
    window(state, stage)
}

fn staged(snapshot: ConnectionsSnapshot) -> (State, Stage) {
    let mut scene = Scene::default();
    scene.listener("127.0.0.1:9001", 1);
    let (mut state, mut stage): (State, Stage) = (scene.state(), scene.stage());
    state.tab = Tab::Connections;
    stage.connections = Arc::new(snapshot);
    (state, stage)
}

fn row<'t>(window: &'t Window<'_>, text: &'t str) -> egui_kittest::Node<'t> {
    window.get(Query::new().role(Role::ListItem).label_contains(text))
}

/// What the table was told last.
fn arranged(window: &mut Window<'_>) -> Option<ConnectionsOrder> {
    orders(window).into_iter().rev().find_map(|order| match order {
        Order::ListConnections(ConnectionList::Table, told) => told,
        _ => None,
    })
}

fn scope(window: &Window<'_>) -> Scope {
    window.state().state.query.scope.clone()
}

#[test]
fn the_thread_runs_only_while_the_tab_is_shown() {
    let mut window = table(some());
    assert_eq!(arranged(&mut window), Some(ConnectionsOrder::default()));
    window.get_by_role_and_label(Role::Tab, "Log").click();
    let ended = orders(&mut window);
    assert!(
        ended.iter().any(|order| matches!(order, Order::ListConnections(ConnectionList::Table, None))),
        "{ended:?}"
    );
    window.get_by_role_and_label(Role::Tab, "Connections").click();
    assert_eq!(arranged(&mut window), Some(ConnectionsOrder::default()));
}

#[test]
fn a_row_says_who_how_it_stands_and_how_much() {
    let window = table(some());
    row(&window, "127.0.0.1:20001, open");
    row(&window, "127.0.0.1:20002, reset by peer");
    let failed = row(&window, "127.0.0.1:20003, failed: ");
    let said = failed.accesskit_node().label().unwrap_or_default();
    assert!(said.contains("Bytes in 300 B") && said.contains("Duration 30.0 s"), "{said}");
    assert!(sees(&window, "3 connections · 1 live · in 12.6 kB"));
}

#[test]
fn pressing_a_header_sorts_and_pressing_it_again_turns_round() {
    let mut window = table(some());
    arranged(&mut window);
    let header = |name: &'static str| Query::new().role(Role::ColumnHeader).label_contains(name);
    window.get(header("Bytes in")).click();
    let order = arranged(&mut window).unwrap();
    assert_eq!((order.by, order.descending), (ConnectionColumn::BytesIn, true));
    window.get_by_role_and_label(Role::ColumnHeader, "Bytes in, sorted, largest first").focus();
    window.key_press(Key::Enter);
    let order = arranged(&mut window).unwrap();
    assert_eq!((order.by, order.descending), (ConnectionColumn::BytesIn, false));
    window.get(header("Peer")).click();
    assert!(!arranged(&mut window).unwrap().descending, "texts begin with the smallest");
}

#[test]
fn a_text_narrows_after_a_pause_and_escape_takes_it_back() {
    let mut window = table(some());
    arranged(&mut window);
    field(&window, "Filter connections").focus();
    window.run_steps(2);
    field(&window, "Filter connections").type_text("20002");
    assert_eq!(arranged(&mut window).unwrap().text, "20002");
    window.key_press(Key::Escape);
    assert_eq!(arranged(&mut window).unwrap().text, "");
}

#[test]
fn nothing_found_says_so_and_offers_the_way_back() {
    let mut window = table(some());
    window.state_mut().state.connections.order.text = "nobody".into();
    let mut empty = listed(Vec::new());
    (empty.total, empty.read, empty.order.text) = (3, 3, "nobody".into());
    window.state_mut().feed.connections = Arc::new(empty);
    window.run_steps(4);
    assert!(sees(&window, "No connection has this in an address"));
    assert!(sees(&window, "0 of 3 connections"));
    press(&mut window, "Clear the filter");
    assert_eq!(arranged(&mut window).unwrap().text, "");
}

#[test]
fn a_double_click_follows_and_so_does_enter() {
    // Two clicks within the time of a double click: frames follow fast.
    let (state, stage) = staged(some());
    let mut start = Some((state, stage));
    let mut window: Window<'_> = egui_kittest::Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .with_step_dt(1.0 / 60.0)
        .build_eframe(|cc| {
            let (state, stage) = start.take().unwrap_or_default();
            sockscope::ui::app::App::new(&cc.egui_ctx, state, stage)
        });
    window.run_steps(4);
    row(&window, "20002").click();
    row(&window, "20002").click();
    window.run_steps(4);
    assert_eq!((window.state().state.tab, scope(&window)), (Tab::Conversation, Scope::Connection(ConnectionId(2))));

    let mut window = table(some());
    row(&window, "20001").click();
    window.run_steps(4);
    assert_eq!((window.state().state.tab, scope(&window)), (Tab::Connections, Scope::All), "a click only selects");
    window.key_press(Key::ArrowDown);
    window.run_steps(4);
    window.key_press(Key::Enter);
    window.run_steps(4);
    assert_eq!((window.state().state.tab, scope(&window)), (Tab::Conversation, Scope::Connection(ConnectionId(2))));
}

#[test]
fn the_selected_one_can_be_shown_in_the_log_and_closed_while_it_lives() {
    let mut window = table(some());
    row(&window, "20002").click();
    window.run_steps(4);
    assert!(window.query_by_role_and_label(Role::Button, "Reset").is_none(), "it is over");
    row(&window, "20001").click();
    window.run_steps(4);
    press(&mut window, "Reset");
    let told = orders(&mut window);
    let is_reset = |order: &Order| matches!(order, Order::CloseConnection(ConnectionId(1), CloseHow::Reset));
    assert!(told.iter().any(is_reset), "{told:?}");
    press(&mut window, "Only this in the log");
    assert_eq!((window.state().state.tab, scope(&window)), (Tab::Log, Scope::Connection(ConnectionId(1))));
}

#[test]
fn the_menu_of_a_row_copies_it() {
    let mut window = table(some());
    row(&window, "20002").click_secondary();
    window.run_steps(4);
    window.get_by_role_and_label(Role::MenuItem, "Copy row").click();
    let told = orders(&mut window);
    let copied = told.iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.unwrap_or_else(|| panic!("{told:?}"));
    assert!(copied.starts_with("tcp://127.0.0.1:9001\t127.0.0.1:9001\t127.0.0.1:20002\treset by peer\t"), "{copied}");
}

#[test]
fn the_whole_table_is_copied_and_saved_as_csv() {
    let mut window = table(some());
    press(&mut window, "Copy as CSV");
    let told = orders(&mut window);
    let is_job = |order: &Order| matches!(order, Order::Start(Job::CopyConnections { now: Some(_), .. }));
    assert!(told.iter().any(is_job), "{told:?}");
    let csv = ConnectionsCsv { text: "connection\r\n1\r\n".into(), connections: 1 };
    window.state_mut().feed.landed.push(Done::ConnectionsCopied(csv));
    let told = orders(&mut window);
    assert!(told.iter().any(|order| matches!(order, Order::Window(WindowOrder::Copy(text)) if text.contains("1\r\n"))));
    assert!(sees(&window, "Copied 1 connection as CSV"));

    press(&mut window, "Save as CSV…");
    let asked = |order: &Order| matches!(order, Order::Start(Job::AskPath { what: Ask::SaveConnections, .. }));
    assert!(orders(&mut window).iter().any(asked));
    let path = Some("/tmp/somewhere/table".into());
    window.state_mut().feed.landed.push(Done::PathChosen { what: Ask::SaveConnections, path, no_dialog: false });
    let told = orders(&mut window);
    let saved = |order: &Order| matches!(order, Order::Start(Job::SaveConnections { path, .. }) if path.ends_with("somewhere/table.csv"));
    assert!(told.iter().any(saved), "{told:?}");
    let done = Done::ConnectionsSaved { path: "/tmp/somewhere/table.csv".into(), result: Ok(3) };
    window.state_mut().feed.landed.push(done);
    window.run_steps(4);
    assert!(sees(&window, "Saved 3 connections to /tmp/somewhere/table.csv"));
}

#[test]
fn too_large_a_table_is_not_put_on_the_clipboard() {
    let mut window = table(some());
    let csv = ConnectionsCsv { text: "x".repeat(40_000_000), connections: 400_000 };
    window.state_mut().feed.landed.push(Done::ConnectionsCopied(csv));
    let told = orders(&mut window);
    assert!(!told.iter().any(|order| matches!(order, Order::Window(WindowOrder::Copy(_)))));
    assert!(sees(&window, "too much for the clipboard"));
}

#[test]
fn an_empty_table_teaches() {
    let mut window = table(listed(Vec::new()));
    assert!(sees(&window, "No connections yet"));
    assert!(!sees(&window, "Copy as CSV"), "there is nothing to copy");
    press(&mut window, "Listen…");
    assert_eq!(window.state().state.form, sockscope::ui::action::Form::Listen);
}

#[test]
fn a_narrow_table_leaves_out_what_matters_least() {
    let mut window = table(some());
    let headers = |window: &Window<'_>| {
        let all = window.query_all(Query::new().role(Role::ColumnHeader));
        all.map(|node| node.accesskit_node().label().unwrap_or_default()).collect::<Vec<_>>()
    };
    let wide = headers(&window);
    window.set_size(egui::vec2(800.0, 500.0));
    window.run_steps(4);
    let narrow = headers(&window);
    assert!(narrow.len() < wide.len(), "{narrow:?}");
    for kept in ["Peer", "State", "Bytes in", "Bytes out"] {
        assert!(narrow.iter().any(|name| name == kept), "{kept} in {narrow:?}");
    }
}

#[test]
fn a_hundred_thousand_rows_cost_no_more_than_a_screen_of_them() {
    let first = 50_000;
    let entries = (first..first + 200).map(|id| entry(id, 1, ConnectionLife::Open)).collect();
    let snapshot = ConnectionsSnapshot {
        total: 100_000,
        listed: ConnectionSums { connections: 100_000, ..ConnectionSums::default() },
        ..listed(entries)
    };
    let window = table(snapshot);
    let rows = window.query_all(Query::new().role(Role::ListItem)).count();
    assert!((5..60).contains(&rows), "{rows}");
    assert!(
        window
            .state()
            .feed
            .orders
            .iter()
            .any(|order| matches!(order, Order::WantConnections(ConnectionList::Table, 0, _)))
    );
}

/// The window over an opened file, as its job left it.
fn file() -> Window<'static> {
    let (mut state, mut stage): (State, Stage) = (Scene::default().state(), Scene::default().stage());
    let path = std::path::PathBuf::from("/tmp/other.pcapng");
    state.opened_file = Some(OpenedFile { path: path.clone(), log: LogState::default() });
    stage.opened = Some((path, LogState::default()));
    stage.outline = Arc::new(some());
    window(state, stage)
}

#[test]
fn an_opened_file_lists_its_own_endpoints_and_connections() {
    let mut window = file();
    let told = window.state_mut().feed.take_orders();
    let asked = told.iter().find_map(|order| match order {
        Order::ListConnections(ConnectionList::Outline, Some(order)) => Some(order.by),
        _ => None,
    });
    assert_eq!(asked, Some(ConnectionColumn::Endpoint));
    assert!(sees(&window, "IN THIS FILE") && !sees(&window, "LISTENERS"));
    window.get_by_role_and_label(Role::Button, "127.0.0.1:20002, reset by peer, 200 B").click();
    window.run_steps(4);
    assert_eq!(scope(&window), Scope::Connection(ConnectionId(2)));
    assert!(sees(&window, "State: reset by peer"));
    window.get_by_role_and_label(Role::Button, "tcp://127.0.0.1:9002, 1 connection").click();
    window.run_steps(4);
    assert_eq!(scope(&window), Scope::Endpoint(EndpointId(2)));
    window.get_by_role_and_label(Role::List, "IN THIS FILE").focus();
    window.run_steps(2);
    window.key_press(Key::ArrowUp);
    window.run_steps(4);
    assert_eq!(scope(&window), Scope::Connection(ConnectionId(2)), "the row above");
    press(&mut window, "Leave this file");
    assert!(window.state().state.opened_file.is_none());
    assert!(sees(&window, "LISTENERS") && !sees(&window, "IN THIS FILE"));
}

#[test]
fn nothing_of_an_opened_file_can_be_closed() {
    let mut window = file();
    window.state_mut().state.tab = Tab::Connections;
    window.state_mut().feed.connections = Arc::new(some());
    window.run_steps(4);
    row(&window, "20001").click();
    window.run_steps(4);
    assert!(window.query_by_role_and_label(Role::Button, "Follow").is_some());
    assert!(window.query_by_role_and_label(Role::Button, "Close").is_none());
}
