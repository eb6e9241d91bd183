//! What a running program has written and nobody has been shown yet: pure, no clock.
//!
//! Invariant: a chunk is whole characters, of one stream, at most [`CHUNK_BYTES`] of it, and its text takes no more room in JSON
//! than a frame has; at most [`SHOWN_BYTES`] of a run are shown. What is lost on the way here is a gap that shows in `at`.

use herald_domain::submission::OutputStream;
use herald_domain::view::OutputChunk;

/// Bytes of a stream that one chunk tells of.
const CHUNK_BYTES: usize = 4 * 1024;
/// Of both streams together that are shown while it runs; the verdict brings the rest.
const SHOWN_BYTES: usize = 64 * 1024;
/// A control character takes six bytes in JSON; a frame has room for 16 KiB in all.
const TEXT_BYTES: usize = 12 * 1024;

/// The two streams of a run.
#[derive(Default)]
pub(super) struct Written {
    streams: [Pending; 2],
    taken: usize,
}

#[derive(Default)]
struct Pending {
    at: u64,
    bytes: Vec<u8>,
}

impl Written {
    /// Notes what a stream has after `at` bytes.
    pub(super) fn push(&mut self, stream: OutputStream, at: u64, bytes: &[u8]) {
        let room = SHOWN_BYTES - self.taken;
        let bytes = &bytes[..bytes.len().min(room)];
        if bytes.is_empty() {
            return;
        }
        self.taken += bytes.len();
        let pending = &mut self.streams[stream as usize];
        if pending.at + pending.bytes.len() as u64 != at {
            *pending = Pending { at, bytes: Vec::new() };
        }
        pending.bytes.extend_from_slice(bytes);
    }

    /// The next chunk, stdout first; `None` while there is no whole character.
    pub(super) fn next(&mut self) -> Option<OutputChunk> {
        let streams = [OutputStream::Stdout, OutputStream::Stderr];
        streams.into_iter().zip(&mut self.streams).find_map(|(stream, pending)| {
            let (text, bytes) = whole(&pending.bytes[..pending.bytes.len().min(CHUNK_BYTES)]);
            let chunk = (bytes > 0).then_some(OutputChunk { stream, at: pending.at, text })?;
            pending.bytes.drain(..bytes);
            pending.at += bytes as u64;
            Some(chunk)
        })
    }
}

/// The bytes up to the last whole character as text that fits, and how many they are. What can never become a character is
/// shown as U+FFFD, as is NUL.
fn whole(bytes: &[u8]) -> (String, usize) {
    let (mut text, mut room, mut taken) = (String::new(), TEXT_BYTES, 0);
    for part in bytes.utf8_chunks() {
        for character in part.valid().chars() {
            let shown = if character == '\0' { char::REPLACEMENT_CHARACTER } else { character };
            let Some(left) = room.checked_sub(json_bytes(shown)) else { return (text, taken) };
            text.push(shown);
            (room, taken) = (left, taken + character.len_utf8());
        }
        let at_end = taken + part.invalid().len() == bytes.len();
        if part.invalid().is_empty() || at_end && is_begun(part.invalid()) {
            continue;
        }
        let Some(left) = room.checked_sub(char::REPLACEMENT_CHARACTER.len_utf8()) else { break };
        text.push(char::REPLACEMENT_CHARACTER);
        (room, taken) = (left, taken + part.invalid().len());
    }
    (text, taken)
}

/// Whether more bytes could make it a character.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// RFC 8259, 7: quotes, backslashes and control characters are escaped.
fn json_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use herald_domain::submission::OutputStream::{Stderr, Stdout};

    use super::*;

    fn chunks(written: &mut Written) -> Vec<(OutputStream, u64, String)> {
        std::iter::from_fn(|| written.next()).map(|chunk| (chunk.stream, chunk.at, chunk.text)).collect()
    }

    #[test]
    fn a_character_that_comes_in_pieces_waits_to_be_whole() {
        let mut written = Written::default();
        let euro = "€".as_bytes();
        written.push(Stdout, 0, &[b'a', euro[0]]);
        assert_eq!(chunks(&mut written), [(Stdout, 0, "a".to_owned())]);
        written.push(Stdout, 2, &euro[1..2]);
        assert_eq!(chunks(&mut written), []);
        written.push(Stderr, 0, b"!");
        written.push(Stdout, 3, &[euro[2], b'b']);
        assert_eq!(chunks(&mut written), [(Stdout, 1, "€b".to_owned()), (Stderr, 0, "!".to_owned())]);
    }

    #[test]
    fn what_is_no_character_is_shown_as_one_and_counted_in_bytes() {
        let mut written = Written::default();
        written.push(Stdout, 0, b"\xff\0x\xe2\x82y\xe2\x82");
        assert_eq!(chunks(&mut written), [(Stdout, 0, "\u{fffd}\u{fffd}x\u{fffd}y".to_owned())]);
        written.push(Stdout, 8, b"z");
        assert_eq!(chunks(&mut written), [(Stdout, 6, "\u{fffd}z".to_owned())], "what was begun did not come to be");
    }

    #[test]
    fn a_flood_is_shown_up_to_its_bound_in_chunks_that_fit() {
        for byte in [b'x', 1, 0xff] {
            let mut written = Written::default();
            for n in 0..100 {
                written.push(if n % 2 == 0 { Stdout } else { Stderr }, n / 2 * 4_096, &[byte; 4_096]);
            }
            let all: Vec<_> = std::iter::from_fn(|| written.next()).collect();
            let characters: usize = all.iter().map(|chunk| chunk.text.chars().count()).sum();
            assert_eq!(characters, SHOWN_BYTES, "{byte}");
            for chunk in all {
                assert!(chunk.text.chars().count() <= CHUNK_BYTES);
                assert!(serde_json::to_string(&chunk).unwrap().len() < TEXT_BYTES + 100, "{byte}");
            }
        }
    }

    #[test]
    fn a_gap_begins_anew_where_it_ends() {
        let mut written = Written::default();
        written.push(Stdout, 0, b"abc\xe2");
        assert_eq!(chunks(&mut written), [(Stdout, 0, "abc".to_owned())]);
        written.push(Stdout, 100, b"def");
        assert_eq!(chunks(&mut written), [(Stdout, 100, "def".to_owned())]);
    }
}
