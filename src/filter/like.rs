//! "Exclude ones like this" and "Only ones like this": filters written for the person, who sees and may change them.
//! Called by: ui.

use super::{Bounds, Expression, Filter, HexByte, Term, pattern};
use crate::model::{Direction, Recorded, TextEncoding, What};
use crate::payload;

/// Up to this many bytes are looked for as a whole; of longer payloads the first few, beside their size.
const WHOLE_BYTES: usize = 64;
const FIRST_BYTES: usize = 16;
/// No character of any encoding is longer.
const CHARACTER_BYTES: usize = 4;
/// A text with fewer letters is a number itself, which is not taken out of it.
const LEAST_LETTERS: usize = 3;

/// The filter that `text` is, without rows like this one. `shown_as`: how the row's content is shown.
///
/// Payloads are alike when direction, size and bytes are, short texts also where their numbers differ (a heartbeat that
/// counts); happenings when their kind is. A text that is no filter is left behind: give the one that is in effect.
pub fn exclude_like(text: &str, row: &Recorded, shown_as: TextEncoding) -> String {
    alike(text, row, shown_as, |likeness| Expression::Not(Box::new(likeness)))
}

/// The filter that `text` is, with no other rows than those like this one.
pub fn only_like(text: &str, row: &Recorded, shown_as: TextEncoding) -> String {
    alike(text, row, shown_as, |likeness| likeness)
}

/// The filter that `text` is, and `more`; nothing is changed where it says so already.
pub fn narrowed(text: &str, more: Expression) -> String {
    let filter = Filter::parse(text).unwrap_or_default();
    let text = filter.text().trim();
    match filter.expression() {
        None => more.to_string(),
        Some(Expression::All(all)) if all.contains(&more) => text.to_owned(),
        Some(there) if *there == more => text.to_owned(),
        Some(there) => {
            let (open, close) = if matches!(there, Expression::Any(_)) { ("(", ")") } else { ("", "") };
            let more = if matches!(more, Expression::Any(_)) { format!("({more})") } else { more.to_string() };
            format!("{open}{text}{close} and {more}")
        }
    }
}

/// With the pattern of its numbers, unless the filter has more patterns by then than it may.
fn alike(text: &str, row: &Recorded, shown_as: TextEncoding, made: impl Fn(Expression) -> Expression) -> String {
    let written = narrowed(text, made(likeness(row, shown_as)));
    if Filter::parse(&written).is_ok() { written } else { narrowed(text, made(sameness(row, shown_as))) }
}

fn likeness(row: &Recorded, shown_as: TextEncoding) -> Expression {
    let (direction, bytes) = match &row.event.what {
        What::Received(bytes) => (Direction::In, bytes),
        What::Sent(bytes) => (Direction::Out, bytes),
        What::Happened(_) => return sameness(row, shown_as),
    };
    match whatever_numbers(bytes) {
        Some(numbered) => Expression::All([Term::Direction(direction), numbered].map(Expression::Is).into()),
        None => sameness(row, shown_as),
    }
}

fn sameness(row: &Recorded, shown_as: TextEncoding) -> Expression {
    let (direction, bytes) = match &row.event.what {
        What::Received(bytes) => (Direction::In, bytes),
        What::Sent(bytes) => (Direction::Out, bytes),
        What::Happened(happening) => return Expression::Is(Term::Kind(vec![happening.kind()])),
    };
    let size = bytes.len() as u64;
    let mut all = vec![Term::Direction(direction), Term::Size(Bounds { least: size, most: size })];
    all.extend(content(bytes, shown_as));
    Expression::All(all.into_iter().map(Expression::Is).collect())
}

/// The pattern of a short text with other numbers in it; `None` where there are none, or little else.
fn whatever_numbers(bytes: &[u8]) -> Option<Term> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= WHOLE_BYTES && text.is_ascii())?;
    let is_plain = |character: char| matches!(character, ' '..='~' | '\r' | '\n' | '\t');
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    if letters < LEAST_LETTERS
        || !text.contains(|character: char| character.is_ascii_digit())
        || !text.chars().all(is_plain)
    {
        return None;
    }
    let mut pattern = String::from("^");
    let mut in_number = false;
    for character in text.chars() {
        let is_digit = character.is_ascii_digit();
        match character {
            _ if is_digit && in_number => {}
            _ if is_digit => pattern.push_str("[0-9]+"),
            '\r' => pattern.push_str("\\r"),
            '\n' => pattern.push_str("\\n"),
            '\t' => pattern.push_str("\\t"),
            _ => pattern.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
        in_number = is_digit;
    }
    pattern.push('$');
    // One with too many numbers is refused.
    pattern::regex(&pattern, false).map(|_| Term::Regex { pattern, ignore_case: false })
}

/// Text where it is text, else the bytes themselves; `None` of an empty payload.
fn content(bytes: &[u8], shown_as: TextEncoding) -> Option<Term> {
    let is_long = bytes.len() > WHOLE_BYTES;
    let first = if is_long { bytes.get(..FIRST_BYTES)? } else { bytes };
    if first.is_empty() {
        return None;
    }
    if payload::is_text(bytes, shown_as) {
        // A character must not be cut in two.
        let longest = if is_long { FIRST_BYTES + CHARACTER_BYTES } else { first.len() + 1 };
        if let Some(text) = (first.len()..longest).find_map(|end| decoded(bytes.get(..end)?, shown_as)) {
            return Some(Term::Text(text));
        }
    }
    let first = first.get(..FIRST_BYTES).unwrap_or(first);
    Some(Term::Hex(first.iter().map(|value| HexByte { value: *value, mask: 0xFF }).collect()))
}

/// `None`: some of the bytes are no characters.
fn decoded(bytes: &[u8], encoding: TextEncoding) -> Option<String> {
    let escaped = payload::bytes_to_text(bytes, encoding);
    let is_raw = |(at, _): (usize, &str)| {
        escaped.as_bytes().get(at + 2).is_some_and(|digit| matches!(digit, b'8'..=b'9' | b'a'..=b'f'))
    };
    if escaped.match_indices("\\x").any(is_raw) {
        return None;
    }
    String::from_utf8(payload::text_to_bytes(&escaped, TextEncoding::Utf8).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::model::*;

    fn row(what: What) -> Recorded {
        let flow = Flow {
            endpoint: EndpointId(1),
            endpoint_uri: Arc::from("tcp://127.0.0.1:9000"),
            connection: ConnectionId(7),
            transport: Transport::Tcp,
            role: Role::Listener,
            local: None,
            peer: None,
            mirror: false,
        };
        Recorded { seq: 1, event: Event { time: Timestamp(1), flow: Arc::new(flow), what }, damaged: false }
    }

    fn received(bytes: &[u8]) -> Recorded {
        row(What::Received(Bytes::copy_from_slice(bytes)))
    }

    fn utf8(text: &str, row: &Recorded) -> String {
        exclude_like(text, row, TextEncoding::Utf8)
    }

    #[test]
    fn rows_are_told_by_what_they_are() {
        assert_eq!(utf8("", &received(b"heartbeat")), "not (dir:in size:9 heartbeat)");
        assert_eq!(utf8("", &received(b"a b 1\r\n")), "not (dir:in size:7 \"a b 1\\r\\n\")");
        assert_eq!(utf8("", &row(What::Sent(Bytes::new()))), "not (dir:out size:0)");
        assert_eq!(utf8("", &received(&[0, 1, 0xff])), "not (dir:in size:3 hex:00 01 ff)");
        assert_eq!(utf8("", &row(What::Happened(Box::new(Happening::Accepted)))), "not kind:accepted");
        let long = "温度温度温度温度".repeat(9);
        assert_eq!(utf8("", &received(long.as_bytes())), "not (dir:in size:216 温度温度温度)");
        assert_eq!(
            utf8("", &received(&[0; 100])),
            "not (dir:in size:100 hex:00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00)"
        );
        let gbk = received(&[0xce, 0xc2, 0xb6, 0xc8]);
        assert_eq!(only_like("", &gbk, TextEncoding::Gbk), "dir:in size:4 温度");
        assert_eq!(only_like("", &gbk, TextEncoding::Utf8), "dir:in size:4 hex:ce c2 b6 c8");
    }

    #[test]
    fn a_heartbeat_that_counts_is_like_the_next() {
        let written = utf8("", &received(b"HEARTBEAT 008 /a.b\r\n"));
        assert_eq!(written, r"not (dir:in /^HEARTBEAT [0-9]+ \/a\.b\r\n$/)");
        let json = only_like("", &received(br#"{"seq":9,"at":17.25}"#), TextEncoding::Utf8);
        assert_eq!(json, r#"dir:in /^\{"seq":[0-9]+,"at":[0-9]+\.[0-9]+\}$/"#);
        let pattern = pattern::regex("^[0-9]+ ping$", false).unwrap();
        assert!(pattern.is_match(b"10 ping") && !pattern.is_match(b"10 ping\n"));
        // Numbers alone are not taken away from what is said, nor those of what is no text.
        assert_eq!(utf8("", &received(b"12 34")), "not (dir:in size:5 \"12 34\")");
        assert_eq!(utf8("", &received(b"abc\x001")), "not (dir:in size:5 hex:61 62 63 00 31)");
        // However often it is done, the filter stays one.
        let rows = (b'a'..=b'z').map(|letter| received(&[b"code ", &[letter; 9][..], b" 7 8 9"].concat()));
        let all = rows.fold(String::new(), |before, row| utf8(&before, &row));
        assert_eq!(all.matches("not").count(), 26, "{all}");
    }

    #[test]
    fn brackets_stay_right() {
        let reset = row(What::Happened(Box::new(Happening::Accepted)));
        assert_eq!(utf8("a or b", &reset), "(a or b) and not kind:accepted");
        assert_eq!(utf8(" a b ", &reset), "a b and not kind:accepted");
        assert_eq!(utf8("hex:0d 0a", &reset), "hex:0d 0a and not kind:accepted");
        assert_eq!(only_like("a or b", &reset, TextEncoding::Utf8), "(a or b) and kind:accepted");
        assert_eq!(utf8("not kind:accepted", &reset), "not kind:accepted");
        assert_eq!(utf8("a not kind:accepted", &reset), "a not kind:accepted");
        // What is no filter has no rows to take away from.
        assert_eq!(utf8("knd:x", &reset), "not kind:accepted");
    }

    proptest! {
        #[test]
        fn what_is_written_says_what_was_meant(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            text in "\\PC{0,90}",
            encoding in prop::sample::select(TextEncoding::ALL.to_vec()),
            before in "|a|a or b|(a or b) c|-x",
        ) {
            for row in [received(&bytes), received(text.as_bytes())] {
                let written = exclude_like(&before, &row, encoding);
                let read = Filter::parse(&written).unwrap();
                let not = Expression::Not(Box::new(likeness(&row, encoding)));
                let expected = match Filter::parse(&before).unwrap().expression().cloned() {
                    None => not,
                    Some(Expression::All(mut all)) => {
                        all.push(not);
                        Expression::All(all)
                    }
                    Some(there) => Expression::All(vec![there, not]),
                };
                prop_assert_eq!(read.expression(), Some(&expected));
            }
        }
    }
}
