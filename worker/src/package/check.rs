//! What is wrong with a package, or could be better: for whoever writes one. Looks at the files alone; what the programs of
//! a package do is tried out by [`crate::check_package`].

use std::collections::BTreeSet;
use std::fmt;

use herald_domain::problem::{PackageFile, format_code};

use super::examples::examples;
use super::{Problem, Validation, check_slug, find};

/// Folders of the format and our own.
const FOLDERS: [&str; 17] = [
    "attachments",
    "data",
    "generators",
    "include",
    "input_format_validators",
    "input_validators",
    "input_visualizer",
    "output_validator",
    "output_validators",
    "output_visualizer",
    "problem_statement",
    "solution",
    "starter",
    "statement",
    "static_validator",
    "submissions",
    "graders",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The package is not taken, or does not do what it says.
    Error,
    /// It is taken.
    Warning,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// Within the package.
    pub path: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl Finding {
    pub(crate) fn error(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, path: path.into(), what: what.into() }
    }

    pub(crate) fn warning(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, path: path.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}: {}", self.path, self.what)
    }
}

/// Errors first. Nothing found: it can be imported.
pub fn check(slug: &str, files: &[PackageFile]) -> Vec<Finding> {
    let mut findings = layout(files);
    let refused = |error: super::PackageError| {
        let text = error.to_string();
        let (path, what) = text.split_once(": ").unwrap_or(("problem.yaml", &text));
        Finding::error(path, what)
    };
    findings.extend(check_slug(slug).err().map(refused));
    match Problem::from_files(files) {
        Err(error) => findings.push(refused(error)),
        Ok(problem) => {
            findings.extend(languages(&problem, files));
            findings.extend(cases(&problem, files));
            findings.extend(submissions(files));
        }
    }
    findings.sort_by(|a, b| (a.severity, &a.path).cmp(&(b.severity, &b.path)));
    findings
}

fn layout(files: &[PackageFile]) -> Vec<Finding> {
    let has = |folder: &str| files.iter().any(|file| file.path.starts_with(folder));
    let mut findings = Vec::new();
    let tops: BTreeSet<&str> = files.iter().filter_map(|file| file.path.split_once('/')).map(|(top, _)| top).collect();
    for top in tops.into_iter().filter(|top| !FOLDERS.contains(top)) {
        findings.push(Finding::warning(top, "is no folder of the format; nothing in it counts"));
    }
    if !has("input_validators/") && !has("input_format_validators/") {
        findings
            .push(Finding::warning("input_validators", "is missing; the format asks for one, and other tools want it"));
    }
    if !has("data/sample/") {
        findings.push(Finding::warning("data/sample", "is missing; solvers see no example"));
    }
    if let Some(yaml) = find(files, "problem.yaml") {
        let lines = String::from_utf8_lossy(&yaml.content);
        for key in ["problem_format_version", "uuid", "license"] {
            if !lines.lines().any(|line| line.split_once(':').is_some_and(|(name, _)| name.trim_end() == key)) {
                findings
                    .push(Finding::warning("problem.yaml", format!("has no {key}; other tools want it, so add it")));
            }
        }
    }
    let texts = files.iter().filter(|file| {
        let extension = file.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        matches!(extension, "in" | "ans" | "yaml" | "md" | "tex") && !file.content.is_empty()
    });
    for file in texts {
        if file.content.windows(2).any(|pair| pair == b"\r\n") {
            findings.push(Finding::warning(&file.path, "has lines that end in CR LF; use LF alone"));
        } else if !file.content.ends_with(b"\n") {
            findings.push(Finding::warning(&file.path, "does not end with a newline; add one"));
        }
    }
    findings
}

/// Drivers, starters and the list of languages go together.
fn languages(problem: &Problem, files: &[PackageFile]) -> Vec<Finding> {
    let folders = |folder: &str| -> BTreeSet<String> {
        let inside = files.iter().filter_map(|file| file.path.strip_prefix(folder)?.split_once('/'));
        inside.map(|(language, _)| format_code(language).to_owned()).collect()
    };
    let driven: BTreeSet<String> =
        folders("include/").into_iter().filter(|language| problem.includes.has_driver(language)).collect();
    let mut findings = Vec::new();
    if !driven.is_empty() {
        match &problem.languages {
            None => {
                let list: Vec<_> = driven.iter().map(String::as_str).collect();
                let what =
                    format!("has drivers for some languages, but takes any; add languages: [{}]", list.join(", "));
                findings.push(Finding::warning("problem.yaml", what));
            }
            Some(allowed) => {
                for language in allowed.iter().filter(|language| !driven.contains(format_code(language))) {
                    let what =
                        format!("is missing, but {language} may be handed in; add a main.* or take it off the list");
                    findings.push(Finding::warning(format!("include/{language}"), what));
                }
            }
        }
        for language in driven.difference(&folders("starter/")) {
            findings.push(Finding::warning(
                format!("starter/{language}"),
                "is missing; solvers have nothing to begin with",
            ));
        }
    }
    for starter in problem.starters.iter().filter(|starter| !driven.contains(format_code(&starter.language))) {
        let what = "is for a language without a driver (include/LANGUAGE/main.*)";
        findings.push(Finding::warning(format!("starter/{}/{}", starter.language, starter.name), what));
    }
    findings
}

fn cases(problem: &Problem, files: &[PackageFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let secret: Vec<_> = problem.cases.iter().filter(|case| !case.sample).collect();
    let direct = secret.iter().filter(|case| case.group == "secret").count();
    if direct > 0 && direct < secret.len() {
        findings.push(Finding::warning("data/secret", "has both cases and groups; the format wants either"));
    }
    if (problem.kind.interactive || problem.kind.multi_pass)
        && problem.cases.iter().any(|case| case.sample)
        && !files.iter().any(|file| file.path.ends_with(".interaction"))
    {
        findings.push(Finding::warning("data/sample", "has no .interaction file, so nothing is shown of the samples"));
    }
    for case in &problem.cases {
        // An empty answer is what every program that prints nothing gets right.
        if matches!(case.validation, Validation::Default(_)) && case.answer.trim_ascii().is_empty() {
            findings.push(Finding::warning(format!("data/{}.ans", case.name), "is empty: printing nothing is right"));
        }
    }
    findings
}

fn submissions(files: &[PackageFile]) -> Vec<Finding> {
    let examples = examples(files).unwrap_or_default();
    let mut findings = Vec::new();
    if !examples.iter().any(|example| example.folder == "accepted") {
        findings.push(Finding::error(
            "submissions/accepted",
            "has no program; nothing shows that the problem can be solved",
        ));
    }
    for example in examples.iter().filter(|example| example.language.is_none()) {
        findings.push(Finding::warning(
            format!("submissions/{}", example.path),
            "is in no language that is known by its extension; it is not tried out",
        ));
    }
    if find(files, "submissions/submissions.yaml").is_some() {
        let what = "is not read; what is expected of a submission is the name of its folder";
        findings.push(Finding::warning("submissions/submissions.yaml", what));
    }
    findings
}
