//! Published examples of every protocol, and what must hold for any bytes.

use std::fmt::Write as _;

use super::*;
use crate::payload::hex_to_bytes;

fn decoder(key: &str) -> &'static dyn Decoder {
    registry().iter().copied().find(|known| known.key() == key).expect("a decoder of this name")
}

/// Every field on a line: how deep, its bytes, its name and value.
fn told(fields: &[Field], depth: usize, into: &mut String) {
    for field in fields {
        let _ = writeln!(into, "{}{:?} {}={}", " ".repeat(depth), field.at, field.name, field.value);
        told(&field.fields, depth + 1, into);
    }
}

fn tree(decoded: &Decoded) -> String {
    let mut text = String::new();
    told(&decoded.fields, 0, &mut text);
    text
}

/// Decodes what has no fault, and whose tree has these lines.
#[track_caller]
fn whole(key: &str, bytes: &[u8], summary: &str, lines: &[&str]) -> Decoded {
    let decoded = decoder(key).decode(bytes);
    let text = tree(&decoded);
    assert_eq!(decoded.fault, None, "{text}");
    assert_eq!(decoded.summary, summary, "{text}");
    for line in lines {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    decoded
}

#[track_caller]
fn faulty(key: &str, bytes: &[u8], at: Range<usize>, why: &str) -> String {
    let decoded = decoder(key).decode(bytes);
    let text = tree(&decoded);
    let fault = decoded.fault.expect("a fault");
    assert!(fault.0 == at && fault.1.contains(why), "{fault:?}\n{text}");
    text
}

fn bytes(hex: &str) -> Vec<u8> {
    hex_to_bytes(hex).expect("hex")
}

/// A poll of registers and its answer as pymodbus frames them for a serial line.
#[test]
fn modbus_rtu() {
    let lines = ["0..1 Address=1 (0x01)", "2..4 Starting Address=0 (0x0000)", "6..8 CRC=c4 0b, right"];
    let asked = "Read Holding Registers, request: 2 from 0, unit 1";
    whole("modbus-rtu", &bytes("01 03 00 00 00 02 c4 0b"), asked, &lines);
    let answered = "Read Holding Registers, response: 2 registers, unit 1";
    whole("modbus-rtu", &bytes("01 03 04 00 11 00 22 2a 2f"), answered, &["3..5 Register 0=17 (0x0011)"]);
    whole(
        "modbus-rtu",
        &bytes("01 83 02 c0 f1"),
        "Read Holding Registers: exception 2 ILLEGAL DATA ADDRESS, unit 1",
        &[],
    );
    let text = faulty("modbus-rtu", &bytes("01 03 00 00 00 02 c4 0c"), 6..8, "the CRC is c4 0c, the message has c4 0b");
    assert!(text.contains("CRC=c4 0c, wrong: c4 0b expected"), "{text}");
    faulty("modbus-rtu", &bytes("01 03 c4"), 0..3, "at least 4 bytes");
    // Cut off or run together: what the PDU has too little or too much is said, and the CRC all the same.
    let text = faulty("modbus-rtu", &bytes("01 03 00 00 00 02 c4"), 5..7, "the CRC");
    assert!(text.contains("CRC="), "{text}");
}

/// The PDU examples of "MODBUS Application Protocol Specification" 1.1b3, chapter 6, behind an MBAP header.
#[test]
fn modbus() {
    let adu = |pdu: &str| {
        let pdu = bytes(pdu);
        [&[0, 7, 0, 0, 0, pdu.len() as u8 + 1, 17][..], &pdu].concat()
    };
    let lines = ["7..8 Function Code=3 (0x03) Read Holding Registers", "8..10 Starting Address=107 (0x006b)"];
    whole("modbus-tcp", &adu("03 00 6B 00 03"), "Read Holding Registers, request: 3 from 107, unit 17", &lines);
    let answer = adu("03 06 02 2B 00 00 00 64");
    let lines = ["9..11 Register 0=555 (0x022b)", "13..15 Register 2=100 (0x0064)"];
    whole("modbus-tcp", &answer, "Read Holding Registers, response: 3 registers, unit 17", &lines);
    whole("modbus-tcp", &adu("01 00 13 00 13"), "Read Coils, request: 19 from 19, unit 17", &[]);
    let lines = ["9..10 Bit 0=1", "9..10 Bit 1=0", "11..12 Bit 18=1"];
    whole("modbus-tcp", &adu("01 03 CD 6B 05"), "Read Coils, response: 24 bits, unit 17", &lines);
    whole("modbus-tcp", &adu("05 00 AC FF 00"), "Write Single Coil, request or response: 172 = ON, unit 17", &[]);
    whole("modbus-tcp", &adu("06 00 01 00 03"), "Write Single Register, request or response: 1 = 3, unit 17", &[]);
    let asked = "Write Multiple Coils, request: 10 from 19, 16 bits, unit 17";
    whole("modbus-tcp", &adu("0F 00 13 00 0A 02 CD 01"), asked, &[]);
    whole("modbus-tcp", &adu("0F 00 13 00 0A"), "Write Multiple Coils, response: 10 from 19, unit 17", &[]);
    let asked = "Write Multiple Registers, request: 2 from 1, 2 registers, unit 17";
    whole("modbus-tcp", &adu("10 00 01 00 02 04 00 0A 01 02"), asked, &[]);
    let mask = "Mask Write Register, request or response: 4 & 0x00f2 | 0x0025, unit 17";
    whole("modbus-tcp", &adu("16 00 04 00 F2 00 25"), mask, &[]);
    let both = "Read/Write Multiple Registers, request: read 6 from 3, write 3 from 14, unit 17";
    whole("modbus-tcp", &adu("17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF"), both, &[]);
    let both = "Read/Write Multiple Registers, response: 6 registers, unit 17";
    whole("modbus-tcp", &adu("17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF"), both, &[]);
    let asked = "Encapsulated Interface Transport, request: device identification, object 0, unit 17";
    whole("modbus-tcp", &adu("2B 0E 01 00"), asked, &[]);
    let told = "Encapsulated Interface Transport, response: device identification, 2 objects, unit 17";
    whole(
        "modbus-tcp",
        &adu("2B 0E 01 01 00 00 02 00 03 41 42 43 01 01 44"),
        told,
        &["VendorName=ABC", "ProductCode=D"],
    );
    let refused = whole("modbus-tcp", &adu("81 02"), "Read Coils: exception 2 ILLEGAL DATA ADDRESS, unit 17", &[]);
    assert_eq!(refused.fields[0].at, 0..9);

    let two = [adu("06 00 01 00 03"), adu("83 01")].concat();
    whole("modbus-tcp", &two, "Write Single Register, request or response: 1 = 3, unit 17 (+1)", &["12..21 ADU"]);
    let text = faulty("modbus-tcp", &answer[..12], 6..12, "what Length counts has 9 bytes, 6 of them are here");
    assert!(text.contains("9..11 Register 0=555"), "what stands before the fault stays:\n{text}");
    faulty("modbus-tcp", &bytes("00 01 00 02 00 06 01"), 2..4, "Protocol Identifier");
}

/// RFC 8259 has the image; other values by hand.
#[test]
fn json() {
    let image = br#"{"Image": {"Width": 800, "Title": "View from 15th Floor", "IDs": [116, 943], "Animated" : false}}"#;
    let lines =
        ["20..23 Width=800", "34..56 Title=\"View from 15th Floor\"", "66..69 [0]=116", "[1]=943", "Animated=false"];
    whole("json", image, "{1 member}", &lines);
    whole("json", b"1\n\"a\\u202eb\"\n", "1 (+1)", &["2..12 $=\"a\u{27e8}U+202E\u{27e9}b\""]);
    let text = faulty("json", b"{\"a\": 1, \"b\": tru}", 14..17, "a value is expected");
    assert!(text.contains("6..7 a=1"), "{text}");
    faulty("json", b"[1, 2", 5..5, "`[` at byte 0 is open");
    faulty("json", b"[\"a\\x\"]", 4..5, "invalid escape");
    faulty("json", b"[1 2]", 3..4, "`,` or `]`");
    faulty("json", b"01", 0..2, "a value is expected");
    faulty("json", &[b'['; 100], 64..100, "nested deeper than 64");
    let many = format!("[{}0]", "0,".repeat(MOST_FIELDS));
    let decoded = decoder("json").decode(many.as_bytes());
    assert!(decoded.fault.expect("a fault").1.contains("more than 10000 fields"));
    assert_eq!(decoded.fields[0].fields.len(), MOST_FIELDS - 1);
}

/// The example on msgpack.org, and types of its specification.
#[test]
fn msgpack() {
    let example = bytes("82 a7 63 6f 6d 70 61 63 74 c3 a6 73 63 68 65 6d 61 00");
    whole("msgpack", &example, "map of 2", &["{0}=\"compact\": true", "1..9 key=\"compact\"", "17..18 value=0"]);
    let kinds =
        bytes("9a c0 ff d1 ff 00 ca 3f c0 00 00 c4 02 01 02 d6 ff 00 00 00 01 a2 68 69 cf ffffffffffffffff d0 80 90");
    let lines = ["[0]=nil", "[1]=-1", "[2]=-256", "[3]=1.5", "[4]=bin 01 02", "[5]=ext -1 00 00 00 01, timestamp 1 s"];
    whole("msgpack", &kinds, "array of 10", &lines);
    faulty("msgpack", &bytes("c1"), 0..1, "never used");
    let text = faulty("msgpack", &bytes("dd ff ff ff ff 01"), 6..6, "a value has 1 bytes, 0 of them are here");
    assert!(text.contains("5..6 [0]=1"));
}

/// RFC 8949, appendix A.
#[test]
fn cbor() {
    let cases = [
        ("1bffffffffffffffff", "18446744073709551615"),
        ("3bffffffffffffffff", "-18446744073709551616"),
        ("f93e00", "1.5"),
        ("fa47c35000", "100000.0"),
        ("f97e00", "NaN"),
        ("f6", "null"),
        ("f8ff", "simple(255)"),
        ("c11a514b67b0", "1(1363896240)"),
        ("4401020304", "h'01 02 03 04'"),
        ("6449455446", "\"IETF\""),
        ("83010203", "array of 3"),
        ("a201020304", "map of 2"),
        ("9f018202039f0405ffff", "array of 3"),
        ("bf61610161629f0203ffff", "map of 2"),
        ("5f42010243030405ff", "byte string in 2 segments"),
        ("7f657374726561646d696e67ff", "text string in 2 segments"),
        ("0102", "1 (+1)"),
    ];
    for (hex, summary) in cases {
        whole("cbor", &bytes(hex), summary, &[]);
    }
    whole("cbor", &bytes("bf61610161629f0203ffff"), "map of 2", &["3..4 value=1", "7..8 [0]=2", "8..9 [1]=3"]);
    faulty("cbor", &bytes("ff"), 0..1, "a break");
    faulty("cbor", &bytes("8201"), 2..2, "cut off");
    faulty("cbor", &bytes("5b7fffffffffffffff01"), 9..10, "a byte string has");
    faulty("cbor", &bytes("1c"), 0..1, "no item");
}

/// The examples of "Encoding" on protobuf.dev.
#[test]
fn protobuf() {
    whole("protobuf", &bytes("08 96 01"), "message, 1 field", &["0..3 #1=150", "1..3 VARINT=150, sint64 75"]);
    whole("protobuf", &bytes("12 07 74 65 73 74 69 6e 67"), "message, 1 field", &["2..9 string=testing"]);
    let lines = ["0..5 #3=message, 1 field", "2..5 #1=150"];
    whole("protobuf", &bytes("1a 03 08 96 01"), "message, 1 field", &lines);
    whole("protobuf", &bytes("0b 10 01 0c"), "message, 1 field", &["#1=group, 1 field"]);
    whole("protobuf", &bytes("0d 00 00 c0 3f"), "message, 1 field", &["float 1.5"]);
    faulty("protobuf", &bytes("08 96"), 1..2, "cut off");
    faulty("protobuf", &bytes("08 01 0f"), 2..3, "wire type 7");
    faulty("protobuf", &bytes("12 05 61"), 2..3, "what LEN counts has 5 bytes, 1 of them are here");
    faulty("protobuf", &[0x0b; 100], 64..100, "nested deeper");
}

/// Sentences as the manuals of receivers print them.
#[test]
fn nmea() {
    let gga = b"$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n";
    let lines = [
        "1..3 Talker=GP GPS",
        "Sentence Formatter=GGA",
        "Latitude=5321.6802",
        "Satellites in Use=8",
        "Checksum=76, right",
    ];
    whole("nmea", gga, "GPGGA", &lines);
    let wrong = b"$GPGLL,4916.45,N,12311.12,W,225444,A,*00\r\n$HCHDG,101.1,,,7.1,W*3C\r\n";
    let text = faulty("nmea", wrong, 37..40, "the checksum is 00, the sentence has 1D");
    assert!(text.contains("Checksum=00, wrong: 1D expected") && text.contains("Checksum=3C, right"), "{text}");
    whole("nmea", b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r\n", "AIVDM", &["AIS Channel=B"]);
    whole("nmea", b"\\s:r003669945,c:1120959341*5F\\$PGRME,15.0,M", "PGRME", &["Proprietary=PGRME", "Field 1=15.0"]);
    faulty("nmea", b"hello\r\n", 0..7, "a sentence begins with");
}

/// RFC 5424 section 6.5, RFC 3164 section 5.4, RFC 6587 framing.
#[test]
fn syslog() {
    let one = b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed for lonvick on /dev/pts/8";
    let lines = [
        "0..4 PRI=34",
        "Facility=4 auth",
        "Severity=2 crit",
        "MSGID=ID47",
        "STRUCTURED-DATA=-",
        "BOM=ef bb bf",
        "MSG='su root'",
    ];
    whole("syslog", one, "auth.crit mymachine.example.com su", &lines);
    let data = br#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]"#;
    let lines =
        ["STRUCTURED-DATA=2 elements", "SD-ID=exampleSDID@32473", "SD-PARAM=eventID=\"1011\"", "PARAM-VALUE=high"];
    whole("syslog", data, "local4.notice mymachine.example.com evntslog", &lines);
    let old = b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8";
    whole(
        "syslog",
        old,
        "auth.crit mymachine su",
        &["4..19 TIMESTAMP=Oct 11 22:14:15", "TAG=su", "MSG='su root' failed"],
    );
    whole("syslog", b"<0>Use the BFG!", "kern.emerg without a TIMESTAMP", &["3..15 MSG=Use the BFG!"]);
    let cron = b"<78>Oct  1 00:00:01 host cron[4711]: job\n<78>Oct  1 00:00:02 host cron: two\n";
    whole("syslog", cron, "cron.info host cron (+1)", &["PID=4711", "MSG=job", "MSG=two"]);
    let counted = [b"107 ".as_slice(), &one[..], b"15 <0>Use the BFG!"].concat();
    let counted = String::from_utf8_lossy(&counted).replacen("107", &one.len().to_string(), 1).into_bytes();
    whole("syslog", &counted, "auth.crit mymachine.example.com su (+1)", &["MSG-LEN=15"]);
    faulty("syslog", b"hello", 0..2, "<PRI>");
    faulty("syslog", b"<34>1 - h a - - [x a=\"b]", 22..24, "PARAM-VALUE does not end");
}

/// Figures of "MQTT Version 3.1.1" chapters 3.1 to 3.14, and 5.0 where it differs.
#[test]
fn mqtt() {
    let connect = bytes("10 10 00 04 4d 51 54 54 04 02 00 3c 00 04 44 49 47 49");
    let lines =
        ["Protocol Version=4", "Connect Flags=0x02", "Clean Start=1", "Keep Alive=60", "Client Identifier=DIGI"];
    whole("mqtt", &connect, "CONNECT 3.1.1 \"DIGI\"", &lines);
    let newer = bytes("10 16 00 04 4d 51 54 54 05 02 00 3c 05 11 00 00 00 0a 00 04 44 49 47 49");
    whole("mqtt", &newer, "CONNECT 5.0 \"DIGI\"", &["13..18 Session Expiry Interval=10"]);
    whole("mqtt", &bytes("20 02 00 00"), "CONNACK 0x00, session present 0", &["Connect Return code=0x00"]);
    whole("mqtt", &bytes("20 03 00 00 00"), "CONNACK 0x00, session present 0", &["Reason Code=0x00"]);
    let publish = bytes("32 0a 00 03 61 2f 62 00 0a 68 69 21");
    let lines = ["QoS=1", "Topic Name=a/b", "Packet Identifier=10", "9..12 Payload=hi!"];
    whole("mqtt", &publish, "PUBLISH \"a/b\", 3 bytes", &lines);
    let publish = bytes("30 0c 00 03 61 2f 62 03 23 00 07 68 69 21");
    whole("mqtt", &publish, "PUBLISH \"a/b\", 3 bytes", &["Topic Alias=7", "11..14 Payload=hi!"]);
    let subscribe = bytes("82 0e 00 0a 00 03 61 2f 62 01 00 03 63 2f 64 02");
    whole("mqtt", &subscribe, "SUBSCRIBE 10: \"a/b\", \"c/d\"", &["Requested QoS=1"]);
    let subscribe = bytes("82 09 00 0a 00 00 03 61 2f 62 01");
    whole("mqtt", &subscribe, "SUBSCRIBE 10: \"a/b\"", &["Subscription Options=1"]);
    whole("mqtt", &bytes("90 03 00 0a 01"), "SUBACK 10", &["4..5 Return Code=0x01"]);
    whole("mqtt", &bytes("40 02 00 0a d0 00"), "PUBACK 10 (+1)", &["4..6 Control Packet=PINGRESP"]);
    whole("mqtt", &bytes("e0 01 8e"), "DISCONNECT", &["Reason Code=0x8e"]);
    faulty("mqtt", &bytes("30 ff ff ff ff"), 1..5, "Remaining Length is longer");
    faulty("mqtt", &publish[..9], 2..9, "what Remaining Length counts has 12 bytes, 7 of them are here");
    faulty("mqtt", &bytes("36 00"), 0..1, "QoS 3");
    faulty("mqtt", &bytes("80 00"), 0..1, "the flags of SUBSCRIBE are 2");
}

/// RFC 9112 and RFC 9110 have messages of this kind.
#[test]
fn http1() {
    let get = b"GET /hello.txt HTTP/1.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n";
    let lines =
        ["0..3 method=GET", "4..14 request-target=/hello.txt", "15..23 HTTP-version=HTTP/1.1", "Host=www.example.com"];
    whole("http1", get, "GET /hello.txt", &lines);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No Content\r\n\r\n";
    let lines = ["0..8 HTTP-version", "9..12 status-code=200", "13..15 reason-phrase=OK", "38..43 body=hello"];
    whole("http1", answer, "200 OK (+1)", &lines);
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n";
    let lines = ["chunked body=11 bytes in 2 chunks", "chunk-data=hello", "chunk-data= world", "trailer=A: b"];
    whole("http1", chunked, "200 OK", &lines);
    let text = faulty("http1", b"GET / HTTP/1.1\r\nHost: a\r\nB\0d: c\r\n\r\n", 25..33, "invalid header name");
    assert!(text.contains("16..23 Host=a"), "{text}");
    let text = faulty("http1", b"GET / HTTP/1.1\r\nHost: a\r\n", 25..25, "the head does not end");
    assert!(text.contains("Host=a"), "{text}");
    faulty("http1", &answer[..40], 38..40, "Content-Length is 5, 2 bytes are here");
    faulty("http1", &chunked[..60], 57..60, "chunk-size");
    faulty("http1", b"hello\r\n", 0..7, "");
}

/// The messages of RFC 1035 section 4.1.4 in their compression, and an answer with an address.
#[test]
fn dns() {
    let query = bytes("86 2a 01 20 00 01 00 00 00 00 00 00 06 676f6f676c65 03 636f6d 00 00 01 00 01");
    let lines = ["Flags=0x0120", "RD=1", "AD=1", "12..24 QNAME=google.com", "QTYPE=1 A", "QCLASS=1 IN"];
    whole("dns", &query, "query google.com A", &lines);
    let mut answer = query.clone();
    answer[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
    answer.extend(bytes("c0 0c 00 01 00 01 00 00 01 25 00 04 d8 3a d3 8e"));
    let lines = [
        "28..44 Answer=google.com A 216.58.211.142",
        "28..30 NAME=google.com",
        "TTL=293",
        "40..44 ADDRESS=216.58.211.142",
    ];
    whole("dns", &answer, "response google.com A: NOERROR, 1 answer", &lines);
    let counted = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    whole("dns", &counted, "query google.com A", &["0..2 Length=28", "14..26 QNAME=google.com"]);
    whole("dns", &[counted.clone(), counted].concat(), "query google.com A (+1)", &[]);
    // Names that point into each other: F.ISI.ARPA, FOO.F.ISI.ARPA, the root.
    let mut names = bytes("00 01 00 00 00 03 00 00 00 00 00 00 01 46 03 495349 04 41525041 00 00 01 00 01");
    names.extend(bytes("03 464f4f c0 0c 00 01 00 01 00 00 01 00 01"));
    whole("dns", &names, "query F.ISI.ARPA A", &["28..34 QNAME=FOO.F.ISI.ARPA", "QNAME=."]);
    let loops = bytes("00 01 00 00 00 01 00 00 00 00 00 00 c0 0c 00 01 00 01");
    faulty("dns", &loops, 12..14, "does not lead back");
    let text = faulty("dns", &answer[..42], 40..42, "what RDLENGTH counts has 4 bytes, 2 of them are here");
    assert!(text.contains("QNAME=google.com"), "{text}");
}

#[test]
fn ports_choose() {
    let flow = |transport, port| Flow {
        endpoint: crate::model::EndpointId(1),
        endpoint_uri: "".into(),
        connection: crate::model::ConnectionId::NONE,
        transport,
        role: crate::model::Role::Listener,
        local: Some(([127, 0, 0, 1], 40_000).into()),
        peer: Some(([127, 0, 0, 1], port).into()),
        mirror: false,
    };
    let by_port =
        |transport, port| decoder_for(&DecoderChoice::ByPort, &flow(transport, port)).map(|decoder| decoder.key());
    assert_eq!(by_port(Transport::Tcp, 502), Some("modbus-tcp"));
    assert_eq!(by_port(Transport::Tcp, 8080), Some("http1"));
    assert_eq!(by_port(Transport::Udp, 53), Some("dns"));
    assert_eq!(by_port(Transport::Udp, 1883), None);
    let named = DecoderChoice::Named("json".into());
    assert_eq!(decoder_for(&named, &flow(Transport::Tcp, 502)).map(|decoder| decoder.key()), Some("json"));
    assert!(decoder_for(&DecoderChoice::None, &flow(Transport::Tcp, 502)).is_none());
    let mut keys: Vec<_> = registry().iter().map(|decoder| decoder.key()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), registry().len());
}

mod any_bytes {
    use proptest::prelude::*;

    use super::*;

    pub fn check(bytes: &[u8]) {
        for decoder in registry() {
            let decoded = decoder.decode(bytes);
            assert_eq!(decoder.decode(bytes), decoded, "{}", decoder.key());
            assert!(!decoded.summary.chars().any(char::is_control));
            if let Some((at, why)) = &decoded.fault {
                assert!(at.start <= at.end && at.end <= bytes.len() && !why.is_empty(), "{}: {at:?}", decoder.key());
                assert!(!why.chars().any(char::is_control), "{}: {why:?}", decoder.key());
            }
            let mut count = 0;
            hold(&decoded.fields, &(0..bytes.len()), 0, &mut count);
            assert!(count <= MOST_FIELDS);
        }
    }

    fn hold(fields: &[Field], parent: &Range<usize>, depth: usize, count: &mut usize) {
        for field in fields {
            assert!(depth <= MOST_DEPTH);
            *count += 1;
            assert!(field.at.start <= field.at.end, "{field:?}");
            assert!(field.at.start >= parent.start && field.at.end <= parent.end, "{field:?} in {parent:?}");
            assert!(field.value.len() <= MOST_VALUE * 2 && !field.value.chars().any(char::is_control), "{field:?}");
            assert!(!field.name.chars().any(char::is_control), "{field:?}");
            hold(&field.fields, &field.at, depth + 1, count);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            check(&bytes);
        }

        #[test]
        fn in_letters_that_protocols_use(text in "([$!<>\\[\\]{}\":,*= \\\\0-9a-fGPA]|HTTP/1\\.1|\r\n|1 |GET ){0,60}") {
            check(text.as_bytes());
        }

        #[test]
        fn with_lengths_that_are_small(bytes in prop::collection::vec(prop_oneof![0..4u8, 0..16u8, any::<u8>()], 0..200)) {
            check(&bytes);
        }
    }
}

/// Frames that other programs wrote: each is read whole, and to its last byte.
#[test]
fn frames_of_others_are_read_to_their_ends() {
    let list = include_str!("../../tests/fixtures/decode_foreign.txt");
    let mut wrong = String::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let [key, what, hex] = line.split('|').collect::<Vec<_>>().try_into().expect("three columns");
        let frame = bytes(hex);
        let decoded = decoder(key).decode(&frame);
        let end = decoded.fields.iter().map(|field| field.at.end).max().unwrap_or(0);
        let blanks = frame[end.min(frame.len())..].iter().all(u8::is_ascii_whitespace);
        if decoded.fault.is_some() || decoded.summary.is_empty() || !blanks {
            let _ = writeln!(wrong, "{key} {what}: {:?} {:?}\n{}", decoded.summary, decoded.fault, tree(&decoded));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
