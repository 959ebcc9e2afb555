//! What typing costs: a megabyte of text and of hex to bytes, and a row's worth of bytes to what is shown.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sockscope::model::{Draft, PayloadFormat, TextEncoding, Timestamp};
use sockscope::payload::{
    Fill, Memory, Supplied, bytes_to_hex, bytes_to_text, compile, hex_to_bytes, text_to_bytes, visible,
};

const MEGABYTE: usize = 1 << 20;
const ROW: usize = 4 << 10;

/// A line of a protocol with a few escapes, over and over.
fn text_of(bytes: usize) -> String {
    r"GET /status HTTP/1.1\r\nHost: plc-7.local\r\nX-Value: \x00\xff \u{e9}\r\n\r\n"
        .chars()
        .cycle()
        .take(bytes)
        .collect()
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("payload");
    let text = text_of(MEGABYTE - MEGABYTE % 75);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("text to bytes, 1 MiB", |b| b.iter(|| text_to_bytes(black_box(&text), TextEncoding::Utf8)));
    let bytes: Vec<u8> = (0..MEGABYTE / 3).map(|index| (index * 31) as u8).collect();
    let hex = bytes_to_hex(&bytes);
    group.throughput(Throughput::Bytes(hex.len() as u64));
    group.bench_function("hex to bytes, 1 MiB", |b| b.iter(|| hex_to_bytes(black_box(&hex))));
    group.bench_function("bytes to text", |b| b.iter(|| bytes_to_text(black_box(&bytes), TextEncoding::Utf8)));
    group.finish();
}

/// What the composer does at each key: the whole is understood and filled in.
fn language(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("payload language, 1 MiB");
    let plain = text_of(MEGABYTE - MEGABYTE % 75);
    group.throughput(Throughput::Bytes(plain.len() as u64));
    let templates = format!("{{{{counter}}}} {{{{length:u32be}}}}{plain}{{{{checksum:crc32}}}}{{{{uuid}}}}");
    let mixed = r"LOGIN \x02[01 ff]\r\n{json} ".chars().cycle().take(MEGABYTE - MEGABYTE % 26).collect();
    let hex = bytes_to_hex(&vec![0xA5; MEGABYTE / 3]);
    for (name, format, text) in [
        ("text", PayloadFormat::Text, plain),
        ("text with templates", PayloadFormat::Text, templates),
        ("mixed", PayloadFormat::Mixed, mixed),
        ("hex", PayloadFormat::Hex, hex),
    ] {
        let draft = Draft { format, text, ..Draft::default() };
        let (supplied, mut memory) = (Supplied::default(), Memory::seeded(1));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut fill = Fill::plain(Timestamp(0), jiff::tz::TimeZone::UTC, &supplied, &mut memory);
                compile(black_box(&draft)).map(|compiled| compiled.render(&mut fill))
            });
        });
    }
    group.finish();
}

fn show(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("visible, 4 KiB");
    group.throughput(Throughput::Bytes(ROW as u64));
    let printable = text_of(ROW).into_bytes();
    let chinese: Vec<u8> = [0xD6, 0xD0].into_iter().cycle().take(ROW).collect();
    let noise: Vec<u8> = (0..ROW).map(|index| (index * 167 + index / 7) as u8).collect();
    for (name, bytes, encoding) in [
        ("printable", &printable, TextEncoding::Utf8),
        ("Chinese in GBK", &chinese, TextEncoding::Gbk),
        ("noise", &noise, TextEncoding::Utf8),
    ] {
        group.bench_function(name, |b| b.iter(|| visible(black_box(bytes), encoding, usize::MAX)));
    }
    group.bench_function("noise, one row of 200 bytes", |b| {
        b.iter(|| visible(black_box(&noise), TextEncoding::Utf8, 200))
    });
    group.finish();
}

criterion_group!(payload, parse, language, show);
criterion_main!(payload);
