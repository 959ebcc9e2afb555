//! What an imported capture held and what of it is not shown, in short. Called by: ui, cli.

use super::Words;
use crate::model::{Imported, LeftOut};

impl Words {
    /// "Not read: 12 × ARP, 3 × ICMP. Read, but with care: 2 × wrong checksum"; empty where there is nothing to say.
    pub fn left_out(&self, imported: &Imported) -> String {
        let list = |noticed: bool| {
            let of_kind = imported.left_out.iter().filter(|(what, _)| is_noticed(**what) == noticed);
            let items = of_kind.map(|(what, count)| {
                self.fill("capture.item", &[("count", &self.number(*count)), ("what", &self.left_out_one(*what))])
            });
            items.collect::<Vec<_>>().join(self.get("capture.comma"))
        };
        let mut sentences = Vec::new();
        let (left_out, noticed) = (list(false), list(true));
        if !left_out.is_empty() {
            sentences.push(self.fill("capture.not_read", &[("list", &left_out)]));
        }
        if !noticed.is_empty() {
            sentences.push(self.fill("capture.noticed", &[("list", &noticed)]));
        }
        sentences.join(" · ")
    }

    fn left_out_one(&self, what: LeftOut) -> String {
        match what {
            LeftOut::LinkType(number) => self.fill("capture.link_type", &[("number", &number)]),
            LeftOut::NotIp(kind) => match ethernet_name(kind) {
                Some(name) => name.to_owned(),
                None => self.fill("capture.ethernet_type", &[("number", &format!("0x{kind:04x}"))]),
            },
            LeftOut::NotTcpUdp(number) => match protocol_name(number) {
                Some(name) => name.to_owned(),
                None => self.fill("capture.ip_protocol", &[("number", &number)]),
            },
            LeftOut::Headers => self.get("capture.headers").to_owned(),
            LeftOut::Fragments => self.get("capture.fragments").to_owned(),
            LeftOut::FarSegments => self.get("capture.far_segments").to_owned(),
            LeftOut::Unanswered => self.get("capture.unanswered").to_owned(),
            LeftOut::NoTime => self.get("capture.no_time").to_owned(),
            LeftOut::Damaged => self.get("capture.wrong_checksum").to_owned(),
        }
    }
}

/// It is read all the same.
fn is_noticed(what: LeftOut) -> bool {
    matches!(what, LeftOut::NoTime | LeftOut::Damaged)
}

/// Names that are the same in every language.
fn ethernet_name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        0x0806 => "ARP",
        0x88cc => "LLDP",
        0x888e => "EAPOL",
        0x8847 | 0x8848 => "MPLS",
        0x8863 | 0x8864 => "PPPoE",
        0x88f7 => "PTP",
        _ => return None,
    })
}

fn protocol_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "ICMP",
        2 => "IGMP",
        4 | 41 => "IP-in-IP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        89 => "OSPF",
        103 => "PIM",
        112 => "VRRP",
        132 => "SCTP",
        _ => return None,
    })
}
