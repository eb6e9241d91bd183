//! The problems that a store starts with: those built in, and those of a folder.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use herald_api::Flaw;
use herald_domain::problem::{PackageFile, ProblemPackage};
use herald_domain::store::Store;
use herald_worker::package::{self, PackageError};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Problems")]
pub struct ProblemOptions {
    /// Folder of problem packages to import at start, besides the built-in ones
    #[arg(long = "problems", env = "HERALD_PROBLEMS", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// The packages that ship with Herald.
#[derive(rust_embed::RustEmbed)]
#[folder = "../problems"]
#[exclude = "*/submissions/*"]
#[exclude = "*/generators/*"]
struct BuiltIn;

/// Imports what is new; a line for each package that became current.
pub async fn import(store: &dyn Store, options: &ProblemOptions) -> anyhow::Result<Vec<String>> {
    let mut packages = built_in()?;
    if let Some(folder) = &options.folder {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("the problems folder {} cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                packages.push(package::read_dir(&path).with_context(|| format!("in {}", path.display()))?);
            }
        }
    }
    let mut lines = Vec::new();
    for package in &packages {
        if store.import_problem(package).await? {
            lines.push(format!("problem {} is at version {}", package.slug, &package.version[..12]));
        }
    }
    Ok(lines)
}

/// A package that somebody sends in.
pub fn read(slug: &str, files: Vec<PackageFile>) -> Result<ProblemPackage, Flaw> {
    package::from_files(slug, files).map_err(|error| match error {
        PackageError::Invalid { file, what } => Flaw { file, what },
        PackageError::Unsupported { file, what } => Flaw { file, what: format!("{what} not supported yet") },
        PackageError::Read { path, source } => Flaw { file: path, what: source.to_string() },
    })
}

fn built_in() -> anyhow::Result<Vec<ProblemPackage>> {
    let mut by_slug = std::collections::BTreeMap::<String, Vec<PackageFile>>::new();
    for path in BuiltIn::iter() {
        let Some((slug, rest)) = path.split_once('/') else { continue };
        let Some(file) = BuiltIn::get(&path) else { continue };
        let file = PackageFile { path: rest.to_owned(), content: file.data.into_owned() };
        by_slug.entry(slug.to_owned()).or_default().push(file);
    }
    by_slug.into_iter().map(|(slug, files)| Ok(package::from_files(&slug, files)?)).collect()
}
