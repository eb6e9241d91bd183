//! `herald problem check`: what is wrong with packages, and whether their programs do what they say. No server is needed;
//! where a sandbox can be had, the validator and the example submissions run in it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use herald_domain::problem::ProblemPackage;
use herald_sandbox::Sandbox;
use herald_worker::package::{self, Finding, Severity};
use herald_worker::{Languages, Programs, check_package};

use super::read;
use crate::cli::{EX_FAILED, Error, Result, print};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folders or zip archives.
    #[arg(required = true, value_name = "DIR|ZIP")]
    packages: Vec<PathBuf>,
    /// Look at the files alone: run neither the validator nor the example submissions.
    #[arg(long)]
    no_run: bool,
    #[command(flatten)]
    worker: herald_worker::Config,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let bench = if args.no_run { None } else { Bench::start(&args.worker).await? };
    let mut all_good = true;
    for path in &args.packages {
        all_good &= match read(path, None) {
            Ok(package) => check(&package, bench.as_ref()).await?,
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                false
            }
        };
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::from(EX_FAILED) })
}

/// What programs are run with.
struct Bench {
    sandbox: Sandbox,
    languages: Arc<Languages>,
}

impl Bench {
    /// `None`: there can be no sandbox here, of which a note was made.
    async fn start(config: &herald_worker::Config) -> Result<Option<Self>> {
        let languages = Languages::load(config.languages.as_deref()).map_err(|error| Error::Use(error.to_string()))?;
        // Whoever checks a package could run its programs without a sandbox too.
        match Sandbox::start(config.sandbox(Programs::OfItsUser)).await {
            Ok(sandbox) => Ok(Some(Self { sandbox, languages: Arc::new(languages) })),
            Err(error) => {
                eprintln!(
                    "note: there is no sandbox here ({error}), so no program of a package is run: only its files are \
                     looked at; `herald doctor` says what is missing"
                );
                Ok(None)
            }
        }
    }
}

/// Whether it can be imported and does what it says; what is not so is told.
async fn check(package: &ProblemPackage, bench: Option<&Bench>) -> Result<bool> {
    let slug = &package.slug;
    let mut findings = package::check(slug, &package.files);
    if let Some(Bench { sandbox, languages }) = bench {
        eprintln!("{slug}: running its programs");
        findings.extend(check_package(sandbox, languages, package).await);
    }
    findings.iter().for_each(|finding| eprintln!("{slug}: {finding}"));
    let errors = findings.iter().filter(|finding| is_error(finding)).count();
    if errors > 0 {
        print(&format!("{slug} is not good: {errors} to mend"))?;
        return Ok(false);
    }
    let tried = if bench.is_some() { "its programs do what they say" } else { "its programs were not run" };
    let (cases, version) = (package.summary.test_cases, &package.version[..12]);
    print(&format!("{slug} is good: {cases} test cases, version {version}; {tried}"))?;
    Ok(true)
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}
