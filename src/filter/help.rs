//! Everything that can be said in the filter language, with an example of each: one table that the window's help, the
//! command line's `--help`, completion and the tests walk.
//! Called by: ui, cli, `complete`.

pub struct HelpGroup {
    /// The words key of its heading.
    pub key: &'static str,
    pub rows: &'static [HelpRow],
}

pub struct HelpRow {
    pub syntax: &'static str,
    /// Can be parsed as it stands.
    pub example: &'static str,
    /// The words key of its explanation.
    pub key: &'static str,
}

const fn row(syntax: &'static str, example: &'static str, key: &'static str) -> HelpRow {
    HelpRow { syntax, example, key }
}

static HELP: &[HelpGroup] = &[
    HelpGroup {
        key: "filter_help.content",
        rows: &[
            row("hello", "hello", "filter_help.word"),
            row("\"text\"", "\"GET /\\r\\n\"", "filter_help.quoted"),
            row("/regex/ /regex/i", "/temp=\\d+/i", "filter_help.regex"),
            row("hex:", "hex:0d 0a ?? f?", "filter_help.hex"),
        ],
    },
    HelpGroup {
        key: "filter_help.row",
        rows: &[
            row("dir:in dir:out", "dir:in", "filter_help.dir"),
            row("kind:", "kind:connected,reset", "filter_help.kind"),
            row("is:error", "is:error", "filter_help.error"),
            row("is:damaged", "is:damaged", "filter_help.damaged"),
            row("is:badsum", "is:badsum", "filter_help.badsum"),
            row("is:badframe", "is:badframe", "filter_help.badframe"),
            row("has:note", "has:note", "filter_help.has"),
            row("size: size> size<", "size:1..100", "filter_help.size"),
        ],
    },
    HelpGroup {
        key: "filter_help.place",
        rows: &[
            row("from:", "from:192.168.1.0/24", "filter_help.from"),
            row("to:", "to:[::1]:9000", "filter_help.to"),
            row("peer:", "peer:10.0.0.7,10.0.0.8", "filter_help.peer"),
            row("port:", "port:8000..9000", "filter_help.port"),
            row("conn:", "conn:7", "filter_help.conn"),
            row("endpoint:", "endpoint:9000", "filter_help.endpoint"),
            row("proto:tcp proto:udp", "proto:udp", "filter_help.proto"),
        ],
    },
    HelpGroup {
        key: "filter_help.time",
        rows: &[
            row("after:", "after:17:40:02.118", "filter_help.after"),
            row("before:", "before:2026-11-22T17:40", "filter_help.before"),
            row("within:", "within:5s", "filter_help.within"),
            row("gap> gap<", "gap>1s", "filter_help.gap"),
        ],
    },
    HelpGroup {
        key: "filter_help.join",
        rows: &[
            row("and", "GET and size>64", "filter_help.and"),
            row("or", "kind:reset or is:damaged", "filter_help.or"),
            row("not -", "not kind:sent -heartbeat", "filter_help.not"),
            row("( )", "(ping or pong) dir:in", "filter_help.brackets"),
        ],
    },
];

pub fn help() -> &'static [HelpGroup] {
    HELP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Filter, Key};

    #[test]
    fn every_example_can_be_parsed() {
        for row in help().iter().flat_map(|group| group.rows) {
            let filter = Filter::parse(row.example).unwrap_or_else(|mistake| panic!("{}: {mistake:?}", row.example));
            assert!(!filter.takes_all());
            // No wider than a terminal's line beside its explanation.
            assert!(row.example.len() <= 26 && row.syntax.len() <= 20, "{}", row.example);
        }
    }

    #[test]
    fn the_document_has_the_same_table() {
        let document = include_str!("../../docs/filter.md");
        let words = crate::words::Words::of(crate::words::Language::English);
        for group in help() {
            assert!(document.contains(&format!("### {}\n", words.get(group.key))), "{}", group.key);
            for row in group.rows {
                let line = format!("| `{}` | {} |\n", row.example, words.get(row.key));
                assert!(document.contains(&line), "docs/filter.md lacks: {line}");
            }
        }
    }

    #[test]
    fn every_key_is_told() {
        let rows = || help().iter().flat_map(|group| group.rows);
        for key in Key::ALL {
            let name = format!("{}:", key.name());
            assert!(
                rows().any(|row| row.syntax.contains(&name) || row.syntax.contains(&name.replace(':', ">"))),
                "{name}"
            );
            assert!(rows().any(|row| row.key == key.help_key()), "{name}");
        }
    }
}
