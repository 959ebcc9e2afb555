//! `--framing`, `--verify`, `--decode`: how what is received and sent is taken apart, as it is typed. Pure.
//! Called by: `arguments`.

use std::time::Duration;

use super::{durations, payloads};
use crate::model::{ByteOrder, Counts, Draft, Framing, LengthPrefix, MOST_FRAME_BYTES, PayloadFormat, Verify};
use crate::payload;

/// Longer frames are cut.
const MOST: u32 = 1024 * 1024;
const LONGEST_GAP: Duration = Duration::from_secs(3600);

/// What `--help` says of it.
pub const LANGUAGE: &str = "Framings (in quotes, so that the shell leaves them alone):
  line               up to LF, without it and a CR before it
  'delimiter \\r\\n'   up to these bytes, written as in --mixed ([0d 0a])
  '… keep'           and with them
  'fixed 8'          so many bytes each
  'length u16be'     a length stands first: u8, u16be, u16le … u64le
  '… at 4'           behind so many bytes
  '… counts whole'   it counts the whole frame; counts length: itself too;
                     counts rest: what follows it
  '… extra 2'        so many bytes more, such as a checksum
  'idle 20ms'        up to a pause
  slip               RFC 1055
  cobs               consistent overhead byte stuffing
  stx-etx            from 02 to 03; 'stx-etx 10': 10 (hex) is the escape";

pub fn framing(text: &str) -> Result<Framing, String> {
    let text = text.trim();
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let alone = |framing: Framing| match rest {
        "" => Ok(framing),
        _ => Err(format!("{kind} takes nothing behind it")),
    };
    match kind {
        "none" => alone(Framing::None),
        "line" => alone(Framing::Line { most_bytes: MOST }),
        "slip" => alone(Framing::Slip { most_bytes: MOST }),
        "cobs" => alone(Framing::Cobs { most_bytes: MOST }),
        "delimiter" => delimiter(rest),
        "fixed" => match number(rest)? {
            bytes @ 1..=MOST_FRAME_BYTES => Ok(Framing::Fixed { bytes }),
            _ => Err(format!("fixed takes 1 to {MOST_FRAME_BYTES} bytes")),
        },
        "length" => length(rest).map(Framing::LengthPrefix),
        "idle" => idle(rest),
        "stx-etx" => stx_etx(rest),
        _ => Err("use line, delimiter, fixed, length, idle, slip, cobs or stx-etx (see --help)".to_owned()),
    }
}

/// A line of words like `--checksum`, and `skip=N` and `behind=N`.
pub fn verify(text: &str) -> Result<Verify, String> {
    let (words, key) = text.split_once(" key=").map_or((text, None), |(words, key)| (words, Some(key)));
    let mut verify = Verify::default();
    let mut left = Vec::new();
    for word in words.split_whitespace() {
        match word.split_once('=') {
            Some(("skip", bytes)) => verify.skip = number(bytes)?,
            Some(("behind", bytes)) => verify.behind = number(bytes)?,
            _ => left.push(word),
        }
    }
    let mut line = left.join(" ");
    if let Some(key) = key {
        line = format!("{line} key={key}");
    }
    verify.checksum = payloads::some_checksum(&line)?;
    Ok(verify)
}

fn delimiter(rest: &str) -> Result<Framing, String> {
    let (typed, keep) = rest.strip_suffix(" keep").map_or((rest, false), |typed| (typed.trim_end(), true));
    let draft = Draft { format: PayloadFormat::Mixed, text: typed.to_owned(), ..Draft::default() };
    let mistake = |_| format!("{typed:?} cannot be read as bytes: write '\\r\\n' or '[0d 0a]'");
    let bytes = payload::compose(&draft).map_err(mistake)?;
    if bytes.is_empty() || bytes.len() > 1024 {
        return Err("delimiter takes 1 to 1024 bytes: 'delimiter \\r\\n'".to_owned());
    }
    Ok(Framing::Delimiter { bytes, keep, most_bytes: MOST })
}

fn length(rest: &str) -> Result<LengthPrefix, String> {
    let mut prefix = LengthPrefix { most_bytes: MOST, ..LengthPrefix::default() };
    let mut words = rest.split_whitespace();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value behind it"));
        match word {
            "at" => prefix.offset = number(value()?)?,
            "extra" => {
                prefix.extra = value()?.parse().map_err(|_| "extra takes a whole number".to_owned())?;
            }
            "counts" => {
                prefix.counts = match value()? {
                    "rest" => Counts::Rest,
                    "length" => Counts::FromLength,
                    "whole" => Counts::Whole,
                    _ => return Err("counts takes rest, length or whole".to_owned()),
                };
            }
            form => (prefix.width, prefix.order) = width(form)?,
        }
    }
    if prefix.offset > MOST_FRAME_BYTES || prefix.extra.unsigned_abs() > MOST_FRAME_BYTES {
        return Err(format!("at and extra take up to {MOST_FRAME_BYTES} bytes"));
    }
    Ok(prefix)
}

fn width(form: &str) -> Result<(u8, ByteOrder), String> {
    let order = if form.ends_with("le") { ByteOrder::Little } else { ByteOrder::Big };
    let width = match form.trim_end_matches("be").trim_end_matches("le") {
        "u8" if form == "u8" => 1,
        "u16" => 2,
        "u24" => 3,
        "u32" => 4,
        "u64" => 8,
        _ => return Err(format!("{form:?} is no word of length: u8, u16be, u16le …, at, counts, extra")),
    };
    if width > 1 && !form.ends_with("be") && !form.ends_with("le") {
        return Err(format!("which byte comes first? {form}be or {form}le"));
    }
    Ok((width, order))
}

fn idle(rest: &str) -> Result<Framing, String> {
    let gap = durations::parse(rest)?;
    if gap.is_zero() || gap > LONGEST_GAP {
        return Err("idle takes a pause of up to an hour: 'idle 20ms'".to_owned());
    }
    Ok(Framing::IdleGap { nanos: u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX), most_bytes: MOST })
}

fn stx_etx(rest: &str) -> Result<Framing, String> {
    let escape = match rest {
        "" => None,
        digits => {
            let byte = u8::from_str_radix(digits, 16).ok().filter(|byte| !matches!(byte, 2 | 3));
            Some(byte.ok_or("stx-etx takes an escape of one byte in hex, other than 02 and 03")?)
        }
    };
    Ok(Framing::StxEtx { escape, most_bytes: MOST })
}

fn number(text: &str) -> Result<u32, String> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(|| format!("{text:?} is no number of bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_framing_is_read() {
        assert_eq!(framing(" line "), Ok(Framing::Line { most_bytes: MOST }));
        let crlf = |keep| Ok(Framing::Delimiter { bytes: b"\r\n".to_vec(), keep, most_bytes: MOST });
        assert_eq!(framing(r"delimiter \r\n"), crlf(false));
        assert_eq!(framing("delimiter [0d 0a] keep"), crlf(true));
        assert_eq!(framing("fixed 8"), Ok(Framing::Fixed { bytes: 8 }));
        let prefix = LengthPrefix { most_bytes: MOST, ..LengthPrefix::default() };
        assert_eq!(framing("length"), Ok(Framing::LengthPrefix(prefix)));
        let modbus = LengthPrefix { offset: 4, width: 4, order: ByteOrder::Little, extra: -2, ..prefix };
        let whole = LengthPrefix { counts: Counts::Whole, ..modbus };
        assert_eq!(framing("length u32le at 4 extra -2 counts whole"), Ok(Framing::LengthPrefix(whole)));
        assert_eq!(framing("idle 20ms"), Ok(Framing::IdleGap { nanos: 20_000_000, most_bytes: MOST }));
        assert_eq!(framing("stx-etx 10"), Ok(Framing::StxEtx { escape: Some(0x10), most_bytes: MOST }));
        assert_eq!(framing("stx-etx"), Ok(Framing::StxEtx { escape: None, most_bytes: MOST }));
        assert!(framing("slip").is_ok() && framing("cobs").is_ok() && framing("none").is_ok());
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "lines",
            "line 4",
            "delimiter",
            r"delimiter \q",
            "delimiter {{now}}",
            "fixed",
            "fixed 0",
            "fixed -1",
            "fixed 99999999999",
            "length u16",
            "length u8be",
            "length at",
            "length counts all",
            "length extra x",
            "length u12be",
            "idle",
            "idle 0ms",
            "idle 20",
            "idle 2h",
            "stx-etx 03",
            "stx-etx 100",
            "at 4",
        ] {
            assert!(framing(text).is_err(), "{text}");
        }
    }

    #[test]
    fn verified_checksums_have_a_place() {
        let read = verify("modbus big skip=1 behind=2").unwrap();
        assert_eq!((read.checksum.to_string().as_str(), read.skip, read.behind), ("CRC-16/MODBUS big", 1, 2));
        assert_eq!(verify("HMAC-SHA-256 key=a skip=3").unwrap().checksum.key, "a skip=3");
        for text in ["", "none", "modbus skip=x", "modbus over=1"] {
            assert!(verify(text).is_err(), "{text}");
        }
    }
}
