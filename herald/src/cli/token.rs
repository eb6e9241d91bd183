//! `herald token create | list | revoke`: API keys, through the admin routes.

use std::process::ExitCode;

use herald_domain::id::KeyId;
use herald_domain::identity::Scope;
use herald_domain::view::Page;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Result;
use crate::client::Place;
use crate::client::http::Call;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make a key and print it, once.
    Create {
        /// User that the key names.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// What it may do: its own user's things, or everybody's.
        #[arg(long, default_value = "user", value_parser = ["user", "admin"])]
        scope: String,
        #[command(flatten)]
        output: Output,
    },
    /// List keys (never their secrets).
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Revoke a key, which also closes the connections that came in by it.
    Revoke {
        /// Id of the key.
        id: KeyId,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(clap::Args, Debug)]
struct Output {
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct NewKey<'a> {
    user: &'a str,
    scope: &'a str,
}

/// A key as the admin routes show it; the secret only in the answer to its creation.
#[derive(Serialize, Deserialize)]
struct KeyView {
    id: KeyId,
    user: String,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option", default)]
    revoked_at: Option<OffsetDateTime>,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Create { user, scope, output } => create(&user, &scope, &output).await?,
        Command::List { output } => list(&output).await?,
        Command::Revoke { id, output } => {
            super::connect(&output.place)?.send(Call::delete(&format!("/admin/keys/{id}"))).await?;
            super::print(&format!("revoked {id}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(user: &str, scope: &str, output: &Output) -> Result<()> {
    let client = super::connect(&output.place)?;
    let made: KeyView = client.call(Call::post("/admin/keys", &NewKey { user, scope })).await?;
    if output.json {
        return super::print_json(&made);
    }
    eprintln!("a key of scope {} for {}, id {}; it is shown only now:", made.scope.as_str(), made.user, made.id);
    super::print(made.key.as_deref().unwrap_or_default())
}

async fn list(output: &Output) -> Result<()> {
    let keys: Page<KeyView> = super::connect(&output.place)?.get("/admin/keys").await?;
    if output.json {
        return super::print_json(&keys.items);
    }
    for key in keys.items {
        let state = key.revoked_at.map_or_else(|| "in use".to_owned(), |at| format!("revoked {}", day(at)));
        super::print(&format!(
            "{}  {:5}  {:20}  made {}  {state}",
            key.id,
            key.scope.as_str(),
            key.user,
            day(key.created_at)
        ))?;
    }
    Ok(())
}

fn day(at: OffsetDateTime) -> time::Date {
    at.date()
}
