//! Frames as rows of the log: every framing, growth, filter and find on content, selection, long frames, checksums.

mod session_support;

use std::ops::Range;
use std::sync::Arc;

use session_support::watched::{Watched, query, received_at, recorder, sent_at, tree};
use session_support::{LIMIT, closed, flow, happened, open};
use sockscope::framing::Fault;
use sockscope::model::{
    By, ByteOrder, Checksum, ConnectionId, Flow, Framing, Framings, Happening, LengthPrefix, Role, Transport, Verify,
};
use sockscope::payload::checksum::Verdict;
use sockscope::session::FindStep::{Next, Previous};
use sockscope::session::{Found, LogView, Query, RecorderHandle, Scope, ViewSnapshot};

const MOST: u32 = 1 << 20;
const LINE: Framing = Framing::Line { most_bytes: MOST };

fn tcp(connection: u32) -> Arc<Flow> {
    flow(Transport::Tcp, Role::Client, connection, "127.0.0.1:50000", "127.0.0.1:9000")
}

fn frames(framing: Framing, query: Query) -> Query {
    Query { frames: true, framings: Arc::new(Framings { everywhere: framing, ..Framings::default() }), ..query }
}

/// What each row says: the seq, which frame it is, its content.
fn rows(snapshot: &ViewSnapshot) -> Vec<(u64, Option<u32>, String)> {
    let shown = snapshot.rows.iter().flatten().zip(&snapshot.decorations);
    shown
        .map(|(row, decoration)| {
            let bytes = row.event.bytes().map_or(&b"-"[..], |bytes| bytes);
            let frame = decoration.frame.as_ref().map(|facts| facts.index);
            (row.seq, frame, String::from_utf8_lossy(bytes).into_owned())
        })
        .collect()
}

fn shown(watched: &Watched, query: Query) -> Vec<(u64, Option<u32>, String)> {
    watched.view.want(0, 1000);
    let matched = watched.all_of(query.clone()).matched as usize;
    rows(&watched.until(|snapshot| snapshot.query == query && snapshot.rows.len() == matched))
}

fn is(seq: u64, frame: u32, content: &str) -> (u64, Option<u32>, String) {
    (seq, Some(frame), content.to_owned())
}

fn chunks(handle: &RecorderHandle, flow: &Arc<Flow>, chunks: &[&[u8]]) {
    for (chunk, time) in chunks.iter().zip(1..) {
        received_at(handle, flow, time, chunk.to_vec());
    }
}

fn selected(view: &LogView, watched: &Watched, seq: u64, index: Option<u32>) -> (Option<u32>, String) {
    view.select(Some(seq), None);
    view.select_frame(index);
    let of = |snapshot: &ViewSnapshot| snapshot.selected_decoration.frame.as_ref().map(|facts| facts.index);
    let snapshot =
        watched.until(|snapshot| snapshot.selected.as_ref().is_some_and(|r| r.seq == seq) && of(snapshot) == index);
    let bytes = snapshot.selected.as_ref().unwrap().event.bytes().unwrap().clone();
    (of(&snapshot), String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn frames_stand_where_their_last_chunks_stood_and_the_log_grows() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let (one, two) = (tcp(1), tcp(2));
    happened(&handle, &one, Happening::Accepted);
    chunks(&handle, &one, &[b"al", b"pha\nbeta\nga"]);
    chunks(&handle, &two, &[b"other\n"]);
    sent_at(&handle, &one, 9, "sent\n");
    chunks(&handle, &one, &[b"mma\n", b"rest"]);
    watched.until(|snapshot| snapshot.total == 7);
    let query = frames(LINE, Query::default());
    let accepted = (1, None, "-".to_owned());
    let first = [accepted, is(3, 0, "alpha"), is(3, 1, "beta"), is(4, 0, "other"), is(5, 0, "sent"), is(6, 0, "gamma")];
    let waits = is(7, 0, "rest");
    assert_eq!(shown(&watched, query.clone()), [&first[..], std::slice::from_ref(&waits)].concat());
    assert_eq!(
        [1, 2, 3, 4, 6, 7].map(|seq| watched.view.place_of(seq)),
        [Some(0), Some(1), Some(1), Some(3), Some(5), Some(6)]
    );

    // It goes on; what is left when the connection ends stands where its last chunk stood: before what is here already.
    chunks(&handle, &two, &[b"again\n"]);
    watched.until(|snapshot| snapshot.matched == 8);
    happened(&handle, &one, closed(By::Peer));
    let snapshot = watched.until(|snapshot| snapshot.matched == 9);
    let late = [is(7, 0, "rest"), is(8, 0, "again"), (9, None, "-".to_owned())];
    assert_eq!(rows(&snapshot)[6..], late);
    let facts = snapshot.decorations[1].frame.as_ref().unwrap();
    assert_eq!((facts.chunks.as_slice(), facts.raw_bytes, facts.fault), (&[2, 3][..], 6, None));

    // Off and on again, and another framing.
    assert_eq!(watched.matched(Query::default()), 9);
    assert_eq!(shown(&watched, query.clone()).len(), 9);
    let fixed = shown(&watched, frames(Framing::Fixed { bytes: 4 }, Query::default()));
    assert_eq!(fixed[1..5], [is(3, 0, "alph"), is(3, 1, "a\nbe"), is(3, 2, "ta\ng"), is(4, 0, "othe")]);
    let scoped = Query { scope: Scope::Connection(ConnectionId(2)), ..query };
    assert_eq!(shown(&watched, scoped), [is(4, 0, "other"), is(8, 0, "again")]);
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn every_framing_reads_its_frames_and_names_its_faults() {
    let prefix = |counts_little| {
        let order = if counts_little { ByteOrder::Little } else { ByteOrder::Big };
        Framing::LengthPrefix(LengthPrefix { order, most_bytes: 16, ..LengthPrefix::default() })
    };
    let delimiter = |keep| Framing::Delimiter { bytes: b";;".to_vec(), keep, most_bytes: 5 };
    let stx = Framing::StxEtx { escape: Some(0x10), most_bytes: MOST };
    type Case<'a> = (Framing, &'a [&'a [u8]], &'a [(&'a [u8], Option<Fault>)]);
    let cases: &[Case<'_>] = &[
        (Framing::None, &[b"a", b"b"], &[(b"a", None), (b"b", None)]),
        (delimiter(false), &[b"a;", b";bb;;"], &[(b"a", None), (b"bb", None)]),
        (
            delimiter(true),
            &[b"a;;123456789"],
            &[(b"a;;", None), (b"12345", Some(Fault::TooLong)), (b"6789", Some(Fault::Unfinished))],
        ),
        (LINE, &[b"a\r", b"\nb"], &[(b"a", None), (b"b", None)]),
        (Framing::Fixed { bytes: 2 }, &[b"abc"], &[(b"ab", None), (b"c", Some(Fault::Unfinished))]),
        (prefix(false), &[b"\0", b"\x01a\0\x02", b"bc"], &[(b"\0\x01a", None), (b"\0\x02bc", None)]),
        (prefix(true), &[b"\x01\0a\0\x20xy"], &[(b"\x01\0a", None), (b"\0\x20xy", Some(Fault::BadLength))]),
        (Framing::IdleGap { nanos: 1, most_bytes: MOST }, &[b"a", b"b"], &[(b"a", None), (b"b", None)]),
        (
            Framing::Slip { most_bytes: MOST },
            &[b"\xc0a\xdb", b"\xdc\xc0\xdbx\xc0"],
            &[(b"a\xc0", None), (b"x", Some(Fault::BadEscape))],
        ),
        (
            Framing::Cobs { most_bytes: MOST },
            &[b"\x02a\x02", b"b\0\x09x\0"],
            &[(b"a\0b", None), (b"\x09x", Some(Fault::BadEscape))],
        ),
        (stx, &[b"zz\x02a\x10", b"\x03\x03"], &[(b"zz", Some(Fault::Stray)), (b"a\x03", None)]),
    ];
    for (framing, stream, expected) in cases {
        let (folder, recorder, handle) = recorder();
        chunks(&handle, &tcp(1), stream);
        drop(handle);
        recorder.finish(LIMIT);
        // An opened file is at its end: nothing waits for ever.
        let log = open(&folder.path().join("session.pcapng"));
        let watched = Watched::new(&log);
        watched.view.want(0, 100);
        watched.view.set_query(frames(framing.clone(), Query::default()));
        let snapshot = watched.until(|snapshot| snapshot.query.frames && snapshot.rows.len() == expected.len());
        let read: Vec<_> = snapshot
            .rows
            .iter()
            .flatten()
            .zip(&snapshot.decorations)
            .map(|(row, decoration)| {
                let fault = decoration.frame.as_ref().and_then(|facts| facts.fault);
                (row.event.bytes().unwrap().to_vec(), fault)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(content, fault)| (content.to_vec(), *fault)).collect();
        assert_eq!(read, expected, "{framing:?}");
    }
}

#[test]
fn filter_find_and_selection_mean_frames() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let one = tcp(1);
    chunks(&handle, &one, &[b"red apple\ngreen ap", b"ple\nred pear\nblue apple\n"]);
    watched.until(|snapshot| snapshot.total == 2);
    // "apple" of the second frame is cut in two by its chunks.
    let apples = [is(1, 0, "red apple"), is(2, 0, "green apple"), is(2, 2, "blue apple")];
    assert_eq!(shown(&watched, frames(LINE, query("apple"))), apples);
    assert_eq!(shown(&watched, frames(LINE, query("size:8"))), [is(2, 1, "red pear")]);

    shown(&watched, frames(LINE, Query::default()));
    watched.find("apple");
    let snapshot = watched.until(|snapshot| snapshot.find.scanned == 2 && snapshot.find.found == 3);
    assert_eq!(snapshot.decorations[1].found.to_vec(), vec![Range { start: 6, end: 11 }]);
    let found = |seq, place, number, frame| Some(Found { seq, place, number, frame: Some(frame) });
    assert_eq!(watched.step(Next, None).current, found(1, 0, 1, 0));
    assert_eq!(selected(&watched.view, &watched, 2, Some(0)), (Some(0), "green apple".into()));
    assert_eq!(watched.step(Next, Some(2)).current, found(2, 3, 3, 2));
    assert_eq!(selected(&watched.view, &watched, 2, Some(2)), (Some(2), "blue apple".into()));
    assert_eq!(watched.step(Previous, Some(2)).current, found(2, 1, 2, 0));
    assert_eq!(selected(&watched.view, &watched, 2, Some(1)), (Some(1), "red pear".into()));
    // A filter that does not show it does not take it away; the chunk has no index.
    let hides = watched.all_of(frames(LINE, query("green")));
    assert_eq!(hides.selected.as_ref().unwrap().event.bytes().unwrap(), &b"red pear"[..]);
    assert_eq!(selected(&watched.view, &watched, 2, None), (None, "ple\nred pear\nblue apple\n".into()));
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn a_frame_over_a_thousand_chunks_is_whole_and_a_datagram_ends_its_frame() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let (one, two) = (tcp(1), tcp(2));
    let udp = flow(Transport::Udp, Role::Datagram, 3, "127.0.0.1:5005", "127.0.0.1:50001");
    for n in 0..1000u32 {
        received_at(&handle, &one, u64::from(n), format!("{n:04}"));
        received_at(&handle, &two, u64::from(n), "x");
    }
    received_at(&handle, &one, 5000, "\n");
    received_at(&handle, &udp, 5001, "half");
    received_at(&handle, &udp, 5002, "two\nthree");
    received_at(&handle, &udp, 5003, "");
    let query = frames(LINE, Query::default());
    watched.until(|snapshot| snapshot.total == 2004);
    let read = shown(&watched, query);
    let long: String = (0..1000).map(|n| format!("{n:04}")).collect();
    // The other connection has come to no end of a line.
    let waits = is(2000, 0, &"x".repeat(1000));
    let rest = [is(2002, 0, "half"), is(2003, 0, "two"), is(2003, 1, "three"), (2004, None, String::new())];
    assert_eq!(read, [&[waits, is(2001, 0, &long)][..], &rest].concat());
    let snapshot = watched.view.snapshot();
    let facts = snapshot.decorations[1].frame.as_ref().unwrap();
    assert_eq!((facts.chunks.len(), facts.chunks[1], facts.raw_bytes), (1001, 3, 4001));
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn received_checksums_are_looked_at() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let one = tcp(1);
    let verify = Verify { checksum: Checksum::of("sum8"), skip: 1, behind: 0 };
    // 'a' + 'b' is 0xc3; the first byte does not count.
    chunks(&handle, &one, &[b":ab\xc3\n:ab\x00\n\n"]);
    sent_at(&handle, &one, 5, ":ab!\n");
    watched.until(|snapshot| snapshot.total == 2);
    let query = Query { verify: Arc::new(tree([(one.endpoint, verify)])), ..frames(LINE, Query::default()) };
    assert_eq!(shown(&watched, query).len(), 4);
    let sums: Vec<_> = watched.view.snapshot().decorations.iter().map(|row| row.sum.clone()).collect();
    let wrong = Verdict::Wrong { expected: vec![0xc3], got: vec![0] };
    assert_eq!(sums, [Some(Verdict::Right), Some(wrong), Some(Verdict::TooShort), None]);
    drop(handle);
    recorder.finish(LIMIT);
}

/// Real times: the pause that ends a frame is one of the clock.
fn received_now(handle: &RecorderHandle, flow: &Arc<Flow>, bytes: &[u8]) {
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    received_at(handle, flow, wall.as_nanos() as u64, bytes.to_vec());
}

#[test]
fn a_pause_ends_the_last_frame_without_anything_more() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let (one, gap) = (tcp(1), Framing::IdleGap { nanos: 200_000_000, most_bytes: MOST });
    received_now(&handle, &one, b"al");
    received_now(&handle, &one, b"pha");
    watched.view.want(0, 100);
    watched.view.find(Some(sockscope::filter::Filter::parse("pha").unwrap()));
    watched.view.set_query(frames(gap.clone(), Query::default()));
    let is_done = |snapshot: &ViewSnapshot| !snapshot.rows.is_empty() && pending(snapshot).is_empty();
    let snapshot = watched.until(|snapshot| snapshot.matched == 1 && snapshot.find.found == 1 && is_done(snapshot));
    assert_eq!(rows(&snapshot), [is(2, 0, "alpha")]);
    // Reading what was recorded gives the same, and another chunk later on is another frame.
    received_now(&handle, &one, b"beta");
    let snapshot = watched.until(|snapshot| snapshot.matched == 2 && snapshot.rows.len() == 2 && is_done(snapshot));
    assert_eq!(rows(&snapshot), [is(2, 0, "alpha"), is(3, 0, "beta")]);
    watched.matched(Query::default());
    assert_eq!(shown(&watched, frames(gap, Query::default())), [is(2, 0, "alpha"), is(3, 0, "beta")]);
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn a_chunk_that_was_read_late_still_belongs_to_its_frame() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    // The chunks are of long ago: for the clock the pause is over at once, by their own times it never was.
    chunks(&handle, &tcp(1), &[b"al"]);
    watched.until(|snapshot| snapshot.total == 1);
    let gap = frames(Framing::IdleGap { nanos: 1_000, most_bytes: MOST }, Query::default());
    assert_eq!(shown(&watched, gap), [is(1, 0, "al")]);
    received_at(&handle, &tcp(1), 2, b"pha".to_vec());
    let snapshot = watched.until(|snapshot| snapshot.total == 2 && rows(snapshot) == [is(2, 0, "alpha")]);
    assert_eq!(snapshot.matched, 1);
    received_at(&handle, &tcp(1), 5_000, b"beta".to_vec());
    watched.until(|snapshot| rows(snapshot) == [is(2, 0, "alpha"), is(3, 0, "beta")]);
    drop(handle);
    recorder.finish(LIMIT);
}

fn pending(snapshot: &ViewSnapshot) -> Vec<(u64, u64, String)> {
    let shown = rows(snapshot).into_iter().zip(&snapshot.decorations);
    let waits = shown.filter_map(|((seq, _, content), decoration)| {
        let facts = decoration.frame.as_ref().filter(|facts| facts.pending)?;
        Some((seq, facts.raw_bytes, content))
    });
    waits.collect()
}

#[test]
fn bytes_that_are_in_no_frame_yet_have_a_row_until_they_are() {
    let slip = Framing::Slip { most_bytes: MOST };
    let prefix = Framing::LengthPrefix(LengthPrefix { most_bytes: 16, ..LengthPrefix::default() });
    type Case<'a> = (Framing, [&'a [u8]; 3], &'a [u8]);
    let cases: &[Case<'_>] = &[
        (LINE, [b"on", b"e", b"\n"], b"one"),
        (Framing::Fixed { bytes: 4 }, [b"ab", b"c", b"d"], b"abcd"),
        (slip, [b"a\xdb", b"\xdc", b"\xc0"], b"a\xc0"),
        (prefix, [b"\0", b"\x02a", b"b"], b"\0\x02ab"),
    ];
    for (framing, [one, two, end], content) in cases {
        let (_folder, recorder, handle) = recorder();
        let log = recorder.log().unwrap();
        let watched = Watched::new(&log);
        watched.view.want(0, 100);
        watched.view.set_query(frames(framing.clone(), Query::default()));
        let (flow, text) = (tcp(1), |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned());
        received_now(&handle, &flow, one);
        let (seen, both) = ([*one], [*one, *two].concat());
        let first = watched.until(|snapshot| pending(snapshot) == [(1, one.len() as u64, text(seen[0]))]);
        assert_eq!(first.matched, 1, "{framing:?}");
        received_now(&handle, &flow, two);
        let more = watched.until(|snapshot| pending(snapshot) == [(2, both.len() as u64, text(&both))]);
        let facts = more.decorations[0].frame.as_ref().unwrap();
        assert_eq!((more.matched, facts.chunks.as_slice(), facts.fault), (1, &[1, 2][..], None), "{framing:?}");
        // Whoever had selected it sees what came since, not what it was.
        assert_eq!(selected(&watched.view, &watched, 2, Some(0)), (Some(0), text(&both)));
        received_now(&handle, &flow, end);
        let done =
            watched.until(|snapshot| rows(snapshot) == [is(3, 0, &text(content))] && pending(snapshot).is_empty());
        assert_eq!(done.matched, 1, "{framing:?}");
        watched.until(|snapshot| snapshot.selected_decoration.frame.is_none());
        drop(handle);
        recorder.finish(LIMIT);
    }
}

#[test]
fn what_is_not_finished_is_found_filtered_exported_and_in_no_count_of_what_is_wrong() {
    use sockscope::session::export;
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let (one, two) = (tcp(1), tcp(2));
    let verified = Arc::new(tree([(one.endpoint, Verify { checksum: Checksum::of("sum8"), skip: 0, behind: 0 })]));
    chunks(&handle, &one, &[b"ab\xc3\nhal"]);
    chunks(&handle, &two, &[b"another ha"]);
    sent_at(&handle, &one, 9, "sent ha");
    watched.until(|snapshot| snapshot.total == 3);
    let query = |text: &str| {
        let filter = sockscope::filter::Filter::parse(text).unwrap();
        Query { verify: verified.clone(), ..frames(LINE, Query { filter, ..Query::default() }) }
    };
    assert_eq!(shown(&watched, query("ha")), [is(1, 1, "hal"), is(2, 0, "another ha"), is(3, 0, "sent ha")]);
    assert_eq!(shown(&watched, query("size:3..9")), [is(1, 0, "ab\u{fffd}"), is(1, 1, "hal"), is(3, 0, "sent ha")]);
    for wrong in ["is:badsum", "is:badframe"] {
        assert_eq!(shown(&watched, query(wrong)), [], "{wrong}");
    }
    assert_eq!(shown(&watched, query("")).len(), 4);
    let snapshot = watched.until(|snapshot| snapshot.wrong_sums == Some(0) && snapshot.matched == 4);
    let sums: Vec<_> = snapshot.decorations.iter().map(|row| row.sum.clone()).collect();
    assert_eq!(sums, [Some(Verdict::Right), None, None, None]);
    watched.find("ha");
    watched.until(|snapshot| snapshot.find.found == 3);
    // The stream goes on: the row goes, and what it is counts.
    received_at(&handle, &one, 10, "f\n");
    let snapshot = watched.until(|snapshot| snapshot.wrong_sums == Some(1) && snapshot.find.found == 3);
    assert_eq!(rows(&snapshot)[1..], [is(2, 0, "another ha"), is(3, 0, "sent ha"), is(4, 0, "half")]);
    // What is written down while it goes on is unfinished.
    let (mut out, progress) = (Vec::new(), export::Progress::default());
    export::write(&log, &query(""), export::format("jsonl").unwrap(), &mut out, &progress).unwrap();
    let out = String::from_utf8(out).unwrap();
    let faults: Vec<_> = out.lines().map(|line| line.contains(r#""fault":"unfinished""#)).collect();
    assert_eq!(faults, [false, true, true, false], "{out}");
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn wrong_checksums_and_broken_frames_are_filtered_and_counted() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    let one = tcp(1);
    let verify = Verify { checksum: Checksum::of("sum8"), skip: 0, behind: 0 };
    chunks(&handle, &one, &[b"ab\xc3\nab\x00\n", b"long and wrong", b"\n"]);
    sent_at(&handle, &one, 5, "ab!\n");
    watched.until(|snapshot| snapshot.total == 4);
    let verified = Arc::new(tree([(one.endpoint, verify)]));
    let line = Framing::Line { most_bytes: 8 };
    let of = |text: &str| sockscope::filter::Filter::parse(text).unwrap();
    let query = |text: &str| Query {
        verify: verified.clone(),
        ..frames(line.clone(), Query { filter: of(text), ..Query::default() })
    };
    let wrong = shown(&watched, query("is:badsum"));
    assert_eq!(wrong, [is(1, 1, "ab\0"), is(2, 0, "long and"), is(3, 0, " wrong")]);
    assert_eq!(shown(&watched, query("is:badframe")), [is(2, 0, "long and")]);
    assert_eq!(shown(&watched, query("not is:badsum dir:in")).len(), 1);
    assert_eq!(shown(&watched, query("is:badsum is:badframe")).len(), 1);
    // Counted among what is shown, with frames and without.
    watched.view.set_query(query(""));
    watched.until(|snapshot| snapshot.wrong_sums == Some(3) && snapshot.matched == 5);
    watched.view.set_query(Query { verify: verified.clone(), ..Query::default() });
    watched.until(|snapshot| snapshot.wrong_sums == Some(3) && snapshot.matched == 4);
    assert_eq!(
        shown(&watched, Query { verify: verified.clone(), filter: of("is:badsum"), ..Query::default() }).len(),
        3
    );
    watched.view.set_query(Query::default());
    watched.until(|snapshot| snapshot.wrong_sums.is_none());
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn the_chunks_of_an_open_frame_stand_beneath_it() {
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let watched = Watched::new(&log);
    chunks(&handle, &tcp(1), &[b"al", b"pha\nbe", b"ta\nrest"]);
    received_at(&handle, &tcp(2), 9, "other\n");
    watched.until(|snapshot| snapshot.total == 4);
    let query = frames(LINE, Query::default());
    let rest = is(3, 1, "rest");
    let closed = [is(2, 0, "alpha"), is(3, 0, "beta"), rest.clone(), is(4, 0, "other")];
    assert_eq!(shown(&watched, query.clone()), closed);
    let chunk = |seq: u64, content: &str| (seq, None, content.to_owned());
    watched.view.open_frames(&[(2, 0), (3, 0)]);
    let snapshot = watched.until(|snapshot| snapshot.matched == 8 && snapshot.rows.len() == 8);
    let (first, second) = (chunk(2, "pha\nbe"), chunk(3, "ta\nrest"));
    let all =
        [is(2, 0, "alpha"), chunk(1, "al"), first.clone(), is(3, 0, "beta"), first, second, rest, is(4, 0, "other")];
    assert_eq!(rows(&snapshot), all);
    let beneath: Vec<_> = snapshot.decorations.iter().map(|row| row.beneath).collect();
    let (one, two) = (Some((2, 0)), Some((3, 0)));
    assert_eq!(beneath, [None, one, one, None, two, two, None, None]);
    assert_eq!([2, 3, 4].map(|seq| watched.view.place_of(seq)), [Some(0), Some(3), Some(7)]);
    // Only a part of them is asked for, and the log grows.
    watched.view.want(4, 1);
    watched.until(|snapshot| snapshot.first == 3 && rows(snapshot) == all[3..6]);
    watched.view.want(0, 100);
    received_at(&handle, &tcp(2), 10, "more\n");
    watched.until(|snapshot| snapshot.matched == 9 && rows(snapshot)[8] == is(5, 0, "more"));
    // Under another filter those that are shown stay open; closed, the log is as it was.
    let filter = sockscope::filter::Filter::parse("beta or more").unwrap();
    watched.view.set_query(Query { filter, ..query.clone() });
    watched.until(|snapshot| snapshot.matched == 4 && rows(snapshot)[..3] == all[3..6]);
    watched.view.set_query(query);
    watched.view.open_frames(&[]);
    watched.until(|snapshot| snapshot.matched == 5 && snapshot.rows.len() == 5 && snapshot.scanned == 5);
    drop(handle);
    recorder.finish(LIMIT);
}

#[test]
fn frames_are_exported_as_they_are_shown_and_captures_hold_chunks() {
    use sockscope::session::export;
    let (_folder, recorder, handle) = recorder();
    let log = recorder.log().unwrap();
    let line = Framing::Line { most_bytes: 8 };
    chunks(&handle, &tcp(1), &[b"al", b"pha\nbe", b"ta\nmuch too long\n", b"rest"]);
    received_at(&handle, &tcp(2), 9, "other\n");
    happened(&handle, &tcp(1), closed(By::Peer));
    Watched::new(&log).until(|snapshot| snapshot.total == 6);
    let filter = sockscope::filter::Filter::parse("not other").unwrap();
    let query = frames(line, Query { filter, ..Query::default() });
    let exported = |name: &str| {
        let mut out = Vec::new();
        let progress = export::Progress::default();
        export::write(&log, &query, export::format(name).unwrap(), &mut out, &progress).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    };
    let rows: Vec<serde_json::Value> =
        exported("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = rows.iter().map(|row| (row["hex"].as_str(), row["fault"].as_str())).collect();
    let long = (Some("6d75636820746f6f"), Some("too_long"));
    let alpha = (Some("616c706861"), None);
    let beta = (Some("62657461"), None);
    assert_eq!(told, [alpha, beta, long, (Some("206c6f6e67"), None), (Some("72657374"), None), (None, None)]);
    assert_eq!(rows[0]["chunks"], serde_json::json!([1, 2]));
    assert!(exported("text").contains(" 5 bytes (frame 1, 2 chunks)\n") && exported("text").contains(", too_long)"));
    assert!(exported("csv").contains(",too_long,"));
    // Chunks, by what each of them holds.
    assert_eq!(exported("hexdump").matches(" received").count(), 4);
    drop(handle);
    recorder.finish(LIMIT);
}
