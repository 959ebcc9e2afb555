//! What must hold for any stream in any framing. Run by the fuzz target and, over the corpus, by
//! `tests/fuzz_corpus_framing.rs`.

use sockscope::framing::{Frame, Framer};
use sockscope::model::{ByteOrder, Counts, Framing, LengthPrefix, Timestamp};

/// The first bytes choose the framing and where the stream is cut; no cut changes the frames, and every frame lies within
/// the stream, behind the one before it.
pub fn framing(input: &[u8]) {
    let (Some(choice), Some(stream)) = (input.first_chunk::<4>(), input.get(4..)) else { return };
    let framing = framing_of(*choice);
    let at_once = frames(&framing, [stream]);
    let size = usize::from(choice[3] % 31) + 1;
    assert_eq!(frames(&framing, stream.chunks(size)), at_once, "{framing:?}");
    let mut last = 0;
    for frame in at_once {
        assert!(frame.begins >= last && frame.ends > frame.begins && frame.ends <= stream.len() as u64);
        assert!(frame.content.len() as u64 <= frame.ends - frame.begins, "{framing:?}");
        last = frame.ends;
    }
}

fn framing_of([kind, one, two, _]: [u8; 4]) -> Framing {
    let most_bytes = u32::from(two) + 1;
    match kind % 8 {
        0 => Framing::Delimiter { bytes: vec![one; usize::from(two % 3) + 1], keep: two > 127, most_bytes },
        1 => Framing::Line { most_bytes },
        2 => Framing::Fixed { bytes: u32::from(one).max(1) },
        3 => Framing::LengthPrefix(LengthPrefix {
            offset: u32::from(one % 8),
            width: [1, 2, 3, 4, 8][usize::from(one >> 4) % 5],
            order: if one & 8 == 0 { ByteOrder::Big } else { ByteOrder::Little },
            counts: [Counts::Rest, Counts::FromLength, Counts::Whole][usize::from(two % 3)],
            extra: i32::from(two as i8),
            most_bytes,
        }),
        4 => Framing::Slip { most_bytes },
        5 => Framing::Cobs { most_bytes },
        6 => Framing::StxEtx { escape: None, most_bytes },
        _ => Framing::StxEtx { escape: Some(one), most_bytes },
    }
}

fn frames<'a>(framing: &Framing, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut framer = Framer::new(framing);
    let mut frames = Vec::new();
    for chunk in chunks {
        framer.push(chunk, Timestamp(1), &mut |frame| frames.push(frame));
    }
    framer.end(&mut |frame| frames.push(frame));
    frames
}
