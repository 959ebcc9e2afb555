//! What the payload workbench promises, measured: payloads, framing with a rule, the finder of checksums, decoders, hostile input.
//!
//! `cargo bench --bench workbench [payload|framing|finder|decode|hostile]`. Figures are medians; what is compared takes turns
//! within one run. Owns: nothing of the product. Never: asserts on time. Called by: people.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use regex::bytes::Regex;
use sockscope::decode;
use sockscope::framing::{Framer, wrap};
use sockscope::model::{
    Checksum, Draft, FramePattern, Framing, LengthPrefix, MatchHow, PayloadFormat, TextEncoding, Timestamp,
};
use sockscope::payload::checksum::{Finder, catalogue};
use sockscope::payload::{Compiled, Fill, Memory, Supplied, bytes_to_hex, compile, hex_to_bytes, text_to_bytes};
use sockscope::rules::Matcher;

const MEGABYTE: usize = 1 << 20;
const MOST: u32 = 1 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    for (name, bench) in [
        ("payload", payload as fn()),
        ("framing", framing),
        ("finder", finder),
        ("decode", decoders),
        ("hostile", hostile),
    ] {
        if words.is_empty() || words.iter().any(|word| word == name) {
            bench();
        }
    }
}

/// The middle of so many runs, which take turns; one turn before them is not counted.
fn medians<const N: usize>(turns: usize, mut runs: [&mut dyn FnMut() -> Duration; N]) -> [Duration; N] {
    let mut times = vec![Vec::with_capacity(turns); N];
    for turn in 0..=turns {
        for (run, times) in runs.iter_mut().zip(&mut times) {
            let time = run();
            if turn > 0 {
                times.push(time);
            }
        }
    }
    std::array::from_fn(|at| {
        times[at].sort_unstable();
        times[at][turns / 2]
    })
}

/// The time that this thread was given on a processor, where the system tells it: others on the machine do not count. It is
/// told in steps of a tick of the system's clock (1 to 4 ms), so short work is to be repeated.
fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let (begun, on_processor) = (Instant::now(), on_processor());
    black_box(run());
    match (on_processor, self::on_processor()) {
        (Some(before), Some(after)) if begun.elapsed() > Duration::from_millis(20) => after.saturating_sub(before),
        _ => begun.elapsed(),
    }
}

fn on_processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

/// A line of a protocol, over and over.
fn text_of(line: &str, bytes: usize) -> String {
    line.repeat(bytes.div_ceil(line.len())).chars().take(bytes).collect()
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..)).take(bytes).collect()
}

/// Drafts that come to a megabyte of bytes or of text, whichever is more work.
fn drafts() -> Vec<(&'static str, Draft)> {
    let draft = |format, text: String| Draft { format, text, ..Draft::default() };
    let line = r"GET /status HTTP/1.1\r\nHost: plc-7.local\r\nX-Value: \x00\xff \u{e9}\r\n\r\n";
    let whole = MEGABYTE - MEGABYTE % line.len();
    let text = text_of(line, whole);
    let mixed = r"LOGIN \x02[01 ff]\r\n{json} ";
    let dump: String = noise(MEGABYTE)
        .chunks(16)
        .enumerate()
        .map(|(at, bytes)| format!("{:08x}  {}\n", at * 16, bytes_to_hex(bytes)))
        .collect();
    let framed = |sum: &str| format!("{{{{length:u32be}}}}{{{{begin:b}}}}{text}{{{{end:b}}}}{{{{checksum:{sum}}}}}");
    let between = text_of(line, 500 - 500 % line.len());
    let values = format!("{{{{now:unix}}}}{between}{{{{uuid}}}}{between}").repeat(1000);
    let summed = |part: usize| {
        format!(
            "{{{{length:u16be,p{part}}}}}{{{{begin:p{part}}}}}{between}{between}{{{{end:p{part}}}}}{{{{checksum:CRC-16/MODBUS,p{part}}}}}"
        )
    };
    let sums: String = (0..500).map(summed).collect();
    let with_sum = |name: &str| Draft { checksum: Checksum::of(name), ..draft(PayloadFormat::Text, text.clone()) };
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, noise(MEGABYTE));
    let gbk = text_of("泵压力 12.5 巴，阀门已关闭；", MEGABYTE / 3);
    vec![
        ("text without escapes", draft(PayloadFormat::Text, text_of("the quick brown fox; ", MEGABYTE))),
        ("text with escapes", draft(PayloadFormat::Text, text.clone())),
        ("text in GBK", Draft { encoding: TextEncoding::Gbk, ..draft(PayloadFormat::Text, gbk) }),
        ("text and hex mixed", draft(PayloadFormat::Mixed, text_of(mixed, MEGABYTE - MEGABYTE % mixed.len()))),
        ("escapes only", draft(PayloadFormat::Text, text_of(r"\x41", MEGABYTE))),
        ("hex, 1 MiB of bytes", draft(PayloadFormat::Hex, bytes_to_hex(&noise(MEGABYTE)))),
        ("hex dump, 1 MiB of bytes", draft(PayloadFormat::Hex, dump)),
        ("base64, 1 MiB of bytes", draft(PayloadFormat::Base64, base64)),
        (
            "text with templates",
            draft(PayloadFormat::Text, format!("{{{{counter}}}} {{{{uuid}}}} {text}{{{{now:unix}}}}")),
        ),
        ("text with 2,000 values", draft(PayloadFormat::Text, values)),
        ("500 parts, each with length and CRC", draft(PayloadFormat::Text, sums)),
        ("length and CRC-16/MODBUS of a part", draft(PayloadFormat::Text, framed("CRC-16/MODBUS"))),
        ("text, CRC-32 appended", with_sum("CRC-32/ISO-HDLC")),
        ("text, CRC-16/GSM appended", with_sum("CRC-16/GSM")),
        ("text, CRC-64/XZ appended", with_sum("CRC-64/XZ")),
        ("text, CRC-82/DARC appended", with_sum("CRC-82/DARC")),
        ("text, Adler-32 appended", with_sum("ADLER-32")),
        ("text, MD5 appended", with_sum("MD5")),
        ("text, SHA-256 appended", with_sum("SHA-256")),
    ]
}

/// What each change of the composer's text costs beside the drawing: understood, and filled in with its parts.
fn payload() {
    println!("payload: a draft of 1 MiB understood and filled in; the goal is 10 ms");
    println!("  {:38} {:>9} {:>9} {:>9}", "", "compile", "render", "both, ms");
    let mut worst = Duration::ZERO;
    for (name, draft) in drafts() {
        let (supplied, mut memory) = (Supplied::default(), Memory::seeded(1));
        let mut compiled: Option<Compiled> = None;
        let (mut compiles, mut renders) = (Vec::new(), Vec::new());
        for _ in 0..21 {
            compiles.push(timed(|| compiled = Some(compile(black_box(&draft)).unwrap())));
            let compiled = compiled.take().unwrap();
            let mut fill = Fill::plain(Timestamp(0), jiff::tz::TimeZone::UTC, &supplied, &mut memory);
            renders.push(timed(|| compiled.render_marked(&mut fill).unwrap()));
        }
        let mut both: Vec<_> = compiles.iter().zip(&renders).map(|(one, other)| *one + *other).collect();
        let middle = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        let (compile, render, both) = (middle(&mut compiles), middle(&mut renders), middle(&mut both));
        println!("  {name:38} {:9.2} {:9.2} {:9.2}", millis(compile), millis(render), millis(both));
        worst = worst.max(both);
    }
    println!("  the slowest {:.2} ms: {}", millis(worst), verdict(worst <= Duration::from_millis(10)));
}

/// Each framing with contents so long that a frame takes 64 bytes of the stream.
fn framings() -> Vec<(&'static str, Framing, usize)> {
    let delimiter = Framing::Delimiter { bytes: b"\r\n".to_vec(), keep: false, most_bytes: MOST };
    vec![
        ("delimiter CR LF", delimiter, 62),
        ("line", Framing::Line { most_bytes: MOST }, 63),
        ("fixed length", Framing::Fixed { bytes: 64 }, 64),
        ("length prefix", Framing::LengthPrefix(LengthPrefix::default()), 64),
        ("SLIP", Framing::Slip { most_bytes: MOST }, 63),
        ("COBS", Framing::Cobs { most_bytes: MOST }, 62),
        ("STX/ETX with escape", Framing::StxEtx { escape: Some(0x10), most_bytes: MOST }, 62),
    ]
}

const PATTERN: &str = r"id=(\d+);.*value=(\d+)";

fn stream_of(framing: &Framing, content: usize, frames: usize) -> Vec<u8> {
    let mut stream = Vec::with_capacity(frames * 64);
    for number in 0..frames {
        // Every second one fits the pattern.
        let word = if number % 2 == 0 { "value" } else { "level" };
        let mut text = format!("id={number:07}; the pump says {word}={}; ", number % 1000).into_bytes();
        let prefix = matches!(framing, Framing::LengthPrefix(_));
        if prefix {
            text.splice(..0, ((content - 2) as u16).to_be_bytes());
        }
        text.resize(content, b'.');
        stream.extend(wrap(&text, framing).unwrap());
    }
    assert_eq!(stream.len(), frames * 64);
    stream
}

/// One core takes a stream apart and asks one rule for each frame. The yardstick splits at line feeds and matches in place.
fn framing() {
    const FRAMES: usize = 200_000;
    const GOAL: f64 = 500_000.0;
    println!(
        "framing: frames of 64 bytes and one rule of a regular expression with two groups; the goal is 500,000 a second"
    );
    println!("  {:22} {:>14} {:>14} {:>14}", "", "framing only", "reads 64 KiB", "reads 64 B");
    let pattern = FramePattern { how: MatchHow::Regex, pattern: PATTERN.into(), ..FramePattern::default() };
    let matcher = Matcher::new(&pattern).unwrap();
    let mut least = f64::MAX;
    for (name, framing, content) in framings() {
        let stream = stream_of(&framing, content, FRAMES);
        let run = |read: usize, asks: bool| {
            let mut framer = Framer::new(&framing);
            let (mut frames, mut hits) = (0, 0);
            let time = timed(|| {
                for chunk in stream.chunks(read) {
                    framer.push(chunk, Timestamp(7), &mut |frame| {
                        frames += 1;
                        let content = Bytes::from(frame.content);
                        hits += usize::from(asks && matcher.of(&content).is_some());
                    });
                }
            });
            assert_eq!((frames, hits), (FRAMES, if asks { FRAMES / 2 } else { 0 }), "{name}");
            time
        };
        let [only, large, small] =
            medians(7, [&mut || run(64 * 1024, false), &mut || run(64 * 1024, true), &mut || run(64, true)]);
        let rate = |time: Duration| FRAMES as f64 / time.as_secs_f64();
        println!("  {name:22} {:14.0} {:14.0} {:14.0}", rate(only), rate(large), rate(small));
        least = least.min(rate(large)).min(rate(small));
    }
    let stream = stream_of(&Framing::Line { most_bytes: MOST }, 63, FRAMES);
    let regex = Regex::new(PATTERN).unwrap();
    let mut run =
        || timed(|| stream.split(|byte| *byte == b'\n').filter(|line| regex.captures(line).is_some()).count());
    let [bare] = medians(7, [&mut run]);
    println!("  {:22} {:>14} {:14.0}", "yardstick, lines", "", FRAMES as f64 / bare.as_secs_f64());
    println!("  the slowest {least:.0} a second: {}", verdict(least >= GOAL));
}

/// All checksums at all places, over a frame that none fits; and how long one portion of it keeps its thread.
fn finder() {
    println!("finder: {} checksums, up to 8 bytes left out before and 4 behind", catalogue().len());
    let short = noise(64);
    let long = noise(64 * 1024);
    let digits: Vec<u8> =
        bytes_to_hex(&noise(64 * 1024)).bytes().filter(|byte| *byte != b' ').take(64 * 1024).collect();
    for (name, frames) in [
        ("64 B", vec![short]),
        ("64 KiB", vec![long.clone()]),
        ("64 KiB of hex digits", vec![digits]),
        ("16 frames of 64 KiB, all alike but the last bytes", similar(&long)),
    ] {
        let (mut longest, mut found) = (Duration::ZERO, 0);
        let mut run = || {
            timed(|| {
                let mut finder = Finder::new(&frames, "");
                loop {
                    let begun = Instant::now();
                    let done = finder.advance(MEGABYTE);
                    longest = longest.max(begun.elapsed());
                    if done {
                        break;
                    }
                }
                found = finder.found().len();
            })
        };
        let [time] = medians(3, [&mut run]);
        println!("  {name:50} {:9.1} ms, at most {:.2} ms at a time; {found} fit", millis(time), millis(longest));
    }
}

fn similar(long: &[u8]) -> Vec<Vec<u8>> {
    (0..16)
        .map(|number| {
            let mut frame = long.to_vec();
            frame[64 * 1024 - 40] = number;
            frame
        })
        .collect()
}

/// What a decoder reads in a second of messages of its own, and what it says to 1 MiB of each kind of nonsense.
fn decoders() {
    println!("decode: MB/s over messages of its protocol, and ms over 1 MiB of them one behind the other");
    for (key, message) in messages() {
        let decoder = decode::registry().iter().find(|known| known.key() == key).unwrap();
        let decoded = decoder.decode(&message);
        assert!(decoded.fault.is_none(), "{key}: {:?}", decoded.fault);
        let count = MEGABYTE / message.len();
        let whole = message.repeat(count);
        let [single, at_once] = medians(
            5,
            [
                &mut || timed(|| (0..count).for_each(|_| drop(black_box(decoder.decode(black_box(&message)))))),
                &mut || timed(|| decoder.decode(black_box(&whole))),
            ],
        );
        let rate = (count * message.len()) as f64 / 1e6 / single.as_secs_f64();
        let bytes = message.len();
        println!("  {key:12} {rate:9.1} MB/s in messages of {bytes} B; 1 MiB at once {:8.2} ms", millis(at_once));
    }
}

fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let hex = |text: &str| hex_to_bytes(text).unwrap();
    let text = |text: &str| text_to_bytes(text, TextEncoding::Utf8).unwrap();
    let dns = "12 34 81 80 00 01 00 01 00 00 00 00 03 77 77 77 07 65 78 61 6d 70 6c 65 03 63 6f 6d 00 00 01 00 01 \
               c0 0c 00 01 00 01 00 00 0e 10 00 04 5d b8 d8 22";
    let json = r#"{"id": 7, "at": "2026-11-22T17:40:02Z", "values": [1, 2.5, -3e4, true, null], "name": "pump"}"#;
    vec![
        ("modbus-tcp", hex("00 01 00 00 00 06 01 03 00 00 00 02")),
        ("mqtt", hex("30 0f 00 03 61 2f 62 68 65 6c 6c 6f 20 74 68 65 72")),
        ("http1", text(r"GET /status HTTP/1.1\r\nHost: plc-7.local\r\nAccept: */*\r\nContent-Length: 2\r\n\r\nok")),
        ("dns", hex(dns)),
        ("nmea", text(r"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n")),
        ("syslog", text(r"<34>1 2026-11-22T17:40:02.003Z host app 123 ID47 - the pump answered late\n")),
        ("json", json.into()),
        (
            "msgpack",
            hex(
                "83 a2 69 64 07 a4 6e 61 6d 65 a4 70 75 6d 70 a6 76 61 6c 75 65 73 93 01 cb 40 04 00 00 00 00 00 00 c3",
            ),
        ),
        (
            "cbor",
            hex(
                "a3 62 69 64 07 64 6e 61 6d 65 64 70 75 6d 70 66 76 61 6c 75 65 73 83 01 fb 40 04 00 00 00 00 00 00 f5",
            ),
        ),
        ("protobuf", hex("08 96 01 12 07 74 65 73 74 69 6e 67 1a 03 08 96 01 25 00 00 80 3f")),
    ]
}

/// A megabyte made to be slow, and a quarter of it: time that grows with the square takes sixteen times as long, not four.
fn hostile() {
    println!("hostile: ms over 256 KiB and over 1 MiB; about 4 times as long is in proportion");
    for (name, run) in hostile_runs() {
        let (quarter, whole) = (run(MEGABYTE / 4), run(MEGABYTE));
        let growth = whole.as_secs_f64() / quarter.as_secs_f64().max(1e-6);
        let grows = growth > 8.0 && whole > Duration::from_millis(5);
        let mark = if grows { "GROWS WITH THE SQUARE" } else { "" };
        println!("  {name:58} {:9.2} {:9.2}  x{growth:.1} {mark}", millis(quarter), millis(whole));
    }
}

type Hostile = (String, Box<dyn Fn(usize) -> Duration>);

fn hostile_runs() -> Vec<Hostile> {
    let mut runs: Vec<Hostile> = Vec::new();
    hostile_framing(&mut runs);
    hostile_decoding(&mut runs);
    hostile_payloads(&mut runs);
    hostile_rules(&mut runs);
    runs
}

/// Streams of bytes that could end a frame and do not, in reads of sixteen bytes.
fn hostile_framing(runs: &mut Vec<Hostile>) {
    let most_bytes = 4 * MOST;
    let short = 16;
    let kinds: Vec<(&str, Framing, &[u8])> = vec![
        ("STX/ETX: escaped ends", Framing::StxEtx { escape: Some(0x10), most_bytes }, b"\x10\x03"),
        ("STX/ETX: beginnings within", Framing::StxEtx { escape: Some(0x10), most_bytes }, b"\x02"),
        ("delimiter: nearly there", Framing::Delimiter { bytes: b"aaab".into(), keep: false, most_bytes }, b"aaa"),
        (
            "delimiter: short frames allowed",
            Framing::Delimiter { bytes: b"\r\n".into(), keep: true, most_bytes: short },
            b"\r",
        ),
        ("line: never ends", Framing::Line { most_bytes }, b"\r"),
        ("line: short frames allowed", Framing::Line { most_bytes: short }, b"x"),
        ("SLIP: escapes only", Framing::Slip { most_bytes }, b"\xdb"),
        ("SLIP: ends only", Framing::Slip { most_bytes }, b"\xc0"),
        ("COBS: never ends", Framing::Cobs { most_bytes }, b"\x01"),
        ("COBS: ends only", Framing::Cobs { most_bytes }, b"\0"),
        ("fixed: one byte each", Framing::Fixed { bytes: 1 }, b"x"),
        ("fixed: a long one", Framing::Fixed { bytes: most_bytes }, b"x"),
        (
            "length prefix: never there",
            Framing::LengthPrefix(LengthPrefix { width: 4, most_bytes, ..LengthPrefix::default() }),
            b"\0\x3f\xff\xff",
        ),
        ("length prefix: empty frames", Framing::LengthPrefix(LengthPrefix::default()), b"\0"),
    ];
    for (name, framing, unit) in kinds {
        let begin: &'static [u8] = if matches!(framing, Framing::StxEtx { .. }) { b"\x02" } else { b"" };
        let unit = unit.to_vec();
        for read in [16, 64 * 1024] {
            let (framing, unit) = (framing.clone(), unit.clone());
            let run = move |bytes: usize| {
                let stream: Vec<u8> = begin.iter().chain(unit.iter().cycle()).copied().take(bytes).collect();
                timed(|| {
                    let (mut framer, mut frames) = (Framer::new(&framing), 0);
                    stream.chunks(read).zip(1..).for_each(|(chunk, time)| {
                        framer.push(chunk, Timestamp(time), &mut |frame| frames += usize::from(frame.ends > 0));
                    });
                    framer.end(&mut |_| frames += 1);
                    frames
                })
            };
            runs.push((format!("{name}, reads of {read}"), Box::new(run)));
        }
    }
}

fn hostile_decoding(runs: &mut Vec<Hostile>) {
    // Nested, unfinished, repeated: each unit for every decoder.
    let units: &[&[u8]] = &[
        b"[",
        b"{\"a\":",
        b"\"",
        b"\\",
        b"\x91",
        b"\xdc\xff\xff",
        b"\x81",
        b"\xc1",
        b"\x9f",
        b"\xd8\x20",
        b"\x5f\x40",
        b"<34>",
        b"\n<34>1 ",
        b"[a b=\"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"A: b\r\n",
        b"1\r\nx\r\n",
        b"$GPGGA,",
        b"$",
        b"*00\r\n",
        b"\x0a\x80\x80\x40",
        b"\x0b",
        b"\x30\x02\0\0",
        b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x02",
        b"\xc0\x0c",
        b"\x01a",
        b"\xff\xff\xff\x7f",
        b"\0",
        b" ",
        b"\xff",
    ];
    for decoder in decode::registry() {
        for (place, unit) in units.iter().enumerate() {
            let run = move |bytes: usize| {
                let frame: Vec<u8> = unit.iter().cycle().copied().take(bytes).collect();
                timed(|| decoder.decode(black_box(&frame)))
            };
            // Only what takes long is told.
            if run(MEGABYTE) > Duration::from_millis(20) {
                runs.push((
                    format!("{}: unit {place} {:?}", decoder.key(), unit.escape_ascii().to_string()),
                    Box::new(run),
                ));
            }
        }
    }
    runs.push((
        "protobuf: messages within messages".into(),
        Box::new(|bytes| {
            let frame = (0..60).fold(vec![0x08; bytes - 600], |inner: Vec<u8>, _| {
                let mut outer = vec![0x0a];
                let mut left = inner.len();
                while left >= 0x80 {
                    outer.push(left as u8 | 0x80);
                    left >>= 7;
                }
                outer.push(left as u8);
                outer.extend(inner);
                outer
            });
            let decoder = decode::registry().iter().find(|known| known.key() == "protobuf").unwrap();
            timed(|| decoder.decode(black_box(&frame)))
        }),
    ));
}

fn hostile_payloads(runs: &mut Vec<Hostile>) {
    let kinds: &[(&str, PayloadFormat, &str, &str)] = &[
        ("text: braces", PayloadFormat::Text, "", "{ "),
        ("text: two braces, never closed", PayloadFormat::Text, "", "{{"),
        ("text: backslashes", PayloadFormat::Text, "", "\\\\"),
        ("text: one escape that never ends", PayloadFormat::Text, "\\u{", "0"),
        ("text: templates", PayloadFormat::Text, "", "{{counter}}"),
        ("text: parts within parts", PayloadFormat::Text, "", "{{begin:a}}"),
        ("mixed: brackets", PayloadFormat::Mixed, "", "[00]"),
        ("mixed: brackets that never close", PayloadFormat::Mixed, "[", "00 "),
        ("mixed: braces between bytes", PayloadFormat::Mixed, "[", "{{ "),
        ("hex: braces", PayloadFormat::Hex, "", "{{ "),
        ("hex: braces before digits", PayloadFormat::Hex, "00", "{{0"),
        ("hex: comments", PayloadFormat::Hex, "", "/**/"),
        ("hex: comments that never close", PayloadFormat::Hex, "", "/*/"),
        ("hex: prefixes", PayloadFormat::Hex, "", "0x0"),
        ("hex: a dump of repeats", PayloadFormat::Hex, "00000000  00\n", "*\n"),
        ("hex: a dump of short lines", PayloadFormat::Hex, "", "00000000  \n"),
        ("base64: padding", PayloadFormat::Base64, "A", "="),
    ];
    for &(name, format, begin, unit) in kinds {
        let run = move |bytes: usize| {
            let text = begin.chars().chain(unit.chars().cycle()).take(bytes).collect();
            let draft = Draft { format, text, ..Draft::default() };
            timed(|| drop(black_box(compile(&draft))))
        };
        runs.push((format!("payload, {name}"), Box::new(run)));
    }
    runs.push((
        "payload, text: 1,900 parts with long names".into(),
        Box::new(|bytes| {
            let long = "x".repeat(bytes / 1900);
            let text = (0..950).map(|number| format!("{{{{begin:{long}{number:04}}}}}")).collect::<String>();
            let draft = Draft { text, ..Draft::default() };
            timed(|| drop(black_box(compile(&draft))))
        }),
    ));
}

fn hostile_rules(runs: &mut Vec<Hostile>) {
    let patterns: &[(&str, MatchHow, &str, &str)] = &[
        ("(a*)*b", MatchHow::Regex, "(a*)*b", "a"),
        ("(.*)(.*)(.*)x", MatchHow::Regex, "(.*)(.*)(.*)x", "a"),
        ("(x+x+)+y", MatchHow::Regex, "(x+x+)+y", "x"),
        ("[a-z]+ \\d+$", MatchHow::Regex, "[a-z]+ \\d+$", "a"),
        ("hex with wildcards", MatchHow::Hex, "61 ?? 6? 62", "a"),
        ("text, nearly there", MatchHow::Text, "aaaaaaaaaaaaaaab", "a"),
    ];
    for &(name, how, pattern, unit) in patterns {
        let matcher = Matcher::new(&FramePattern { how, pattern: pattern.into(), ..FramePattern::default() }).unwrap();
        let run = move |bytes: usize| {
            let frame = Bytes::from(unit.repeat(bytes));
            timed(|| matcher.of(&frame))
        };
        runs.push((format!("rule {name}"), Box::new(run)));
    }
}
