//! `herald submit FILE`: send, follow, show the verdict.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use herald_domain::submission::{LIMIT_RANGES, SourceFile, Verdict};
use herald_domain::view::{AcceptedView, StatusView};
use serde::Serialize;

use super::{EX_FAILED, Error, Result, outcome};
use crate::client::http::Call;
use crate::client::{Client, Place, poll};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Source files, the entry point first.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Problem to judge it by; without one it is run on --stdin.
    #[arg(long, short, value_name = "SLUG")]
    problem: Option<String>,
    /// Language id [default: by the file's extension].
    #[arg(long, short, value_name = "ID")]
    language: Option<String>,
    /// File that becomes the program's standard input (- for this command's own).
    #[arg(long, value_name = "FILE", conflicts_with = "problem")]
    stdin: Option<PathBuf>,
    /// For the compiler or run-time, one that the language allows, as often as wanted: --flag=-O0
    #[arg(long = "flag", value_name = "FLAG", allow_hyphen_values = true)]
    flags: Vec<String>,
    /// A limit other than the problem's or the server's, as often as wanted: --limit cpu_ms=500
    #[arg(long = "limit", value_name = "NAME=N", value_parser = limit)]
    limits: Vec<(String, u64)>,
    /// Show each step as it is pushed.
    #[arg(long, short)]
    watch: bool,
    /// Print the final status as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<SourceFile>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<String, u64>,
}

impl Request {
    fn new(args: &Args) -> Result<Self> {
        let Some(entry) = args.files.first() else { return Err(Error::Use("name a source file".into())) };
        let language = args.language.clone().map_or_else(|| language_of(entry), Ok)?;
        // One file goes without its name, so that the language can give it the one that it wants.
        let (source, files) = match args.files.as_slice() {
            [one] => (Some(read_text(one)?), None),
            several => (None, Some(several.iter().map(|path| source_file(path)).collect::<Result<_>>()?)),
        };
        Ok(Self {
            language,
            source,
            files,
            stdin: args.stdin.as_deref().map(read_text).transpose()?,
            problem: args.problem.clone(),
            flags: args.flags.clone(),
            limits: args.limits.iter().cloned().collect(),
        })
    }
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let request = Request::new(&args)?;
    let client = super::connect(&args.place)?;
    let accepted = post(&client, &request).await?;
    eprintln!("submission {}", accepted.id);
    if args.watch {
        super::progress::follow(&client, accepted.id, &(&accepted).into()).await?;
    }
    let status = poll::ended(&client, accepted.id).await?;
    if args.json {
        super::print_json(&status)?;
    } else {
        super::print(&outcome::describe(&status))?;
    }
    Ok(exit_code(&status))
}

/// Accepted at most once, however often it is sent: the key makes a repeated POST the same submission.
async fn post(client: &Client, request: &impl Serialize) -> Result<AcceptedView> {
    let key = uuid::Uuid::new_v4().to_string();
    Ok(client.call(Call::post("/submit", request).header("idempotency-key", key)).await?)
}

fn exit_code(status: &StatusView) -> ExitCode {
    match status.verdict {
        Some(Verdict::Accepted) => ExitCode::SUCCESS,
        Some(Verdict::InternalError) | None => ExitCode::from(EX_FAILED),
        Some(_) => ExitCode::from(1),
    }
}

fn read_text(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        return read.map(|_| text).map_err(|e| Error::Read("standard input".into(), e));
    }
    std::fs::read_to_string(path).map_err(|e| Error::Read(path.display().to_string(), e))
}

fn source_file(path: &Path) -> Result<SourceFile> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Error::Use(format!("{} has no name to be sent under", path.display())))?;
    Ok(SourceFile { name: name.to_owned(), content: read_text(path)? })
}

/// `NAME=N`, with a name that the server knows.
fn limit(text: &str) -> std::result::Result<(String, u64), String> {
    let known = || LIMIT_RANGES.iter().map(|range| range.field).collect::<Vec<_>>().join(", ");
    let (name, value) = text.split_once('=').ok_or("write it as NAME=N")?;
    if !LIMIT_RANGES.iter().any(|range| range.field == name) {
        return Err(format!("there is no limit '{name}'; known are {}", known()));
    }
    let value = value.parse().map_err(|_| format!("'{value}' is not a whole number"))?;
    Ok((name.to_owned(), value))
}

fn language_of(path: &Path) -> Result<String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let id = match extension {
        "c" => "c",
        "cc" | "cpp" | "cxx" | "C" => "cpp",
        "rs" => "rust",
        "go" => "go",
        "java" => "java",
        "py" => "python",
        "js" | "mjs" => "javascript",
        "ts" => "typescript",
        _ => {
            let name = path.display();
            return Err(Error::Use(format!(
                "cannot tell the language of {name} by its extension: name it by --language"
            )));
        }
    };
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_tells_the_language() {
        let of = |name: &str| language_of(Path::new(name)).ok();
        assert_eq!(of("a/b.cpp").as_deref(), Some("cpp"));
        assert_eq!(of("main.py").as_deref(), Some("python"));
        assert_eq!((of("notes.txt"), of("Makefile")), (None, None));
    }

    #[test]
    fn a_limit_has_a_name_that_is_known_and_a_number() {
        assert_eq!(limit("cpu_ms=500"), Ok(("cpu_ms".into(), 500)));
        for (bad, said) in [("cpu_ms", "NAME=N"), ("cpu=1", "known are cpu_ms, wall_ms"), ("cpu_ms=1s", "'1s'")] {
            assert!(limit(bad).unwrap_err().contains(said), "{bad}");
        }
    }
}
