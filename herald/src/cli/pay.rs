//! `herald pay`: move money, and see the services get done.

mod services;

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use herald_domain::money::view::{BookedView, EffectView, TransferView};
use herald_domain::money::{Currency, EffectState, Holder, TransferState};
use owo_colors::{AnsiColors, OwoColorize, Stream};
use serde::Serialize;

use super::{Error, Result};
use crate::client::http::Call;
use crate::client::{Client, Place, transfer};
use services::Seen;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Account that pays: its handle or id.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    /// Account that is paid: its handle or id.
    #[arg(long, value_name = "ACCOUNT")]
    to: String,
    /// How much, as people write it: 12.50.
    #[arg(long)]
    amount: String,
    /// Currency of both accounts (ISO 4217).
    #[arg(long, value_name = "CODE")]
    currency: Currency,
    /// Your own word for it, such as the number of an order.
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Words for whoever is paid.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Only set the money aside, until it is captured or voided (at most 7 days).
    #[arg(long)]
    hold: bool,
    /// Pays once however often it is used; without one each call is a payment of its own.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Show each service as it gets done.
    #[arg(long, short)]
    watch: bool,
    /// Seconds to watch for at most: a service that is down, or a receiver that is, may take days.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "watch")]
    within: u64,
    /// Print the transfer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Request<'a> {
    from: &'a str,
    to: &'a str,
    amount: u64,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    hold: bool,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let amount = args.currency.parse_amount(&args.amount);
    let amount = amount.map_err(|error| Error::Use(format!("--amount {}: {error}", args.amount)))?;
    let client = super::connect(&args.place)?;
    let booked = post(&client, &args, amount).await?;
    eprintln!("transfer {}", booked.id);
    let seen = match args.watch {
        true => services::follow(&client, &booked, Duration::from_secs(args.within)).await?,
        false => Seen::All,
    };
    let view = transfer::get(&client, booked.id).await?;
    if args.json {
        super::print_json(&view)?;
    } else {
        super::print(&describe(&view, args.watch))?;
    }
    if seen == Seen::Some {
        eprintln!("after {} s not all is done; what is pending is done once its service runs", args.within);
    }
    Ok(exit_code(&view))
}

async fn post(client: &Client, args: &Args, amount: u64) -> Result<BookedView> {
    let request = Request {
        from: &args.from,
        to: &args.to,
        amount,
        currency: args.currency,
        reference: args.reference.as_deref(),
        note: args.note.as_deref(),
        hold: args.hold,
    };
    let key = args.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let reply = client.send(Call::post("/transactions", &request).header("idempotency-key", key)).await?;
    if reply.headers.contains_key("idempotency-replayed") {
        eprintln!("this key was used for the same payment before; nothing was paid again");
    }
    Ok(client.read(&reply)?)
}

/// Paid or held as asked for, and no service has failed.
fn exit_code(view: &TransferView) -> ExitCode {
    let held = view.state == TransferState::Pending && view.held_by == Some(Holder::Payer);
    let failed = view.services.values().any(|effect| effect.status == EffectState::Failed);
    if (view.state.is_posted() || held) && !failed { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// The transfer in a line and, if they were waited for, what each service has made of it.
fn describe(view: &TransferView, with_services: bool) -> String {
    let color = match view.state {
        TransferState::Pending => AnsiColors::Cyan,
        state if state.is_posted() => AnsiColors::Green,
        _ => AnsiColors::Red,
    };
    let state = view.state.as_str().replace('_', " ");
    let state = state.if_supports_color(Stream::Stdout, |text| text.color(color)).to_string();
    let amount = view.currency.format(i64::try_from(view.amount).unwrap_or(i64::MAX));
    let mut text = format!("{state} · {amount} {} from {} to {}", view.currency, view.from, view.to);
    if let Some(reason) = &view.reason {
        let _ = write!(text, " · {reason}");
    }
    for (service, effect) in view.services.iter().filter(|_| with_services) {
        let _ = write!(text, "\n  {service:<12}  {}", outcome(effect));
    }
    text
}

/// The word, and why there is nothing to show for it.
fn outcome(effect: &EffectView) -> String {
    #[derive(serde::Deserialize)]
    struct Why {
        reason: Option<String>,
        error: Option<String>,
    }
    let why = serde_json::from_str::<Why>(effect.detail.get()).ok().and_then(|why| why.error.or(why.reason));
    let why = why.filter(|_| effect.status != EffectState::Done).map(|why| format!(" ({why})")).unwrap_or_default();
    let color = match effect.status {
        EffectState::Done => AnsiColors::Green,
        EffectState::Failed => AnsiColors::Red,
        EffectState::Skipped | EffectState::Pending => AnsiColors::Cyan,
    };
    format!("{}{why}", effect.status.as_str().if_supports_color(Stream::Stdout, |text| text.color(color)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(state: &str, webhook: &str) -> TransferView {
        let effect = |status: &str, detail| json!({"status": status, "attempts": 1, "at": null, "detail": detail});
        let view = json!({"id": "0190a6f0-0000-7000-8000-000000000001", "kind": "payment", "state": state, "status": state,
            "from": "alice", "to": "shop", "amount": 1250, "currency": "INR", "posted": 0, "refunded": 0, "offset": 1,
            "held_by": if state == "pending" { Some("payer") } else { None }, "hold_until": null, "settled_at": null,
            "services": {"fraud": effect("done", json!({"reason": "x"})), "webhook": effect(webhook, json!({"error": "410"}))},
            "created_at": "2026-01-01T00:00:00Z"});
        // Through text, as it comes: raw values are read from nothing else.
        serde_json::from_str(&view.to_string()).unwrap()
    }

    #[test]
    fn a_transfer_is_told_in_the_currency_s_own_digits() {
        let told = describe(&view("completed", "failed"), true);
        assert_eq!(
            told,
            "completed · 12.50 INR from alice to shop\n  fraud         done\n  webhook       failed (410)"
        );
        assert_eq!(describe(&view("partly_refunded", "done"), false), "partly refunded · 12.50 INR from alice to shop");
    }

    #[test]
    fn only_what_was_paid_or_held_without_a_failure_exits_0() {
        let code = |state, webhook| format!("{:?}", exit_code(&view(state, webhook)));
        let ok = format!("{:?}", ExitCode::SUCCESS);
        assert_eq!((code("completed", "done"), code("pending", "pending")), (ok.clone(), ok.clone()));
        for (state, webhook) in [("completed", "failed"), ("failed", "skipped"), ("voided", "done")] {
            assert_ne!(code(state, webhook), ok, "{state} {webhook}");
        }
    }
}
