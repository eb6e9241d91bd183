use herald_domain::channel::{Channel, Cursor};
use herald_domain::event::{MAX_FRAME_BYTES, StoredEvent, raw};
use herald_domain::id::{AccountId, Epoch, SubmissionId, TransferId};
use herald_domain::money::{Effect, EffectState, Service, Transfer, TransferKind, TransferState};
use herald_domain::owner::Owner;
use herald_domain::submission::{CaseResult, Status, Submission, Tests, Verdict};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::build;
use crate::row::Row;

const EPOCH: Epoch = Epoch(Uuid::from_u128(1));

/// A running submission of alice's with so many cases.
pub(crate) fn row(cases: u32) -> Submission {
    let case = |n| CaseResult {
        n,
        group: "secret/".repeat(40),
        verdict: Verdict::Accepted,
        reason: Some("ok".into()),
        time_ms: 1,
        wall_ms: 1,
        memory_kb: 1,
        message: Some("x".repeat(1024)),
        score: Some(1.0 / 3.0),
    };
    Submission {
        id: SubmissionId(Uuid::from_u128(2)),
        owner: Owner::user("alice").unwrap(),
        problem: None,
        language: "c".into(),
        class: "any".into(),
        status: Status::Running,
        verdict: None,
        reason: None,
        score: None,
        language_version: None,
        tests: Tests { passed: cases, run: cases, total: Some(cases) },
        cases: (1..=cases).map(case).collect(),
        time_ms: None,
        wall_ms: None,
        memory_kb: None,
        memory_source: None,
        exit_code: None,
        signal: None,
        attempt: 1,
        offset: 3,
        created_at: OffsetDateTime::UNIX_EPOCH,
        finished_at: None,
        traceparent: None,
    }
}

/// Alice has paid bob; two services have told of it, in so many bytes each.
pub(crate) fn transfer(offset: u64, detail: usize) -> Row {
    let id = TransferId(Uuid::from_u128(2));
    let transfer = Transfer {
        id,
        kind: TransferKind::Payment,
        from: AccountId(Uuid::from_u128(3)),
        to: AccountId(Uuid::from_u128(4)),
        from_handle: "alice".parse().unwrap(),
        to_handle: "shop".parse().unwrap(),
        payer: Owner::user("alice").unwrap(),
        payee: Owner::user("bob").unwrap(),
        currency: "INR".parse().unwrap(),
        amount: 1250,
        posted: 1250,
        refunded: 0,
        state: TransferState::Completed,
        held_by: None,
        hold_until: None,
        reason: None,
        reference: None,
        note: None,
        parent: None,
        offset,
        created_at: OffsetDateTime::UNIX_EPOCH,
        settled_at: Some(OffsetDateTime::UNIX_EPOCH),
        traceparent: None,
    };
    let effect = |service| Effect {
        service,
        transfer: id,
        state: EffectState::Done,
        attempts: 1,
        at: Some(OffsetDateTime::UNIX_EPOCH),
        detail: raw(&json!({"text": "x".repeat(detail)})),
    };
    Row::Transfer(transfer, vec![effect(Service::Statement), effect(Service::Webhook)])
}

fn parse(frame: &super::Frame) -> Value {
    serde_json::from_slice(frame.json()).unwrap()
}

#[test]
fn a_snapshot_too_large_for_a_frame_keeps_its_newest_cases() {
    let frame = build::snapshot(EPOCH, &Row::Submission(row(64)), None).unwrap();
    assert!(frame.json().len() <= MAX_FRAME_BYTES);
    let body = parse(&frame);
    assert_eq!((&body["recovered"], &body["offset"]), (&json!(true), &json!(3)));
    let cases = body["data"]["cases"].as_array().unwrap();
    assert_eq!(cases.last().unwrap()["n"], 64);
    assert!((8..64).contains(&cases.len()), "{}", cases.len());
}

#[test]
fn the_snapshot_of_a_transfer_names_all_services() {
    let frame = build::snapshot(EPOCH, &transfer(3, 8), None).unwrap();
    let body = parse(&frame);
    assert_eq!(body["channel"], "transfer:00000000-0000-0000-0000-000000000002");
    assert_eq!(
        (&body["offset"], &body["data"]["offset"], &body["data"]["state"]),
        (&json!(3), &json!(3), &json!("completed"))
    );
    let services = body["data"]["services"].as_object().unwrap();
    let states: Vec<_> =
        services.iter().map(|(name, effect)| (name.as_str(), effect["status"].as_str().unwrap())).collect();
    let pending = ["fraud", "notification", "rewards"].map(|name| (name, "pending"));
    assert_eq!(states, [pending[0], pending[1], pending[2], ("statement", "done"), ("webhook", "done")]);
    assert_eq!(services["webhook"]["detail"], json!({"text": "xxxxxxxx"}));
}

#[test]
fn a_transfer_too_large_for_a_frame_keeps_all_but_the_details() {
    let frame = build::snapshot(EPOCH, &transfer(3, MAX_FRAME_BYTES / 2), None).unwrap();
    assert!(frame.json().len() <= MAX_FRAME_BYTES);
    let webhook = &parse(&frame)["data"]["services"]["webhook"];
    assert_eq!((&webhook["status"], &webhook["detail"]), (&json!("done"), &json!({})));
}

#[test]
fn a_user_snapshot_keeps_the_newest_and_says_that_it_was_cut() {
    let channel = Channel::parse("user:alice").unwrap();
    let rows = vec![Row::Submission(row(64)); 50];
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows, None).unwrap());
    assert_eq!(body["data"]["truncated"], true);
    assert!(body["data"]["items"].as_array().unwrap().len() > 15);
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows[..3], None).unwrap());
    assert_eq!((&body["data"]["truncated"], body["data"]["items"].as_array().unwrap().len()), (&json!(false), 3));
    let rows = vec![transfer(3, 1_000); 50];
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows, None).unwrap());
    assert!(body["data"]["items"].as_array().unwrap().len() > 10, "details take no room");
}

/// The channel tells the kinds apart.
#[test]
fn a_user_snapshot_names_the_channel_of_each_item() {
    let channel = Channel::parse("user:alice").unwrap();
    let rows = [transfer(5, 8), Row::Submission(row(1))];
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows, None).unwrap());
    let [transfer, submission] = &body["data"]["items"].as_array().unwrap()[..] else { panic!("{body}") };
    assert_eq!(
        (&transfer["channel"], &transfer["offset"], &transfer["amount"]),
        (&json!(rows[0].entity().to_string()), &json!(5), &json!(1250))
    );
    assert_eq!((&submission["channel"], &submission["language"]), (&json!(rows[1].entity().to_string()), &json!("c")));
    assert_eq!((&transfer["services"]["webhook"]["detail"], &submission["cases"]), (&json!({}), &json!([])));
}

/// An event that the store should never hold still takes its offset's place.
#[test]
fn an_event_too_large_for_a_frame_goes_out_without_data() {
    let stored = StoredEvent {
        channel: Channel::Submission(SubmissionId(Uuid::from_u128(2))),
        offset: 4,
        at: OffsetDateTime::UNIX_EPOCH,
        audience: vec![],
        name: "submission.finished".into(),
        data: raw(&json!({"id": "x".repeat(MAX_FRAME_BYTES)})),
    };
    let frame = build::event(EPOCH, &stored).unwrap();
    assert_eq!((frame.name(), frame.offset(), &parse(&frame)["data"]), ("submission.finished", 4, &json!({})));
    assert_eq!(Cursor::decode(frame.cursor().unwrap()).unwrap().offset, 4);
}

/// RFC 6455, 5.2: FIN and opcode 1, then the length in 7 bits, or 126 and 16 bits.
#[test]
fn the_wire_form_is_a_text_frame_around_the_json() {
    let short = build::error("x", "y", None).unwrap();
    assert!(short.json().len() < 126);
    assert_eq!(short.wire()[..2], [0x81, short.json().len() as u8]);
    assert_eq!(&short.wire()[2..], short.json());
    let long = build::snapshot(EPOCH, &Row::Submission(row(4)), None).unwrap();
    let [high, low] = (long.json().len() as u16).to_be_bytes();
    assert_eq!(long.wire()[..4], [0x81, 126, high, low]);
    assert_eq!(&long.wire()[4..], long.json());
}
