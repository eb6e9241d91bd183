//! A store whose calls fail as a test wishes: what no embedded database does when it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use herald_domain::channel::Channel;
use herald_domain::event::StoredEvent;
use herald_domain::id::*;
use herald_domain::identity::ApiKey;
use herald_domain::money::{
    Account, AccountName, Effect, EffectClaim, EffectOutcome, Handle, NewAccount, Service, StatementLine, Transfer,
    TransferStep,
};
use herald_domain::notice::{NoticeClaim, NoticeOutcome};
use herald_domain::owner::{Owner, Partition};
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary};
use herald_domain::process::ProcessInfo;
use herald_domain::store::*;
use herald_domain::submission::{CaseResult, Judgement, Outputs, SourceFile, Submission, Tests};
use herald_domain::ticket::SigningKey;
use herald_domain::verdict::VerdictRecord;
use herald_domain::webhook::{Attempt, Endpoint, NewAttempt, NewEndpoint, WebhookSecret};
use herald_store_sqlite::SqliteStore;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// What a call meets.
#[derive(Clone)]
pub enum Fault {
    None,
    /// The store cannot be reached.
    Away,
    /// The store holds what it never should.
    Broken,
    /// The adapter has a fault of its own.
    Panic,
    /// The call waits for a permit, and then goes on.
    Held(Arc<Semaphore>),
}

pub struct FaultyStore {
    inner: SqliteStore,
    faults: Mutex<HashMap<&'static str, Vec<Fault>>>,
    calls: Mutex<HashMap<&'static str, usize>>,
}

impl FaultyStore {
    pub fn over(inner: SqliteStore) -> Self {
        Self { inner, faults: Mutex::default(), calls: Mutex::default() }
    }

    /// What the next calls of the method meet, one after another; the last goes for all that follow.
    pub fn set(&self, method: &'static str, faults: impl Into<Vec<Fault>>) {
        let mut faults = faults.into();
        faults.reverse();
        self.faults.lock().unwrap().insert(method, faults);
    }

    /// How often the method has been called.
    pub fn calls(&self, method: &'static str) -> usize {
        self.calls.lock().unwrap().get(method).copied().unwrap_or(0)
    }

    async fn meet(&self, method: &'static str) -> Result<()> {
        *self.calls.lock().unwrap().entry(method).or_default() += 1;
        let fault = match self.faults.lock().unwrap().get_mut(method) {
            Some(faults) if faults.len() > 1 => faults.pop(),
            Some(faults) => faults.last().cloned(),
            None => None,
        };
        match fault {
            None | Some(Fault::None) => Ok(()),
            Some(Fault::Away) => Err(StoreError::Unavailable("away".into())),
            Some(Fault::Broken) => Err(StoreError::Broken("as it was told".into())),
            Some(Fault::Panic) => panic!("{method}: as it was told"),
            Some(Fault::Held(gate)) => {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        }
    }
}

macro_rules! over_the_inner_store {
    ($($port:ident { $(fn $method:ident($($name:ident: $type:ty),*) -> $out:ty;)+ })+) => {
        $(#[async_trait]
        impl $port for FaultyStore {
            $(async fn $method(&self, $($name: $type),*) -> Result<$out> {
                self.meet(stringify!($method)).await?;
                self.inner.$method($($name),*).await
            })+
        })+
    };
}

over_the_inner_store! {
    Submissions {
        fn accept_submissions(batch: &[Intake], user_limit: u64) -> Vec<Accepted>;
        fn get_submission(id: SubmissionId, owner: Option<&Owner>) -> Option<Submission>;
        fn get_submissions(ids: &[SubmissionId]) -> Vec<Submission>;
        fn get_outputs(id: SubmissionId) -> Outputs;
        fn get_source(id: SubmissionId) -> Vec<SourceFile>;
        fn list_submissions(filter: &SubmissionFilter, before: Option<SubmissionId>, limit: u32) -> Vec<Submission>;
        fn recent_submissions(owner: &Owner, limit: u32) -> Vec<Submission>;
        fn cancel_submission(id: SubmissionId, owner: Option<&Owner>) -> Cancelled;
        fn count_open() -> u64;
    }
    Work {
        fn claim(class: &str, token: LeaseToken, lease_ms: u64) -> Claimed;
        fn renew(id: SubmissionId, token: LeaseToken, lease_ms: u64) -> bool;
        fn start_running(id: SubmissionId, token: LeaseToken, total: Option<u32>) -> Option<StoredEvent>;
        fn save_progress(id: SubmissionId, token: LeaseToken, tests: Tests, cases: &[CaseResult]) -> bool;
        fn record_verdict(id: SubmissionId, token: LeaseToken, judgement: &Judgement) -> Option<StoredEvent>;
        fn release(id: SubmissionId, token: LeaseToken, delay_ms: u64, error: &str) -> Option<StoredEvent>;
        fn due_wakes(limit: u32) -> Vec<Wake>;
        fn due_rows(class: &str, older_than_ms: u64, limit: u32) -> Vec<Wake>;
        fn expire_unclaimed(max_age_ms: u64, limit: u32) -> Vec<StoredEvent>;
        fn expire_leases() -> u64;
        fn open_classes() -> Vec<String>;
    }
    Rejudging {
        fn count_rejudge(asked: &Rejudge) -> Option<RejudgeCount>;
        fn rejudge(asked: &Rejudge, before: Option<SubmissionId>, messages: &[MessageId]) -> Option<Rejudged>;
        fn kept_verdicts(id: SubmissionId) -> Vec<VerdictRecord>;
    }
    Ledger {
        fn open_account(account: &NewAccount) -> Opened;
        fn find_account(name: &AccountName) -> Option<Account>;
        fn list_accounts(owner: &Owner, after: Option<&Handle>, limit: u32) -> Vec<Account>;
        fn statement(account: AccountId, before: Option<u64>, limit: u32) -> Vec<StatementLine>;
        fn book_transfers(batch: &[TransferIntake]) -> Vec<Moved>;
        fn book_screened(intake: &TransferIntake, screen: Screen<'_>) -> Moved;
        fn change_hold(id: TransferId, owner: Option<&Owner>, change: &HoldChange, message: MessageId) -> Moved;
        fn refund_transfer(refund: &NewRefund, any: bool, message: MessageId) -> Moved;
        fn get_transfer(id: TransferId, owner: Option<&Owner>) -> Option<Transfer>;
        fn get_transfers(ids: &[TransferId]) -> Vec<Transfer>;
        fn list_transfers(filter: &TransferFilter, before: Option<TransferId>, limit: u32) -> Vec<Transfer>;
        fn recent_transfers(owner: &Owner, limit: u32) -> Vec<Transfer>;
        fn expire_holds(limit: u32, message: fn() -> MessageId) -> Vec<Booked>;
        fn check_ledger() -> LedgerCheck;
    }
    Effects {
        fn get_effects(transfers: &[TransferId]) -> Vec<Effect>;
        fn claim_effects(
            service: Service,
            transfers: &[TransferId],
            token: LeaseToken,
            lease_ms: u64
        ) -> (Vec<EffectClaim>, Vec<StoredEvent>);
        fn renew_effects(service: Service, transfers: &[TransferId], token: LeaseToken, lease_ms: u64) -> ();
        fn record_effects(
            service: Service,
            token: LeaseToken,
            outcomes: &[(TransferId, EffectOutcome)],
            message: fn() -> MessageId
        ) -> Recorded;
        fn due_effects(service: Service, limit: u32) -> Vec<TransferStep>;
        fn missing_effects(service: Service, older_than_ms: u64, limit: u32) -> Vec<TransferStep>;
    }
    Pasts {
        fn pasts(transfers: &[TransferId]) -> Vec<Option<(OffsetDateTime, Past)>>;
    }
    Webhooks {
        fn register_endpoint(endpoint: &NewEndpoint) -> Endpoint;
        fn get_endpoint(id: EndpointId, owner: Option<&Owner>) -> Option<Endpoint>;
        fn list_endpoints(owner: &Owner, before: Option<EndpointId>, limit: u32) -> Vec<Endpoint>;
        fn rotate_secret(
            id: EndpointId,
            owner: Option<&Owner>,
            secret: &WebhookSecret,
            overlap_ms: u64
        ) -> Option<Endpoint>;
        fn disable_endpoint(id: EndpointId, owner: Option<&Owner>, reason: &str) -> Option<Endpoint>;
        fn delete_endpoint(id: EndpointId, owner: Option<&Owner>) -> bool;
        fn endpoints_for(owners: &[Owner], event: &str) -> Vec<Endpoint>;
        fn delivered_to(message: &str) -> Vec<EndpointId>;
        fn record_attempt(attempt: &NewAttempt) -> ();
        fn list_attempts(endpoint: EndpointId, before: Option<AttemptId>, limit: u32) -> Vec<Attempt>;
        fn claim_notices(token: LeaseToken, lease_ms: u64, limit: u32) -> Vec<NoticeClaim>;
        fn renew_notice(id: SubmissionId, token: LeaseToken, lease_ms: u64) -> bool;
        fn record_notice(id: SubmissionId, token: LeaseToken, outcome: &NoticeOutcome) -> bool;
    }
    Outbox {
        fn claim_outbox(limit: u32, claim_ms: u64) -> Vec<OutboxRow>;
        fn release_outbox() -> u64;
        fn delete_outbox(ids: &[MessageId]) -> ();
        fn count_outbox() -> u64;
        fn add_dead_letter(letter: &DeadLetter) -> ();
        fn list_dead_letters(before: Option<DeadLetterId>, limit: u32) -> Vec<DeadLetter>;
        fn redrive(letter: DeadLetterId, message: MessageId) -> Option<Redriven>;
    }
    Events {
        fn epoch() -> Epoch;
        fn store_now() -> OffsetDateTime;
        fn events_since(since: OffsetDateTime, partitions: &[Partition], limit: u32) -> CatchUp;
        fn channel_events(after: &[(Channel, u64)]) -> Vec<StoredEvent>;
        fn maintain() -> ();
    }
    Problems {
        fn import_problem(package: &ProblemPackage) -> bool;
        fn list_problems(after: Option<&str>, limit: u32) -> Vec<(ProblemSummary, String)>;
        fn get_problem(slug: &str) -> Option<(ProblemSummary, String)>;
        fn problem_files(version: &str) -> Option<Vec<PackageFile>>;
    }
    Identity {
        fn signing_key() -> SigningKey;
        fn add_key(key: &ApiKey) -> ();
        fn find_key(hash: &str) -> Option<ApiKey>;
        fn list_keys() -> Vec<ApiKey>;
        fn revoke_key(id: KeyId) -> bool;
        fn revoked_keys() -> Vec<KeyId>;
    }
    Fleet {
        fn refresh_process(process: &ProcessInfo) -> ();
        fn remove_process(id: ProcessId) -> ();
        fn list_processes() -> Vec<ProcessInfo>;
        fn ping() -> ();
        fn describe() -> String;
    }
}
