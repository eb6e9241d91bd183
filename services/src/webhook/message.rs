//! What an endpoint is told. A message's id and body are the same however often it is sent, so that a receiver can tell a
//! repeat from news.

use std::sync::Arc;

use bytes::Bytes;
use herald_domain::event::raw;
use herald_domain::id::{SubmissionId, TransferId};
use herald_domain::money::view::TransferEventData;
use herald_domain::money::{Transfer, TransferState};
use herald_domain::notice::ENDED;
use herald_domain::submission::Submission;
use herald_domain::view::SubmissionEventData;
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// Receivers are spared more than this (Standard Webhooks: less than 20 kB).
pub const MAX_BODY_BYTES: usize = 20_000;

/// Something to tell endpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The `webhook-id` header: letters, digits and `_`, so that no full stop of it can be taken for the signature's.
    pub id: String,
    pub event: String,
    /// What it is about: a transfer or a submission; a ping neither.
    pub transfer: Option<TransferId>,
    pub submission: Option<SubmissionId>,
    /// `{"type":…,"timestamp":…,"data":{…}}`.
    pub body: Bytes,
}

impl Message {
    /// That a transfer was settled, as it was then; none while it is pending.
    pub fn of(transfer: &Transfer) -> Option<Self> {
        let settled_at = transfer.settled_at?;
        let settled = as_settled(transfer);
        let (event, data) = (settled.state.event_name(), TransferEventData::of(&settled));
        let id = format!("msg_{}_{}", transfer.id.0.as_simple(), settled.state);
        let body = body(event, settled_at, &data);
        Some(Self { id, event: event.to_owned(), transfer: Some(transfer.id), submission: None, body })
    }

    /// That a submission has ended, by its verdict or by a cancel; none while it is open. One that was redriven ends again, at
    /// another offset, which is another message.
    pub fn of_submission(submission: &Submission) -> Option<Self> {
        let finished_at = submission.finished_at?;
        let id = format!("msg_{}_finished_{}", submission.id.0.as_simple(), submission.offset);
        let body = body(ENDED, finished_at, &ended(submission));
        Some(Self { id, event: ENDED.to_owned(), transfer: None, submission: Some(submission.id), body })
    }

    /// A message that only tries the endpoint out. `id` is the caller's.
    pub fn ping(id: Uuid, at: OffsetDateTime) -> Self {
        let event = "webhook.ping";
        let data = raw(&serde_json::json!({}));
        Self {
            id: format!("msg_{}_ping", id.as_simple()),
            event: event.to_owned(),
            transfer: None,
            submission: None,
            body: body(event, at, &data),
        }
    }
}

/// What has come back since is news of the refund, which is a transfer of its own.
fn as_settled(transfer: &Transfer) -> Transfer {
    let state = if transfer.state.is_posted() { TransferState::Completed } else { transfer.state };
    Transfer { state, refunded: 0, traceparent: None, ..transfer.clone() }
}

/// What its event shows, and where the rest is: a path, as whoever replays the message may know Herald by another name than whoever
/// sent it first.
fn ended(submission: &Submission) -> Arc<RawValue> {
    #[derive(Serialize)]
    struct Ended<'a> {
        #[serde(flatten)]
        event: SubmissionEventData,
        status_url: &'a str,
    }
    let event = SubmissionEventData { traceparent: None, ..SubmissionEventData::from(submission) };
    raw(&Ended { event, status_url: &format!("/status/{}", submission.id) })
}

fn body(event: &str, at: OffsetDateTime, data: &RawValue) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        r#type: &'a str,
        #[serde(with = "time::serde::rfc3339")]
        timestamp: OffsetDateTime,
        data: &'a RawValue,
    }
    raw(&Body { r#type: event, timestamp: at, data }).get().to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, payment};

    #[test]
    fn a_message_is_the_same_before_and_after_a_refund() {
        let paid = payment();
        let told = Message::of(&paid).unwrap();
        let refunded = Transfer { state: TransferState::PartlyRefunded, refunded: 5, offset: 9, ..paid.clone() };
        assert_eq!(Message::of(&refunded).as_ref(), Some(&told));
        assert_eq!(told.event, "transfer.completed");
        assert!(told.id.ends_with("_completed") && !told.id.contains('.'), "{}", told.id);
        let body: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!(body["type"], "transfer.completed");
        assert_eq!(body["timestamp"], "2026-03-01T12:00:00Z");
        assert_eq!((&body["data"]["id"], &body["data"]["status"]), (&serde_json::json!(paid.id), &"completed".into()));
        assert_eq!((&body["data"]["amount"], &body["data"]["refunded"]), (&1_250.into(), &0.into()));
    }

    #[test]
    fn each_end_has_a_name_and_a_hold_has_none_yet() {
        for state in [TransferState::Failed, TransferState::Voided, TransferState::Expired] {
            let told = Message::of(&Transfer { state, ..payment() }).unwrap();
            assert_eq!(told.event, format!("transfer.{state}"));
        }
        assert_eq!(Message::of(&Transfer { state: TransferState::Pending, settled_at: None, ..payment() }), None);
        let ping = Message::ping(Uuid::from_u128(7), at());
        assert_eq!((ping.event.as_str(), ping.id.len()), ("webhook.ping", "msg_".len() + 32 + "_ping".len()));
    }

    #[test]
    fn the_largest_transfer_is_spared_to_no_receiver() {
        let long = Some("\u{1}".repeat(1_000));
        let told = Message::of(&Transfer { reference: long.clone(), reason: long, ..payment() }).unwrap();
        assert!(told.body.len() < MAX_BODY_BYTES, "{}", told.body.len());
    }
}
