//! The accounts that a server of one's own starts with, so that there is something to pay with.

use anyhow::Context;
use herald_domain::id::{AccountId, MessageId, TransferId};
use herald_domain::money::{Account, AccountKind, Handle, NewAccount, NewTransfer, TransferKind};
use herald_domain::owner::Owner;
use herald_domain::store::{Moved, Opened, Store, TransferIntake};
use herald_domain::submission::Idempotency;
use herald_pipeline::funding_account;
use uuid::Uuid;

use super::keys::GUEST;

const CURRENCY: &str = "INR";
/// In paise.
const BALANCE: u64 = 1_000_000;
/// The guest's own, and the server's budget for rewards.
const ACCOUNTS: [(&str, AccountKind); 4] = [
    ("alice", AccountKind::User),
    ("bob", AccountKind::User),
    ("shop", AccountKind::Merchant),
    ("rewards.inr", AccountKind::Rewards),
];

/// Opens and fills them, once: an account that is there is left as it is, and one that somebody else has is not touched.
/// Called before the pipeline starts, whose first sweep then publishes what is owed to the services.
pub async fn seed(store: &dyn Store) -> anyhow::Result<()> {
    for (handle, kind) in ACCOUNTS {
        if let Some(account) = open(store, handle, kind).await? {
            fund(store, &account).await.with_context(|| format!("the account {handle} could not be funded"))?;
        }
    }
    Ok(())
}

async fn open(store: &dyn Store, handle: &str, kind: AccountKind) -> anyhow::Result<Option<Account>> {
    let handle: Handle = handle.parse()?;
    let owner = if kind == AccountKind::Rewards { Owner::herald() } else { Owner::user(GUEST)? };
    let currency = CURRENCY.parse()?;
    match store.open_account(&NewAccount { id: AccountId(Uuid::now_v7()), handle, owner, currency, kind }).await? {
        Opened::Now(account) | Opened::Before(account) => Ok(Some(account)),
        Opened::HandleTaken => Ok(None),
    }
}

async fn fund(store: &dyn Store, account: &Account) -> anyhow::Result<()> {
    let from = funding_account(store, account.currency).await?;
    // A space cannot stand in a client's key, so this one meets no other.
    let key = format!("seed {}", account.handle);
    let transfer = NewTransfer {
        id: TransferId(Uuid::now_v7()),
        kind: TransferKind::Funding,
        from: from.id,
        to: account.id,
        amount: BALANCE,
        currency: account.currency,
        hold: None,
        reference: Some("opening balance".to_owned()),
        note: None,
        parent: None,
        asked_by: Owner::herald(),
        idempotency: Some(Idempotency { request_hash: key.clone(), key }),
        traceparent: None,
    };
    match store.book_transfers(&[TransferIntake { transfer, message: MessageId(Uuid::now_v7()) }]).await?.pop() {
        Some(Moved::Now(_) | Moved::Replayed(_)) => Ok(()),
        other => anyhow::bail!("the store answered {other:?}"),
    }
}
