//! Natural order of names: `2` before `10`.

use std::cmp::Ordering;

/// Compares by runs of digits as numbers and by everything else as bytes; `/` sorts before any other byte, so that a
/// folder's files stay together. Names that differ only in leading zeros fall back to plain byte order.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let order = match (left.first(), right.first()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (number(&mut left), number(&mut right));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            (Some(&x), Some(&y)) => {
                (left, right) = (&left[1..], &right[1..]);
                rank(x).cmp(&rank(y))
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes a run of digits off the front; returned without leading zeros, so that length decides first.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros..]
}

fn rank(byte: u8) -> u16 {
    if byte == b'/' { 0 } else { u16::from(byte) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers_and_folders_stay_together() {
        let mut names = ["b", "a10", "a2", "a/10", "a/9", "a02", "a", "1000000000000000000000000", "999"];
        names.sort_by(|x, y| compare(x, y));
        assert_eq!(names, ["999", "1000000000000000000000000", "a", "a/9", "a/10", "a02", "a2", "a10", "b"]);
    }
}
