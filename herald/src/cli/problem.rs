//! `herald problem check` looks at packages here; `herald problem import` sends one to the server.

mod check;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use herald_api::archive::{self, BadArchive, Unpacked};
use herald_api::views::ImportView;
use herald_domain::problem::ProblemPackage;
use herald_worker::package;

use super::{Error, Result};
use crate::client::Place;
use crate::client::http::Call;
use crate::serve::problems;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Check packages (ICPC/Kattis format) and try their programs out; no server is needed.
    Check(check::Args),
    /// Import a package: its problem is judged by it from now on.
    Import(ImportArgs),
}

#[derive(clap::Args, Debug)]
struct ImportArgs {
    /// Folder or zip archive.
    #[arg(value_name = "DIR|ZIP")]
    package: PathBuf,
    /// Slug of the problem [default: the name of the folder].
    #[arg(long)]
    slug: Option<String>,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Check(args) => check::run(args).await,
        Command::Import(args) => import(args).await,
    }
}

async fn import(args: ImportArgs) -> Result<ExitCode> {
    // What the server would refuse is told without it.
    let package = read(&args.package, args.slug.as_deref())?;
    let packed = archive::write(&package.files);
    let body = packed.map_err(|error| Error::Use(format!("{} cannot be packed: {error}", args.package.display())))?;
    let path = format!("/admin/problems?slug={}", package.slug);
    let call = Call { body: body.into(), ..Call::post_nothing(&path) }.header("content-type", "application/zip");
    let imported: ImportView = super::connect(&args.place)?.call(call).await?;
    if args.json {
        super::print_json(&imported)?;
    } else {
        let state = if imported.changed { "is now at" } else { "stays at" };
        super::print(&format!("{} {state} version {}", imported.slug, &imported.version[..12]))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads and checks a package, whichever form it has.
fn read(path: &Path, slug: Option<&str>) -> Result<ProblemPackage> {
    let wrong = |why: String| Error::Use(why);
    if path.is_dir() {
        let package = package::read_dir(path).map_err(|error| wrong(error.to_string()))?;
        return match slug {
            Some(slug) => package::from_files(slug, package.files).map_err(|error| wrong(error.to_string())),
            None => Ok(package),
        };
    }
    let bytes = std::fs::read(path).map_err(|error| Error::Read(path.display().to_string(), error))?;
    let Unpacked { folder, files } = archive::read(&bytes).map_err(|bad| match bad {
        BadArchive::Unreadable(why) => wrong(format!(
            "it is neither a folder nor a zip archive that can be read ({why}): give the folder, or zip it"
        )),
        bad @ BadArchive::File { .. } => wrong(bad.to_string()),
    })?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let slug = slug.map(str::to_owned).or(folder).or(stem).unwrap_or_default();
    problems::read(&slug, files).map_err(|flaw| wrong(format!("{}: {}", flaw.file, flaw.what)))
}
