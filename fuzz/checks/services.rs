//! What must hold for any bytes a peer of a ready-made service sends. Run by the fuzz targets and, over the corpus, by
//! `tests/fuzz_corpus_services.rs`.

use sockscope::model::ModbusUnit;
use sockscope::services::http::{Answer, Heard, MOST_HEAD, Requests};
use sockscope::services::modbus::{Astray, Bank, Frame, Frames, answer, framed, read, writes};

/// The first byte says where the stream is cut in two; requests are the same as without the cut, and each answer's head is whole.
pub fn service_http(input: &[u8]) {
    let Some((cut, bytes)) = input.split_first() else { return };
    let heard = |chunks: &[&[u8]]| {
        let (mut requests, mut all) = (Requests::default(), Vec::new());
        for chunk in chunks {
            requests.push(chunk);
            while let Some(heard) = requests.take_next() {
                all.push(heard);
            }
            assert!(requests.waiting() < MOST_HEAD);
        }
        all
    };
    let at = bytes.len() * usize::from(*cut) / 256;
    let all = heard(&[bytes]);
    assert_eq!(all, heard(&[&bytes[..at], &bytes[at..]]));
    let header = String::from_utf8_lossy(bytes).into_owned();
    for heard in &all {
        let request = match heard {
            Heard::AsksToContinue => continue,
            Heard::Request(request) => Some(*request),
            Heard::Refused(_) => None,
        };
        let headers = [header.clone()];
        let answer = Answer { status: 200, content_type: &header, headers: &headers, length: 0, date: "now" };
        let head = String::from_utf8(answer.head(request)).unwrap();
        assert_eq!(head.find("\r\n\r\n"), Some(head.len() - 4), "{head:?}");
        assert!(head.replace("\r\n", "").chars().all(|character| character == '\t' || !character.is_control()));
    }
}

/// The first two bytes say where the stream is cut and how large the tables are.
pub fn service_modbus(input: &[u8]) {
    let (Some([cut, size]), Some(bytes)) = (input.first_chunk::<2>(), input.get(2..)) else { return };
    let frames = |chunks: &[&[u8]]| {
        let (mut frames, mut all) = (Frames::default(), Vec::<Result<Frame, Astray>>::new());
        for chunk in chunks {
            frames.push(chunk);
            while let Some(frame) = frames.take_next() {
                all.push(frame);
            }
            assert!(frames.waiting() < 260);
        }
        all
    };
    let at = bytes.len() * usize::from(*cut) / 256;
    let all = frames(&[bytes]);
    assert_eq!(all, frames(&[&bytes[..at], &bytes[at..]]));
    let mut bank = Bank::new(&ModbusUnit { size: u32::from(*size) * 257, ..ModbusUnit::default() });
    for frame in all.into_iter().flatten() {
        let function = frame.pdu[0];
        let expected = (!writes(function)).then(|| read(&bank, &frame.pdu));
        let (said, written) = answer(&mut bank, &frame.pdu);
        assert!(said[0] & 0x7F == function & 0x7F && (2..=253).contains(&said.len()));
        assert!(expected.is_none_or(|expected| expected == said && written.is_none()));
        assert!(written.is_none_or(|to| u32::from(to.address) + u32::from(to.count) <= bank.size()));
        assert!(framed(frame.transaction, frame.unit, &said).len() <= 260);
    }
}
