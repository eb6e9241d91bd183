//! Effects: what each service makes of a settled transfer, once.
//!
//! One row per service and transfer is inbox, retry state, dead letter and what people are shown, all in one.

use std::sync::Arc;

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{Handle, Transfer, TransferKind, TransferState};
use crate::event::raw;
use crate::id::TransferId;
use crate::text::cut;
use crate::words::words;

/// A failed effect is tried this many times in all; then it is `failed`, and a dead letter.
pub const MAX_EFFECT_ATTEMPTS: u32 = 10;

/// What is kept of an error's text.
const MAX_ERROR_BYTES: usize = 1024;

/// A service is told of a transfer at most so many at once.
pub const MAX_EFFECT_BATCH: usize = 64;

words!(/// The independent consumers of a transfer.
Service {
    Notification = "notification", Fraud = "fraud", Statement = "statement", Rewards = "rewards", Webhook = "webhook",
});

impl Service {
    /// Whether the service has anything to do with a transfer of this kind in this state. Where it has not, it is told nothing,
    /// and people are shown `skipped`.
    pub fn concerns(self, kind: TransferKind, state: TransferState) -> bool {
        let payment = kind == TransferKind::Payment;
        match self {
            Self::Notification | Self::Webhook => state != TransferState::Pending,
            Self::Fraud => payment && (state == TransferState::Pending || state.is_posted()),
            Self::Statement => state.is_posted(),
            Self::Rewards => payment && state.is_posted(),
        }
    }

    /// The event that tells what became of an effect: `notification.sent`, `webhook.failed`.
    pub fn event_name(self, state: EffectState) -> String {
        let what = match (state, self) {
            (EffectState::Skipped, _) => "skipped",
            (EffectState::Failed, _) => "failed",
            (EffectState::Pending, _) => "pending",
            (EffectState::Done, Self::Notification) => "sent",
            (EffectState::Done, Self::Fraud) => "scored",
            (EffectState::Done, Self::Statement) => "issued",
            (EffectState::Done, Self::Rewards) => "granted",
            (EffectState::Done, Self::Webhook) => "delivered",
        };
        format!("{self}.{what}")
    }
}

words!(/// Where an effect stands. `skipped`: there was nothing to do. `failed`: all attempts are used up; it can be redriven.
EffectState { Pending = "pending", Done = "done", Skipped = "skipped", Failed = "failed" });

/// An effect as it stands.
#[derive(Clone, Debug)]
pub struct Effect {
    pub service: Service,
    pub transfer: TransferId,
    pub state: EffectState,
    /// Ever; a redrive does not start them anew.
    pub attempts: u32,
    /// When it last changed.
    pub at: Option<OffsetDateTime>,
    /// JSON object of the service's own; of a pending or failed one `{"error":"…"}`, of a skipped one `{"reason":"…"}`.
    pub detail: Arc<RawValue>,
}

/// An effect taken under a lease.
#[derive(Clone, Debug)]
pub struct EffectClaim {
    pub transfer: Transfer,
    /// Since it was made or last redriven, this one included.
    pub attempt: u32,
    /// Ever, this one included: more than one, and an attempt before it may have got somewhere.
    pub attempts: u32,
}

/// What an attempt came to.
#[derive(Clone, Debug)]
pub enum EffectOutcome {
    /// Done, together with what the service leaves in the store.
    Done { detail: Arc<RawValue>, deed: Deed },
    /// There was nothing to do.
    Skipped { reason: String },
    /// Tried again after `delay_ms`, while there are attempts left; else failed.
    Again { error: String, delay_ms: u64 },
    /// Trying again would not help.
    Failed { error: String },
}

/// What is written in the same transaction as the effect.
#[derive(Clone, Debug)]
pub enum Deed {
    Nothing,
    /// A receipt with the next number; the number joins the detail as `receipt`.
    Receipt,
    /// A transfer of kind reward from the account of this handle to the payer, asked for by the account's owner, its parent the
    /// transfer; `skipped` (`budget_empty`) if that cannot pay. A transfer of this id that is there already is the reward.
    Reward {
        id: TransferId,
        amount: u64,
        budget: Handle,
    },
    /// Ends a hold by fraud: completed with `None`, else failed for the reason ([`super::Books::decide`]). Of a transfer that
    /// is not held by fraud: nothing.
    Decide {
        refuse: Option<String>,
    },
}

/// The detail of an effect that failed, for now or for good.
pub fn error_detail(error: &str) -> Arc<RawValue> {
    raw(&serde_json::json!({ "error": cut(error, MAX_ERROR_BYTES).0 }))
}

/// The detail of an effect that was skipped.
pub fn reason_detail(reason: &str) -> Arc<RawValue> {
    raw(&serde_json::json!({ "reason": reason }))
}

/// A service's detail with the number of the receipt in it.
pub fn with_receipt(detail: &RawValue, number: u64) -> Arc<RawValue> {
    let mut fields: serde_json::Map<_, _> = serde_json::from_str(detail.get()).unwrap_or_default();
    fields.insert("receipt".to_owned(), number.into());
    raw(&fields)
}
