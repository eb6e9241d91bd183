use herald_domain::event::raw;
use herald_domain::id::{SubmissionId, TransferId};
use herald_domain::submission::{Status, Submission};
use uuid::Uuid;

use super::*;
use crate::frame::FrameKind;

const EPOCH: Epoch = Epoch(Uuid::from_u128(1));

fn submission() -> Entity {
    Entity::Submission(SubmissionId(Uuid::from_u128(2)))
}

fn transfer() -> Entity {
    Entity::Transfer(TransferId(Uuid::from_u128(2)))
}

fn owner(name: &str) -> Owner {
    Owner::user(name).unwrap()
}

/// A reader that has found both rows (of one id, and yet two) at `head`, and the events of these offsets.
fn reader(head: u64, offsets: &[u64]) -> Reader {
    let event = |entity: Entity, offset: u64| StoredEvent {
        channel: entity.into(),
        offset,
        at: time::OffsetDateTime::UNIX_EPOCH,
        audience: vec![],
        name: "submission.running".into(),
        data: raw(&serde_json::json!({})),
    };
    let row = Submission { offset: head, status: Status::Finished, ..crate::frame::tests::row(0) };
    let rows = [Row::Submission(row), crate::frame::tests::transfer(head, 0)];
    let events = [submission(), transfer()]
        .map(|entity| (entity, offsets.iter().map(|offset| event(entity, *offset)).collect::<Vec<_>>()));
    let rows = rows.into_iter().map(|row| (row.entity(), row)).collect();
    Reader { epoch: EPOCH, rows, events: HashMap::from(events), snapshots: HashMap::new() }
}

fn asked(by: &str, entity: Entity, after: Option<u64>) -> Request {
    let cursor = after.map(|offset| Cursor { epoch: EPOCH, channel: entity.into(), offset });
    Request { id: SubscriberId(1), owner: owner(by), what: What::Entity(entity, cursor) }
}

fn landed(reader: &mut Reader, after: u64) -> Vec<(FrameKind, u64)> {
    let frames = |landing: DirectLanding| -> Vec<_> {
        landing.frames.iter().map(|frame| (frame.kind(), frame.offset())).collect()
    };
    let of_submission = frames(reader.land(&asked("alice", submission(), Some(after))).unwrap());
    let of_transfer = frames(reader.land(&asked("bob", transfer(), Some(after))).unwrap());
    assert_eq!(of_submission, of_transfer);
    of_transfer
}

#[test]
fn a_resume_whose_events_are_no_longer_kept_starts_from_a_snapshot() {
    use FrameKind::{Event, Resumed, Snapshot};
    assert_eq!(landed(&mut reader(4, &[3, 4]), 2), [(Resumed, 2), (Event, 3), (Event, 4)]);
    assert_eq!(landed(&mut reader(4, &[2, 3, 4]), 2), [(Resumed, 2), (Event, 3), (Event, 4)], "read for another");
    assert_eq!(landed(&mut reader(4, &[3, 4, 5]), 2), [(Resumed, 2), (Event, 3), (Event, 4)], "5 comes by itself");
    for kept in [&[][..], &[4], &[3], &[3, 5]] {
        assert_eq!(landed(&mut reader(4, kept), 2), [(Snapshot, 4)], "{kept:?}");
    }
    let mut reader = reader(4, &[4]);
    landed(&mut reader, 2);
    for entity in [submission(), transfer()] {
        let frame = reader.snapshot(entity, Some(NotRecovered::Expired)).unwrap();
        assert!(String::from_utf8_lossy(frame.json()).contains(r#""recovered":false,"reason":"expired""#));
    }
}

#[test]
fn a_row_is_shown_to_its_audience_alone() {
    let mut reader = reader(4, &[]);
    for (by, entity, audience) in [
        ("alice", submission(), Some(vec![owner("alice")])),
        ("bob", submission(), None),
        ("alice", transfer(), Some(vec![owner("alice"), owner("bob")])),
        ("bob", transfer(), Some(vec![owner("alice"), owner("bob")])),
        ("mallory", transfer(), None),
    ] {
        for after in [None, Some(4)] {
            let landing = reader.land(&asked(by, entity, after));
            assert_eq!(landing.map(|landing| landing.audience), audience.clone().ok_or(End::Unknown), "{by} {entity}");
        }
        assert_eq!(reader.resumable(&asked(by, entity, Some(3))).is_some(), audience.is_some());
    }
}

/// A stream that is told that it is complete is never opened again, and a transfer may always get another event.
#[test]
fn only_a_finished_submission_is_ever_complete() {
    let mut reader = reader(4, &[4]);
    let mut complete = |entity, after| reader.land(&asked("alice", entity, after)).unwrap().landed.complete;
    assert!(complete(submission(), Some(4)));
    for (entity, after) in [(submission(), Some(3)), (submission(), None), (transfer(), Some(4)), (transfer(), None)] {
        assert!(!complete(entity, after), "{entity} {after:?}");
    }
}
