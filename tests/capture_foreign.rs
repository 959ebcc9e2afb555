//! Captures that others made: for every TCP stream and UDP conversation our reassembled bytes are those of tshark.
//!
//! The captures are not part of this repository. `SOCKSCOPE_CAPTURES` names folders of them (as PATH does); without it a
//! few usual places are looked at, the sources of crates among them. Where there are none, the test says so and passes.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "what was compared and what was skipped is told aloud")]

mod session_support;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use sockscope::model::{ConnectionId, LeftOut, Transport, What};
use sockscope::session::Log;

/// Larger files take tshark too long here.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Streams of one capture that are compared.
const MAX_STREAMS: usize = 400;

/// Tunnels within IP, UDP and Ethernet: what they carry is another packet, which we leave out (and say so).
const TUNNELS: [&str; 17] = [
    "teredo",
    "gre",
    "vxlan",
    "geneve",
    "gtp",
    "l2tp",
    "ayiya",
    "mpls",
    "pppoes",
    "wassp",
    "erspan",
    "wg",
    "nsh",
    "udpencap",
    "capwap",
    "capwap.data",
    "pim",
];

/// Captures of nDPI that were broken on purpose: where headers contradict themselves, tshark and we believe different ones.
const BROKEN: [&str; 3] = ["fuzz-2006-06-26-2594.pcap", "ip_fragmented_garbage.pcap", "reasm_crash_anon.pcapng"];

/// Captures in which so many differences were looked into, packet by packet, and ours is what the packets say.
const EXPLAINED: [(&str, usize, &str); 4] = [
    ("vnc.pcap", 2, "tshark gives both connections two stream numbers: from the frame on in which it recognizes VNC"),
    (
        "wechat.pcap",
        1,
        "behind a missing byte: tshark shows it only when the other end acknowledges it, and it is silent",
    ),
    ("fuzz-2006-09-29-28586.pcap", 1, "behind missing bytes, as above: the acknowledgement has a broken address"),
    ("ndpi_match_string_subprotocol__error.pcapng", 2, "both ends finished; an hour later the ports are used anew"),
];

/// What the two ends of a conversation said, the lower address first.
type Said = [Vec<u8>; 2];

fn captures() -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = match std::env::var_os("SOCKSCOPE_CAPTURES") {
        Some(folders) => std::env::split_paths(&folders).collect(),
        None => {
            let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
            let cargo = cargo.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
            let sources = cargo.map(|cargo| cargo.join("registry/src"));
            sources.into_iter().chain(["/usr/share/captures".into(), "/usr/local/share/captures".into()]).collect()
        }
    };
    let mut found = Vec::new();
    for folder in folders {
        search(&folder, 0, &mut found);
    }
    found.sort();
    found
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < 8 {
            search(&path, depth + 1, found);
        } else if kind.is_file()
            && path.extension().is_some_and(|end| ["pcap", "pcapng", "cap", "ntar"].iter().any(|known| end == *known))
            && entry.metadata().is_ok_and(|about| about.len() <= MAX_BYTES)
        {
            let is_broken = path.file_name().is_some_and(|name| BROKEN.iter().any(|broken| name == *broken));
            found.extend((!is_broken).then_some(path));
        }
    }
}

/// tshark's own word, or `None` where it refuses the file.
fn tshark(arguments: &[&str]) -> Option<String> {
    // What is compared is what TCP and UDP carried, and not what tunnels carried within that.
    let off = TUNNELS.iter().flat_map(|tunnel| ["--disable-protocol", tunnel]);
    let output = Command::new("tshark").args(off).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A stream: its ends, the lower first, and what each said.
type Stream = (Transport, (SocketAddr, SocketAddr), Said);

/// Every stream, in two runs of tshark.
fn followed(path: &Path) -> Option<Vec<Stream>> {
    let path = path.to_str()?;
    let fields = ["-T", "fields", "-E", "occurrence=l", "-E", "separator=,", "-e", "tcp.stream", "-e", "udp.stream"];
    let numbers = tshark(&[&["-r", path, "-Y", "tcp or udp"], &fields[..]].concat())?;
    let mut orders = Vec::new();
    for (column, name) in ["tcp", "udp"].iter().enumerate() {
        let column = numbers.lines().filter_map(|line| line.split(',').nth(column)?.parse::<usize>().ok());
        let streams = column.max().map_or(0, |last| last + 1);
        for stream in 0..streams.min(MAX_STREAMS) {
            orders.extend(["-z".to_owned(), format!("follow,{name},raw,{stream}")]);
        }
    }
    if orders.is_empty() {
        return Some(Vec::new());
    }
    let mut arguments = vec!["-r", path, "-q"];
    arguments.extend(orders.iter().map(String::as_str));
    let text = tshark(&arguments)?;
    Some(
        text.split("===================================================================")
            .filter_map(stream_of)
            .collect(),
    )
}

/// One of the texts that tshark prints.
fn stream_of(text: &str) -> Option<Stream> {
    let transport = if text.contains("Follow: tcp,raw") { Transport::Tcp } else { Transport::Udp };
    let node = |which: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(which))?;
        let (address, port) = line.trim().rsplit_once(':')?;
        Some(SocketAddr::new(address.trim_matches(['[', ']']).parse().ok()?, port.parse().ok()?))
    };
    let (zero, one) = (node("Node 0: ")?, node("Node 1: ")?);
    let mut said: Said = Default::default();
    for line in text.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1) {
        let hex = line.trim();
        let bytes = (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
        said[usize::from(line.starts_with('\t') == (zero < one))].extend(bytes);
    }
    Some((transport, (zero.min(one), zero.max(one)), whole_where_both_are_one((zero, one), said)))
}

/// Where both ends have one address nobody can tell who spoke.
fn whole_where_both_are_one(ends: (SocketAddr, SocketAddr), [low, high]: Said) -> Said {
    if ends.0 == ends.1 { [[low, high].concat(), Vec::new()] } else { [low, high] }
}

/// The same of ours.
fn ours(log: &Log) -> Vec<Stream> {
    let mut found: BTreeMap<ConnectionId, Stream> = BTreeMap::new();
    for row in 0..log.state().rows {
        let recorded = log.read(row).unwrap();
        assert!(!recorded.damaged, "row {row}");
        let flow = &recorded.event.flow;
        let (Some(local), Some(peer)) = (flow.local, flow.peer) else { panic!("row {row} has no addresses") };
        let ends = (local.min(peer), local.max(peer));
        let (_, _, said) = found.entry(flow.connection).or_insert((flow.transport, ends, Said::default()));
        match &recorded.event.what {
            What::Received(bytes) => said[usize::from(peer > local)].extend_from_slice(bytes),
            What::Sent(bytes) => said[usize::from(local > peer)].extend_from_slice(bytes),
            What::Happened(_) => {}
        }
    }
    let whole = |(transport, ends, said)| (transport, ends, whole_where_both_are_one(ends, said));
    found.into_values().map(whole).collect()
}

/// tshark writes a sentence in the place of missing bytes.
fn without_notes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'[') {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        let note = from.iter().position(|byte| *byte == b']').map(|end| &from[..=end]);
        let told = note.and_then(|note| std::str::from_utf8(note).ok()).is_some_and(|note| {
            let count = note.strip_prefix('[').and_then(|note| note.strip_suffix(" bytes missing in capture file]"));
            count.is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
        });
        match note.filter(|_| told) {
            // A zero ends it.
            Some(note) => rest = from.get(note.len()..).map_or(&[][..], |rest| rest.strip_prefix(&[0]).unwrap_or(rest)),
            None => {
                out.push(b'[');
                rest = &from[1..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

#[derive(Default)]
struct Tally {
    captures: usize,
    streams: usize,
    bytes: usize,
    more: usize,
    left_out: usize,
    refused: usize,
    explained: usize,
    different: Vec<String>,
}

/// Each side holds all that tshark has of it, in one piece.
fn holds(own: &Said, said: &Said) -> bool {
    own.iter().zip(said).all(|(own, said)| memchr::memmem::find(own, said).is_some())
}

/// `false`: tshark itself refuses the capture.
fn compare(path: &Path, tally: &mut Tally) -> bool {
    let Some(theirs) = followed(path) else { return false };
    let log = match Log::open(path) {
        Ok(log) => log,
        Err(failure) => {
            tally.different.push(format!("{}: not opened: {failure:?}", path.display()));
            return true;
        }
    };
    let state = log.wait_complete(session_support::LIMIT);
    let left_out = state.imported.as_ref().map(|imported| imported.left_out.clone()).unwrap_or_default();
    let too_many = theirs.len() >= MAX_STREAMS;
    let mut by_ends: HashMap<(Transport, (SocketAddr, SocketAddr)), Vec<Said>> = HashMap::new();
    for (transport, ends, said) in ours(&log) {
        by_ends.entry((transport, ends)).or_default().push(said);
    }
    for (transport, ends, said) in theirs {
        let said = said.map(|bytes| without_notes(&bytes));
        if said.iter().all(Vec::is_empty) {
            continue;
        }
        tally.streams += 1;
        tally.bytes += said[0].len() + said[1].len();
        let candidates = by_ends.entry((transport, ends)).or_default();
        match candidates.iter().position(|own| *own == said) {
            Some(at) => drop(candidates.remove(at)),
            // tshark loses a stream whose SYN/ACK came twice with two numbers: more is no less.
            None if let Some(at) = candidates.iter().position(|own| holds(own, &said)) => {
                eprintln!("{} {transport} {ends:?}: we have more", path.display());
                tally.more += 1;
                candidates.remove(at);
            }
            // Left out, and the log says so.
            None if left_out.keys().any(|what| matches!(what, LeftOut::LinkType(_))) => tally.left_out += 1,
            None => {
                let own: Vec<_> = candidates.iter().map(|own| (own[0].len(), own[1].len())).collect();
                let sizes = (said[0].len(), said[1].len());
                tally.different.push(format!(
                    "{} {transport} {ends:?}: tshark has {sizes:?}, we have {own:?} ({:?}, {left_out:?})",
                    path.display(),
                    state.damage,
                ));
            }
        }
    }
    for ((transport, ends), rest) in by_ends {
        let rest: Vec<_> = rest.iter().filter(|said| said.iter().any(|side| !side.is_empty())).collect();
        if !rest.is_empty() && !too_many {
            let sizes: Vec<_> = rest.iter().map(|said| (said[0].len(), said[1].len())).collect();
            tally.different.push(format!("{} {transport} {ends:?}: only we have {sizes:?}", path.display()));
        }
    }
    true
}

#[test]
fn every_stream_of_every_capture_is_the_one_that_tshark_follows() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed");
        return;
    }
    let captures = captures();
    let mut tally = Tally::default();
    for path in &captures {
        let known = tally.different.len();
        if compare(path, &mut tally) {
            tally.captures += 1
        } else {
            tally.refused += 1
        }
        tally.different[known..].iter().for_each(|different| eprintln!("{different}"));
        let is_explained = |(name, count, _): &&(&str, usize, &str)| {
            path.file_name().is_some_and(|file| file == *name) && tally.different.len() - known == *count
        };
        if let Some((_, count, why)) = EXPLAINED.iter().find(is_explained) {
            eprintln!("  {why}");
            tally.explained += count;
            tally.different.truncate(known);
        }
    }
    if tally.streams == 0 {
        eprintln!("SKIPPED: no captures of others; SOCKSCOPE_CAPTURES names folders of them");
    }
    eprintln!(
        "{} captures compared with tshark: {} streams, {} bytes, {} differ, {} differ for a known reason, {} are \
         longer, {} of link types that are not read; tshark refused {} more",
        tally.captures,
        tally.streams,
        tally.bytes,
        tally.different.len(),
        tally.explained,
        tally.more,
        tally.left_out,
        tally.refused
    );
    assert!(tally.different.is_empty(), "{}", tally.different.join("\n"));
}
