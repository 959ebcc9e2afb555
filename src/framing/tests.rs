//! Every framing by example, and by property: no cut of the stream into chunks changes the frames.

use proptest::prelude::*;

use super::*;
use crate::model::{ByteOrder, Counts, LengthPrefix};

const MOST: u32 = 64;

fn frames_of(framing: &Framing, chunks: &[&[u8]]) -> Vec<Frame> {
    let mut framer = Framer::new(framing);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk, Timestamp(7), &mut |frame| frames.push(frame));
    }
    framer.end(&mut |frame| frames.push(frame));
    frames
}

fn read(framing: &Framing, stream: &[u8]) -> Vec<(Vec<u8>, Option<Fault>)> {
    frames_of(framing, &[stream]).into_iter().map(|frame| (frame.content, frame.fault)).collect()
}

fn whole(contents: &[&[u8]]) -> Vec<(Vec<u8>, Option<Fault>)> {
    contents.iter().map(|content| (content.to_vec(), None)).collect()
}

fn modbus() -> Framing {
    Framing::LengthPrefix(LengthPrefix { offset: 4, most_bytes: 260, ..LengthPrefix::default() })
}

#[test]
fn each_framing_by_example() {
    let delimiter = |keep| Framing::Delimiter { bytes: b"ab".to_vec(), keep, most_bytes: MOST };
    assert_eq!(read(&delimiter(false), b"1ab22abab"), whole(&[b"1", b"22", b""]));
    assert_eq!(read(&delimiter(true), b"1ab22ab"), whole(&[b"1ab", b"22ab"]));
    assert_eq!(
        read(&Framing::Line { most_bytes: MOST }, b"one\r\ntwo\n\nlast"),
        whole(&[b"one", b"two", b"", b"last"])
    );
    assert_eq!(read(&Framing::Fixed { bytes: 3 }, b"123456"), whole(&[b"123", b"456"]));
    assert_eq!(
        read(&modbus(), b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x02\0\x02\0\0\0\x02\x01\x83"),
        whole(&[b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x02", b"\0\x02\0\0\0\x02\x01\x83"])
    );
    let slip = Framing::Slip { most_bytes: MOST };
    assert_eq!(read(&slip, b"\xc0a\xdb\xdcb\xc0\xc0\xdb\xddc\xc0"), whole(&[b"a\xc0b", b"\xdbc"]));
    let cobs = Framing::Cobs { most_bytes: MOST };
    assert_eq!(read(&cobs, b"\x03\x11\x22\x02\x33\0\x01\x01\x01\0"), whole(&[b"\x11\x22\0\x33", b"\0\0"]));
    let stx = |escape| Framing::StxEtx { escape, most_bytes: MOST };
    assert_eq!(read(&stx(None), b"\x02DATA\x03\x02\x03"), whole(&[b"DATA", b""]));
    assert_eq!(read(&stx(Some(0x10)), b"\x02a\x10\x03b\x10\x10\x03"), whole(&[b"a\x03b\x10"]));
}

#[test]
fn lengths_count_what_they_are_told_to() {
    let prefix = |order, counts, extra| {
        Framing::LengthPrefix(LengthPrefix { offset: 1, width: 2, order, counts, extra, most_bytes: MOST })
    };
    for (framing, length) in [
        (prefix(ByteOrder::Big, Counts::Rest, 0), [0, 3]),
        (prefix(ByteOrder::Little, Counts::Rest, 0), [3, 0]),
        (prefix(ByteOrder::Big, Counts::FromLength, 0), [0, 5]),
        (prefix(ByteOrder::Big, Counts::Whole, 0), [0, 6]),
        (prefix(ByteOrder::Big, Counts::Rest, 2), [0, 1]),
        (prefix(ByteOrder::Big, Counts::Whole, -4), [0, 10]),
    ] {
        let frame = [&[b'x'][..], &length, b"abc"].concat();
        assert_eq!(read(&framing, &frame.repeat(2)), whole(&[&frame, &frame]), "{framing:?}");
    }
}

#[test]
fn what_does_not_fit_says_so() {
    let fault = |framing: &Framing, stream: &[u8]| read(framing, stream).last().unwrap().1;
    assert_eq!(fault(&Framing::Fixed { bytes: 3 }, b"12345"), Some(Fault::Unfinished));
    assert_eq!(fault(&modbus(), b"\0\x01\0\0\0\x06\x01"), Some(Fault::Unfinished));
    assert_eq!(fault(&modbus(), b"\0\x01\0\0\xff\xff\x01"), Some(Fault::BadLength));
    assert_eq!(fault(&Framing::Slip { most_bytes: MOST }, b"a\xdbx\xc0"), Some(Fault::BadEscape));
    assert_eq!(fault(&Framing::Cobs { most_bytes: MOST }, b"\x09a\0"), Some(Fault::BadEscape));
    let stx = Framing::StxEtx { escape: None, most_bytes: MOST };
    assert_eq!(read(&stx, b"noise\x02a\x03")[0], (b"noise".to_vec(), Some(Fault::Stray)));
    for framing in all_framings() {
        let most_content = read(&framing, &[0x55; 1000]).iter().map(|(content, _)| content.len()).max().unwrap();
        assert!(most_content <= 1000);
    }
}

#[test]
fn a_pause_ends_a_frame_and_times_are_those_of_its_bytes() {
    let mut framer = Framer::new(&Framing::IdleGap { nanos: 10, most_bytes: MOST });
    let mut frames = Vec::new();
    for (chunk, time) in [(b"a", 100), (b"b", 105), (b"c", 115), (b"d", 116)] {
        framer.push(chunk, Timestamp(time), &mut |frame| frames.push(frame));
    }
    framer.end(&mut |frame| frames.push(frame));
    let seen: Vec<_> = frames.iter().map(|f| (&f.content[..], f.begins, f.ends, f.first.0, f.last.0)).collect();
    assert_eq!(seen, [(&b"ab"[..], 0, 2, 100, 105), (&b"cd"[..], 2, 4, 115, 116)]);
    let mut framer = Framer::new(&Framing::Fixed { bytes: 3 });
    let mut frames = Vec::new();
    for (chunk, time) in [(&b"ab"[..], 1), (b"cdef", 2), (b"g", 3)] {
        framer.push(chunk, Timestamp(time), &mut |frame| frames.push(frame));
    }
    framer.end(&mut |frame| frames.push(frame));
    let times: Vec<_> = frames.iter().map(|frame| (frame.first.0, frame.last.0)).collect();
    assert_eq!(times, [(1, 2), (2, 2), (3, 3)]);
}

#[test]
fn without_framing_every_chunk_is_a_frame() {
    let frames = frames_of(&Framing::None, &[b"ab", b"", b"c"]);
    let contents: Vec<_> = frames.iter().map(|frame| &frame.content[..]).collect();
    assert_eq!(contents, [&b"ab"[..], b"c"]);
}

fn all_framings() -> Vec<Framing> {
    vec![
        Framing::Delimiter { bytes: b"\r\n".to_vec(), keep: false, most_bytes: MOST },
        Framing::Delimiter { bytes: b"aab".to_vec(), keep: true, most_bytes: 5 },
        Framing::Line { most_bytes: MOST },
        Framing::Fixed { bytes: 7 },
        modbus(),
        Framing::LengthPrefix(LengthPrefix { width: 1, most_bytes: 9, extra: 1, ..LengthPrefix::default() }),
        Framing::Slip { most_bytes: 6 },
        Framing::Cobs { most_bytes: MOST },
        Framing::StxEtx { escape: None, most_bytes: 6 },
        Framing::StxEtx { escape: Some(0x10), most_bytes: 6 },
        Framing::StxEtx { escape: Some(0x10), most_bytes: MOST },
    ]
}

/// Streams in which ends, escapes and lengths are frequent.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let likely = proptest::sample::select(&b"\0\x01\x02\x03\x04\x10\r\nab\xc0\xdb\xdc\xdd"[..]);
    proptest::collection::vec(prop_oneof![4 => likely, 1 => any::<u8>()], 0..300)
}

#[test]
fn what_no_frame_can_hold_is_not_wrapped() {
    let none = |framing: &Framing, content: &[u8]| assert_eq!(wrap(content, framing), None, "{framing:?}");
    none(&Framing::Line { most_bytes: MOST }, b"a\nb");
    none(&Framing::Line { most_bytes: 2 }, b"abc");
    none(&Framing::Delimiter { bytes: b";".to_vec(), keep: false, most_bytes: MOST }, b"a;");
    none(&Framing::Delimiter { bytes: b";".to_vec(), keep: true, most_bytes: MOST }, b"a");
    none(&Framing::Fixed { bytes: 2 }, b"a");
    none(&Framing::Slip { most_bytes: MOST }, b"");
    none(&Framing::StxEtx { escape: None, most_bytes: MOST }, b"a\x03");
    none(&modbus(), b"\0\x01\0\0\0\x09\x01");
    assert_eq!(wrap(b"a\r", &Framing::Line { most_bytes: MOST }).unwrap(), b"a\r\r\n");
    assert_eq!(wrap(b"a", &Framing::Line { most_bytes: MOST }).unwrap(), b"a\n");
    assert_eq!(wrap(b"a\x03", &Framing::StxEtx { escape: Some(16), most_bytes: MOST }).unwrap(), b"\x02a\x10\x03\x03");
}

proptest! {
    /// What one frame carries is read back, wherever the stream is cut in two.
    #[test]
    fn a_wrapped_content_is_read_back(content in stream(), framing in proptest::sample::select(all_framings())) {
        if let Some(bytes) = wrap(&content, &framing) {
            for cut in 0..=bytes.len() {
                let (one, other) = bytes.split_at(cut);
                let frames = frames_of(&framing, &[one, other]);
                prop_assert_eq!(frames.len(), 1);
                prop_assert_eq!(&frames[0].content, &content);
                prop_assert_eq!((frames[0].begins, frames[0].ends), (0, bytes.len() as u64));
            }
        }
    }

    /// Frames that were read without a fault can be put together again.
    #[test]
    fn times_are_those_of_the_first_and_last_byte_and_few_are_kept(
        stream in stream(),
        framing in proptest::sample::select(all_framings()),
    ) {
        let (mut framer, mut most_kept) = (Framer::new(&framing), 0);
        let mut right = |frame: Frame| {
            let last = frame.ends.saturating_sub(1).max(frame.begins);
            assert_eq!((frame.first, frame.last), (Timestamp(frame.begins), Timestamp(last)), "{frame:?}");
        };
        for (at, byte) in (0..).zip(&stream) {
            framer.push(&[*byte], Timestamp(at), &mut right);
            most_kept = most_kept.max(framer.arrivals.len());
        }
        framer.end(&mut right);
        prop_assert!(most_kept <= 4 + framer.reach(), "{most_kept} for {framing:?}");
    }

    #[test]
    fn a_read_frame_can_be_wrapped(stream in stream(), framing in proptest::sample::select(all_framings())) {
        for frame in frames_of(&framing, &[&stream]).into_iter().filter(|frame| frame.fault.is_none()) {
            let again = wrap(&frame.content, &framing);
            prop_assert!(again.is_some_and(|bytes| read(&framing, &bytes) == [(frame.content, None)]));
        }
    }

    #[test]
    fn no_cut_of_the_stream_changes_the_frames(
        stream in stream(),
        framing in proptest::sample::select(all_framings()),
        cuts in proptest::collection::vec(0usize..300, 0..40),
    ) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let at_once = frames_of(&framing, &[&stream]);
        prop_assert_eq!(&frames_of(&framing, &chunks), &at_once);
        let single: Vec<_> = stream.chunks(1).collect();
        prop_assert_eq!(&frames_of(&framing, &single), &at_once);
        // Every byte lies in one frame at most, and in order.
        let mut last = 0;
        for frame in &at_once {
            prop_assert!(frame.begins >= last && frame.ends > frame.begins && frame.ends <= stream.len() as u64);
            last = frame.ends;
        }
    }

    #[test]
    fn slip_and_cobs_give_back_what_was_framed(contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..600), 1..6)) {
        let most_bytes = 4096;
        let expected: Vec<_> = contents.iter().map(|content| (content.clone(), None)).collect();
        let slip: Vec<u8> = contents.iter().flat_map(|content| to_slip(content)).collect();
        prop_assert_eq!(read(&Framing::Slip { most_bytes }, &slip), expected.clone());
        let cobs: Vec<u8> = contents.iter().flat_map(|content| to_cobs(content)).collect();
        prop_assert_eq!(read(&Framing::Cobs { most_bytes }, &cobs), expected);
    }
}

fn to_slip(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in content {
        match byte {
            0xc0 => out.extend([0xdb, 0xdc]),
            0xdb => out.extend([0xdb, 0xdd]),
            byte => out.push(*byte),
        }
    }
    out.push(0xc0);
    out
}

/// The encoder of the paper, written out plainly.
fn to_cobs(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = Vec::new();
    let mut ended_full = false;
    for byte in content {
        if *byte == 0 {
            out.push(block.len() as u8 + 1);
            out.append(&mut block);
            ended_full = false;
            continue;
        }
        block.push(*byte);
        ended_full = block.len() == 254;
        if ended_full {
            out.push(0xff);
            out.append(&mut block);
        }
    }
    if !(ended_full && block.is_empty()) {
        out.push(block.len() as u8 + 1);
        out.append(&mut block);
    }
    out.push(0);
    out
}
