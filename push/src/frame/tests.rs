use herald_domain::channel::{Channel, Cursor};
use herald_domain::event::{MAX_FRAME_BYTES, StoredEvent, raw};
use herald_domain::id::{Epoch, SubmissionId};
use herald_domain::owner::Owner;
use herald_domain::submission::{CaseResult, Status, Submission, Tests, Verdict};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::build;

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

fn parse(frame: &super::Frame) -> Value {
    serde_json::from_slice(frame.json()).unwrap()
}

#[test]
fn a_snapshot_too_large_for_a_frame_keeps_its_newest_cases() {
    let frame = build::snapshot(EPOCH, &row(64), None).unwrap();
    assert!(frame.json().len() <= MAX_FRAME_BYTES);
    let body = parse(&frame);
    assert_eq!((&body["recovered"], &body["offset"]), (&json!(true), &json!(3)));
    let cases = body["data"]["cases"].as_array().unwrap();
    assert_eq!(cases.last().unwrap()["n"], 64);
    assert!((8..64).contains(&cases.len()), "{}", cases.len());
}

#[test]
fn a_user_snapshot_keeps_what_changed_last_and_says_that_it_was_cut() {
    let channel = Channel::parse("user:alice").unwrap();
    let rows = vec![row(64); 50];
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows, None).unwrap());
    assert_eq!(body["data"]["truncated"], true);
    assert!(body["data"]["items"].as_array().unwrap().len() > 15);
    let body = parse(&build::user_snapshot(EPOCH, &channel, &rows[..3], None).unwrap());
    assert_eq!((&body["data"]["truncated"], body["data"]["items"].as_array().unwrap().len()), (&json!(false), 3));
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
    let long = build::snapshot(EPOCH, &row(4), None).unwrap();
    let [high, low] = (long.json().len() as u16).to_be_bytes();
    assert_eq!(long.wire()[..4], [0x81, 126, high, low]);
    assert_eq!(&long.wire()[4..], long.json());
}
