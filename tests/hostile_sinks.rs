//! The fixture of hostile strings through every sink: each list, tab, dialog and title of the window, every export, the
//! terminal. Nothing of it may act there.

mod hostile_support;
mod session_support;
#[cfg(feature = "window")]
mod window_support;

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;

use hostile_support::{hostile, may_act};
use session_support::{LIMIT, flow, happened, received};
use sockscope::model::{Doing, Failure, Flow, Happening, HostPort, Reason, Role, Transport};
use sockscope::session::export::{self, FORMATS, Progress};
use sockscope::session::{Log, Query, Recorder, RecorderOptions};

/// Formats whose bytes are those of the peer, for programs and not for eyes.
const BINARY: [&str; 2] = ["pcapng", "raw"];

fn refuse(what: &str, text: &str, allowed: &[char]) {
    if let Some(character) = text.chars().find(|character| may_act(*character) && !allowed.contains(character)) {
        let at = text.find(character).unwrap_or(0);
        let around = text.get(text.floor_char_boundary(at.saturating_sub(80))..text.ceil_char_boundary(at + 80));
        panic!("{what}: U+{:04X} in {around:?}", u32::from(character));
    }
}

/// Happenings that carry text from elsewhere.
fn happenings(text: &str) -> Vec<Happening> {
    let failure =
        Failure { system: text.into(), holder: Some(text.into()), ..Failure::new(Doing::Connect, text, Reason::Other) };
    vec![
        Happening::Failed { failure: failure.clone() },
        Happening::AcceptPaused { failure, retry_millis: 1 },
        Happening::Resolved { host: text.into(), addresses: Vec::new() },
        Happening::Unknown { message: text.into() },
    ]
}

fn hostile_flow(text: &str) -> Arc<Flow> {
    let plain = flow(Transport::Tcp, Role::Client, 1, "127.0.0.1:50000", "127.0.0.1:9000");
    Arc::new(Flow { endpoint_uri: text.into(), ..Flow::clone(&plain) })
}

#[test]
fn no_export_obeys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.pcapng");
    let options = RecorderOptions { path: Some(path.clone()), ..RecorderOptions::default() };
    let (recorder, handle, _) = Recorder::start(options).unwrap();
    for text in hostile() {
        let flow = hostile_flow(&text);
        received(&handle, &flow, text.clone());
        for happening in happenings(&text) {
            happened(&handle, &flow, happening);
        }
    }
    drop(handle);
    recorder.finish(LIMIT);
    let log = Log::open(&path).unwrap();
    let state = log.wait_complete(LIMIT);
    assert_eq!((state.damage, state.rows), (None, 5 * hostile().len() as u64));
    for format in FORMATS.iter().filter(|format| !BINARY.contains(&format.name)) {
        let mut out = Vec::new();
        export::write(&log, &Query::default(), format, &mut out, &Progress::default()).unwrap();
        refuse(format.name, &String::from_utf8(out).unwrap(), &['\n', '\r']);
    }
}

#[test]
fn the_terminal_obeys_nothing() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockscope"))
        .args(["listen", "tcp://127.0.0.1:0", "--for", "60s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(program.stdout.take().unwrap()));
    let first = lines.next().unwrap().unwrap();
    let at: HostPort = first.rsplit_once("Listening on ").unwrap().1.trim_end_matches('.').parse().unwrap();
    let mut shown = 0;
    for text in hostile().iter().filter(|text| !text.is_empty()) {
        let mut peer = TcpStream::connect(at.to_string()).unwrap();
        peer.write_all(text.as_bytes()).unwrap();
        drop(peer);
        loop {
            let line = lines.next().unwrap().unwrap();
            refuse("terminal", &line, &[]);
            shown += 1;
            if line.contains("Closed by") {
                break;
            }
        }
    }
    assert!(shown > 400);
    program.kill().unwrap();
    program.wait().unwrap();
}

#[cfg(feature = "window")]
mod window {
    use std::path::PathBuf;
    use std::time::SystemTime;

    use bytes::Bytes;
    use egui::epaint::Shape;
    use egui_kittest::kittest::NodeT;
    use sockscope::model::{
        EndpointId, EndpointSettings, Event, ListenerSettings, Protocol, Recorded, SavedPayload, Timestamp, What,
    };
    use sockscope::session::{SessionFile, ViewSnapshot};
    use sockscope::ui::action::{Form, Tab};
    use sockscope::ui::stage::Stage;
    use sockscope::ui::state::{Configured, OpenedFile, State, Toast};

    use super::*;

    fn rows(text: &str) -> Vec<Option<Arc<Recorded>>> {
        let flow = hostile_flow(text);
        let payload = What::Received(Bytes::from(text.to_owned()));
        let whats = std::iter::once(payload).chain(happenings(text).into_iter().map(|h| What::Happened(Box::new(h))));
        let row = |(seq, what)| {
            let event = Event { time: Timestamp(1_763_833_202_118_204_000), flow: flow.clone(), what };
            Some(Arc::new(Recorded { seq, event, damaged: seq == 1 }))
        };
        (1..).zip(whats).map(row).collect()
    }

    fn state(text: &str, form: Form, tab: Tab) -> State {
        let path = PathBuf::from(format!("/s/{text}.pcapng"));
        let listener = Protocol::TcpListener(ListenerSettings::default());
        let settings = EndpointSettings { name: Some(text.into()), ..EndpointSettings::new(listener) };
        let mut state = State::default();
        state.endpoints = vec![Configured { id: EndpointId(1), settings }];
        state.payloads = vec![SavedPayload { name: text.into(), ..SavedPayload::default() }];
        state.toasts = vec![Toast {
            text: sockscope::payload::visible_text(text, 200),
            is_error: true,
            until: Timestamp(u64::MAX),
            undo: None,
        }];
        state.opened_file = Some(OpenedFile { path: path.clone(), ..OpenedFile::default() });
        state.sessions.folder = path.clone();
        let file =
            SessionFile { path, bytes: 1, modified: SystemTime::UNIX_EPOCH, recording: false, crashed: true, files: 1 };
        state.sessions.list = Some(vec![file].into());
        state.selected_event = Some(1);
        state.form = form;
        state.tab = tab;
        state
    }

    type Window = window_support::Window<Stage>;

    fn window() -> Window {
        window_support::open(State::default(), Stage::default(), egui::vec2(1440.0, 900.0))
    }

    fn show(window: &mut Window, state: State, text: &str) {
        let rows = rows(text);
        let count = rows.len() as u64;
        let selected = rows[0].clone();
        let view =
            ViewSnapshot { matched: count, scanned: count, total: count, rows, selected, ..ViewSnapshot::default() };
        let app = window.state_mut().as_mut().expect("made in the first frame");
        app.state = state;
        app.feed.view = Arc::new(view);
        window.run_steps(2);
    }

    fn painted(shape: &Shape, texts: &mut Vec<String>) {
        match shape {
            Shape::Text(text) => texts.push(text.galley.text().to_owned()),
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| painted(shape, texts)),
            _ => {}
        }
    }

    fn check(window: &Window, what: &str) {
        let mut texts = Vec::new();
        window.output().shapes.iter().for_each(|shape| painted(&shape.shape, &mut texts));
        assert!(texts.len() > 20, "{what}: little was drawn");
        for node in window.root().children_recursive() {
            let node = node.accesskit_node();
            texts.extend(node.label());
            texts.extend(node.value());
        }
        for viewport in window.output().viewport_output.values() {
            texts.push(viewport.builder.title.clone().unwrap_or_default());
            for command in &viewport.commands {
                if let egui::ViewportCommand::Title(title) = command {
                    texts.push(title.clone());
                }
            }
        }
        for text in texts {
            refuse(what, &text, &['\n']);
        }
    }

    #[test]
    fn no_place_of_the_window_obeys() {
        // Every kind of character at once: a frame for each string and each place would take minutes.
        let all: Vec<String> = hostile();
        let mut window = window();
        for strings in all.chunks(16) {
            let text: String = strings.iter().map(|text| text.chars().take(40).collect::<String>()).collect();
            for tab in Tab::ALL {
                show(&mut window, state(&text, Form::None, tab), &text);
                check(&window, &format!("{tab:?}"));
            }
        }
        let text = "a\u{202e}b\x1b[31m\r\n\u{200b}c\u{2066}d\0";
        for form in [
            Form::Listen,
            Form::Connect,
            Form::Udp,
            Form::Edit(EndpointId(1)),
            Form::SaveLog,
            Form::Sessions,
            Form::OpenWorkspace,
            Form::SaveWorkspace,
            Form::About,
            Form::Shortcuts,
            Form::Highlights,
            Form::FilterHelp,
        ] {
            show(&mut window, state(text, form.clone(), Tab::Log), text);
            check(&window, &format!("{form:?}"));
        }
    }
}
