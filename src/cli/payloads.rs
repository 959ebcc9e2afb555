//! A payload typed on the command line, understood before anything is opened: its mistakes are wrong usage, shown where they
//! stand.
//!
//! Never: sends. Called by: `arguments` (checksums), `send`, `checksums`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::Refusal;
use super::arguments::{PayloadArguments, SendArguments};
use super::carets::{marked, shown};
use super::live::sentence;
use super::standard;
use super::wrong_usage;
use crate::engine::Source;
use crate::model::{Checksum, Draft, PayloadFormat, Timestamp};
use crate::payload::checksum::{algorithm, search};
use crate::payload::{self, Compiled, Fill, Memory, Missing, Needs, Supplied, Supply};
use crate::words::{Language, Words};
use crate::workspace::WorkspaceSupply;

/// Names that are offered for one that is not known.
const OFFERED: usize = 5;
/// What is read of a file at once.
const PIECE: usize = 64 * 1024;
const LINE: usize = 16;

/// `modbus little hex key=…`
pub fn checksum(text: &str) -> Result<Checksum, String> {
    let mut sum: Checksum = text.trim().parse()?;
    if sum.is_none() {
        return Ok(sum);
    }
    let Some(known) = algorithm(&sum.algorithm) else {
        let names: Vec<_> = search(&sum.algorithm).iter().take(OFFERED).map(|known| known.name).collect();
        let offered = if names.is_empty() { String::new() } else { format!("; perhaps {}", names.join(", ")) };
        return Err(format!("no checksum is called that{offered} (sockscope checksum list)"));
    };
    if known.keyed && sum.key.is_empty() {
        return Err(format!("{} needs a key: '{} key=…'", known.name, known.name));
    }
    known.name.clone_into(&mut sum.algorithm);
    Ok(sum)
}

/// The same, where there has to be one.
pub fn some_checksum(text: &str) -> Result<Checksum, String> {
    let sum = checksum(text)?;
    if sum.is_none() { Err("a checksum is missing".to_owned()) } else { Ok(sum) }
}

/// The format and the text, whichever of the options stands there.
pub fn typed(arguments: &PayloadArguments) -> Option<(PayloadFormat, String)> {
    let options = [
        (PayloadFormat::Text, &arguments.text),
        (PayloadFormat::Mixed, &arguments.mixed),
        (PayloadFormat::Hex, &arguments.hex),
        (PayloadFormat::Base64, &arguments.base64),
    ];
    options.into_iter().find_map(|(format, text)| Some((format, text.clone()?)))
}

/// What is sent, and who reads what it needs from outside.
pub fn source(arguments: &SendArguments) -> (Source, Option<Arc<dyn Supply>>) {
    let Some(compiled) = understood(arguments) else {
        let Some(file) = &arguments.payload.file else { no_payload() };
        return (Source::File(file.clone()), None);
    };
    let asks = answers(arguments, &compiled);
    match compiled.fixed() {
        Some(bytes) => (Source::Bytes(bytes.clone()), None),
        None => {
            let supply = Arc::new(supply(arguments.trust, compiled.needs()));
            (Source::Payload { compiled, asks: Arc::new(asks) }, Some(supply))
        }
    }
}

/// `--dry-run`: what each sending would be.
pub fn print_dump(arguments: &SendArguments) -> Result<(), Refusal> {
    let rounds = arguments.repeat.unwrap_or(1);
    let Some(compiled) = understood(arguments) else {
        let Some(file) = &arguments.payload.file else { no_payload() };
        return print_file(file);
    };
    let asks = answers(arguments, &compiled);
    let mut memory = Memory::default();
    for round in 0..rounds {
        let bytes = render(arguments, &compiled, &asks, &mut memory)?;
        let gap = if round == 0 { "" } else { "\n" };
        if !standard::print_on(format!("{gap}{}", dump(0, &bytes)).as_bytes())? {
            break;
        }
    }
    Ok(())
}

/// `00000000  68 65 6c 6c 6f                                    |hello|`, and how many bytes there are.
pub fn dump(offset: u64, bytes: &[u8]) -> String {
    let mut text = lines(offset, bytes);
    text.push_str(&format!("{:08x}\n", offset + bytes.len() as u64));
    text
}

fn lines(offset: u64, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 5 + 80);
    for (at, line) in (offset..).step_by(LINE).zip(bytes.chunks(LINE)) {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let (left, right) = hex.split_at(hex.len().min(LINE / 2));
        let hex = format!("{:<23}  {:<23}", left.join(" "), right.join(" "));
        let plain = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
        let ascii: String = line.iter().map(plain).collect();
        text.push_str(&format!("{at:08x}  {hex}  |{ascii}|\n"));
    }
    text
}

/// `None`: a file is sent as it is.
fn understood(arguments: &SendArguments) -> Option<Compiled> {
    let (format, text) = typed(&arguments.payload)?;
    let draft = Draft {
        format,
        text,
        ending: arguments.eol.ending(),
        encoding: arguments.session.encoding,
        checksum: arguments.checksum.clone().unwrap_or_default(),
    };
    let compiled = payload::compile(&draft).unwrap_or_else(|mistake| {
        let words = Words::of(Language::English);
        wrong_usage("send", &at_place(&draft.text, &mistake.at, &words.mistake(&mistake)))
    });
    check_needs(&draft.text, &compiled);
    Some(compiled)
}

fn no_payload() -> ! {
    wrong_usage("send", "a payload is missing: --text, --mixed, --hex, --base64 or --file")
}

/// The line with its carets, then what is wrong.
pub fn at_place(text: &str, at: &std::ops::Range<usize>, what: &str) -> String {
    let place = text.get(..at.start).map_or(0, |before| before.chars().count()) + 1;
    // The line that the mistake is in.
    let begins = text.get(..at.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let ends = text.get(at.start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at.start + end);
    let line = text.get(begins..ends).unwrap_or(text);
    let within = at.start - begins..at.end.clamp(at.start, ends) - begins;
    format!("the payload, at character {place}:\n\n{}\n{what}", marked(line, &within))
}

/// A reply captures and a sequence sets variables; a sending does neither.
fn check_needs(text: &str, compiled: &Compiled) {
    let needs = compiled.needs();
    let never = match needs.variables.first() {
        Some(name) => Some(Missing::Variable(name.clone())),
        None => (needs.captures > 0).then_some(Missing::Capture(needs.captures)),
    };
    let Some(never) = never else { return };
    let at = compiled.places_of(&never).into_iter().next().unwrap_or_default();
    let what = match never {
        Missing::Capture(_) => "A capture stands only in automatic replies.",
        _ => "A variable stands only in sequences, and in replies with a named group.",
    };
    wrong_usage("send", &at_place(text, &at, what));
}

fn answers(arguments: &SendArguments, compiled: &Compiled) -> BTreeMap<String, String> {
    let asks: BTreeMap<String, String> = arguments.ask.iter().cloned().collect();
    let open: Vec<_> = compiled.needs().asks.iter().filter(|name| !asks.contains_key(*name)).collect();
    if let Some(first) = open.first() {
        let at = compiled.places_of(&Missing::Ask((*first).clone())).into_iter().next().unwrap_or_default();
        let missing: Vec<_> = open.iter().map(|name| format!("--ask '{}=…'", shown(name))).collect();
        let what = format!("An answer is missing: {}", missing.join(" "));
        wrong_usage("send", &at_place(&compiled.draft().text, &at, &what));
    }
    asks
}

/// Files of this folder; with --trust any file, and the environment.
fn supply(trusted: bool, needs: &Needs) -> WorkspaceSupply {
    let picked = if trusted { needs.files.iter().map(PathBuf::from).collect() } else { BTreeSet::new() };
    WorkspaceSupply { folder: Some(PathBuf::from(".")), trusted, picked }
}

fn render(
    arguments: &SendArguments,
    compiled: &Compiled,
    asks: &BTreeMap<String, String>,
    memory: &mut Memory,
) -> Result<Bytes, Refusal> {
    if let Some(bytes) = compiled.fixed() {
        return Ok(bytes.clone());
    }
    let needs = compiled.needs();
    let read = supply(arguments.trust, needs).supply(needs).map_err(|failure| sentence(&failure))?;
    let supplied = Supplied { asks: asks.clone(), ..read };
    let at = &arguments.endpoint.at;
    let peer = at.host.parse().ok().map(|host| SocketAddr::new(host, at.port));
    let mut fill = Fill { peer, ..Fill::plain(now(), TimeZone::system(), &supplied, memory) };
    compiled.render(&mut fill).map(|rendered| rendered.bytes).map_err(|missing| match missing {
        Missing::Peer | Missing::Local => "An address of the connection is known only when it stands, so a dry run \
             cannot show this payload."
            .to_owned(),
        missing => Words::of(Language::English).missing(&missing),
    })
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn print_file(path: &std::path::Path) -> Result<(), Refusal> {
    use std::io::Read as _;
    let refusal = |error: std::io::Error| format!("{} cannot be read: {error}.", path.display());
    let mut file = std::fs::File::open(path).map_err(refusal)?;
    let (mut piece, mut offset) = (vec![0; PIECE], 0);
    loop {
        let mut length = 0;
        // Lines stay whole only where pieces are.
        while length < PIECE {
            match file.read(&mut piece[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refusal(error)),
            }
        }
        let is_last = length < PIECE;
        let text = if is_last { dump(offset, &piece[..length]) } else { lines(offset, &piece[..length]) };
        offset += length as u64;
        if !standard::print_on(text.as_bytes())? || is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_lines_of_words() {
        let sum = checksum("modbus big HEX").unwrap();
        assert_eq!(sum.to_string(), "CRC-16/MODBUS big HEX");
        assert!(checksum("modbsu").unwrap_err().contains("no checksum is called that"));
        assert!(checksum("crc modbus").is_err());
        let keyed = checksum("HMAC-SHA-256").unwrap_err();
        assert!(keyed.contains("key="), "{keyed}");
        assert_eq!(checksum("HMAC-SHA-256 key=a b").unwrap().key, "a b");
        assert!(checksum("none").unwrap().is_none());
    }

    #[test]
    fn dumps_are_those_of_hexdump() {
        let expected = "00000000  68 65 6c 6c 6f                                    |hello|\n00000005\n";
        assert_eq!(dump(0, b"hello"), expected);
        let bytes: Vec<u8> = (0x3f..0x50).collect();
        assert_eq!(
            dump(0, &bytes),
            "00000000  3f 40 41 42 43 44 45 46  47 48 49 4a 4b 4c 4d 4e  |?@ABCDEFGHIJKLMN|\n\
             00000010  4f                                                |O|\n00000011\n"
        );
    }

    #[test]
    fn a_mistake_is_shown_in_its_line() {
        assert_eq!(
            at_place("one\nt\\qo\nthree", &(5..7), "No."),
            "the payload, at character 6:\n\n  t\\qo\n   ^^\nNo."
        );
        assert_eq!(at_place("ab", &(2..2), "No."), "the payload, at character 3:\n\n  ab\n    ^\nNo.");
    }
}
