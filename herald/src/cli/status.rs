//! `herald status ID`.

use std::process::ExitCode;

use herald_domain::id::SubmissionId;
use serde::Deserialize;

use super::{Result, outcome};
use crate::client::http::Call;
use crate::client::watch::Watched;
use crate::client::{Place, poll};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Id of the submission.
    id: SubmissionId,
    /// Follow it to its end, showing each step.
    #[arg(long, short)]
    watch: bool,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Where a channel can be watched, as `POST /tickets` answers.
#[derive(Deserialize)]
struct Ticket {
    ws_url: String,
    events_url: String,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let client = super::connect(&args.place)?;
    if args.watch {
        let channel = serde_json::json!({"channel": format!("submission:{}", args.id)});
        let Ticket { ws_url, events_url } = client.call(Call::post("/tickets", &channel)).await?;
        super::progress::follow(&client, args.id, &Watched { ws_url, events_url }).await?;
    }
    let status = poll::status(&client, args.id).await?;
    if args.json {
        super::print_json(&status)?;
    } else {
        super::print(&outcome::describe(&status))?;
    }
    Ok(ExitCode::SUCCESS)
}
