//! The statement: Markdown, in English where there are several.

use herald_domain::problem::PackageFile;

use super::config::Config;
use super::{PackageError, text};

/// The natural language and the text, constants filled in. Samples are shown beside the statement, so the commands that
/// place them are taken out.
pub(super) fn read(files: &[PackageFile], config: &Config) -> Result<(String, String), PackageError> {
    let mut statements: Vec<(&str, &PackageFile)> = files.iter().filter_map(markdown).collect();
    statements.sort_by_key(|(language, file)| (*language != "en", *language, !file.path.starts_with("statement/")));
    let Some((language, file)) = statements.first() else {
        let what = "is missing; the statement has to be Markdown (LaTeX and PDF are not shown yet)";
        return Err(PackageError::invalid("statement/problem.en.md", what));
    };
    let statement = config.fill(text(file)?);
    let statement = statement.replace("{{nextsample}}", "").replace("{{remainingsamples}}", "");
    if statement.trim().is_empty() {
        return Err(PackageError::invalid(&file.path, "is empty; write the problem down"));
    }
    Ok(((*language).to_owned(), statement))
}

/// `statement/problem.<language>.md`, or in `problem_statement/` as it was called before.
fn markdown(file: &PackageFile) -> Option<(&str, &PackageFile)> {
    let name = file.path.strip_prefix("statement/").or_else(|| file.path.strip_prefix("problem_statement/"))?;
    let middle = name.strip_prefix("problem.")?.strip_suffix("md")?;
    let language = middle.strip_suffix('.').unwrap_or("en");
    (!language.contains(['/', '.'])).then_some((language, file))
}
