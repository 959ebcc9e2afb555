//! `apply` without egui: actions in, state and recorded orders out.

use crate::engine::Target;
use crate::model::Draft;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::engine::{EndpointState, EndpointStatus, Peers, Totals};
use crate::model::{
    ConnectionId, Doing, EndpointId, EndpointSettings, Failure, HighlightColor, HighlightRule, HostPort,
    ListenerSettings, Protocol, Reason, SavedFilter, SavedPayload, TextEncoding,
};
use crate::session::{Query, Scope, SessionFile};
use crate::ui::action::{EndpointAction, LogAction, SaveWhat, SessionAction, WorkspaceAction};
use crate::ui::effects::{Ask, Done};
use crate::ui::stage::{Order, Stage};
use crate::ui::state::Asked;
use crate::words::Language;

struct Bench {
    state: State,
    stage: Stage,
    engine: EngineSnapshot,
    view: ViewSnapshot,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        Self {
            state: State { workspace_path: Some("/w/workspace.toml".into()), ..State::default() },
            stage: Stage::default(),
            engine: EngineSnapshot::default(),
            view: ViewSnapshot::default(),
            now: Timestamp(1_000_000_000),
        }
    }

    fn apply(&mut self, action: Action) -> Vec<Order> {
        let seen = Seen { engine: &self.engine, view: &self.view, now: self.now };
        apply(&mut self.state, action, &seen, &mut self.stage);
        self.stage.take_orders()
    }

    fn landed(&mut self, done: Done) -> Vec<Order> {
        landed(&mut self.state, done, self.now, &mut self.stage);
        self.stage.take_orders()
    }

    fn engine_moved(&mut self) -> Vec<Order> {
        engine_moved(&mut self.state, &self.engine, self.now, &mut self.stage);
        self.stage.take_orders()
    }

    fn create(&mut self, port: u16) -> EndpointId {
        self.apply(Action::Endpoint(EndpointAction::Create { settings: listener(port).into(), replaces: None }));
        self.state.endpoints.last().unwrap().id
    }

    fn set(&mut self, id: EndpointId, state: EndpointState, local: &[&str]) {
        self.engine.endpoints.retain(|endpoint| endpoint.id != id);
        let settings = self.state.endpoint(id).unwrap().settings.clone();
        self.engine.endpoints.push(Arc::new(EndpointStatus {
            id,
            settings,
            state,
            local: local.iter().map(|address| address.parse().unwrap()).collect(),
            peers: Arc::default(),
            open_peers: 0,
            forgotten_peers: 0,
            totals: Totals::default(),
            dropped: None,
            receive_buffer: None,
            failure: None,
            resolved: vec![],
            retry_at: None,
            replies: Arc::default(),
            replies_paused: false,
            modbus: None,
        }));
    }
}

fn listener(port: u16) -> EndpointSettings {
    EndpointSettings::new(Protocol::TcpListener(ListenerSettings { port, ..ListenerSettings::default() }))
}

fn failure() -> Failure {
    Failure::new(Doing::WriteFile, "/full/log.csv", Reason::DiskFull)
}

#[test]
fn creating_opens_and_ids_are_never_used_twice() {
    let mut bench = Bench::new();
    let first = bench.create(9000);
    let second = bench.create(9001);
    assert_ne!(first, second);
    bench.apply(Action::Endpoint(EndpointAction::Remove(second)));
    assert_ne!(bench.create(9002), second);
    assert_eq!(bench.state.unsaved.workspace, Some(bench.now));
}

#[test]
fn an_edited_endpoint_opens_only_when_the_old_socket_is_closed() {
    let mut bench = Bench::new();
    let id = bench.create(9000);
    bench.set(id, EndpointState::Open, &["127.0.0.1:9000"]);
    let orders =
        bench.apply(Action::Endpoint(EndpointAction::Create { settings: listener(9000).into(), replaces: Some(id) }));
    assert!(matches!(orders[..], [Order::Close(closed, Peers::Close)] if closed == id), "{orders:?}");
    assert!(bench.engine_moved().is_empty());
    bench.set(id, EndpointState::Closed, &[]);
    let orders = bench.engine_moved();
    assert!(matches!(orders[..], [Order::Open(opened, _)] if opened == id), "{orders:?}");
    assert!(bench.engine_moved().is_empty());
}

#[test]
fn removing_can_be_undone_in_place() {
    let mut bench = Bench::new();
    let ids = [bench.create(9000), bench.create(9001), bench.create(9002)];
    bench.set(ids[1], EndpointState::Open, &["127.0.0.1:9001"]);
    bench.apply(Action::Log(LogAction::Select(Scope::Endpoint(ids[1]))));
    let orders = bench.apply(Action::Endpoint(EndpointAction::Remove(ids[1])));
    assert!(orders.iter().any(|order| matches!(order, Order::Forget(id) if *id == ids[1])));
    assert_eq!(bench.state.query.scope, Scope::All);
    let undo = bench.state.toasts.last().unwrap().undo.clone().unwrap();
    let orders = bench.apply((*undo).clone());
    assert!(matches!(orders[..], [Order::Open(..)]), "it was open before: {orders:?}");
    assert_eq!(bench.state.endpoints[1].settings, listener(9001));
}

#[test]
fn the_echo_demo_connects_to_the_real_port() {
    let mut bench = Bench::new();
    bench.apply(Action::Endpoint(EndpointAction::EchoDemo));
    let id = bench.state.endpoints[0].id;
    assert!(bench.engine_moved().is_empty(), "the listener is not there yet");
    bench.set(id, EndpointState::Open, &["127.0.0.1:45678"]);
    let orders = bench.engine_moved();
    let [Order::Open(_, settings)] = &orders[..] else { panic!("{orders:?}") };
    let Protocol::TcpClient(client) = &settings.protocol else { panic!("{settings:?}") };
    assert_eq!(client.remote, HostPort::new("127.0.0.1", 45678));
    assert!(bench.engine_moved().is_empty(), "one client only");
    let client = bench.state.endpoints[1].id;
    assert_eq!(bench.state.target, Some(Target::Endpoint(client)));
    assert!(bench.state.draft_is_offer && bench.state.edited_draft.1.text == "hello\\r\\n");
}

#[test]
fn the_workspace_is_written_half_a_second_after_the_last_change() {
    let mut bench = Bench::new();
    bench.create(9000);
    assert!(expire(&mut bench.state, bench.now, &mut bench.stage).is_some());
    bench.now = Timestamp(bench.now.0 + 400_000_000);
    bench.create(9001);
    let later = Timestamp(bench.now.0 + 499_000_000);
    assert!(expire(&mut bench.state, later, &mut bench.stage).is_some());
    assert!(bench.stage.take_orders().is_empty());
    let due = Timestamp(bench.now.0 + 500_000_000);
    expire(&mut bench.state, due, &mut bench.stage);
    let orders = bench.stage.take_orders();
    let [Order::Start(Job::SaveWorkspace { workspace, as_new: false, .. })] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(workspace.endpoints.len(), 2);
    assert_eq!(expire(&mut bench.state, due, &mut bench.stage), None);
}

#[test]
fn a_workspace_that_could_not_be_read_is_never_written_over() {
    let mut bench = Bench::new();
    bench.state.workspace_path = None;
    bench.create(9000);
    expire(&mut bench.state, Timestamp(u64::MAX), &mut bench.stage);
    assert!(bench.stage.take_orders().is_empty());
}

#[test]
fn a_workspace_from_elsewhere_is_inert_until_trusted() {
    let mut bench = Bench::new();
    let mut marked = listener(9000);
    marked.start_with_workspace = true;
    let workspace = Workspace { endpoints: vec![marked, listener(9001)], ..Workspace::default() };
    let path = PathBuf::from("/else/where.toml");
    let orders = bench.landed(Done::WorkspaceOpened { path, result: Ok((workspace, false)) });
    assert!(!orders.iter().any(|order| matches!(order, Order::Open(..))), "{orders:?}");
    assert!(bench.state.inert_workspace);
    let orders = bench.apply(Action::Workspace(WorkspaceAction::Trust));
    assert!(matches!(orders[..], [Order::Start(Job::TrustWorkspace { .. })]));
    let orders = bench.landed(Done::Trusted(Ok(())));
    assert!(matches!(orders[..], [Order::Open(_, _)]), "only what was marked: {orders:?}");
    assert!(!bench.state.inert_workspace);
}

#[test]
fn rules_and_filters_come_and_go_with_the_workspace() {
    let mut bench = Bench::new();
    let rule = |filter: &str, enabled| HighlightRule { filter: filter.into(), color: HighlightColor::Red, enabled };
    let workspace = Workspace {
        highlights: vec![rule("kind:reset", true), rule("knd:broken", true), rule("off", false)],
        filters: vec![SavedFilter { name: "pump".into(), filter: "peer:10.0.0.7".into() }],
        ..Workspace::default()
    };
    let path = PathBuf::from("/w/other.toml");
    let orders = bench.landed(Done::WorkspaceOpened { path, result: Ok((workspace.clone(), true)) });
    let told = orders.iter().find_map(|order| match order {
        Order::Highlight(rules) => Some(rules.clone()),
        _ => None,
    });
    let told = told.unwrap_or_else(|| panic!("the log's reader was not told: {orders:?}"));
    assert_eq!(told.iter().map(|rule| rule.filter.text()).collect::<Vec<_>>(), ["kind:reset"]);
    // A rule that is broken or off is neither lost nor changed.
    assert_eq!(super::workspace(&bench.state), workspace);
    bench.state.filter_history = vec!["b".into(), "a".into()];
    assert_eq!(preferences(&bench.state).filter_history, ["b", "a"]);
}

#[test]
fn sending_says_what_is_wrong_and_keeps_history() {
    let mut bench = Bench::new();
    let target = Target::Endpoint(EndpointId(1));
    let draft = |text: &str| Draft { text: text.into(), ..Draft::default() };
    let send = |text: &str| Action::Send(SendAction::Send { target: target.clone(), draft: draft(text), repeat: None });
    assert!(bench.apply(send(r"\q")).is_empty());
    assert!(bench.state.send_error.is_some());
    for text in ["a", "b", "a"] {
        assert_eq!(bench.apply(send(text)).len(), 1);
    }
    assert_eq!(bench.state.send_error, None);
    assert_eq!(bench.state.history, ["b", "a"]);
    assert_eq!(preferences(&bench.state).history, ["a", "b"]);
    bench.stage.busy = true;
    bench.apply(send("c"));
    assert!(bench.state.send_error.is_some());
}

#[test]
fn a_long_draft_that_was_never_shown_is_understood_by_a_job() {
    let mut bench = Bench::new();
    let target = Target::Endpoint(EndpointId(1));
    let press = |bench: &mut Bench, text: String| {
        let draft = Draft { text, ..Draft::default() };
        let orders = bench.apply(Action::Send(SendAction::Send { target: target.clone(), draft, repeat: None }));
        let [Order::Start(Job::Compile(pressed))] = &orders[..] else { panic!("{orders:?}") };
        let (pressed, compiled) = (pressed.clone(), crate::payload::compile(&pressed.draft));
        bench.landed(Done::Compiled { pressed, compiled })
    };
    assert_eq!(press(&mut bench, "a".repeat(100_000)).len(), 1);
    assert_eq!(bench.state.send_error, None);
    assert!(press(&mut bench, "a".repeat(100_000) + r"\q").is_empty());
    assert!(bench.state.send_error.is_some());
    // What it asks is asked before it goes out, and not twice.
    assert!(press(&mut bench, "a".repeat(100_000) + "{{ask:Name}}").is_empty());
    let asking = bench.state.asking.take().expect("the dialog is open");
    assert_eq!(asking.names, [("Name".to_owned(), String::new())]);
    let Asked::Send { target, draft, repeat } = asking.then else { panic!("{:?}", asking.then) };
    let asks = BTreeMap::from([("Name".to_owned(), "x".to_owned())]);
    let orders = bench.apply(Action::Send(SendAction::SendAnswered { target, draft, repeat, asks }));
    let [Order::Start(Job::Compile(pressed))] = &orders[..] else { panic!("{orders:?}") };
    let (pressed, compiled) = (pressed.clone(), crate::payload::compile(&pressed.draft));
    assert_eq!(bench.landed(Done::Compiled { pressed, compiled }).len(), 1);
}

#[test]
fn pausing_holds_the_rows_there_are() {
    let mut bench = Bench::new();
    bench.view.total = 77;
    let orders = bench.apply(Action::Log(LogAction::Pause(true)));
    assert!(matches!(&orders[..], [Order::Show(Query { before_row: Some(77), .. })]));
    let orders = bench.apply(Action::Log(LogAction::Pause(false)));
    assert!(matches!(&orders[..], [Order::Show(Query { before_row: None, .. })]));
}

#[test]
fn saving_runs_once_reports_and_keeps_the_failure_at_the_field() {
    let mut bench = Bench::new();
    let save = || {
        let path = PathBuf::from("/tmp/log.csv");
        Action::Session(SessionAction::Save { format: "csv", what: SaveWhat::All, path, replace: false })
    };
    bench.state.form = Form::SaveLog;
    bench.view.total = 5;
    let orders = bench.apply(save());
    let [Order::Start(Job::SaveLog { query, .. })] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(query.before_row, Some(5));
    assert!(bench.apply(save()).is_empty(), "one at a time");
    bench.landed(Done::Saved { path: "/tmp/log.csv".into(), result: Err(failure()), cancelled: false });
    assert_eq!(bench.state.saving.failed, Some(failure()));
    assert_eq!(bench.state.form, Form::SaveLog);
    bench.apply(save());
    bench.landed(Done::Saved { path: "/tmp/log.csv".into(), result: Ok(4831), cancelled: false });
    assert!(bench.state.toasts.last().unwrap().text.contains("log.csv"));
    assert_eq!(bench.state.form, Form::None);
}

#[test]
fn cancelling_a_save_reaches_the_job() {
    let mut bench = Bench::new();
    let path = PathBuf::from("/tmp/log.csv");
    bench.apply(Action::Session(SessionAction::Save { format: "csv", what: SaveWhat::Shown, path, replace: false }));
    let progress = bench.state.saving.running.clone().unwrap().progress;
    bench.apply(Action::Session(SessionAction::CancelSave));
    assert!(progress.cancel.load(std::sync::atomic::Ordering::Acquire));
}

#[test]
fn no_dialog_points_at_the_path_field() {
    let mut bench = Bench::new();
    bench.state.form = Form::SaveLog;
    let what = Ask::SaveLog { format: "csv", what: SaveWhat::All };
    bench.apply(Action::Session(SessionAction::SaveWithDialog { format: "csv", what: SaveWhat::All }));
    assert!(bench.state.dialog_open);
    bench.landed(Done::PathChosen { what, path: None, no_dialog: true });
    assert!(bench.state.no_dialog && !bench.state.dialog_open);
    bench.landed(Done::PathChosen { what, path: None, no_dialog: false });
    assert!(!bench.state.no_dialog, "cancelled is no failure");
}

#[test]
fn reading_a_file_and_going_back_keeps_the_live_filter() {
    let mut bench = Bench::new();
    bench.apply(Action::Log(LogAction::SetFilter("hello".into())));
    bench.landed(Done::SessionOpened { path: "/s/old.pcapng".into(), result: Ok(()) });
    assert_eq!(bench.state.query, Query::default());
    bench.landed(Done::SessionOpened { path: "/s/older.pcapng".into(), result: Ok(()) });
    let orders = bench.apply(Action::Session(SessionAction::ShowLive));
    assert!(matches!(orders[0], Order::ShowLive));
    assert_eq!(bench.state.query.filter.text(), "hello");
    assert!(bench.state.opened_file.is_none());
}

#[test]
fn encodings_belong_to_the_log_that_is_shown() {
    let mut bench = Bench::new();
    let set = |encoding| Action::Log(LogAction::SetConnectionEncoding(ConnectionId(1), encoding));
    let orders = bench.apply(set(Some(TextEncoding::Gbk)));
    assert!(matches!(&orders[..], [Order::Show(query)] if query.encodings.in_use().contains(&TextEncoding::Gbk)));
    bench.landed(Done::SessionOpened { path: "/s/old.pcapng".into(), result: Ok(()) });
    assert_eq!(bench.state.encodings().in_use(), [TextEncoding::Utf8]);
    bench.apply(set(Some(TextEncoding::Big5)));
    bench.apply(Action::Log(LogAction::SetEncoding(EndpointId(1), TextEncoding::Latin1)));
    assert_eq!(bench.state.encodings().in_use(), [TextEncoding::Utf8, TextEncoding::Latin1, TextEncoding::Big5]);
    bench.apply(Action::Session(SessionAction::ShowLive));
    assert_eq!(bench.state.query.encodings.in_use(), [TextEncoding::Utf8, TextEncoding::Gbk]);
    bench.apply(set(None));
    assert_eq!(bench.state.encodings().in_use(), [TextEncoding::Utf8]);
}

#[test]
fn a_crashed_session_is_offered_once() {
    let mut bench = Bench::new();
    let file = |crashed| SessionFile {
        path: "/s/2026-11-22 17-40-03.pcapng".into(),
        bytes: 1,
        modified: std::time::SystemTime::UNIX_EPOCH,
        recording: false,
        crashed,
        files: 1,
    };
    bench.landed(Done::Listed { folder: "/s".into(), result: Ok(vec![file(true)]) });
    let (text, open) = bench.state.crashed_offer.clone().unwrap();
    assert!(text.contains("2026-11-22"));
    assert!(matches!(open, Action::Session(SessionAction::Open(_))));
    bench.landed(Done::SessionOpened { path: "/s/2026-11-22 17-40-03.pcapng".into(), result: Ok(()) });
    bench.landed(Done::Listed { folder: "/s".into(), result: Ok(vec![file(true)]) });
    assert!(bench.state.crashed_offer.is_none());
}

#[test]
fn toasts_go_when_their_time_is_over() {
    let mut bench = Bench::new();
    bench.state.payloads.push(SavedPayload { name: "hello".into(), ..SavedPayload::default() });
    bench.apply(Action::Send(SendAction::RemovePayload(0)));
    assert_eq!(bench.state.toasts.len(), 1);
    expire(&mut bench.state, Timestamp(bench.now.0 + 7_000_000_000), &mut bench.stage);
    assert!(bench.state.toasts.is_empty());
}

#[test]
fn names_from_a_workspace_are_shown_and_not_obeyed() {
    let mut bench = Bench::new();
    let hostile = "a\u{202e}\n\u{200b}b";
    bench.state.payloads.push(SavedPayload { name: hostile.into(), ..SavedPayload::default() });
    bench.apply(Action::Send(SendAction::RemovePayload(0)));
    let client = crate::model::ClientSettings::new(HostPort::new(hostile, 1));
    let settings = EndpointSettings::new(Protocol::TcpClient(client));
    bench.apply(Action::Endpoint(EndpointAction::Create { settings: settings.into(), replaces: None }));
    let id = bench.state.endpoints[0].id;
    bench.apply(Action::Endpoint(EndpointAction::Remove(id)));
    assert_eq!(bench.state.toasts.len(), 2);
    for toast in &bench.state.toasts {
        assert_eq!(payload::visible_text(&toast.text, usize::MAX), toast.text);
    }
}

#[test]
fn language_changes_at_once_and_is_kept() {
    let mut bench = Bench::new();
    bench.apply(Action::View(ViewAction::SetLanguage(Language::Chinese)));
    assert_eq!(bench.state.language, Language::Chinese);
    assert_eq!(preferences(&bench.state).language, Some(Language::Chinese));
    assert!(bench.state.unsaved.preferences.is_some());
}

#[test]
fn bare_words_in_the_find_bar_are_one_text() {
    use crate::filter::{Expression, Term};
    let term = |text: &str| match searched(text).unwrap().expression() {
        Some(Expression::Is(Term::Text(text))) => text.clone(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(term("c 1"), "c 1");
    assert_eq!(term(" GET  x "), "GET  x");
    assert_eq!(term("温度 7"), "温度 7");
    assert_eq!(term("one"), "one");
    for language in ["a or b", "dir:in a", "-a b", "\"a b\" c", "/a b/"] {
        assert_eq!(searched(language).unwrap().text(), language);
    }
}

#[test]
fn what_is_looked_for_goes_to_the_reader_only_while_the_bar_is_open() {
    use crate::session::FindStep;
    use crate::ui::action::{FindAction, Tab};
    let mut bench = Bench::new();
    let find = |bench: &mut Bench, action| bench.apply(Action::Find(action));
    bench.state.tab = Tab::Notes;
    find(&mut bench, FindAction::Open);
    assert_eq!((bench.state.tab, bench.state.find.open), (Tab::Log, true));
    let orders = find(&mut bench, FindAction::Search { text: "x".into(), from: Some(7) });
    assert!(matches!(orders[..], [Order::Find(Some(_)), Order::FindStep(FindStep::Next, Some(7))]), "{orders:?}");
    let orders = find(&mut bench, FindAction::Search { text: "dir:up".into(), from: None });
    assert!(matches!(orders[..], [Order::Find(None)]), "{orders:?}");
    assert!(find(&mut bench, FindAction::Step(FindStep::Next)).is_empty(), "a mistake finds nothing");
    find(&mut bench, FindAction::SetText("x".into()));
    find(&mut bench, FindAction::Close);
    let orders = find(&mut bench, FindAction::Step(FindStep::Previous));
    assert!(matches!(orders[..], [Order::Find(Some(_)), Order::FindStep(FindStep::Previous, None)]), "{orders:?}");
    // A conversation has a field of its own.
    find(&mut bench, FindAction::Close);
    bench.state.tab = Tab::Conversation;
    find(&mut bench, FindAction::Open);
    assert_eq!((bench.state.tab, bench.state.find.open), (Tab::Conversation, false));
    assert_eq!(bench.state.focus, Some(Focus::Find));
}

#[test]
fn filters_that_were_used_are_kept_once() {
    let mut bench = Bench::new();
    for text in ["a", "b", "a", " ", "dir:up", "b", "b"] {
        bench.apply(Action::Log(LogAction::SetFilter(text.into())));
        bench.apply(Action::Log(LogAction::CommitFilter));
    }
    assert_eq!(bench.state.filter_history, ["b", "a"]);
    assert_eq!(preferences(&bench.state).filter_history, ["b", "a"]);
    for number in 0..200 {
        bench.apply(Action::Log(LogAction::SetFilter(format!("x{number}"))));
        bench.apply(Action::Log(LogAction::CommitFilter));
    }
    assert_eq!(bench.state.filter_history.len(), 50);
    bench.apply(Action::Log(LogAction::SetFilter("x".repeat(5_000))));
    bench.apply(Action::Log(LogAction::CommitFilter));
    assert_eq!(bench.state.filter_history[0], "x199", "too long to be worth keeping");
}

#[test]
fn rules_come_and_go_with_their_workspace() {
    use crate::model::{HighlightColor, HighlightRule, SavedFilter};
    let rule = |filter: &str| HighlightRule { filter: filter.into(), color: HighlightColor::Red, enabled: true };
    let saved = SavedFilter { name: "n".into(), filter: "f".into() };
    let mut bench = Bench::new();
    let workspace = Workspace {
        // One that is none is kept, and highlights nothing.
        highlights: vec![rule("kind:reset"), rule("dir:up"), rule("")],
        filters: vec![saved.clone()],
        ..Workspace::default()
    };
    let orders = bench.landed(Done::WorkspaceOpened { path: "/w/b.toml".into(), result: Ok((workspace, true)) });
    let rules = orders.iter().find_map(|order| match order {
        Order::Highlight(rules) => Some(rules.len()),
        _ => None,
    });
    assert_eq!(rules, Some(1));
    let kept = super::workspace(&bench.state);
    assert_eq!((kept.highlights.len(), kept.filters), (3, vec![saved]));
}
