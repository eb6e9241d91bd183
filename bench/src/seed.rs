//! What the measures fill a store with: users, keys, submissions, tickets, accounts.

use std::ops::Range;

use anyhow::{Context, ensure};
use herald_domain::channel::Channel;
use herald_domain::clock::{Clock, SystemClock};
use herald_domain::id::{AccountId, KeyId, LeaseToken, MessageId, SubmissionId, TransferId};
use herald_domain::identity::{ApiKey, Scope, key_hash};
use herald_domain::money::{AccountKind, Currency, NewAccount, NewTransfer, TransferKind};
use herald_domain::owner::Owner;
use herald_domain::store::{Accepted, Created, Intake, Moved, Opened, Store, TransferIntake};
use herald_domain::submission::{Judgement, Limits, MemorySource, NewSubmission, SourceFile, Tests, Verdict};
use herald_domain::ticket::{ENTITY_TICKET_SECS, Grant, SigningKey};
use herald_pipeline::funding_account;
use hyper::header::HeaderValue;
use uuid::Uuid;

/// A program of the size that people submit for an easy problem.
pub const SOURCE: &str = "import sys\n\n\ndef main():\n    n, target, *numbers = map(int, sys.stdin.read().split())\n    seen = {}\n    for index, number in enumerate(numbers[:n]):\n        if target - number in seen:\n            print(seen[target - number], index)\n            return\n        seen[number] = index\n\n\nmain()\n";
/// More than any measure accepts.
pub const NO_LIMIT: u64 = 100_000_000;
/// Submissions accepted in one transaction.
const BATCH: usize = 64;

pub fn owner(n: usize) -> anyhow::Result<Owner> {
    Ok(Owner::user(&format!("user{n}"))?)
}

/// Accepts so many submissions, of these users in turn.
pub async fn submissions(store: &dyn Store, count: usize, users: Range<usize>) -> anyhow::Result<Vec<Created>> {
    let mut all = Vec::with_capacity(count);
    let owners = users.map(owner).collect::<anyhow::Result<Vec<_>>>()?;
    let intakes: Vec<_> = owners.iter().cycle().take(count).map(|owner| intake(owner.clone())).collect();
    for batch in intakes.chunks(BATCH) {
        for outcome in store.accept_submissions(batch, NO_LIMIT).await? {
            let Accepted::Created(created) = outcome else { anyhow::bail!("a submission was not taken: {outcome:?}") };
            all.push(*created);
        }
    }
    ensure!(all.len() == count, "only {} of {count} submissions were taken", all.len());
    Ok(all)
}

fn intake(owner: Owner) -> Intake {
    let submission = NewSubmission {
        id: SubmissionId(Uuid::now_v7()),
        owner,
        problem: None,
        language: "python".to_owned(),
        files: vec![SourceFile { name: "main.py".to_owned(), content: SOURCE.to_owned() }],
        stdin: None,
        limits: Limits::default(),
        flags: Vec::new(),
        class: "any".to_owned(),
        priority: 0,
        traceparent: None,
        idempotency: None,
    };
    Intake { submission, message: MessageId(Uuid::now_v7()) }
}

pub fn lease() -> LeaseToken {
    LeaseToken(Uuid::now_v7())
}

/// What becomes of a right program with one case.
pub fn accepted() -> Judgement {
    Judgement {
        tests: Tests { passed: 1, run: 1, total: Some(1) },
        time_ms: Some(12),
        wall_ms: Some(15),
        memory_kb: Some(9_000),
        memory_source: Some(MemorySource::CgroupV2),
        exit_code: Some(0),
        language_version: Some("Python 3.11.2".to_owned()),
        ..Judgement::bare(Verdict::Accepted, "ok")
    }
}

/// A ticket for a submission's channel, as a 202 body has it.
pub fn ticket(signing_key: &SigningKey, created: &Created) -> String {
    let submission = &created.submission;
    ticket_for(signing_key, &submission.owner, Channel::Submission(submission.id))
}

pub fn ticket_for(signing_key: &SigningKey, owner: &Owner, channel: Channel) -> String {
    signing_key.sign(&Grant {
        owner: owner.clone(),
        channel,
        expires: SystemClock.now().unix_timestamp() + ENTITY_TICKET_SECS,
        key: None,
    })
}

/// A key for each of so many users, as `Authorization` has it.
pub async fn keys(store: &dyn Store, users: usize) -> anyhow::Result<Vec<HeaderValue>> {
    let mut keys = Vec::with_capacity(users);
    for n in 0..users {
        let secret = format!("bench-{}", Uuid::new_v4().simple());
        let key = ApiKey {
            id: KeyId(Uuid::now_v7()),
            owner: owner(n)?,
            scope: Scope::User,
            hash: key_hash(&secret),
            created_at: SystemClock.now(),
            revoked_at: None,
        };
        store.add_key(&key).await.context("a key could not be stored")?;
        keys.push(HeaderValue::try_from(format!("Bearer {secret}"))?);
    }
    Ok(keys)
}

/// What a payment pays, in paise: enough to earn a reward at a merchant's.
const PRICE: u64 = 1_250;
/// What everybody has: more than any measure spends.
const BALANCE: u64 = 1_000_000_000_000;
const CURRENCY: &str = "INR";

/// Opens and fills an account for each of so many payers, whose owners are those of [`keys`], and the budget of rewards; opens
/// so many merchants' accounts.
pub async fn accounts(store: &dyn Store, payers: usize, merchants: usize) -> anyhow::Result<()> {
    let currency = CURRENCY.parse()?;
    let mut filled = vec![open(store, "rewards.inr", Owner::herald(), AccountKind::Rewards).await?];
    for n in 0..payers {
        filled.push(open(store, &format!("payer{n}"), owner(n)?, AccountKind::User).await?);
    }
    for n in 0..merchants {
        open(store, &format!("merchant{n}"), Owner::user(&format!("shop{n}"))?, AccountKind::Merchant).await?;
    }
    let from = funding_account(store, currency).await?.id;
    let fundings: Vec<_> = filled.into_iter().map(|to| funding(from, to, currency)).collect();
    for batch in fundings.chunks(BATCH) {
        for moved in store.book_transfers(batch).await? {
            ensure!(matches!(moved, Moved::Now(_)), "an account was not filled: {moved:?}");
        }
    }
    Ok(())
}

async fn open(store: &dyn Store, handle: &str, owner: Owner, kind: AccountKind) -> anyhow::Result<AccountId> {
    let id = AccountId(Uuid::now_v7());
    let account = NewAccount { id, handle: handle.parse()?, owner, currency: CURRENCY.parse()?, kind };
    let opened = store.open_account(&account).await?;
    ensure!(matches!(opened, Opened::Now(_)), "the account {handle} was not opened: {opened:?}");
    Ok(id)
}

fn funding(from: AccountId, to: AccountId, currency: Currency) -> TransferIntake {
    let transfer = NewTransfer {
        id: TransferId(Uuid::now_v7()),
        kind: TransferKind::Funding,
        from,
        to,
        amount: BALANCE,
        currency,
        hold: None,
        reference: None,
        note: None,
        parent: None,
        asked_by: Owner::herald(),
        idempotency: None,
        traceparent: None,
    };
    TransferIntake { transfer, message: MessageId(Uuid::now_v7()) }
}

/// The body of a payment.
pub fn payment_body(payer: usize, merchant: usize) -> bytes::Bytes {
    format!(r#"{{"from":"payer{payer}","to":"merchant{merchant}","amount":{PRICE},"currency":"{CURRENCY}"}}"#).into()
}

/// The body of a POST of [`SOURCE`].
pub fn submit_body() -> bytes::Bytes {
    serde_json::json!({"language": "python", "source": SOURCE}).to_string().into()
}
