//! Dumps with an offset column, as Wireshark, `hexdump -C`, `xxd`, `od -A x -t x1` and `tcpdump -X` print them.
//!
//! A text is taken for a dump only when every line begins with an offset and the offsets fit the bytes between them, so
//! plain hex that begins with `0000` stays plain hex. Called by: `hex`.

use super::MAX_PAYLOAD_BYTES;
use super::hex::{digit, plain_pairs};

/// No tool prints more bytes on a line.
const MAX_LINE_BYTES: u64 = 64;
/// What the tools print when nothing else is said.
const USUAL_LINE_BYTES: usize = 16;

/// The bytes of a dump; `None` when the text is not one.
pub(super) fn dump_to_bytes(text: &str) -> Option<Vec<u8>> {
    let first_line = text.lines().find(|line| !line.trim().is_empty())?;
    Line::read(first_line)?;
    let mut entries = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        entries.push(Entry::read(line)?);
    }
    let lines: Vec<&Line<'_>> = entries.iter().filter_map(Entry::line).collect();
    let first = *lines.first()?;
    if lines.len() == 1 && !(first.offset == 0 && first.sure) {
        return None;
    }
    let mut bytes = Vec::new();
    let mut usual = USUAL_LINE_BYTES;
    let mut previous: Option<(u64, Vec<u8>)> = None;
    let mut repeating = false;
    for (index, entry) in entries.iter().enumerate() {
        let Entry::Line(line) = entry else {
            // `*`: the line before it goes on until the next offset.
            repeating = previous.is_some();
            continue;
        };
        if let Some((offset, last)) = &previous {
            let gap = line.offset.checked_sub(*offset)?;
            if repeating {
                repeat(last, gap, &mut bytes)?;
            } else if gap != last.len() as u64 {
                return None;
            }
        }
        repeating = false;
        let known = match entries.get(index + 1) {
            Some(Entry::Line(next)) => {
                let width = next.offset.checked_sub(line.offset)?;
                if !(1..=MAX_LINE_BYTES).contains(&width) || (width < 4 && !line.sure && !next.rest.is_empty()) {
                    return None;
                }
                usual = width as usize;
                Some(usual)
            }
            Some(Entry::Repeat) | None => None,
        };
        let content = line.bytes(known, usual)?;
        if content.is_empty() && index + 1 < entries.len() {
            return None;
        }
        bytes.extend_from_slice(&content);
        previous = Some((line.offset, content));
    }
    (!bytes.is_empty() && !repeating).then_some(bytes)
}

enum Entry<'a> {
    Line(Line<'a>),
    Repeat,
}

impl<'a> Entry<'a> {
    fn read(line: &'a str) -> Option<Self> {
        if line.trim() == "*" {
            return Some(Self::Repeat);
        }
        Line::read(line).map(Self::Line)
    }

    fn line(&self) -> Option<&Line<'a>> {
        match self {
            Self::Line(line) => Some(line),
            Self::Repeat => None,
        }
    }
}

/// A line's offset and what stands behind it.
struct Line<'a> {
    offset: u64,
    /// Behind the offset and its colon, leading blanks gone.
    rest: &'a str,
    /// A colon, or two blanks, mark the offset as one.
    sure: bool,
    /// Groups of more than one byte are in order only where a colon stands (`hexdump` without `-C` swaps them).
    colon: bool,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let digits = line.strip_prefix("0x").unwrap_or(line);
        let length = digits.bytes().take_while(|byte| digit(*byte).is_some()).count();
        if !(4..=16).contains(&length) {
            return None;
        }
        let (offset, rest) = digits.split_at(length);
        let offset = u64::from_str_radix(offset, 16).ok()?;
        let colon = rest.starts_with(':');
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let content = rest.trim_start_matches([' ', '\t']);
        let blanks = rest.len() - content.len();
        if blanks == 0 && !content.is_empty() {
            return None;
        }
        Some(Self { offset, rest: content, sure: colon || blanks >= 2 || rest.starts_with('\t'), colon })
    }

    /// The line's bytes: as many as the next offset tells, else up to a wide gap, behind which the text column stands.
    fn bytes(&self, known: Option<usize>, usual: usize) -> Option<Vec<u8>> {
        let limit = known.unwrap_or(MAX_LINE_BYTES as usize);
        let mut bytes = Vec::with_capacity(limit);
        // All but the last byte, up to the two blanks in the middle, where more of them are certain to be bytes.
        let sure = plain_pairs(self.rest.as_bytes(), 0, limit.saturating_sub(1), &mut bytes);
        let sure = if self.rest.as_bytes().get(sure) == Some(&b' ') { sure.saturating_sub(3) } else { sure };
        bytes.truncate(sure / 3);
        let mut rest = self.rest.get(sure..).unwrap_or_default();
        while bytes.len() < limit && !rest.is_empty() {
            let length = rest.bytes().take_while(|byte| digit(*byte).is_some()).count();
            let (group, after) = rest.split_at(length);
            let content = after.trim_start_matches(' ');
            let blanks = after.len() - content.len();
            let is_group = match length {
                2 => true,
                4 | 8 | 16 => self.colon,
                _ => false,
            };
            if !is_group || (blanks == 0 && !after.is_empty()) {
                return None;
            }
            for pair in group.as_bytes().chunks_exact(2) {
                bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
            }
            // `hexdump -C` leaves two blanks in the middle of its sixteen bytes.
            let middle = blanks == 2 && bytes.len() == 8 && known.unwrap_or(usual) > 8;
            if blanks >= 2 && !(middle && starts_with_byte(content)) {
                return (bytes.len() <= limit).then_some(bytes);
            }
            rest = content;
        }
        // Bytes beyond what any tool prints on a line are no text column: nothing may be lost in silence.
        (bytes.len() <= limit && (known.is_some() || rest.is_empty())).then_some(bytes)
    }
}

fn starts_with_byte(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().and_then(digit).is_some()
        && bytes.next().and_then(digit).is_some()
        && bytes.next().is_none_or(|byte| byte == b' ')
}

/// Appends `line` again until `gap` bytes from its own start are filled.
fn repeat(line: &[u8], gap: u64, bytes: &mut Vec<u8>) -> Option<()> {
    let missing = gap.checked_sub(line.len() as u64)?;
    if line.is_empty() || missing + bytes.len() as u64 > MAX_PAYLOAD_BYTES {
        return None;
    }
    bytes.extend(line.iter().copied().cycle().take(missing as usize));
    Some(())
}
