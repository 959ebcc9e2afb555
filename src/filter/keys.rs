//! The keys that can stand before a value, and what people type in their place.
//! Called by: the other files of this room, and `words`.

use crate::model::EventKind;

/// `key:value`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Direction,
    Kind,
    From,
    To,
    Peer,
    Port,
    Connection,
    Endpoint,
    Protocol,
    Size,
    After,
    Before,
    Within,
    Gap,
    Has,
    Is,
    Hex,
}

/// Names that other tools use, and the key that is meant.
const OTHER_NAMES: &[(&str, Key)] = &[
    ("direction", Key::Direction),
    ("event", Key::Kind),
    ("events", Key::Kind),
    ("type", Key::Kind),
    ("src", Key::From),
    ("source", Key::From),
    ("sender", Key::From),
    ("dst", Key::To),
    ("dest", Key::To),
    ("destination", Key::To),
    ("ip", Key::Peer),
    ("addr", Key::Peer),
    ("address", Key::Peer),
    ("host", Key::Peer),
    ("remote", Key::Peer),
    ("connection", Key::Connection),
    ("stream", Key::Connection),
    ("protocol", Key::Protocol),
    ("transport", Key::Protocol),
    ("len", Key::Size),
    ("length", Key::Size),
    ("bytes", Key::Size),
    ("since", Key::After),
    ("until", Key::Before),
    ("delta", Key::Gap),
    ("bin", Key::Hex),
];

impl Key {
    pub const ALL: [Self; 17] = [
        Self::Direction,
        Self::Kind,
        Self::From,
        Self::To,
        Self::Peer,
        Self::Port,
        Self::Connection,
        Self::Endpoint,
        Self::Protocol,
        Self::Size,
        Self::After,
        Self::Before,
        Self::Within,
        Self::Gap,
        Self::Has,
        Self::Is,
        Self::Hex,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Direction => "dir",
            Self::Kind => "kind",
            Self::From => "from",
            Self::To => "to",
            Self::Peer => "peer",
            Self::Port => "port",
            Self::Connection => "conn",
            Self::Endpoint => "endpoint",
            Self::Protocol => "proto",
            Self::Size => "size",
            Self::After => "after",
            Self::Before => "before",
            Self::Within => "within",
            Self::Gap => "gap",
            Self::Has => "has",
            Self::Is => "is",
            Self::Hex => "hex",
        }
    }

    /// Letters match in both cases.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().eq_ignore_ascii_case(name))
    }

    /// The words key of its explanation.
    pub(super) fn help_key(self) -> String {
        match self {
            Self::Is => "filter_help.error".to_owned(),
            _ => format!("filter_help.{}", self.name()),
        }
    }

    /// Whether `<` and `>` say something of it.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Port | Self::Connection | Self::Size | Self::Gap)
    }

    /// All that can stand behind it, where that is a list.
    pub fn values(self) -> &'static [&'static str] {
        const KINDS: [&str; EventKind::ALL.len()] = {
            let mut names = [""; EventKind::ALL.len()];
            let mut at = 0;
            while at < names.len() {
                names[at] = EventKind::ALL[at].name();
                at += 1;
            }
            names
        };
        match self {
            Self::Direction => &["in", "out"],
            Self::Kind => &KINDS,
            Self::Protocol => &["tcp", "udp"],
            Self::Has => &["note"],
            Self::Is => &["badframe", "badsum", "damaged", "error"],
            _ => &[],
        }
    }

    /// What was meant by a name that is no key.
    pub(super) fn meant_by(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let known = OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, key)| *key);
        known.or_else(|| Self::ALL.into_iter().find(|key| is_near(&name, key.name())))
    }

    /// What was meant by a value that is none of `values`.
    pub(super) fn value_meant_by(self, value: &str) -> Option<&'static str> {
        let value = value.to_ascii_lowercase().replace('-', "_");
        let begins = |known: &&&str| value.len() >= 2 && known.starts_with(&value);
        let values = self.values();
        values.iter().find(|known| is_near(&value, known)).or_else(|| values.iter().find(begins)).copied()
    }
}

/// One slip of the finger apart, or two in a long word: a letter missing, too many, another one, or two swapped.
fn is_near(typed: &str, known: &str) -> bool {
    let (typed, known) = (typed.as_bytes(), known.as_bytes());
    if known.len() < 3 || typed.len() < 2 || typed.len() > known.len() + 2 {
        return false;
    }
    slips(typed, known) <= if known.len() > 5 { 2 } else { 1 }
}

/// The Damerau–Levenshtein distance of two short words.
fn slips(one: &[u8], other: &[u8]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for (place, known) in other.iter().enumerate() {
            let above = &rows[at];
            let mut least = (above[place] + usize::from(letter != known)).min(above[place + 1] + 1).min(row[place] + 1);
            if at > 0 && place > 0 && *letter == other[place - 1] && one[at - 1] == *known {
                least = least.min(rows[at - 1][place - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood() {
        for (typed, meant) in [
            ("knd", Key::Kind),
            ("kidn", Key::Kind),
            ("prot", Key::Port),
            ("sise", Key::Size),
            ("endpiont", Key::Endpoint),
            ("befor", Key::Before),
            ("SRC", Key::From),
            ("Length", Key::Size),
            ("gpa", Key::Gap),
        ] {
            assert_eq!(Key::meant_by(typed), Some(meant), "{typed}");
        }
        for typed in ["http", "content", "x", "id", "温度", "", "zzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(Key::meant_by(typed), None, "{typed}");
        }
        assert_eq!(Key::Kind.value_meant_by("recieved"), Some("received"));
        assert_eq!(Key::Kind.value_meant_by("peer-finish"), Some("peer_finished"));
        assert_eq!(Key::Protocol.value_meant_by("tpc"), Some("tcp"));
        assert_eq!(Key::Direction.value_meant_by("up"), None);
    }

    #[test]
    fn names_are_apart() {
        for (at, key) in Key::ALL.into_iter().enumerate() {
            assert_eq!(Key::of(&key.name().to_uppercase()), Some(key));
            assert!(Key::ALL[..at].iter().all(|other| other.name() != key.name()));
        }
        for (other, _) in OTHER_NAMES {
            assert_eq!(Key::of(other), None, "{other} is a key itself");
        }
    }
}
