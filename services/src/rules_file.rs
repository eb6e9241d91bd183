//! Rules that an operator may replace by a file of his own.

use std::fmt::Display;
use std::path::Path;

/// Why there are no rules.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{setting}: {file}: {why}")]
pub struct BadRulesFile {
    pub setting: &'static str,
    pub file: String,
    pub why: String,
}

/// Those of the file, else the ones built in. `setting` is what names the file.
pub(crate) fn read<R, E: Display>(
    setting: &'static str,
    file: Option<&Path>,
    built_in: &str,
    parse: impl Fn(&str) -> Result<R, E>,
) -> Result<R, BadRulesFile> {
    let name = file.map_or_else(|| "the built-in rules".to_owned(), |file| file.display().to_string());
    let bad = |why: String| BadRulesFile { setting, file: name.clone(), why };
    let text = match file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?,
        None => built_in.to_owned(),
    };
    parse(&text).map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_replaces_what_is_built_in_and_is_named_when_it_is_bad() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        let of = |file: Option<&Path>| read("HERALD_RULES", file, "7", |text| text.trim().parse::<u8>());
        assert_eq!(of(None), Ok(7));
        let said = of(Some(&file)).unwrap_err().to_string();
        assert!(said.starts_with("HERALD_RULES: /") && said.contains("rules.toml: No such file"), "{said}");
        std::fs::write(&file, "9\n").unwrap();
        assert_eq!(of(Some(&file)), Ok(9));
        std::fs::write(&file, "nine").unwrap();
        assert!(of(Some(&file)).unwrap_err().to_string().ends_with("rules.toml: invalid digit found in string"));
    }
}
