//! Words of automatic replies: when they act, on which frames, what they do.

use super::{MAX_OUTSIDE_BYTES, Words};
use crate::model::{MatchHow, MatchPlace, Occasion, ReplyAct, SequenceClose};
use crate::payload::visible_text;
use crate::rules::NeverGiven;

impl Words {
    pub fn occasion(&self, occasion: Occasion) -> &str {
        self.known(match occasion {
            Occasion::Frame => "occasion.frame",
            Occasion::Connect => "occasion.connect",
            Occasion::Close => "occasion.close",
        })
    }

    pub fn reply_act(&self, act: ReplyAct) -> &str {
        self.known(match act {
            ReplyAct::Send => "reply_act.send",
            ReplyAct::Echo => "reply_act.echo",
            ReplyAct::Discard => "reply_act.discard",
            ReplyAct::Close => "reply_act.close",
            ReplyAct::FinishSending => "reply_act.finish_sending",
            ReplyAct::Reset => "reply_act.reset",
        })
    }

    pub fn match_how(&self, how: MatchHow) -> &str {
        self.known(match how {
            MatchHow::Any => "match_how.any",
            MatchHow::Text => "match_how.text",
            MatchHow::Hex => "match_how.hex",
            MatchHow::Regex => "match_how.regex",
            MatchHow::Length => "match_how.length",
        })
    }

    /// An example of a pattern, for an empty field.
    pub fn match_example(&self, how: MatchHow) -> &'static str {
        match how {
            MatchHow::Any => "",
            MatchHow::Text => "PING",
            MatchHow::Hex => "01 03 ?? ?? 00 01",
            MatchHow::Regex => "^GET (\\w+)",
            MatchHow::Length => "4..12",
        }
    }

    pub fn sequence_close(&self, how: SequenceClose) -> &str {
        self.known(match how {
            SequenceClose::Close => "reply_act.close",
            SequenceClose::FinishSending => "reply_act.finish_sending",
            SequenceClose::Reset => "reply_act.reset",
        })
    }

    pub fn match_place(&self, place: MatchPlace) -> &str {
        self.known(match place {
            MatchPlace::Anywhere => "match_place.anywhere",
            MatchPlace::Begins => "match_place.begins",
            MatchPlace::Ends => "match_place.ends",
            MatchPlace::Whole => "match_place.whole",
        })
    }

    /// What the payload of a reply asks for and no reply has.
    pub fn never_given(&self, what: &NeverGiven) -> String {
        let outside = |name: &str| visible_text(name, MAX_OUTSIDE_BYTES);
        match what {
            NeverGiven::Ask(name) => self.fill("reply_never.ask", &[("name", &outside(name))]),
            NeverGiven::Variable { name, regex } => {
                let key = if *regex { "reply_never.variable" } else { "reply_never.variable_elsewhere" };
                self.fill(key, &[("name", &outside(name))])
            }
            NeverGiven::Capture { number, groups: Some(groups) } => {
                self.fill("reply_never.capture", &[("n", number), ("groups", groups)])
            }
            NeverGiven::Capture { number, groups: None } => {
                self.fill("reply_never.capture_elsewhere", &[("n", number)])
            }
        }
    }
}
