//! The tab of sequences: what Run runs on, mistakes where they stand, answers that are asked for, steps that are moved and
//! brought back, a thousand lines of which only those on screen are put into words, reports.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sockscope::engine::{EndpointState, EngineSnapshot, RunProgress, SequenceOrder, SequenceTarget};
use sockscope::model::{
    Awaited, ConnectionId, Draft, EndpointId, FramePattern, LaneOutcome, LaneReport, MatchHow, RunId, Sequence,
    SequenceReport, Step, StepFailure,
};
use sockscope::ui::action::Tab;
use sockscope::ui::effects::{Done, Job, WindowOrder};
use sockscope::ui::stage::Order;
use sockscope::ui::state::State;

use super::scene::Scene;
use super::{Window, orders, press, retype, sees, window};

fn send(text: &str) -> Step {
    Step::Send(Draft { text: text.into(), ..Draft::default() })
}

fn expect(text: &str) -> Step {
    let pattern = FramePattern { how: MatchHow::Text, pattern: text.into(), ..FramePattern::default() };
    Step::Expect(Awaited { pattern, ..Awaited::default() })
}

fn login(steps: Vec<Step>) -> Sequence {
    Sequence { name: "login".into(), steps, ..Sequence::default() }
}

/// The window with the tab open, over a client in this state.
fn tab(client: EndpointState, sequences: Vec<Sequence>) -> Window<'static> {
    let mut scene = Scene::default();
    scene.client("plc:502", client);
    open(&scene, sequences)
}

fn state(scene: &Scene, sequences: Vec<Sequence>) -> State {
    let mut state = scene.state();
    state.tab = Tab::Sequences;
    state.sequences = sequences;
    state
}

fn open(scene: &Scene, sequences: Vec<Sequence>) -> Window<'static> {
    window(state(scene, sequences), scene.stage())
}

fn ran(window: &mut Window<'_>) -> Vec<SequenceOrder> {
    let each = orders(window).into_iter().filter_map(|order| match order {
        Order::RunSequence(order) => Some(order),
        _ => None,
    });
    each.collect()
}

fn kinds(window: &Window<'_>) -> Vec<String> {
    let of = |step: &Step| match step {
        Step::Send(draft) => draft.text.clone(),
        Step::Repeat { steps, .. } => format!("repeat of {}", steps.len()),
        other => format!("{other:?}"),
    };
    window.state().state.sequences[0].steps.iter().map(of).collect()
}

fn press_row(window: &mut Window<'_>, text: &str) {
    let row = window.query_all_by_label_contains(text).find(|node| node.accesskit_node().role() == Role::Button);
    row.unwrap_or_else(|| panic!("no row {text}")).click();
    window.run_steps(4);
}

#[test]
fn a_client_that_was_never_opened_is_connected_for_the_run() {
    let mut window = tab(EndpointState::Closed, vec![login(vec![send("a")])]);
    assert!(sees(&window, "on a connection of its own to plc:502"));
    retype(&mut window, "Connections", "200");
    assert!(sees(&window, "on 200 connections of its own to plc:502"));
    press(&mut window, "Run");
    let orders = orders(&mut window);
    let listed = orders.iter().position(|order| matches!(order, Order::ListClosed(EndpointId(1), _)));
    let run = orders.iter().position(|order| match order {
        Order::RunSequence(order) => order.on == SequenceTarget::Connections { client: EndpointId(1), count: 200 },
        _ => false,
    });
    assert!(listed.is_some() && listed < run, "{orders:?}");
    retype(&mut window, "Connections", "10001");
    assert!(sees(&window, "Connections: a whole number from 1 to 10,000"));
    press(&mut window, "Run");
    assert_eq!(ran(&mut window).len(), 0);
}

#[test]
fn the_open_connection_is_used_where_it_is_asked_for() {
    let mut window = tab(EndpointState::Open, vec![login(vec![send("a")])]);
    press(&mut window, "Run");
    assert_eq!(ran(&mut window)[0].on, SequenceTarget::Connections { client: EndpointId(1), count: 1 });
    window.get_by_role_and_label(Role::ComboBox, "Connection of the run").click();
    window.run_steps(3);
    press(&mut window, "The open one");
    press(&mut window, "Run");
    assert_eq!(ran(&mut window)[0].on, SequenceTarget::Peers(EndpointId(1)));
}

#[test]
fn a_sequence_runs_on_what_it_names_and_on_nothing_else() {
    let mut scene = Scene::default();
    scene.client("plc:502", EndpointState::Open);
    let listener = scene.listener("127.0.0.1:9000", 0);
    let named = |endpoint: &str| Sequence { endpoint: endpoint.into(), ..login(vec![send("a")]) };
    let mut there = open(&scene, vec![named("tcp://127.0.0.1:9000")]);
    press(&mut there, "Run");
    assert_eq!(ran(&mut there)[0].on, SequenceTarget::Peers(listener), "it waits for the first peer");
    let mut gone = open(&scene, vec![named("pump")]);
    assert!(sees(&gone, "The workspace has no endpoint called pump."));
    press(&mut gone, "Run");
    assert_eq!(ran(&mut gone).len(), 0);
}

#[test]
fn a_mistake_stands_at_its_step_and_nothing_is_run() {
    let steps = vec![send("fine"), Step::Repeat { times: 2, steps: vec![send("\\q")] }, send("{{var:token}}")];
    let mut window = tab(EndpointState::Closed, vec![login(steps)]);
    assert!(sees(&window, "step 2.1: "));
    assert!(sees(&window, "Step 3: Send no step sets the variable token"));
    press(&mut window, "Run");
    assert_eq!(ran(&mut window).len(), 0);
    // It is put right where it stands.
    press_row(&mut window, "Step 2.1: Send");
    retype(&mut window, "Payload of step 2.1", "\\n");
    press_row(&mut window, "Step 3: Send");
    retype(&mut window, "Payload of step 3", "end");
    press(&mut window, "Run");
    assert_eq!(ran(&mut window).len(), 1);
}

#[test]
fn what_its_payloads_ask_is_asked_first() {
    let steps = vec![Step::Repeat { times: 3, steps: vec![send("{{ask:User}}")] }];
    let mut window = tab(EndpointState::Closed, vec![login(steps)]);
    press(&mut window, "Run");
    assert_eq!(ran(&mut window).len(), 0);
    retype(&mut window, "User", "ann");
    let run = window.query_all_by_label("Run").last();
    run.unwrap().click();
    let ran = ran(&mut window);
    assert_eq!(ran[0].asks.get("User").map(String::as_str), Some("ann"));
}

#[test]
fn steps_are_moved_by_keyboard_and_brought_back() {
    let steps = vec![send("one"), Step::Repeat { times: 2, steps: vec![send("in")] }, send("three")];
    let mut window = tab(EndpointState::Closed, vec![login(steps)]);
    press_row(&mut window, "Step 1: Send");
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    window.run_steps(4);
    assert_eq!(kinds(&window), ["repeat of 1", "one", "three"]);
    // The keyboard went with it.
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    window.run_steps(4);
    assert_eq!(kinds(&window), ["repeat of 1", "three", "one"]);
    window.key_press(Key::ArrowUp);
    window.run_steps(4);
    window.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.run_steps(4);
    assert_eq!(kinds(&window), ["repeat of 1", "three", "three", "one"]);
    window.key_press(Key::Delete);
    window.run_steps(4);
    assert_eq!(kinds(&window), ["repeat of 1", "three", "one"]);
    press(&mut window, "Delete step 1");
    assert_eq!(kinds(&window), ["three", "one"]);
    let undo = window.query_all_by_label("Undo").last();
    undo.unwrap().click();
    window.run_steps(4);
    assert_eq!(kinds(&window), ["repeat of 1", "three", "one"]);
}

#[test]
fn a_sequence_is_made_duplicated_and_brought_back() {
    let mut window = tab(EndpointState::Closed, Vec::new());
    press(&mut window, "New sequence");
    retype(&mut window, "Name", "login");
    retype(&mut window, "Payload of step 1", "LOGIN");
    press(&mut window, "Duplicate");
    let names = |window: &Window<'_>| {
        window.state().state.sequences.iter().map(|sequence| sequence.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&window), ["login", "login 2"]);
    press(&mut window, "Remove this sequence");
    assert_eq!(names(&window), ["login"]);
    let undo = window.query_all_by_label("Undo").last();
    undo.unwrap().click();
    window.run_steps(4);
    assert_eq!(names(&window), ["login", "login 2"]);
    assert!(window.state().state.unsaved.workspace.is_some(), "it is written");
}

#[test]
fn alt_and_a_digit_run_it_from_anywhere() {
    let keyed = Sequence { shortcut: Some(3), ..login(vec![send("a")]) };
    let mut window = tab(EndpointState::Closed, vec![login(vec![send("b")]), keyed]);
    window.state_mut().state.tab = Tab::Log;
    window.run_steps(2);
    // Pressed and let go within one frame, Alt as well.
    for pressed in [true, false] {
        let (key, modifiers) = (Key::Num3, Modifiers::ALT);
        window.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
    }
    let ran = ran(&mut window);
    assert_eq!(ran[0].sequence.steps, [send("a")]);
    assert_eq!(window.state().state.tab, Tab::Sequences);
    // One that cannot be run says why.
    let mut nowhere = open(&Scene::default(), vec![Sequence { shortcut: Some(1), ..login(vec![send("a")]) }]);
    nowhere.key_press_modifiers(Modifiers::ALT, Key::Num1);
    nowhere.run_steps(4);
    assert!(sees(&nowhere, "login was not run: "));
}

fn report(lanes: usize, failed: usize) -> Arc<SequenceReport> {
    let lane = |number: usize| LaneReport {
        connection: ConnectionId(u32::try_from(number).unwrap() + 1),
        on: format!("10.0.0.1:{}", 10_000 + number),
        nanos: 1_500_000,
        outcome: match number < failed {
            false => LaneOutcome::Passed,
            true => {
                LaneOutcome::Failed(StepFailure::Unexpected { expected: "\"OK\"".into(), got: b"ERR\x1b".to_vec() })
            }
        },
        step: vec![3],
        round: None,
    };
    // Those that failed came last.
    Arc::new(SequenceReport { name: "login".into(), lanes: (0..lanes).rev().map(lane).collect() })
}

fn with_run(lanes: usize, failed: usize) -> Window<'static> {
    with(RunProgress { id: RunId(1), report: report(lanes, failed), over: true })
}

fn with(run: RunProgress) -> Window<'static> {
    let mut scene = Scene::default();
    scene.client("plc:502", EndpointState::Closed);
    let mut stage = scene.stage();
    stage.engine = Arc::new(EngineSnapshot { runs: vec![run], ..EngineSnapshot::clone(&stage.engine) });
    window(state(&scene, vec![login(vec![expect("OK")])]), stage)
}

#[test]
fn a_stopped_run_says_of_how_many_it_was_stopped() {
    let mut stopped = SequenceReport::clone(&report(5, 1));
    stopped.lanes.iter_mut().take(3).for_each(|lane| lane.outcome = LaneOutcome::Stopped);
    let window = with(RunProgress { id: RunId(1), report: Arc::new(stopped), over: true });
    assert!(sees(&window, "Run 1: 1 passed, 1 failed, 0 running, 3 stopped"));
}

#[test]
fn of_a_thousand_lines_only_those_on_screen_are_put_into_words() {
    let window = with_run(1000, 2);
    assert!(sees(&window, "Run 1: 998 passed, 2 failed, 0 running"));
    let shown = window.query_all_by_label_contains("in the log").count();
    assert!((4..60).contains(&shown), "{shown} lines");
    // Failures first, what came shown safely.
    let failures = window.query_all_by_label("failed at step 3: expected \"OK\", got ERR␛").count();
    assert_eq!(failures, 2);
}

#[test]
fn a_run_is_stopped_and_says_where_it_is() {
    let lane = LaneReport { step: vec![2, 1], round: Some((4, 9)), ..LaneReport::default() };
    let report = Arc::new(SequenceReport { name: "login".into(), lanes: vec![lane] });
    let mut window = with(RunProgress { id: RunId(7), report, over: false });
    assert!(sees(&window, "at step 2.1, round 5 of 9") && sees(&window, "login, 0 / 1"));
    press(&mut window, "Stop");
    assert!(orders(&mut window).iter().any(|order| matches!(order, Order::StopRun(RunId(7)))));
}

#[test]
fn a_report_is_copied_and_saved() {
    let mut window = with_run(2, 1);
    press(&mut window, "Copy report");
    let copied = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Window(WindowOrder::Copy(text)) => Some(text),
        _ => None,
    });
    let copied = copied.unwrap();
    assert!(
        copied.starts_with("login\n10.0.0.1:10000\t1.5 ms\tfailed at step 3: expected \"OK\", got ERR␛\n"),
        "{copied}"
    );
    press(&mut window, "Save report…");
    retype(&mut window, "File of the report", "/tmp/r.xml");
    press(&mut window, "Save");
    let saved = orders(&mut window).into_iter().find_map(|order| match order {
        Order::Start(Job::SaveReport { path, report, replace }) => Some((path, report.lanes.len(), replace)),
        _ => None,
    });
    assert_eq!(saved, Some(("/tmp/r.xml".into(), 2, false)));
    // It is there: only Replace writes over it.
    window.state_mut().feed.landed.push(Done::Exists { path: "/tmp/r.xml".into() });
    window.run_steps(3);
    press(&mut window, "Replace");
    let replaced =
        orders(&mut window).iter().any(|order| matches!(order, Order::Start(Job::SaveReport { replace: true, .. })));
    assert!(replaced);
    window.state_mut().feed.landed.push(Done::ReportSaved { path: "/tmp/r.xml".into(), result: Ok(()) });
    window.run_steps(3);
    assert!(!sees(&window, "File of the report") && sees(&window, "Saved the report to /tmp/r.xml"));
}
