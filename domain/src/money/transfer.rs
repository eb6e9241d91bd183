//! The transfer: what is asked, and the states it goes through.
//!
//! ```text
//! (asked) ──no hold──────────────▶ completed ──refund──▶ partly_refunded ──▶ refunded
//!    │                                ▲
//!    └─hold─▶ pending ──capture───────┘
//!                ├──void────▶ voided     the payer's hold is given up
//!                ├──time────▶ expired    nobody captured it in time
//!                └──fraud───▶ failed     held for a look, and refused
//! ```
//! Invariant: a transfer is settled once; its amount, sides and currency never change. A refund is a transfer of its own.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Currency, Handle};
use crate::id::{AccountId, TransferId};
use crate::owner::Owner;
use crate::submission::Idempotency;
use crate::words::words;

words!(/// Why money moves.
TransferKind { Payment = "payment", Refund = "refund", Reward = "reward", Funding = "funding" });

words!(/// Where a transfer stands.
TransferState {
    Pending = "pending", Completed = "completed", PartlyRefunded = "partly_refunded", Refunded = "refunded",
    Failed = "failed", Voided = "voided", Expired = "expired",
});

impl TransferState {
    /// The event that tells of having come into this state.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Pending => "transfer.pending",
            Self::Completed => "transfer.completed",
            Self::PartlyRefunded => "transfer.partly_refunded",
            Self::Refunded => "transfer.refunded",
            Self::Failed => "transfer.failed",
            Self::Voided => "transfer.voided",
            Self::Expired => "transfer.expired",
        }
    }

    /// The money has moved (and may have come back since).
    pub fn is_posted(self) -> bool {
        matches!(self, Self::Completed | Self::PartlyRefunded | Self::Refunded)
    }
}

words!(/// Who may end a hold.
Holder { Payer = "payer", Fraud = "fraud" });

/// A wish to hold instead of to pay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    pub by: Holder,
    /// How long it may be captured, by the store's clock.
    pub for_ms: u64,
}

/// Until when fraud should have decided. It is for people to see: a decision that comes later still counts.
pub const FRAUD_HOLD_MS: u64 = 24 * 3_600_000;

/// A transfer as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    pub id: TransferId,
    pub kind: TransferKind,
    pub from: AccountId,
    pub to: AccountId,
    /// As the accounts are called; handles never change.
    pub from_handle: Handle,
    pub to_handle: Handle,
    pub payer: Owner,
    pub payee: Owner,
    pub currency: Currency,
    /// What was asked for.
    pub amount: u64,
    /// What has been posted: all of it, or what was captured.
    pub posted: u64,
    /// What has come back of that.
    pub refunded: u64,
    pub state: TransferState,
    pub held_by: Option<Holder>,
    /// While it is pending: when it expires.
    pub hold_until: Option<OffsetDateTime>,
    /// Machine-readable detail of `failed`.
    pub reason: Option<String>,
    pub reference: Option<String>,
    pub note: Option<String>,
    /// Of a refund: what it gives back. Of a reward: what it rewards.
    pub parent: Option<TransferId>,
    /// The head of its channel.
    pub offset: u64,
    pub created_at: OffsetDateTime,
    /// When it left `pending`, or was completed at once.
    pub settled_at: Option<OffsetDateTime>,
    pub traceparent: Option<String>,
}

impl Transfer {
    /// Who may see it: payer and payee, once each.
    pub fn audience(&self) -> Vec<Owner> {
        let mut all = vec![self.payer.clone(), self.payee.clone()];
        all.sort();
        all.dedup();
        all
    }
}

/// A transfer that is asked for. The accounts are named by id: the caller has looked them up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTransfer {
    pub id: TransferId,
    pub kind: TransferKind,
    pub from: AccountId,
    pub to: AccountId,
    pub amount: u64,
    pub currency: Currency,
    pub hold: Option<Hold>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub parent: Option<TransferId>,
    /// Who asks: the idempotency key is theirs.
    pub asked_by: Owner,
    pub idempotency: Option<Idempotency>,
    pub traceparent: Option<String>,
}

/// That a transfer has come into a state, for services to make something of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TransferStep {
    pub transfer: TransferId,
    pub kind: TransferKind,
    pub state: TransferState,
}

impl Transfer {
    pub fn step(&self) -> TransferStep {
        TransferStep { transfer: self.id, kind: self.kind, state: self.state }
    }
}
