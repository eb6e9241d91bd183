//! "Did you mean …": the known word that an unknown one was probably meant to be.

/// The known word nearest to `word`, if it is near enough to be a slip of the keyboard.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is far longer than any known word is not worth the work.
    if word.len() > 64 {
        return None;
    }
    let reach = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["problem", "language", "source", "files", "stdin", "limits"];
        assert_eq!(nearest("langauge", known), Some("language"));
        assert_eq!(nearest("Sourc", known), Some("source"));
        assert_eq!(nearest("file", known), Some("files"));
        assert_eq!(nearest("expected_output", known), None);
        assert_eq!(nearest("", known), None);
    }
}
