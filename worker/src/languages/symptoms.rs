//! How a language's run-time says that it has run out of memory: such a run ends by an error of its own, and only what it
//! prints tells it from a crash.
//!
//! Invariant: a pattern is a whole line, so that a program's own words in the middle of one (`MyMemoryError`) are no symptom.

use herald_domain::text::fits;
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

#[cfg(test)]
mod tests {
    use super::*;

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
