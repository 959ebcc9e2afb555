//! HTTP/1: start line, header fields, and the body as its length or its chunks say. `httparse` reads the head.
//!
//! Owns: where the body ends. Never: decodes a content coding. A head with a fault keeps the lines before it: they are read
//! again without the rest.

use super::tree::{Step, Walk, messages, place, shown, shown_text};
use super::{Decoded, Decoder};
use crate::model::Transport;

pub struct Http1;

impl Decoder for Http1 {
    fn key(&self) -> &'static str {
        "http1"
    }

    fn name(&self) -> &'static str {
        "HTTP/1"
    }

    fn ports(&self) -> &'static [(Transport, u16)] {
        &[(Transport::Tcp, 80), (Transport::Tcp, 8080), (Transport::Tcp, 8000)]
    }

    fn decode(&self, frame: &[u8]) -> Decoded {
        messages(frame, |walk| walk.nest("HTTP message", |walk| message(walk).map(|said| (said.clone(), said))))
    }
}

const MOST_HEADERS: usize = 256;
/// A head of which more is not read.
const MOST_HEAD: usize = 64 * 1024;

/// What the head says about the body.
#[derive(Default)]
struct Body {
    is_response: bool,
    has_none: bool,
    length: Option<usize>,
    chunked: bool,
}

fn message(walk: &mut Walk<'_>) -> Step<String> {
    let mut body = Body::default();
    let said = head(walk, &mut body)?;
    if body.has_none || walk.is_done() && body.length.is_none() && !body.chunked {
        return Ok(said);
    }
    if body.chunked {
        walk.nest("chunked body", |walk| chunks(walk).map(|said| (said, ())))?;
    } else if let Some(length) = body.length {
        if length > 0 {
            let here = length.min(walk.left());
            let at = walk.at;
            walk.octets("body", here)?;
            if here < length {
                return walk.wrong(at..walk.at, format!("Content-Length is {length}, {here} bytes are here"));
            }
        }
    } else if body.is_response {
        walk.octets("body", walk.left())?;
    }
    Ok(said)
}

fn head(walk: &mut Walk<'_>, body: &mut Body) -> Step<String> {
    let start = walk.at;
    let bytes = walk.rest();
    let bytes = bytes.get(..MOST_HEAD).unwrap_or(bytes);
    match parsed(walk, bytes, start, body)? {
        Ok((length, said)) => {
            walk.at = start + length;
            Ok(said)
        }
        Err(why) => {
            // The longest beginning of whole lines that is a head when an empty line follows.
            let ends: Vec<usize> =
                bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
            let good = ends.partition_point(|end| is_head(&bytes[..*end]));
            let kept = good.checked_sub(1).map_or(0, |at| ends[at]);
            if kept > 0 {
                let lines = [&bytes[..kept], b"\r\n"].concat();
                let _ = parsed(walk, &lines, start, body)?;
            }
            walk.at = start + kept;
            let line = ends.get(good).copied().unwrap_or(bytes.len());
            walk.wrong(start + kept..start + line.max(kept), why)
        }
    }
}

fn is_head(lines: &[u8]) -> bool {
    let lines = [lines, b"\r\n"].concat();
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let status = if lines.starts_with(b"HTTP/") {
        httparse::Response::new(&mut headers).parse(&lines)
    } else {
        httparse::Request::new(&mut headers).parse(&lines)
    };
    status.is_ok_and(|status| status.is_complete())
}

/// Fields of a whole head and its length; the inner fault is why it is none.
fn parsed(walk: &mut Walk<'_>, bytes: &[u8], start: usize, body: &mut Body) -> Step<Result<(usize, String), String>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let at = |part: &str| {
        let place = place(bytes, part.as_bytes());
        start + place.start..start + place.end
    };
    let version = |number: Option<u8>| format!("HTTP/1.{}", number.unwrap_or(1));
    if bytes.starts_with(b"HTTP/") {
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(Err("the head does not end".to_owned())),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let code = response.code.unwrap_or(0);
        let reason = response.reason.unwrap_or_default();
        // The version is at the beginning, and the status has three digits behind it, whatever lines came before.
        walk.field("HTTP-version", version(response.version), start..start + 8)?;
        walk.field("status-code", code.to_string(), start + 9..start + 12)?;
        if !reason.is_empty() {
            walk.field("reason-phrase", shown_text(reason), at(reason))?;
        }
        body.is_response = true;
        body.has_none = matches!(code, 100..=199 | 204 | 304);
        fields(walk, response.headers, bytes, start, body)?;
        return Ok(Ok((length, shown_text(&format!("{code} {reason}")))));
    }
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(Err("the head does not end".to_owned())),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    walk.field("method", shown_text(method), at(method))?;
    walk.field("request-target", shown_text(target), at(target))?;
    let version_at = at(target).end + 1;
    walk.field("HTTP-version", version(request.version), version_at..version_at + 8)?;
    fields(walk, request.headers, bytes, start, body)?;
    Ok(Ok((length, shown_text(&format!("{method} {target}")))))
}

fn fields(walk: &mut Walk<'_>, headers: &[httparse::Header<'_>], bytes: &[u8], start: usize, body: &mut Body) -> Step {
    for header in headers {
        let (name, value) = (place(bytes, header.name.as_bytes()), place(bytes, header.value));
        let end = if header.value.is_empty() { name.end } else { value.end };
        walk.field(shown_text(header.name), shown(header.value), start + name.start..start + end.max(name.end))?;
        let value = String::from_utf8_lossy(header.value);
        if header.name.eq_ignore_ascii_case("content-length") {
            body.length = value.trim().parse().ok();
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            body.chunked = value.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"));
        }
    }
    Ok(())
}

fn chunks(walk: &mut Walk<'_>) -> Step<String> {
    let (mut total, mut count) = (0, 0);
    loop {
        let (start, rest) = (walk.at, walk.rest());
        let (head, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return walk.wrong(start..start + rest.len(), "chunk-size is cut off"),
            Err(_) => return walk.wrong(start..start + rest.len().min(1), "chunk-size is hexadecimal digits"),
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        walk.at += head;
        walk.field("chunk-size", size.to_string(), start..walk.at)?;
        if size == 0 {
            break;
        }
        let here = size.min(walk.left());
        let at = walk.at;
        walk.octets("chunk-data", here)?;
        if here < size {
            return walk.wrong(at..walk.at, format!("the chunk has {size} bytes, {here} of them are here"));
        }
        if !walk.rest().starts_with(b"\r\n") {
            return walk.wrong(walk.at..walk.at + walk.left().min(2), "CRLF is expected behind a chunk");
        }
        walk.at += 2;
        (total, count) = (total + size, count + 1);
    }
    trailers(walk)?;
    Ok(format!("{total} bytes in {count} chunks"))
}

/// Fields behind the last chunk, to the empty line.
fn trailers(walk: &mut Walk<'_>) -> Step {
    loop {
        let rest = walk.rest();
        let Some(line) = rest.iter().position(|byte| *byte == b'\n') else {
            return walk.wrong(walk.at..walk.at + rest.len(), "the empty line behind the last chunk is missing");
        };
        let text = rest[..line].strip_suffix(b"\r").unwrap_or(&rest[..line]);
        if !text.is_empty() {
            walk.field("trailer", shown(text), walk.at..walk.at + text.len())?;
        }
        walk.at += line + 1;
        if text.is_empty() {
            return Ok(());
        }
    }
}
