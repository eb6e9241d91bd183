//! The document is read back: its table of objects, and from its content stream the text.

use herald_domain::money::Transfer;
use proptest::prelude::*;

use super::*;
use crate::sample::{at, payment};

fn drawn_with(note: &str) -> Vec<u8> {
    let transfer = Transfer { note: Some(note.to_owned()), ..payment() };
    pdf(&Receipt { number: 7, issued_at: at(), transfer: &transfer })
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> usize {
    let found = bytes[from..].windows(what.len()).position(|window| window == what);
    from + found.unwrap_or_else(|| panic!("no {:?}", String::from_utf8_lossy(what)))
}

/// Where the cross-reference table says that each object is, the object is.
fn check_table(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let start: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    assert_eq!(&bytes[start..start + 4], b"xref");
    let table = String::from_utf8(bytes[start..].to_vec()).unwrap();
    let entries: Vec<_> = table.lines().filter(|line| line.trim_end().ends_with('n') && line.len() > 17).collect();
    assert_eq!(entries.len(), 8);
    for (n, entry) in (1..).zip(entries) {
        let offset: usize = entry[..10].parse().unwrap();
        assert!(bytes[offset..].starts_with(format!("{n} 0 obj").as_bytes()), "object {n}");
    }
}

/// The strings that are shown, in order, as Windows-1252 bytes.
fn shown(bytes: &[u8]) -> Vec<Vec<u8>> {
    let start = find(bytes, b"stream\n", 0) + 7;
    let stream = &bytes[start..find(bytes, b"\nendstream", start)];
    let (mut all, mut at) = (Vec::new(), 0);
    while at < stream.len() {
        match stream[at] {
            b'(' => {
                let (text, next) = literal(stream, at + 1);
                all.push(text);
                at = next;
            }
            b'<' => {
                let end = find(stream, b">", at);
                let digits = std::str::from_utf8(&stream[at + 1..end]).unwrap();
                let byte = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).unwrap();
                all.push((0..digits.len()).step_by(2).map(byte).collect());
                at = end + 1;
            }
            _ => at += 1,
        }
    }
    all
}

/// A string in parentheses (ISO 32000-1, 7.3.4.2) that begins at `at`; and where it ends.
fn literal(stream: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let (mut text, mut depth) = (Vec::new(), 1);
    loop {
        let byte = stream[at];
        at += 1;
        match byte {
            b'\\' => {
                let escaped = stream[at];
                at += 1;
                text.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                });
                continue;
            }
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (text, at);
        }
        text.push(byte);
    }
}

#[test]
fn the_page_shows_what_the_receipt_says() {
    let bytes = drawn_with("two teas (hot) \\ 5 € – für José");
    assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"), "not a PDF");
    check_table(&bytes);
    let texts = shown(&bytes);
    let has = |text: &str| texts.contains(&western(text));
    for text in ["Receipt no. 7", "Amount", "12.50 INR", "alice", "shop", "2026-03-01 12:00:00 UTC", "order-7"] {
        assert!(has(text), "no '{text}'");
    }
    assert!(has("two teas (hot) \\ 5 € – für José"));
    assert!(texts.contains(&b"two teas (hot) \\ 5 \x80 \x96 f\xfcr Jos\xe9".to_vec()));
}

#[test]
fn the_same_receipt_is_the_same_bytes() {
    assert_eq!(drawn_with("two teas"), drawn_with("two teas"));
    assert_ne!(drawn_with("two teas"), drawn_with("two tees"));
}

#[test]
fn a_long_note_is_broken_and_at_last_cut() {
    let words = "word ".repeat(30);
    let lines = broken(&words);
    assert_eq!(lines.concat(), words);
    assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:?}");
    assert_eq!(broken(&"x".repeat(COLUMNS + 1)).len(), 2);
    assert_eq!(broken("a\nb"), ["a", "b"]);
    assert_eq!(broken(""), [""]);
    let endless = broken(&"x\n".repeat(1_000));
    assert_eq!((endless.len(), endless.last().map(String::as_str)), (MAX_LINES, Some("…")));
}

proptest! {
    /// Whatever is noted, the document can be read, and says it as far as its letters go.
    #[test]
    fn any_note_can_be_shown(note in any::<String>()) {
        let bytes = drawn_with(&note);
        check_table(&bytes);
        let texts = shown(&bytes);
        for line in broken(&note) {
            prop_assert!(texts.contains(&western(&line)), "no {:?}", line);
        }
    }
}
