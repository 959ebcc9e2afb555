//! NMEA 0183: sentences of a talker, their fields, their checksum.
//!
//! Never: turns positions into decimal degrees. By hand: crates for NMEA make values of their own and tell no positions.

use super::tree::{Step, Walk, messages, shown};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Nmea;

impl Decoder for Nmea {
    fn key(&self) -> &'static str {
        "nmea"
    }

    fn name(&self) -> &'static str {
        "NMEA 0183"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Tcp, 10_110), (Transport::Udp, 10_110)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| {
            if !matches!(walk.peek(0), Some(b'$' | b'!' | b'\\')) {
                let line = walk.rest().iter().position(|byte| *byte == b'\n').map_or(walk.left(), |at| at + 1);
                return walk.wrong(walk.at..walk.at + line, "a sentence begins with $ or !");
            }
            walk.nest("Sentence", |walk| sentence(walk).map(|said| (said.clone(), said)))
        })
    }
}

fn sentence(walk: &mut Walk<'_>) -> Step<String> {
    if walk.peek(0) == Some(b'\\') {
        let Some(end) = walk.rest().iter().skip(1).position(|byte| *byte == b'\\') else {
            return walk.wrong(walk.at..walk.at + walk.left(), "the TAG block does not end");
        };
        walk.text("TAG block", end + 2)?;
    }
    if !matches!(walk.peek(0), Some(b'$' | b'!')) {
        return walk.wrong(walk.at..walk.at, "a sentence begins with $ or !");
    }
    walk.text("Start", 1)?;
    let rest = walk.rest();
    let line = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    let body = rest[..line].iter().position(|byte| *byte == b'*').unwrap_or(line);
    let kind = address(walk, &rest[..body])?;
    let names = fields_of(&kind);
    let mut number = 1;
    while walk.peek(0) == Some(b',') && walk.at < place_of(walk, rest) + body {
        walk.at += 1;
        let left = &rest[walk.at - place_of(walk, rest)..body];
        let length = left.iter().position(|byte| *byte == b',').unwrap_or(left.len());
        match names.get(number - 1) {
            Some(name) => walk.text(*name, length)?,
            None => walk.text(format!("Field {number}"), length)?,
        };
        number += 1;
    }
    checksum(walk, &rest[..body], line - body)?;
    let ending = walk.rest().iter().take(2).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let ending = if walk.peek(0) == Some(b'\n') { 1 } else { ending };
    if ending > 0 {
        walk.text("End", ending)?;
    }
    Ok(kind)
}

/// Where `rest` begins in the frame.
fn place_of(walk: &Walk<'_>, rest: &[u8]) -> usize {
    super::tree::place(walk.bytes, rest).start
}

/// `GPGGA`: talker and formatter; `PGRME`: a maker's own.
fn address(walk: &mut Walk<'_>, body: &[u8]) -> Step<String> {
    let length = body.iter().position(|byte| *byte == b',').unwrap_or(body.len());
    let address = &body[..length];
    if length < 3 || !address.iter().all(|byte| byte.is_ascii_alphanumeric()) {
        return walk.wrong(walk.at..walk.at + length, "the address is letters and digits");
    }
    if address[0] == b'P' {
        walk.text("Proprietary", length)?;
        return Ok(shown(address));
    }
    if length == 5 {
        let at = walk.at;
        walk.at += 2;
        walk.field("Talker", format!("{} {}", shown(&address[..2]), talker(&address[..2])), at..walk.at)?;
        walk.text("Sentence Formatter", 3)?;
    } else {
        walk.text("Address", length)?;
    }
    Ok(shown(address))
}

fn checksum(walk: &mut Walk<'_>, body: &[u8], count: usize) -> Step {
    let computed = body.iter().fold(0, |sum, byte| sum ^ byte);
    if count == 0 {
        // The standard lets some sentences go without one.
        return walk.field("Checksum", format!("none ({computed:02X} would be right)"), walk.at..walk.at);
    }
    let at = walk.at;
    let taken = walk.take(count, "Checksum")?;
    let said = std::str::from_utf8(&taken[1..]).ok().filter(|text| text.len() == 2);
    match said.and_then(|text| u8::from_str_radix(text, 16).ok()) {
        Some(sum) if sum == computed => walk.field("Checksum", format!("{sum:02X}, right"), at..walk.at),
        Some(sum) => {
            walk.field("Checksum", format!("{sum:02X}, wrong: {computed:02X} expected"), at..walk.at)?;
            walk.note(at..walk.at, format!("the checksum is {sum:02X}, the sentence has {computed:02X}"));
            Ok(())
        }
        None => walk.wrong(at..walk.at, "the checksum is two hexadecimal digits"),
    }
}

fn talker(id: &[u8]) -> &'static str {
    match id {
        b"GP" => "GPS",
        b"GN" => "GNSS",
        b"GL" => "GLONASS",
        b"GA" => "Galileo",
        b"GB" | b"BD" => "BeiDou",
        b"GQ" | b"QZ" => "QZSS",
        b"GI" => "NavIC",
        b"AI" => "AIS",
        b"II" => "Integrated Instrumentation",
        b"HC" => "Magnetic Compass",
        b"HE" => "Gyro",
        b"SD" => "Sounder",
        b"WI" => "Weather Instruments",
        b"VW" => "Water Speed Sensor",
        b"EC" => "ECDIS",
        b"RA" => "Radar",
        _ => "",
    }
}

fn fields_of(address: &str) -> &'static [&'static str] {
    match address.get(2..).unwrap_or_default() {
        _ if address.starts_with('P') => &[],
        "GGA" => &[
            "UTC of Position",
            "Latitude",
            "N/S",
            "Longitude",
            "E/W",
            "GPS Quality Indicator",
            "Satellites in Use",
            "HDOP",
            "Antenna Altitude",
            "Units of Altitude",
            "Geoidal Separation",
            "Units of Separation",
            "Age of Differential Data",
            "Differential Reference Station ID",
        ],
        "RMC" => &[
            "UTC of Position",
            "Status",
            "Latitude",
            "N/S",
            "Longitude",
            "E/W",
            "Speed over Ground",
            "Course over Ground",
            "Date",
            "Magnetic Variation",
            "Variation E/W",
            "Mode Indicator",
            "Navigational Status",
        ],
        "GLL" => &["Latitude", "N/S", "Longitude", "E/W", "UTC of Position", "Status", "Mode Indicator"],
        "GSA" => &[
            "Mode",
            "Fix Mode",
            "Satellite ID 1",
            "Satellite ID 2",
            "Satellite ID 3",
            "Satellite ID 4",
            "Satellite ID 5",
            "Satellite ID 6",
            "Satellite ID 7",
            "Satellite ID 8",
            "Satellite ID 9",
            "Satellite ID 10",
            "Satellite ID 11",
            "Satellite ID 12",
            "PDOP",
            "HDOP",
            "VDOP",
            "GNSS System ID",
        ],
        "GSV" => &["Total Number of Sentences", "Sentence Number", "Satellites in View"],
        "VTG" => &[
            "Course over Ground, True",
            "T",
            "Course over Ground, Magnetic",
            "M",
            "Speed over Ground, Knots",
            "N",
            "Speed over Ground, km/h",
            "K",
            "Mode Indicator",
        ],
        "ZDA" => &["UTC", "Day", "Month", "Year", "Local Zone Hours", "Local Zone Minutes"],
        "HDT" => &["Heading", "T"],
        "HDG" => &["Magnetic Sensor Heading", "Deviation", "Deviation E/W", "Variation", "Variation E/W"],
        "DBT" => &["Depth, Feet", "f", "Depth, Metres", "M", "Depth, Fathoms", "F"],
        "DPT" => &["Depth", "Offset", "Maximum Range Scale"],
        "MWV" => &["Wind Angle", "Reference", "Wind Speed", "Wind Speed Units", "Status"],
        "VHW" => &["Heading, True", "T", "Heading, Magnetic", "M", "Speed, Knots", "N", "Speed, km/h", "K"],
        "VDM" | "VDO" => &[
            "Total Number of Sentences",
            "Sentence Number",
            "Sequential Message Identifier",
            "AIS Channel",
            "Encapsulated Radio Message",
            "Number of Fill Bits",
        ],
        _ => &[],
    }
}
