//! Payloads out of files of other programs: Packet Sender's packets (its JSON export and `packets.ini`), and plain lists
//! with a payload a line, named or not.
//!
//! Owns: what such files mean, and what of them was left out and why. Never: believes them; all of it is bounded, and a
//! mistake leaves out one entry, not the file. `import` reads a file (blocking); the rest is pure. Called by: ui.

use std::path::Path;

use serde_json::Value;

use super::{MAX_ITEMS, disk};
use crate::model::{Draft, Failure, PayloadFormat, SavedPayload, TextEncoding};
use crate::payload::{Mistake, hex_to_bytes, retyped, text_to_bytes, visible_text};
use crate::words::Words;

/// Larger files are refused before they are read.
pub const MAX_IMPORT_BYTES: u64 = 10_000_000;
/// Reasons that are kept; more are counted.
const MAX_REASONS: usize = 100;
const MAX_NAME_BYTES: usize = 200;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// In a folder that is called like the file.
    pub payloads: Vec<SavedPayload>,
    /// The first of those that were left out.
    pub left_out: Vec<LeftOut>,
    pub more_left_out: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The line of the file, or the place in its list; counted from 1.
    pub at: usize,
    pub name: String,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// Nothing stands before or behind the tab or semicolon.
    NoPayload,
    /// A request that Packet Sender makes up itself (HTTP); its bytes are not in the file.
    NoBytes,
    Mistake(Mistake),
    /// A workspace holds no more.
    TooMany,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NotImported {
    Io(Failure),
    TooLarge(u64),
    /// It is neither text in UTF-8 nor of a known form.
    Unknown,
    /// JSON with a mistake.
    Json {
        line: usize,
        column: usize,
    },
}

/// Reads a file of one of the known forms.
pub fn import(path: &Path) -> Result<Imported, NotImported> {
    let bytes = disk::read(path, MAX_IMPORT_BYTES).map_err(|error| match error {
        disk::ReadError::Io(failure) => NotImported::Io(failure),
        disk::ReadError::TooLarge(bytes) => NotImported::TooLarge(bytes),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| NotImported::Unknown)?;
    // A folder's name has no levels of its own.
    let folder = path.file_stem().unwrap_or_default().to_string_lossy().replace('/', " ");
    import_text(&text, &visible_text(&folder, MAX_NAME_BYTES))
}

/// The same of a text.
pub fn import_text(text: &str, folder: &str) -> Result<Imported, NotImported> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Found { folder: folder.to_owned(), imported: Imported::default() };
    let begin = text.trim_start();
    if is_settings(begin) {
        found.settings(text);
    } else if begin.starts_with('[') || begin.starts_with('{') {
        found.json(text)?;
    } else if text.contains('\0') {
        return Err(NotImported::Unknown);
    } else {
        found.lines(text);
    }
    Ok(found.imported)
}

/// `[section]` on a line of its own: a JSON list continues with a value.
fn is_settings(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim();
    let inside = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    inside.is_some_and(|name| !name.is_empty() && !name.starts_with(['{', '[', '"', ' ']))
}

struct Found {
    folder: String,
    imported: Imported,
}

/// A packet as Packet Sender keeps it.
#[derive(Default)]
struct Packet {
    name: String,
    hex: String,
    to: String,
    port: String,
    transport: String,
    repeat: String,
}

impl Found {
    fn json(&mut self, text: &str) -> Result<(), NotImported> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| NotImported::Json { line: error.line(), column: error.column() })?;
        let packets = match value {
            Value::Array(packets) => packets,
            Value::Object(_) => vec![value],
            _ => return Err(NotImported::Unknown),
        };
        for (place, packet) in packets.iter().enumerate() {
            // Its exports have small letters; older ones and other tools write them as in the settings.
            let field = |name: &str| {
                let fields = packet.as_object().into_iter().flatten();
                let mut fields = fields.filter(|(key, _)| key.eq_ignore_ascii_case(name));
                match fields.next().map(|(_, value)| value) {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Number(number)) => number.to_string(),
                    _ => String::new(),
                }
            };
            let packet = Packet {
                name: field("name"),
                hex: field("hexstring"),
                to: field("toip"),
                port: field("port"),
                transport: field("tcporudp"),
                repeat: field("repeat"),
            };
            self.packet(place + 1, &packet);
        }
        Ok(())
    }

    /// One section a packet; the list of names at the beginning has no packet.
    fn settings(&mut self, text: &str) {
        let mut current: Option<(usize, Packet)> = None;
        for (line, text) in text.lines().enumerate() {
            let text = text.trim();
            if let Some(section) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                self.section(current.take());
                current = Some((line + 1, Packet { name: percent_decoded(section), ..Packet::default() }));
            } else if let (Some((_, packet)), Some((key, value))) = (&mut current, text.split_once('=')) {
                let value = value.trim().trim_matches('"').to_owned();
                match key.trim() {
                    "hexString" => packet.hex = value,
                    "toIP" => packet.to = value,
                    "port" => packet.port = value,
                    "tcpOrUdp" => packet.transport = value,
                    "repeat" => packet.repeat = seconds(&value).unwrap_or(value),
                    _ => {}
                }
            }
        }
        self.section(current);
    }

    fn section(&mut self, section: Option<(usize, Packet)>) {
        if let Some((line, packet)) = section
            && !(packet.hex.is_empty() && packet.transport.is_empty())
        {
            self.packet(line, &packet);
        }
    }

    fn packet(&mut self, at: usize, packet: &Packet) {
        let name = if packet.name.trim().is_empty() { at.to_string() } else { packet.name.clone() };
        if packet.hex.trim().is_empty() || packet.transport.to_ascii_lowercase().contains("http") {
            return self.leave_out(at, &name, Why::NoBytes);
        }
        let bytes = match hex_to_bytes(&packet.hex) {
            Ok(bytes) => bytes,
            Err(mistake) => return self.leave_out(at, &name, Why::Mistake(mistake)),
        };
        let mut remark = String::new();
        if !packet.to.is_empty() {
            let host = if packet.to.contains(':') { format!("[{}]", packet.to) } else { packet.to.clone() };
            remark = format!("{}://{host}:{}", packet.transport.to_ascii_lowercase(), packet.port);
        }
        if packet.repeat.parse::<f64>().is_ok_and(|seconds| seconds > 0.0) {
            remark = format!("{remark} · ↻ {} s", packet.repeat).trim_start_matches(" · ").to_owned();
        }
        self.add(at, &name, remark, retyped(&bytes, TextEncoding::Utf8));
    }

    /// `name<TAB>payload`, `name;payload` or a payload alone; lines with `#` or `//` in front say something to people.
    fn lines(&mut self, text: &str) {
        for (line, text) in text.lines().enumerate() {
            let (at, text) = (line + 1, text.trim_end_matches('\r'));
            let trimmed = text.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with("//") {
                continue;
            }
            // A line without a name is called as it reads.
            let parted = text.split_once('\t').or_else(|| text.split_once(';'));
            let (name, payload) = parted.unwrap_or((trimmed, trimmed));
            if name.trim().is_empty() || payload.trim().is_empty() {
                self.leave_out(at, trimmed, Why::NoPayload);
                continue;
            }
            match line_payload(payload) {
                Ok(draft) => self.add(at, name.trim(), String::new(), draft),
                Err(mistake) => self.leave_out(at, name.trim(), Why::Mistake(mistake)),
            }
        }
    }

    fn add(&mut self, at: usize, name: &str, remark: String, draft: Draft) {
        if self.imported.payloads.len() >= MAX_ITEMS {
            return self.leave_out(at, name, Why::TooMany);
        }
        let (name, remark) = (cut(name), cut(&remark));
        let folder = self.folder.clone();
        self.imported.payloads.push(SavedPayload { name, folder, remark, shortcut: None, draft });
    }

    fn leave_out(&mut self, at: usize, name: &str, why: Why) {
        if self.imported.left_out.len() < MAX_REASONS {
            self.imported.left_out.push(LeftOut { at, name: visible_text(name, 80), why });
        } else {
            self.imported.more_left_out += 1;
        }
    }
}

/// Bytes of two digits each are hex, so is what follows `hex:` and `0x`; the rest is text, with escapes, in quotes or not.
fn line_payload(payload: &str) -> Result<Draft, Mistake> {
    let payload = payload.trim();
    let hex = payload.strip_prefix("hex:").or_else(|| payload.strip_prefix("0x").map(|_| payload));
    let is_byte = |word: &str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex.is_some() || payload.split_whitespace().all(is_byte) {
        let text = hex.unwrap_or(payload).trim().to_owned();
        hex_to_bytes(&text)?;
        return Ok(Draft { format: PayloadFormat::Hex, text, ..Draft::default() });
    }
    let quoted = payload.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let bytes = text_to_bytes(quoted.unwrap_or(payload), TextEncoding::Utf8)?;
    Ok(retyped(&bytes, TextEncoding::Utf8))
}

fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_NAME_BYTES)).unwrap_or_default().to_owned()
}

/// Newer versions keep the seconds as a `QVariant` of a float: its kind in four bytes, then the number, big-endian.
fn seconds(value: &str) -> Option<String> {
    let bytes = qt_bytes(value.strip_prefix("@Variant(")?.strip_suffix(')')?);
    match bytes.as_slice() {
        [0, 0, 0, 0x87, number @ ..] => Some(f32::from_be_bytes(number.try_into().ok()?).to_string()),
        _ => None,
    }
}

/// The bytes of a value as Qt's settings escape them.
fn qt_bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.chars().peekable());
    while let Some(character) = rest.next() {
        // Each character is one byte there; what is none cannot be of a number.
        let byte = match character {
            '\\' => match rest.next() {
                Some('x') => {
                    let mut value = 0;
                    while let Some(digit) = rest.peek().and_then(|digit| digit.to_digit(16)) {
                        value = (value << 4 | digit) & 0xFF;
                        rest.next();
                    }
                    value
                }
                Some('0') => 0,
                Some('a') => 7,
                Some('b') => 8,
                Some('t') => 9,
                Some('n') => 10,
                Some('v') => 11,
                Some('f') => 12,
                Some('r') => 13,
                Some(other) => u32::from(other),
                None => return bytes,
            },
            other => u32::from(other),
        };
        bytes.push(u8::try_from(byte).unwrap_or(b'?'));
    }
    bytes
}

/// Section names of Qt's settings: `%20`, and `%U` with four digits.
fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        decoded.extend_from_slice(&rest.as_bytes()[..at]);
        let behind = &rest[at + 1..];
        let wide = behind.strip_prefix('U').and_then(|digits| digits.get(..4));
        let wide = wide.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        let byte = behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match (wide, byte) {
            (Some(character), _) => {
                decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                &behind[5..]
            }
            (None, Some(byte)) => {
                // Below 256 it is a character of Latin-1.
                decoded.extend_from_slice(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes());
                &behind[2..]
            }
            (None, None) => {
                decoded.push(b'%');
                behind
            }
        };
    }
    decoded.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&decoded).into_owned()
}

impl LeftOut {
    pub fn sentence(&self, words: &Words) -> String {
        let why = match &self.why {
            Why::NoPayload => words.get("import.no_payload").to_owned(),
            Why::NoBytes => words.get("import.no_bytes").to_owned(),
            Why::TooMany => words.get("import.too_many").to_owned(),
            Why::Mistake(mistake) => words.mistake(mistake),
        };
        words.fill("import.left_out", &[("at", &self.at), ("name", &self.name), ("why", &why)])
    }
}

impl NotImported {
    pub fn sentence(&self, words: &Words) -> String {
        match self {
            Self::Io(failure) => words.failure(failure),
            Self::TooLarge(bytes) => words.fill("import.too_large", &[("bytes", &words.count("count.bytes", *bytes))]),
            Self::Unknown => words.get("import.unknown").to_owned(),
            Self::Json { line, column } => words.fill("import.json", &[("line", line), ("column", column)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::compose;

    fn bytes(imported: &Imported) -> Vec<(&str, Vec<u8>)> {
        imported.payloads.iter().map(|payload| (payload.name.as_str(), compose(&payload.draft).unwrap())).collect()
    }

    #[test]
    fn packet_senders_export_is_read() {
        let text = r#"[
            {"name": "Get status", "hexstring": "47 45 54 0D 0a ", "asciistring": "R0VUXHJcbg==", "fromip": "", "toip":
             "192.168.1.5", "port": "5000", "fromport": "0", "tcporudp": "TCP", "repeat": "2", "sendresponse": "0",
             "requestpath": "", "errorstring": ""},
            {"name": "binary", "hexString": "00ff", "toIP": "::1", "port": 7, "tcpOrUdp": "UDP", "repeat": 0},
            {"name": "web", "hexstring": "", "tcporudp": "HTTP GET", "toip": "example.org", "port": "80"},
            {"name": "bad", "hexstring": "zz", "tcporudp": "TCP"},
            17
        ]"#;
        let imported = import_text(text, "bench").unwrap();
        assert_eq!(bytes(&imported), [("Get status", b"GET\r\n".to_vec()), ("binary", vec![0, 255])]);
        assert_eq!(imported.payloads[0].draft.format, PayloadFormat::Text);
        assert_eq!(imported.payloads[0].remark, "tcp://192.168.1.5:5000 · ↻ 2 s");
        assert_eq!(
            (imported.payloads[1].remark.as_str(), imported.payloads[1].folder.as_str()),
            ("udp://[::1]:7", "bench")
        );
        let left: Vec<(usize, &str)> = imported.left_out.iter().map(|left| (left.at, left.name.as_str())).collect();
        assert_eq!(left, [(3, "web"), (4, "bad"), (5, "5")]);
    }

    #[test]
    fn packet_senders_settings_are_read() {
        let text = "[PACKETNAMES]\n1\\name=A b\nsize=1\n\n[A%20b]\nname=A b\nfromIP=You\ntoIP=127.0.0.1\nport=9\n\
                    tcpOrUdp=UDP\nhexString=41 42\nrepeat=0\n[web]\ntcpOrUdp=HTTP POST\nhexString=41\n";
        let imported = import_text(text, "packets").unwrap();
        assert_eq!(bytes(&imported), [("A b", b"AB".to_vec())]);
        assert_eq!(imported.left_out, [LeftOut { at: 13, name: "web".into(), why: Why::NoBytes }]);
    }

    /// As Packet Sender 8.1.1 of Debian exported it (File → Export Database).
    #[test]
    fn an_export_of_packet_sender_8_is_read() {
        let text = include_str!("../../tests/fixtures/packet-sender-8.1.1.ini");
        let imported = import_text(text, "bench").unwrap();
        assert_eq!(bytes(&imported), [("Pump 1 status", b"STATUS \x02\r\n".to_vec())]);
        assert_eq!(imported.payloads[0].remark, "tcp://127.0.0.1:24071 · ↻ 1.5 s");
        assert_eq!(imported.left_out, []);
        assert_eq!(seconds(r"@Variant(\0\0\0\x87\0\0\0\0)").as_deref(), Some("0"));
        assert_eq!((seconds("2"), seconds(r"@Variant(\0\0)"), seconds(r"@Variant(\")), (None, None, None));
    }

    #[test]
    fn plain_lists_are_read() {
        let text = "\u{feff}# a list\r\n// too\n\nping\tPING\\r\\n\r\nread;01 03 00 0a\nraw;hex:0103\nquoted;\"a;b \"\nface;\"face\"\n\
                    lonely\nodd;hex:123\nbraces;{{now}}\n;nameless\n01 03 00 0a\n";
        let imported = import_text(text, "list").unwrap();
        let expected = [
            ("ping", b"PING\r\n".to_vec()),
            ("read", vec![1, 3, 0, 10]),
            ("raw", vec![1, 3]),
            ("quoted", b"a;b ".to_vec()),
            ("face", b"face".to_vec()),
            ("lonely", b"lonely".to_vec()),
            ("braces", b"{{now}}".to_vec()),
            ("01 03 00 0a", vec![1, 3, 0, 10]),
        ];
        assert_eq!(bytes(&imported), expected);
        let lines: Vec<usize> = imported.left_out.iter().map(|left| left.at).collect();
        assert_eq!(lines, [10, 12]);
        for language in crate::words::Language::ALL {
            let words = Words::of(language);
            assert!(imported.left_out.iter().all(|left| left.sentence(words).contains(&left.at.to_string())));
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(matches!(import_text("[{\"name\": }]", "x"), Err(NotImported::Json { line: 1, .. })));
        assert_eq!(import_text("\0\u{1}", "x"), Err(NotImported::Unknown));
        assert!(matches!(import_text(&"[".repeat(100_000), "x"), Err(NotImported::Json { .. })));
        let many = "x;y\n".repeat(MAX_ITEMS + MAX_REASONS + 5);
        let imported = import_text(&many, "x").unwrap();
        assert_eq!((imported.payloads.len(), imported.left_out.len()), (MAX_ITEMS, MAX_REASONS));
        assert_eq!(imported.more_left_out, 5);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a\u{202e}b.txt");
        std::fs::write(&path, "x;y").unwrap();
        assert_eq!(import(&path).unwrap().payloads[0].folder, "a⟨U+202E⟩b");
        std::fs::write(&path, b"\xff;y").unwrap();
        assert_eq!(import(&path), Err(NotImported::Unknown));
        assert!(matches!(import(folder.path()), Err(NotImported::Io(_))));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_everything_read_can_be_sent(text in prop_oneof![
            any::<String>(),
            "[\\[\\]{}\":,a-z%U0-9;\t\n=\\\\ ]{0,200}",
            "(\\[[a-z%U0-9]{0,6}\\]\n(hexString=[0-9a-fx ]{0,8}\n)?){0,4}",
            "(name[0-9];[\"a-f0-9 \\\\x{}]{0,12}\n){0,6}",
        ]) {
            if let Ok(imported) = import_text(&text, "f") {
                for payload in &imported.payloads {
                    prop_assert!(compose(&payload.draft).is_ok());
                    prop_assert!(payload.name.len() <= MAX_NAME_BYTES);
                }
            }
        }
    }
}
