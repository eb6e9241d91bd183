//! The frames, one function each. Their shapes are the contract of docs/asyncapi.yaml.

use std::sync::Arc;

use herald_domain::channel::{Channel, Cursor};
use herald_domain::event::{Progress, StoredEvent, raw};
use herald_domain::id::Epoch;
use herald_domain::money::view::TransferView;
use herald_domain::money::{Effect, Transfer};
use herald_domain::view::StatusView;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{Frame, FrameKind, Label, TooLarge, encode};
use crate::row::Row;

/// Why a resume ended in a fresh snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRecovered {
    /// The cursor is from before a restore of the store.
    Epoch,
    /// The cursor is past the channel's head.
    Ahead,
    /// Events after the cursor are no longer kept.
    Expired,
    /// A `user:` channel is a filter without a log of its own.
    SnapshotOnly,
}

#[derive(Serialize)]
struct SnapshotBody<'a, T> {
    v: u8,
    r#type: &'static str,
    channel: &'a Channel,
    offset: u64,
    cursor: &'a str,
    recovered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotRecovered>,
    data: &'a T,
}

fn snapshot_of<T: Serialize>(cursor: &Cursor, reason: Option<NotRecovered>, data: &T) -> Result<Frame, TooLarge> {
    let text = cursor.encode();
    let body = SnapshotBody {
        v: 1,
        r#type: FrameKind::Snapshot.as_str(),
        channel: &cursor.channel,
        offset: cursor.offset,
        cursor: &text,
        recovered: reason.is_none(),
        reason,
        data,
    };
    let label = Label {
        offset: cursor.offset,
        cursor: Some(text.clone()),
        ..plain(FrameKind::Snapshot, Some(&cursor.channel))
    };
    encode(label, &body)
}

/// The snapshot of an entity. What gives way until it fits: of a submission the oldest cases, of a transfer what the services
/// tell in detail.
pub(crate) fn snapshot(epoch: Epoch, row: &Row, reason: Option<NotRecovered>) -> Result<Frame, TooLarge> {
    let cursor = Cursor { epoch, channel: row.entity().into(), offset: row.offset() };
    match row {
        Row::Submission(row) => {
            let mut view = StatusView::snapshot(row);
            loop {
                match snapshot_of(&cursor, reason, &view) {
                    Err(TooLarge) if !view.cases.is_empty() => {
                        let half = view.cases.len().div_ceil(2);
                        view.cases.drain(..half);
                    }
                    done => return done,
                }
            }
        }
        Row::Transfer(row, effects) => snapshot_of(&cursor, reason, &TransferView::new(row, effects))
            .or_else(|TooLarge| snapshot_of(&cursor, reason, &without_details(row, effects))),
    }
}

fn without_details(row: &Transfer, effects: &[Effect]) -> TransferView {
    let mut view = TransferView::new(row, effects);
    for effect in view.services.values_mut() {
        effect.detail = raw(&json!({}));
    }
    view
}

/// One of a user's entities.
#[derive(Serialize)]
struct Item<T> {
    channel: Channel,
    #[serde(flatten)]
    view: T,
}

fn item(row: &Row) -> Arc<RawValue> {
    let channel = row.entity().into();
    match row {
        Row::Submission(row) => {
            let mut view = StatusView::snapshot(row);
            view.cases.clear();
            raw(&Item { channel, view })
        }
        Row::Transfer(row, effects) => raw(&Item { channel, view: without_details(row, effects) }),
    }
}

/// The snapshot of a `user:` channel: the newest entities, without cases and details; the last of them give way until it
/// fits, and `truncated` says so.
pub(crate) fn user_snapshot(
    epoch: Epoch,
    channel: &Channel,
    rows: &[Row],
    reason: Option<NotRecovered>,
) -> Result<Frame, TooLarge> {
    #[derive(Serialize)]
    struct Data<'a> {
        items: &'a [Arc<RawValue>],
        truncated: bool,
    }
    let cursor = Cursor { epoch, channel: channel.clone(), offset: 0 };
    let mut items: Vec<_> = rows.iter().map(item).collect();
    loop {
        let data = Data { items: &items, truncated: items.len() < rows.len() };
        match snapshot_of(&cursor, reason, &data) {
            Err(TooLarge) if !items.is_empty() => {
                items.pop();
            }
            done => return done,
        }
    }
}

#[derive(Serialize)]
struct EventBody<'a, T: ?Sized> {
    v: u8,
    r#type: &'static str,
    channel: &'a Channel,
    offset: u64,
    cursor: &'a str,
    event: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    data: &'a T,
}

/// A stored event. One whose data is too large for a frame (the store should never hold such) goes out without data
/// rather than not at all, so that offsets stay without gaps.
pub(crate) fn event(epoch: Epoch, event: &StoredEvent) -> Result<Frame, TooLarge> {
    event_with(epoch, event, &*event.data).or_else(|TooLarge| {
        tracing::error!(channel = %event.channel, offset = event.offset, "event too large for a frame; sent without data");
        event_with(epoch, event, &json!({}))
    })
}

fn event_with<T: Serialize + ?Sized>(epoch: Epoch, event: &StoredEvent, data: &T) -> Result<Frame, TooLarge> {
    let cursor = Cursor { epoch, channel: event.channel.clone(), offset: event.offset }.encode();
    let body = EventBody {
        v: 1,
        r#type: FrameKind::Event.as_str(),
        channel: &event.channel,
        offset: event.offset,
        cursor: &cursor,
        event: &event.name,
        at: event.at,
        data,
    };
    let label = Label {
        offset: event.offset,
        event: &event.name,
        cursor: Some(cursor.clone()),
        ..plain(FrameKind::Event, Some(&event.channel))
    };
    encode(label, &body)
}

/// A passing state.
pub(crate) fn progress(progress: &Progress) -> Result<Frame, TooLarge> {
    #[derive(Serialize)]
    struct Body<'a> {
        v: u8,
        r#type: &'static str,
        channel: &'a Channel,
        attempt: u32,
        seq: u64,
        data: &'a serde_json::value::RawValue,
    }
    let body = Body {
        v: 1,
        r#type: FrameKind::Progress.as_str(),
        channel: &progress.channel,
        attempt: progress.attempt,
        seq: progress.seq,
        data: &progress.data,
    };
    encode(plain(FrameKind::Progress, Some(&progress.channel)), &body)
}

/// The answer to a resume that is complete: every event after the cursor follows.
pub(crate) fn resumed(cursor: &Cursor) -> Result<Frame, TooLarge> {
    let text = cursor.encode();
    let body = json!({
        "v": 1, "type": FrameKind::Resumed.as_str(), "channel": cursor.channel, "offset": cursor.offset,
        "cursor": text, "recovered": true,
    });
    let label = Label { offset: cursor.offset, cursor: Some(text), ..plain(FrameKind::Resumed, Some(&cursor.channel)) };
    encode(label, &body)
}

/// The answer to `unsubscribe`.
pub(crate) fn unsubscribed(channel: &Channel) -> Result<Frame, TooLarge> {
    let body = json!({"v": 1, "type": FrameKind::Unsubscribed.as_str(), "channel": channel});
    encode(plain(FrameKind::Unsubscribed, Some(channel)), &body)
}

/// The answer to a `ping` message: a page cannot see those of the protocol (RFC 6455, 5.5.2).
pub(crate) fn pong() -> Result<Frame, TooLarge> {
    let body = json!({"v": 1, "type": FrameKind::Pong.as_str()});
    encode(plain(FrameKind::Pong, None), &body)
}

/// Something that the client asked for cannot be had; `code` is stable, `message` says what to do.
pub(crate) fn error(code: &str, message: &str, channel: Option<&Channel>) -> Result<Frame, TooLarge> {
    let mut body = json!({"v": 1, "type": FrameKind::Error.as_str(), "code": code, "message": message});
    if let Some(channel) = channel {
        body["channel"] = json!(channel);
    }
    encode(plain(FrameKind::Error, channel), &body)
}

fn plain(kind: FrameKind, channel: Option<&Channel>) -> Label<'_> {
    Label { kind, channel, offset: 0, event: "", cursor: None }
}
