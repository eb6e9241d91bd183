//! `herald rejudge`: a problem's submissions are judged again by its current version, through the admin routes.

use std::process::ExitCode;

use herald_api::views::{RejudgeCountView, RejudgeView};
use herald_domain::clock;
use herald_domain::problem::is_slug;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::progress::may_draw;
use super::{Error, Result};
use crate::client::http::Call;
use crate::client::{self, Client, Place};

/// How many submissions one call looks at: the most that the server grants.
const PAGE: u32 = 200;
/// Where nothing can be drawn, a line tells of so many more.
const TOLD_EVERY: u64 = 1_000;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Slug of the problem.
    #[arg(long)]
    problem: String,
    /// Only what was submitted at this time or later: a date (2026-11-01, UTC), or a date and time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = clock::moment)]
    since: Option<OffsetDateTime>,
    /// Those too that the current version has judged already; each run of the command then judges them once more.
    #[arg(long)]
    again: bool,
    /// Only count what would be judged again.
    #[arg(long)]
    dry_run: bool,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// What came of it.
#[derive(Serialize)]
struct Outcome {
    problem: String,
    version: String,
    /// Queued again; null: only counted.
    rejudged: Option<u64>,
    /// Finished, and to be judged again, when it was counted.
    submissions: u64,
    /// Still being judged by another version.
    open: u64,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let query = query(&args)?;
    let client = super::connect(&args.place)?;
    let path = format!("/admin/problems/{}/rejudge", args.problem);
    let count: RejudgeCountView = client.get(&format!("{path}?{query}")).await?;
    let rejudged = if args.dry_run { None } else { Some(rejudge(&client, &path, &query, count.submissions).await?) };
    let RejudgeCountView { problem, version, submissions, open } = count;
    let outcome = Outcome { problem, version, rejudged, submissions, open };
    if args.json {
        super::print_json(&outcome)?
    } else {
        tell(&outcome)?
    }
    Ok(ExitCode::SUCCESS)
}

/// What the server is asked for, checked here: nothing in it needs an escape.
fn query(args: &Args) -> Result<String> {
    if !is_slug(&args.problem) {
        return Err(Error::Use(format!("'{}' is not a problem's slug; GET /problems lists them", args.problem)));
    }
    let since = args.since.map(|since| since.to_offset(UtcOffset::UTC).format(&Rfc3339)).transpose();
    let since = since.map_err(|error| Error::Use(format!("--since: {error}")))?;
    Ok(format!("again={}&since={}", args.again, since.unwrap_or_default()))
}

/// All pages; how many were queued again.
async fn rejudge(client: &Client, path: &str, query: &str, total: u64) -> Result<u64> {
    let (bar, mut done, mut told, mut cursor) = (bar(total), 0, 0, String::new());
    loop {
        let page = format!("{path}?{query}&limit={PAGE}&cursor={cursor}");
        let answer: client::Result<RejudgeView> = client.call(Call::post_nothing(&page)).await;
        let RejudgeView { rejudged, next } = answer.inspect_err(|_| {
            bar.finish_and_clear();
            eprintln!("broken off after {done} of {total}: run it again, what is queued is not queued twice");
        })?;
        done += rejudged;
        bar.set_position(done);
        if bar.is_hidden() && done >= told + TOLD_EVERY {
            eprintln!("queued again: {done} of {total}");
            told = done;
        }
        let Some(next) = next else { break };
        cursor = next;
    }
    bar.finish_and_clear();
    Ok(done)
}

fn bar(total: u64) -> ProgressBar {
    if !may_draw() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} queued again, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn tell(outcome: &Outcome) -> Result<()> {
    let Outcome { problem, version, rejudged, submissions, open } = outcome;
    let version = version.get(..12).unwrap_or(version);
    match rejudged {
        Some(rejudged) => super::print(&format!("queued again: {rejudged}, for version {version} of {problem}"))?,
        None => super::print(&format!("would be queued again: {submissions}, for version {version} of {problem}"))?,
    }
    if *open > 0 {
        super::print(&format!("still being judged by another version: {open}; run it again once they have ended"))?;
    }
    Ok(())
}
