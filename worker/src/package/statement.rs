//! The statement: Markdown, in English where there are several; LaTeX, where there is nothing else, as it is written.

use herald_domain::problem::PackageFile;

use super::config::Config;
use super::{PackageError, text};

pub(super) struct Statement {
    /// The natural language.
    pub language: String,
    pub text: String,
    /// What the statement itself calls the problem (LaTeX).
    pub name: Option<String>,
}

/// Constants are filled in. Samples are shown beside the statement, so the commands that place them are taken out.
pub(super) fn read(files: &[PackageFile], config: &Config) -> Result<Statement, PackageError> {
    let found = |extension| {
        let mut all: Vec<(&str, &PackageFile)> = files.iter().filter_map(|file| statement(file, extension)).collect();
        all.sort_by_key(|(language, file)| (*language != "en", *language, !file.path.starts_with("statement/")));
        all.first().copied()
    };
    let markdown = found("md");
    let Some((language, file)) = markdown.or_else(|| found("tex")) else {
        let what = "is missing; the statement has to be Markdown (LaTeX is shown as it is written, PDF not at all)";
        return Err(PackageError::invalid("statement/problem.en.md", what));
    };
    let statement = config.fill(text(file)?);
    if statement.trim().is_empty() {
        return Err(PackageError::invalid(&file.path, "is empty; write the problem down"));
    }
    let (text, name) = match markdown {
        Some(_) => (statement.replace("{{nextsample}}", "").replace("{{remainingsamples}}", ""), None),
        None => (format!("````latex\n{}\n````\n", statement.trim_end()), problem_name(&statement)),
    };
    Ok(Statement { language: language.to_owned(), text, name })
}

/// `statement/problem.<language>.<extension>`, or in `problem_statement/` as it was called before.
fn statement<'a>(file: &'a PackageFile, extension: &str) -> Option<(&'a str, &'a PackageFile)> {
    let name = file.path.strip_prefix("statement/").or_else(|| file.path.strip_prefix("problem_statement/"))?;
    let middle = name.strip_prefix("problem.")?.strip_suffix(extension)?;
    let language = middle.strip_suffix('.').unwrap_or("en");
    (!language.contains(['/', '.'])).then_some((language, file))
}

/// The plain name, or what `\problemname` says.
fn problem_name(latex: &str) -> Option<String> {
    let plain = latex.lines().find_map(|line| line.trim().strip_prefix("%% plainproblemname:"));
    let command =
        || latex.split_once("\\problemname{").and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
    plain.or_else(command).map(|name| name.trim().to_owned())
}
