//! Builders with defaults: plain values, to be changed by struct update (`NewSubmission { class, ..new_submission(&owner) }`).
//! Ids are fresh UUIDv7s, so those made later sort later.

#![expect(clippy::unwrap_used, reason = "a builder is called by tests only, with names that are good")]

use herald_domain::channel::Channel;
use herald_domain::id::{
    AccountId, AttemptId, DeadLetterId, EndpointId, KeyId, LeaseToken, MessageId, ProcessId, SubmissionId, TransferId,
};
use herald_domain::identity::{ApiKey, Scope, key_hash};
use herald_domain::language::LanguageInfo;
use herald_domain::money::{
    Account, AccountKind, Currency, Hold, Holder, NewAccount, NewTransfer, Transfer, TransferKind,
};
use herald_domain::owner::Owner;
use herald_domain::problem::{PackageFile, ProblemPackage, ProblemSummary, Sample, package_version};
use herald_domain::process::ProcessInfo;
use herald_domain::store::{DeadLetter, Intake, NewRefund, TransferIntake};
use herald_domain::submission::{
    CaseResult, Idempotency, Judgement, Limits, MemorySource, NewSubmission, Output, Outputs, SourceFile, Tests,
    Verdict,
};
use herald_domain::webhook::{EventPattern, NewAttempt, NewEndpoint, WebhookSecret};
use time::OffsetDateTime;
use uuid::Uuid;

pub fn owner(user: &str) -> Owner {
    Owner::user(user).unwrap()
}

pub fn submission_id() -> SubmissionId {
    SubmissionId(Uuid::now_v7())
}

pub fn token() -> LeaseToken {
    LeaseToken(Uuid::now_v7())
}

pub fn message_id() -> MessageId {
    MessageId(Uuid::now_v7())
}

/// A Python program without a problem, class `any`, priority 0, no idempotency key.
pub fn new_submission(owner: &Owner) -> NewSubmission {
    NewSubmission {
        id: submission_id(),
        owner: owner.clone(),
        problem: None,
        language: "python".into(),
        files: vec![SourceFile { name: "main.py".into(), content: "print('Hello, World!')\n".into() }],
        stdin: None,
        limits: Limits::default(),
        flags: Vec::new(),
        class: "any".into(),
        priority: 0,
        traceparent: None,
        idempotency: None,
    }
}

/// An idempotency key whose request hash is made of `request`.
pub fn idempotency(key: &str, request: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.into(), request_hash: key_hash(request) })
}

/// The submission with a fresh message id.
pub fn intake(submission: NewSubmission) -> Intake {
    Intake { submission, message: message_id() }
}

/// One passed or failed case.
pub fn case(n: u32, verdict: Verdict) -> CaseResult {
    CaseResult {
        n,
        group: "secret".into(),
        verdict,
        reason: Some("ok".into()),
        time_ms: u64::from(n),
        wall_ms: u64::from(n) + 1,
        memory_kb: 9_000,
        message: Some(format!("case {n}: ok ✓")),
        score: Some(f64::from(n) / 4.0),
    }
}

/// Two cases run, every figure set.
pub fn judgement(verdict: Verdict) -> Judgement {
    let output = |text: &str, truncated| Some(Output { text: text.into(), truncated });
    Judgement {
        verdict,
        reason: Some("ok".into()),
        score: Some(87.5),
        language_version: Some("Python 3.11.2".into()),
        tests: Tests { passed: 1, run: 2, total: Some(2) },
        cases: vec![case(1, Verdict::Accepted), case(2, verdict)],
        time_ms: Some(12),
        wall_ms: Some(15),
        memory_kb: Some(9_000),
        memory_source: Some(MemorySource::CgroupV2),
        exit_code: Some(0),
        signal: None,
        outputs: Outputs { stdout: output("Hello, World!\n", false), stderr: output("hm", true), compile_output: None },
    }
}

/// A package of two files; another `statement` makes another version.
pub fn package(slug: &str, statement: &str) -> ProblemPackage {
    let file = |path: &str, content: &str| PackageFile { path: path.into(), content: content.into() };
    let files = vec![file("data/sample/1.in", "1 2\n"), file("statement/problem.en.md", statement)];
    ProblemPackage {
        slug: slug.into(),
        version: package_version(&files),
        summary: ProblemSummary {
            slug: slug.into(),
            title: format!("The problem {slug}"),
            statement: statement.into(),
            time_limit_ms: 1_000,
            memory_limit_kb: 65_536,
            test_cases: 1,
            samples: vec![Sample { input: "1 2\n".into(), answer: "3\n".into() }],
            types: vec!["pass-fail".into()],
            max_score: None,
            languages: None,
            starters: Vec::new(),
        },
        files,
    }
}

/// A key with scope `user`, found by `key_hash(secret)`.
pub fn api_key(owner: &Owner, secret: &str, created_at: OffsetDateTime) -> ApiKey {
    ApiKey {
        id: KeyId(Uuid::now_v7()),
        owner: owner.clone(),
        scope: Scope::User,
        hash: key_hash(secret),
        created_at,
        revoked_at: None,
    }
}

/// A worker of class `any` with one language.
pub fn worker_process(at: OffsetDateTime) -> ProcessInfo {
    let python = LanguageInfo {
        id: "python".into(),
        name: "Python 3".into(),
        version: Some("Python 3.11.2".into()),
        source_name: "main.py".into(),
        available: true,
        reason: None,
        flags: vec!["-O".into(), "-X*".into()],
    };
    ProcessInfo {
        id: ProcessId(Uuid::now_v7()),
        kind: "worker".into(),
        version: "0.1.0".into(),
        class: Some("any".into()),
        slots: Some(4),
        languages: vec![python],
        doing: "idle".into(),
        seen_at: at,
    }
}

/// A dead letter of the queue `judge.any`.
pub fn dead_letter(entity: Option<SubmissionId>, at: OffsetDateTime) -> DeadLetter {
    DeadLetter {
        id: DeadLetterId(Uuid::now_v7()),
        queue: "judge.any".into(),
        entity: entity.map(|id| Channel::Submission(id).to_string()),
        error: "the delivery limit was reached".into(),
        payload: Some("{\"v\":1}".into()),
        at,
    }
}

pub fn transfer_id() -> TransferId {
    TransferId(Uuid::now_v7())
}

pub fn inr() -> Currency {
    "INR".parse().unwrap()
}

/// A person's account in INR.
pub fn new_account(handle: &str, owner: &Owner) -> NewAccount {
    NewAccount {
        id: AccountId(Uuid::now_v7()),
        handle: handle.parse().unwrap(),
        owner: owner.clone(),
        currency: inr(),
        kind: AccountKind::User,
    }
}

/// A payment in the payer's currency, asked for by the payer, without a hold, a key, or words.
pub fn payment(from: &Account, to: &Account, amount: u64) -> NewTransfer {
    NewTransfer {
        id: transfer_id(),
        kind: TransferKind::Payment,
        from: from.id,
        to: to.id,
        amount,
        currency: from.currency,
        hold: None,
        reference: None,
        note: None,
        parent: None,
        asked_by: from.owner.clone(),
        idempotency: None,
        traceparent: None,
    }
}

/// A payment that is held for an hour.
pub fn held(from: &Account, to: &Account, amount: u64, by: Holder) -> NewTransfer {
    NewTransfer { hold: Some(Hold { by, for_ms: 3_600_000 }), ..payment(from, to, amount) }
}

/// Asked for by the payee, without a key.
pub fn new_refund(original: &Transfer, amount: Option<u64>) -> NewRefund {
    NewRefund {
        id: transfer_id(),
        original: original.id,
        amount,
        note: None,
        asked_by: original.payee.clone(),
        idempotency: None,
        traceparent: None,
    }
}

/// The transfer with a fresh message id.
pub fn transfer_intake(transfer: NewTransfer) -> TransferIntake {
    TransferIntake { transfer, message: message_id() }
}

/// A secret that differs from any other.
pub fn webhook_secret() -> WebhookSecret {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    let mut random = [0; 32];
    random[..16].copy_from_slice(a.as_bytes());
    random[16..].copy_from_slice(b.as_bytes());
    WebhookSecret::new(&random)
}

pub fn patterns(events: &[&str]) -> Vec<EventPattern> {
    events.iter().map(|event| event.parse().unwrap()).collect()
}

/// For all that transfers come to.
pub fn endpoint(owner: &Owner) -> NewEndpoint {
    NewEndpoint {
        id: EndpointId(Uuid::now_v7()),
        owner: owner.clone(),
        url: "https://hooks.example/herald?of=transfers".into(),
        events: patterns(&["transfer.*"]),
        secret: webhook_secret(),
    }
}

/// A call about a completed transfer that was answered with 200 or 500.
pub fn attempt(endpoint: EndpointId, message: &str, delivered: bool) -> NewAttempt {
    NewAttempt {
        id: AttemptId(Uuid::now_v7()),
        endpoint,
        message: message.into(),
        event: "transfer.completed".into(),
        transfer: None,
        submission: None,
        delivered,
        status: Some(if delivered { 200 } else { 500 }),
        error: (!delivered).then(|| "it answered 500".into()),
        response: Some("thank you".into()),
        duration_ms: 12,
    }
}
