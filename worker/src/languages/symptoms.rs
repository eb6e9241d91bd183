//! How a language's run-time says that it has run out of memory: such a run ends by an error of its own, and only what it
//! prints tells it from a crash.
//!
//! Invariant: a pattern is a whole line, so that a program's own words in the middle of one (`MyMemoryError`) are no symptom.

use serde::Deserialize;

/// Only the end of a stream is searched: the last words come last.
const SEARCHED_BYTES: usize = 64 * 1_024;

/// Lines, with `*` for anything within one; a line that a pattern with a leading `!` fits is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Symptoms(Vec<String>);

impl Symptoms {
    /// Whether a line of what was printed is one.
    pub(crate) fn found(&self, printed: &[u8]) -> bool {
        let (not, yes): (Vec<&str>, Vec<&str>) =
            self.0.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
        if yes.is_empty() {
            return false;
        }
        let end = &printed[printed.len().saturating_sub(SEARCHED_BYTES)..];
        end.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).any(|line| {
            yes.iter().any(|pattern| fits(pattern, line)) && !not.iter().any(|pattern| fits(&pattern[1..], line))
        })
    }
}

/// Whether the pattern fits the whole text. Each piece between stars is looked for as early as possible.
pub(crate) fn fits(pattern: &str, text: &[u8]) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return text == pattern.as_bytes() };
    let Some(mut text) = text.strip_prefix(front.as_bytes()) else { return false };
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default().as_bytes();
    for piece in pieces {
        match find(text, piece.as_bytes()) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() { Some(0) } else { text.windows(piece.len()).position(|window| window == piece) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        for (pattern, text) in [("a", "a"), ("a*", "a"), ("*a", "bca"), ("a*c*e", "abcde"), ("*", ""), ("a**b", "ab")] {
            assert!(fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*", "ba"), ("*a", "ab"), ("a*a", "a"), ("a*b*c", "acb"), ("", "x")] {
            assert!(!fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn a_symptom_is_a_whole_line_that_nothing_speaks_against() {
        let symptoms = Symptoms(vec!["MemoryError*".into(), "*Heap*".into(), "!*thread*".into()]);
        for good in ["MemoryError", "a\nMemoryError: no\r\nb", "Heap\n"] {
            assert!(symptoms.found(good.as_bytes()), "{good:?}");
        }
        for bad in ["", "MyMemoryError", "no Heap for a thread", "He\nap"] {
            assert!(!symptoms.found(bad.as_bytes()), "{bad:?}");
        }
        assert!(!Symptoms::default().found(b""));
        let long = "MemoryError\n".to_owned() + &"x".repeat(SEARCHED_BYTES);
        assert!(!symptoms.found(long.as_bytes()), "its last words were others");
    }
}
