//! Cutting text to a size in bytes without breaking a character, and patterns with stars.

/// `text` cut to at most `max` bytes at a UTF-8 boundary, and whether anything was cut.
pub fn cut(text: &str, max: usize) -> (&str, bool) {
    if text.len() <= max {
        return (text, false);
    }
    let end = (0..=max).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    (&text[..end], true)
}

/// Bytes as text, cut to at most `max` bytes; what is not UTF-8 becomes U+FFFD, and NUL too (PostgreSQL has no NUL in text).
pub fn printable(bytes: &[u8], max: usize) -> (String, bool) {
    // A replacement character is three bytes, so converting `max` bytes may exceed `max`: cut again afterwards.
    let mut end = bytes.len().min(max);
    // Do not split a character that straddles the limit: step back over at most three continuation bytes.
    if end < bytes.len() {
        let back = (0..4).find(|back| end >= *back && bytes[end - back] & 0xC0 != 0x80).unwrap_or(0);
        end -= back;
    }
    let text = String::from_utf8_lossy(&bytes[..end]).replace('\0', "\u{FFFD}");
    let (kept, cut_again) = cut(&text, max);
    (kept.to_owned(), cut_again || end < bytes.len())
}

/// Whether a pattern, in which `*` stands for anything, fits the whole text.
pub fn fits(pattern: &str, text: &[u8]) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return text == pattern.as_bytes() };
    let Some(mut text) = text.strip_prefix(front.as_bytes()) else { return false };
    let mut pieces = rest.split('*');
    let last = pieces.next_back().unwrap_or_default().as_bytes();
    // Each piece as early as possible leaves the most for those behind it.
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        match text.windows(piece.len()).position(|window| window == piece.as_bytes()) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), ("a", true));
        assert_eq!(cut("aé", 3), ("aé", false));
        assert_eq!(printable("aé".as_bytes(), 2), ("a".to_owned(), true));
        assert_eq!(printable(b"a\xff\0b", 64), ("a\u{FFFD}\u{FFFD}b".to_owned(), false));
    }

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        for (pattern, text) in [("a", "a"), ("a*", "a"), ("*a", "bca"), ("a*c*e", "abcde"), ("*", ""), ("a**b", "ab")] {
            assert!(fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*", "ba"), ("*a", "ab"), ("a*a", "a"), ("a*b*c", "acb"), ("", "x")] {
            assert!(!fits(pattern, text.as_bytes()), "{pattern} {text}");
        }
    }
}
