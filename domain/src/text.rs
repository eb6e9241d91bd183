//! Cutting text to a size in bytes without breaking a character.

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
}
