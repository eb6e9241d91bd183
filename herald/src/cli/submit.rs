//! `herald submit FILE`: send, follow, show the verdict.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use herald_domain::submission::Verdict;
use herald_domain::view::{AcceptedView, StatusView};
use serde::Serialize;

use super::{EX_FAILED, Error, Result, outcome};
use crate::client::http::Call;
use crate::client::{Client, Place, poll};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Source file.
    file: PathBuf,
    /// Problem to judge it by; without one it is run on --stdin.
    #[arg(long, short, value_name = "SLUG")]
    problem: Option<String>,
    /// Language id [default: by the file's extension].
    #[arg(long, short, value_name = "ID")]
    language: Option<String>,
    /// File that becomes the program's standard input (- for this command's own).
    #[arg(long, value_name = "FILE", conflicts_with = "problem")]
    stdin: Option<PathBuf>,
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
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let request = Request {
        language: args.language.clone().map_or_else(|| language_of(&args.file), Ok)?,
        source: read_text(&args.file)?,
        stdin: args.stdin.as_deref().map(read_text).transpose()?,
        problem: args.problem.clone(),
    };
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
}
