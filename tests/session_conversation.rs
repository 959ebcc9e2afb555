//! Conversations read from real sessions: turns, datagrams, growth, places, finding, copying, saving.

mod session_support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use session_support::{LIMIT, closed, flow, happened, open, received, record, sent};
use sockscope::filter::Term;
use sockscope::model::{By, ConnectionId, Direction, Flow, Happening, Reason, Role, TextEncoding, Transport};
use sockscope::session::conversation::{
    Conversation, ConversationOrder, ConversationSnapshot, LineContent, Shape, Sides, save_raw,
};
use sockscope::session::export::Progress;
use sockscope::session::{FindStep, Log, Recorder, RecorderHandle, RecorderOptions};

struct Followed {
    conversation: Conversation,
    woken: Receiver<()>,
    order: ConversationOrder,
}

impl Followed {
    fn new(log: &Arc<Log>, connection: u32) -> Self {
        let (sender, woken) = sync_channel(1);
        let wake = Arc::new(move || {
            let _ = sender.try_send(());
        });
        let connection = Some(ConnectionId(connection));
        let order = ConversationOrder { connection, want: (0, 200), ..ConversationOrder::default() };
        Self { conversation: Conversation::new(log.clone(), order.clone(), wake), woken, order }
    }

    /// The first snapshot that is as asked for.
    fn until(&self, right: impl Fn(&ConversationSnapshot) -> bool) -> Arc<ConversationSnapshot> {
        loop {
            let snapshot = self.conversation.snapshot();
            let is_mine = snapshot.connection == self.order.connection && snapshot.shape == self.order.shape;
            if is_mine && right(&snapshot) {
                return snapshot;
            }
            self.woken.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{:?}", self.conversation.snapshot()));
        }
    }

    fn ask(&mut self, change: impl FnOnce(&mut ConversationOrder)) {
        change(&mut self.order);
        self.conversation.order(&self.order);
    }

    fn ready(&self) -> Arc<ConversationSnapshot> {
        let want = self.order.want;
        self.until(|snapshot| {
            let has = (snapshot.first_line + snapshot.rows.len() as u64).min(snapshot.lines);
            snapshot.ready && snapshot.first_line <= want.0 && has >= (want.0 + want.1 as u64).min(snapshot.lines)
        })
    }
}

/// The lines in short: `in 2 chunks 7 B`, text with escapes, `— accepted`.
fn brief(snapshot: &ConversationSnapshot) -> Vec<String> {
    let line = |content: &LineContent| match content {
        LineContent::Turn(turn) => {
            let direction = if turn.direction == Direction::In { "in" } else { "out" };
            format!("{direction} {} chunks {} B", turn.chunks, turn.bytes)
        }
        LineContent::Text(text) => format!("{}{}", if text.datagram { "| " } else { "" }, text.text),
        LineContent::Bytes(bytes) => format!("{:x}: {}", bytes.offset, bytes.bytes.len()),
        LineContent::EmptyDatagram => "(empty)".to_owned(),
        LineContent::Unreadable => "(unreadable)".to_owned(),
        LineContent::Happened(recorded) => format!("— {}", recorded.event.kind().name()),
    };
    snapshot.rows.iter().map(|row| line(&row.content)).collect()
}

fn recorder() -> (tempfile::TempDir, Recorder, RecorderHandle) {
    let folder = tempfile::tempdir().unwrap();
    let path = Some(folder.path().join("session.pcapng"));
    let (recorder, handle, _) = Recorder::start(RecorderOptions { path, keep_rows: true, subscription: 0 }).unwrap();
    (folder, recorder, handle)
}

fn tcp(connection: u32) -> Arc<Flow> {
    let peer = format!("127.0.0.1:{}", 50_000 + connection);
    flow(Transport::Tcp, Role::Listener, connection, "127.0.0.1:9000", &peer)
}

fn udp(connection: u32) -> Arc<Flow> {
    let peer = format!("127.0.0.1:{}", 50_000 + connection);
    flow(Transport::Udp, Role::Datagram, connection, "127.0.0.1:5005", &peer)
}

#[test]
fn turns_grow_while_one_looks() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let (mine, other) = (tcp(1), tcp(2));
    happened(&handle, &mine, Happening::Accepted);
    let water = "水泵\r\n".as_bytes();
    received(&handle, &mine, &water[..4]);
    sent(&handle, &other, "not mine");
    received(&handle, &mine, &water[4..]);
    sent(&handle, &mine, "one\ntwo");
    let followed = Followed::new(&log, 1);
    let snapshot = followed.until(|snapshot| snapshot.chunks == [2, 1] && snapshot.ready);
    let expected = ["— accepted", "in 2 chunks 8 B", "水泵\\r\\n", "out 1 chunks 7 B", "one\\n", "two"];
    assert_eq!(brief(&snapshot), expected);
    assert_eq!((snapshot.bytes, snapshot.turns, snapshot.lines), ([8, 7], 2, 6));
    assert_eq!(snapshot.flow.as_deref(), Some(&*mine));
    assert_eq!(snapshot.connections.len(), 2);
    let LineContent::Turn(turn) = &snapshot.rows[3].content else { panic!("{snapshot:?}") };
    let gap = log.read(4).unwrap().event.time.nanos_since(log.read(3).unwrap().event.time);
    assert_eq!((turn.after, turn.first_seq, turn.last_seq), (Some(gap), 5, 5));
    // The line that is open grows; what follows comes behind it.
    sent(&handle, &mine, " and more");
    let snapshot = followed.until(|snapshot| snapshot.bytes == [8, 16]);
    assert_eq!(brief(&snapshot)[3..], ["out 2 chunks 16 B", "one\\n", "two and more"]);
    happened(&handle, &mine, Happening::PeerFinished { received: 8 });
    assert!(followed.until(|snapshot| snapshot.half_closed).end.is_none());
    happened(&handle, &mine, closed(By::Peer));
    let snapshot = followed.until(|snapshot| snapshot.end.is_some());
    assert_eq!(brief(&snapshot).last().unwrap(), "— closed");
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn datagrams_keep_their_borders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let flow = udp(7);
        received(handle, &flow, "one");
        received(handle, &flow, "");
        received(handle, &flow, "two\nthree");
        received(handle, &flow, &b"\xe6"[..]);
        sent(handle, &flow, "four");
    });
    let followed = Followed::new(&open(&path), 7);
    let lines = ["in 4 chunks 13 B", "one", "(empty)", "| two\\n", "three", "| ⟨e6⟩", "out 1 chunks 4 B", "four"];
    assert_eq!(brief(&followed.ready()), lines);
}

#[test]
fn text_hex_and_raw_of_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let flow = tcp(1);
        received(handle, &flow, &b"\xce\xc2\xb6\xc8\n"[..]);
        sent(handle, &flow, "ok");
        received(handle, &flow, vec![b'x'; 40]);
    });
    let mut followed = Followed::new(&open(&path), 1);
    followed.ask(|order| order.shape = Shape::Text { encoding: TextEncoding::Gbk, columns: 20 });
    let (x, head) = ("x".repeat(20), "in 1 chunks 40 B");
    assert_eq!(brief(&followed.ready())[1..], ["温度\\n", "out 1 chunks 2 B", "ok", head, &x, &x]);
    followed.ask(|order| order.shape = Shape::Raw { columns: 30 });
    let snapshot = followed.ready();
    assert_eq!(brief(&snapshot)[1..2], ["ÎÂ¶È·"]);
    assert_eq!(brief(&snapshot)[5].len(), 30);
    followed.ask(|order| order.shape = Shape::Hex { bytes: 16 });
    assert_eq!(brief(&followed.ready())[1..], ["0: 5", "out 1 chunks 2 B", "0: 2", head, "5: 16", "15: 16", "25: 8"]);
}

#[test]
fn any_lines_of_a_long_conversation_are_the_right_ones() {
    const LINES: u64 = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    let line = |n: u64| format!("line {n} 水{}\n", "x".repeat((n % 7) as usize));
    record(&path, |handle| {
        let text: Vec<u8> = (0..LINES).flat_map(|n| line(n).into_bytes()).collect();
        // Cut anywhere, within characters too.
        text.chunks(997).for_each(|chunk| received(handle, &tcp(1), chunk.to_vec()));
    });
    let mut followed = Followed::new(&open(&path), 1);
    assert_eq!(followed.ready().lines, LINES + 1);
    for first in [1, 20, 255, 256, 257, 300, 31_234, LINES - 40] {
        followed.ask(|order| order.want = (first, 10));
        let snapshot = followed.until(|snapshot| snapshot.rows.len() <= 30);
        let begins = first.saturating_sub(10);
        let snapshot = if snapshot.first_line == begins {
            snapshot
        } else {
            followed.until(|snapshot| snapshot.first_line == begins && snapshot.rows.len() <= 30)
        };
        let shown = brief(&snapshot);
        assert!(shown.len() >= 20);
        for (n, shown) in (begins..).zip(shown).filter(|(n, _)| *n > 0) {
            assert_eq!(shown, line(n - 1).replace('\n', "\\n"));
        }
    }
    followed.ask(|order| order.at_end = true);
    let snapshot = followed.until(|snapshot| snapshot.first_line + snapshot.rows.len() as u64 == LINES + 1);
    assert_eq!(brief(&snapshot).last().unwrap(), &line(LINES - 1).replace('\n', "\\n"));
}

#[test]
fn finding_steps_marks_and_survives_another_width() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let flow = tcp(1);
        received(handle, &flow, "GET /a nee");
        received(handle, &flow, "dle one\nsecond\n");
        sent(handle, &flow, "nee");
        received(handle, &flow, "dle\nNEEDLE");
    });
    let mut followed = Followed::new(&open(&path), 1);
    followed.ask(|order| order.find = Some(Term::Text("needle".into())));
    let snapshot = followed.until(|snapshot| snapshot.find.found == 2 && snapshot.find.ready);
    let marked = |snapshot: &ConversationSnapshot| {
        let of = |row: &LineContent| match row {
            LineContent::Text(line) => {
                line.found.iter().map(|(range, current)| (line.text[range.clone()].to_owned(), *current)).collect()
            }
            _ => Vec::new(),
        };
        snapshot.rows.iter().flat_map(|row| of(&row.content)).collect::<Vec<_>>()
    };
    assert_eq!(marked(&snapshot), [("needle".to_owned(), false), ("NEEDLE".to_owned(), false)]);
    let step = |followed: &mut Followed, step, from| {
        followed.ask(|order| order.step = (order.step.0 + 1, Some((step, from))));
        let number = followed.order.step.0;
        followed.until(|snapshot| snapshot.find.step == number).find.current
    };
    assert_eq!(step(&mut followed, FindStep::Next, 3), Some((2, 7)));
    assert_eq!(step(&mut followed, FindStep::Next, 0), Some((1, 1)), "around the end");
    assert_eq!(step(&mut followed, FindStep::Previous, 0), Some((2, 7)));
    followed.ask(|order| order.shape = Shape::Text { encoding: TextEncoding::Utf8, columns: 5 });
    let snapshot = followed.until(|snapshot| snapshot.find.current.is_some());
    let (_, line) = snapshot.find.current.unwrap();
    assert_eq!(brief(&snapshot)[usize::try_from(line).unwrap()], "NEEDL");
    followed.ask(|order| order.find = Some(Term::Text("温".into())));
    followed.until(|snapshot| snapshot.find.ready && snapshot.find.found == 0 && !snapshot.find.impossible);
    followed.ask(|order| order.encoding = TextEncoding::Latin1);
    followed.until(|snapshot| snapshot.find.impossible);
}

#[test]
fn the_line_of_an_event_and_lines_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let flow = tcp(1);
        happened(handle, &flow, Happening::Accepted);
        received(handle, &flow, "one\r\ntw");
        received(handle, &flow, "o\tand a long line that is broken\n");
        sent(handle, &flow, "\x1b[31mred");
    });
    let mut followed = Followed::new(&open(&path), 1);
    followed.ask(|order| {
        order.shape = Shape::Text { encoding: TextEncoding::Utf8, columns: 20 };
        order.reveal = (1, Some(4));
    });
    assert_eq!(followed.until(|snapshot| snapshot.revealed.0 == 1).revealed.1, Some(6));
    followed.ask(|order| order.copy = (1, 2..5));
    let copied = followed.until(|snapshot| snapshot.copied.0 == 1).copied.1.clone().unwrap();
    assert_eq!(&*copied, "one\ntwo\tand a long line that is broken\n");
    followed.ask(|order| order.copy = (2, 0..100));
    let copied = followed.until(|snapshot| snapshot.copied.0 == 2).copied.1.clone().unwrap();
    assert!(copied.starts_with("— Accepted 127.0.0.1:50001.\n↓ 20"), "{copied}");
    assert!(copied.ends_with(" · 8 B\n\\x1B[31mred"), "{copied}");
}

#[test]
fn each_side_is_saved_as_it_was_and_stopping_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.pcapng");
    record(&path, |handle| {
        let (mine, other) = (tcp(1), tcp(2));
        for n in 0..3000u32 {
            received(handle, &mine, n.to_le_bytes().to_vec());
            sent(handle, &other, "other");
            sent(handle, &mine, "ok");
        }
    });
    let log = open(&path);
    let save = |sides, to: &Path, progress: &Progress| save_raw(&log, ConnectionId(1), sides, to, progress);
    let to = folder.path().join("out.bin");
    let received: Vec<u8> = (0..3000u32).flat_map(u32::to_le_bytes).collect();
    let both: Vec<u8> = (0..3000u32).flat_map(|n| [&n.to_le_bytes()[..], b"ok"].concat()).collect();
    for (sides, expected) in [(Sides::Received, received), (Sides::Sent, b"ok".repeat(3000)), (Sides::Both, both)] {
        let progress = Progress::default();
        assert_eq!(save(sides, &to, &progress).unwrap(), expected.len() as u64);
        assert_eq!(std::fs::read(&to).unwrap(), expected);
        assert_eq!((progress.done.load(Ordering::Relaxed), progress.total.load(Ordering::Relaxed)), (6000, 6000));
    }
    let stopped = Progress { cancel: AtomicBool::new(true), ..Progress::default() };
    let nowhere = folder.path().join("stopped.bin");
    assert_eq!(save(Sides::Both, &nowhere, &stopped).unwrap_err().reason, Reason::Cancelled);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
