//! `herald dlq` and `herald redrive`: what could not be done, and doing it again, through the admin routes.

use std::process::ExitCode;

use herald_domain::id::DeadLetterId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Result;
use crate::client::Place;
use crate::client::http::Call;

#[derive(clap::Args, Debug)]
pub struct ListArgs {
    #[command(subcommand)]
    command: Option<ListCommand>,
    #[command(flatten)]
    output: Output,
}

#[derive(clap::Subcommand, Debug)]
enum ListCommand {
    /// List them, newest first (what `dlq` alone does too).
    List {
        #[command(flatten)]
        output: Output,
    },
}

#[derive(clap::Args, Debug)]
pub struct RedriveArgs {
    /// Id of the dead letter.
    #[arg(required_unless_present = "all")]
    id: Option<DeadLetterId>,
    /// All there are.
    #[arg(long, conflicts_with = "id")]
    all: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(clap::Args, Debug)]
struct Output {
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize, Deserialize)]
struct Letter {
    id: DeadLetterId,
    queue: String,
    entity: Option<String>,
    error: String,
    payload: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

pub async fn list(args: ListArgs) -> Result<ExitCode> {
    let output = match args.command {
        Some(ListCommand::List { output }) => output,
        None => args.output,
    };
    let letters: Vec<Letter> = super::connect(&output.place)?.list("/admin/dead-letters").await?;
    if output.json {
        super::print_json(&letters)?;
    } else if letters.is_empty() {
        super::print("no dead letters")?;
    }
    for letter in letters.iter().filter(|_| !output.json) {
        let entity = letter.entity.as_deref().unwrap_or("-");
        super::print(&format!("{}  {}  {}  {entity}  {}", letter.id, letter.at.date(), letter.queue, letter.error))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a redrive came to.
#[derive(Deserialize)]
struct Redriven {
    redriven: u64,
    more: bool,
}

pub async fn redrive(args: RedriveArgs) -> Result<ExitCode> {
    let client = super::connect(&args.place)?;
    let path = match args.id {
        Some(id) => format!("/admin/dead-letters/{id}/redrive"),
        None => "/admin/dead-letters/redrive".to_owned(),
    };
    let mut total = 0;
    loop {
        let Redriven { redriven, more } = client.call(Call::post_nothing(&path)).await?;
        total += redriven;
        if !more {
            break;
        }
    }
    super::print(&format!("queued again: {total}"))?;
    Ok(ExitCode::SUCCESS)
}
