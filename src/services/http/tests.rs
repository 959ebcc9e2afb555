//! Requests at every split, what is refused, and answers.

use proptest::prelude::*;

use super::*;

fn heard(chunks: &[&[u8]]) -> Vec<Heard> {
    let mut requests = Requests::default();
    let mut all = Vec::new();
    for chunk in chunks {
        requests.push(chunk);
        while let Some(heard) = requests.take_next() {
            all.push(heard);
        }
        assert!(requests.waiting() < MOST_HEAD);
    }
    all
}

fn whole(bytes: &[u8]) -> Vec<Heard> {
    heard(&[bytes])
}

const GET: Heard = Heard::Request(Request { head_only: false, old: false, stays: true });
const LAST: Heard = Heard::Request(Request { head_only: false, old: false, stays: false });

fn refused(bytes: &[u8]) -> u16 {
    match whole(bytes).as_slice() {
        [Heard::Refused(refused)] => refused.status,
        other => panic!("{other:?} for {}", String::from_utf8_lossy(bytes)),
    }
}

#[test]
fn requests_follow_each_other() {
    let one = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(whole(one), [GET]);
    assert_eq!(whole(&one.repeat(3)), [GET, GET, GET]);
    assert_eq!(whole(b"\r\n\r\nGET / HTTP/1.1\n\n"), [GET], "empty lines before, bare line ends");
    let head = Heard::Request(Request { head_only: true, old: false, stays: true });
    assert_eq!(whole(b"HEAD /a?b HTTP/1.1\r\n\r\n"), [head]);
    assert_eq!(whole(b"GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\nGET / HTTP/1.1\r\n\r\n"), [LAST], "nothing later");
    let old = |stays| Heard::Request(Request { head_only: false, old: true, stays });
    assert_eq!(whole(b"GET / HTTP/1.0\r\n\r\n"), [old(false)]);
    assert_eq!(whole(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), [old(true)]);
}

#[test]
fn bodies_are_skipped() {
    assert_eq!(whole(b"PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET GET / HTTP/1.1\r\n\r\n"), [GET, GET]);
    assert_eq!(whole(b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcd"), []);
    let chunked =
        b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n4;x=y\r\nWiki\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n";
    assert_eq!(whole(&[&chunked[..], b"GET / HTTP/1.1\r\n\r\n"].concat()), [GET, GET]);
    let asks = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
    assert_eq!(whole(asks), [Heard::AsksToContinue]);
    assert_eq!(whole(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"), [GET]);
    let mut requests = Requests::default();
    requests.push(format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", u64::MAX).as_bytes());
    for _ in 0..100 {
        requests.push(&[0; 65_536]);
        assert_eq!((requests.take_next(), requests.waiting()), (None, 0));
    }
}

#[test]
fn what_is_no_http_is_refused() {
    assert_eq!(refused(b"\x16\x03\x01\x02\x00\x01\x00"), 400);
    assert_eq!(refused(b"hello\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nA b: c\r\n\r\n"), 400);
    assert_eq!(refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    assert_eq!(refused(b"CONNECT a:1 HTTP/1.1\r\n\r\n"), 501);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), 400);
    assert_eq!(refused(b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501);
    let chunked = |body: &str| format!("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes();
    assert_eq!(refused(&chunked("\r\n")), 400);
    assert_eq!(refused(&chunked("2\r\nabc")), 400);
    assert_eq!(refused(&chunked("11111111111111111\r\n")), 400);
    assert_eq!(refused(&chunked(&format!("1;{}", "x".repeat(5000)))), 400);
    assert_eq!(refused(&chunked(&format!("0\r\nA: {}", "x".repeat(MOST_HEAD)))), 431);
    assert_eq!(refused(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(MOST_HEAD)).as_bytes()), 431);
    let fields = "A: b\r\n".repeat(MOST_FIELDS + 1);
    assert_eq!(refused(format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes()), 431);
    let fields = "A: b\r\n".repeat(MOST_FIELDS);
    assert_eq!(whole(format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes()), [GET]);
}

#[test]
fn answers_are_well_formed() {
    let headers =
        ["X-One:  1 ".to_owned(), "Bad\r\nX: 1".to_owned(), "Content-Length: 9".to_owned(), "no colon".to_owned()];
    let answer = |status| Answer { status, content_type: "text/plain", headers: &headers, length: 3, date: "D" };
    let request = Request { head_only: false, old: false, stays: true };
    assert_eq!(
        String::from_utf8(answer(200).head(Some(request))).unwrap(),
        "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nX-One: 1\r\n\r\n"
    );
    let no_content = String::from_utf8(answer(204).head(None)).unwrap();
    assert_eq!(no_content, "HTTP/1.1 204 No Content\r\nDate: D\r\nX-One: 1\r\nConnection: close\r\n\r\n");
    let own = ["date: mine".to_owned()];
    let split = Answer { status: 299, content_type: "a\r\nb: c", headers: &own, length: 0, date: "D" };
    let old = Request { old: true, ..request };
    let head = String::from_utf8(split.head(Some(old))).unwrap();
    assert_eq!(head, "HTTP/1.1 299 \r\nContent-Length: 0\r\ndate: mine\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(check_header("a b: c"), Err(HeaderMistake::Name));
    assert_eq!(check_header("TRANSFER-encoding: c"), Err(HeaderMistake::Own));
    assert_eq!(check_header("a: \u{7}"), Err(HeaderMistake::Value));
}

/// Streams that are HTTP more often than chance has it.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("GET / HTTP/1.1\r\n".to_owned()),
        Just("POST /x HTTP/1.1\r\n".to_owned()),
        Just("HEAD / HTTP/1.0\r\n".to_owned()),
        Just("GET / HTTP/2.0\r\n".to_owned()),
        Just("Content-Length: 7\r\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("Expect: 100-continue\r\n".to_owned()),
        Just("Connection: close\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("5\r\nabcde\r\n".to_owned()),
        Just("0\r\n\r\n".to_owned()),
        Just("abcdefg".to_owned()),
        "[ -~\r\n]{0,9}",
    ];
    proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn every_split_gives_the_same(bytes in stream()) {
        let all = whole(&bytes);
        for at in 0..=bytes.len() {
            prop_assert_eq!(&heard(&[&bytes[..at], &bytes[at..]]), &all, "split at {}", at);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(heard(&single), all);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2000), size in 1_usize..50) {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        prop_assert_eq!(heard(&pieces), whole(&bytes));
    }
}
