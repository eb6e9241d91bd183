//! A transfer to be varied by tests.

use herald_domain::id::{AccountId, TransferId};
use herald_domain::money::{EffectClaim, Transfer, TransferKind, TransferState};
use herald_domain::owner::Owner;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

pub(crate) fn at() -> OffsetDateTime {
    datetime!(2026-03-01 12:00 UTC)
}

/// Alice has paid Bob's shop 12.50 INR.
pub(crate) fn payment() -> Transfer {
    Transfer {
        id: TransferId(Uuid::parse_str("019590d4-2a00-7abc-8def-0123456789ab").unwrap()),
        kind: TransferKind::Payment,
        from: AccountId(Uuid::from_u128(1)),
        to: AccountId(Uuid::from_u128(2)),
        from_handle: "alice".parse().unwrap(),
        to_handle: "shop".parse().unwrap(),
        payer: Owner::user("alice").unwrap(),
        payee: Owner::user("bob").unwrap(),
        currency: "INR".parse().unwrap(),
        amount: 1_250,
        posted: 1_250,
        refunded: 0,
        state: TransferState::Completed,
        held_by: None,
        hold_until: None,
        reason: None,
        reference: Some("order-7".to_owned()),
        note: Some("two teas".to_owned()),
        parent: None,
        offset: 1,
        created_at: at(),
        settled_at: Some(at()),
        traceparent: None,
    }
}

pub(crate) fn claim(transfer: Transfer) -> EffectClaim {
    EffectClaim { transfer, attempt: 1, attempts: 1 }
}
