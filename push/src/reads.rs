//! Reading what new subscribers start from: snapshots, and the events after a cursor. Many requests become few queries.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::channel::{Channel, Cursor};
use herald_domain::event::StoredEvent;
use herald_domain::id::{Epoch, SubmissionId};
use herald_domain::owner::Owner;
use herald_domain::store::Store;
use herald_domain::submission::Submission;

use crate::catch_up::REACH;
use crate::frame::{Frame, NotRecovered, TooLarge, build};
use crate::log::Floor;
use crate::queue::{End, Landed, SubscriberId};
use crate::table::{DirectLanding, UserLanding};
use crate::watchers::Base;

/// How many entities the snapshot of a `user:` channel tells of.
const USER_ITEMS: u32 = 50;

/// One subscriber's wish.
pub(crate) struct Request {
    pub id: SubscriberId,
    pub owner: Owner,
    pub what: What,
}

pub(crate) enum What {
    /// A submission's snapshot, or with a cursor the events after it.
    Submission(SubmissionId, Option<Cursor>),
    /// The snapshot of the owner's `user:` channel; with `true`, in answer to a resume.
    User(bool),
}

impl Request {
    pub(crate) fn channel(&self) -> Channel {
        match self.what {
            What::Submission(submission, _) => Channel::Submission(submission),
            What::User(_) => Channel::User(self.owner.clone()),
        }
    }
}

pub(crate) enum Landing {
    Direct(DirectLanding),
    User(UserLanding),
}

/// What was read for each request.
pub(crate) type Answers = Vec<(Request, Result<Landing, End>)>;

/// Answers all requests: one query for the rows, one for the events of those who resume, and two for each user.
pub(crate) async fn read(store: &Arc<dyn Store>, epoch: Epoch, requests: Vec<Request>) -> Answers {
    let (submissions, users): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|request| matches!(request.what, What::Submission(..)));
    let mut answers = read_submissions(store, epoch, submissions).await;
    answers.extend(read_users(store, epoch, users).await);
    answers
}

async fn read_submissions(store: &Arc<dyn Store>, epoch: Epoch, requests: Vec<Request>) -> Answers {
    if requests.is_empty() {
        return Vec::new();
    }
    let mut reader = match Reader::rows(store, epoch, &requests).await {
        Ok(reader) => reader,
        Err(error) => {
            tracing::warn!(%error, requests = requests.len(), "snapshots cannot be read");
            return requests.into_iter().map(|request| (request, Err(End::Unavailable))).collect();
        }
    };
    let resumable = requests.iter().filter_map(|request| reader.resumable(request)).collect::<Vec<_>>();
    if !resumable.is_empty()
        && let Err(error) = reader.events(store, resumable).await
    {
        tracing::warn!(%error, "events to resume with cannot be read");
        return requests.into_iter().map(|request| (request, Err(End::Unavailable))).collect();
    }
    requests
        .into_iter()
        .map(|request| {
            let landing = reader.land(&request);
            (request, landing.map(Landing::Direct))
        })
        .collect()
}

/// What one batch has read.
struct Reader {
    epoch: Epoch,
    rows: HashMap<SubmissionId, Submission>,
    /// By channel, from the lowest offset that was asked for.
    events: HashMap<SubmissionId, Vec<StoredEvent>>,
    /// Many subscribers of one channel share one snapshot.
    snapshots: HashMap<(SubmissionId, Option<NotRecovered>), Frame>,
}

impl Reader {
    async fn rows(store: &Arc<dyn Store>, epoch: Epoch, requests: &[Request]) -> herald_domain::store::Result<Self> {
        let mut ids: Vec<_> = requests
            .iter()
            .filter_map(|request| match request.what {
                What::Submission(id, _) => Some(id),
                What::User(_) => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = store.get_submissions(&ids).await?.into_iter().map(|row| (row.id, row)).collect();
        Ok(Self { epoch, rows, events: HashMap::new(), snapshots: HashMap::new() })
    }

    fn row(&self, request: &Request, id: SubmissionId) -> Option<&Submission> {
        self.rows.get(&id).filter(|row| row.owner == request.owner)
    }

    /// The channel and offset behind which events are needed.
    fn resumable(&self, request: &Request) -> Option<(SubmissionId, u64)> {
        let What::Submission(id, Some(cursor)) = &request.what else { return None };
        let row = self.row(request, *id)?;
        (cursor.epoch == self.epoch && cursor.offset < row.offset).then_some((*id, cursor.offset))
    }

    async fn events(
        &mut self,
        store: &Arc<dyn Store>,
        resumable: Vec<(SubmissionId, u64)>,
    ) -> herald_domain::store::Result<()> {
        let mut lowest: HashMap<SubmissionId, u64> = HashMap::new();
        for (id, offset) in resumable {
            lowest.entry(id).and_modify(|least| *least = offset.min(*least)).or_insert(offset);
        }
        let after: Vec<_> = lowest.into_iter().map(|(id, offset)| (Channel::Submission(id), offset)).collect();
        for event in store.channel_events(&after).await? {
            if let Channel::Submission(id) = event.channel {
                self.events.entry(id).or_default().push(event);
            }
        }
        Ok(())
    }

    fn land(&mut self, request: &Request) -> Result<DirectLanding, End> {
        let What::Submission(id, cursor) = &request.what else { return Err(End::Unknown) };
        let row = self.row(request, *id).ok_or(End::Unknown)?;
        let floor = Floor { attempt: row.attempt, run: row.tests.run };
        let finished = row.status.is_final();
        let traceparent = row.traceparent.clone();
        let head = row.offset;
        let (frames, complete) = match cursor.as_ref().map(|cursor| self.resume(cursor, *id, head)) {
            Some(Ok(frames)) => (frames, finished),
            Some(Err(reason)) => (vec![self.snapshot(*id, Some(reason))?], false),
            None => (vec![self.snapshot(*id, None)?], false),
        };
        let at = frames.last().map_or(head, Frame::offset);
        let complete = complete && frames.len() == 1;
        let landed = Landed { complete, traceparent };
        Ok(DirectLanding { frames, at, audience: vec![request.owner.clone()], floor, finished, landed })
    }

    /// `resumed` and every event after the cursor up to the head; or why that cannot be had.
    fn resume(&self, cursor: &Cursor, id: SubmissionId, head: u64) -> Result<Vec<Frame>, NotRecovered> {
        if cursor.epoch != self.epoch {
            return Err(NotRecovered::Epoch);
        }
        if cursor.offset > head {
            return Err(NotRecovered::Ahead);
        }
        let mut frames = vec![build::resumed(cursor).map_err(|TooLarge| NotRecovered::Expired)?];
        let mut next = cursor.offset + 1;
        // Not beyond the row as read: what came later is passed on as it comes.
        let wanted = cursor.offset + 1..=head;
        let events = self.events.get(&id).into_iter().flatten();
        for event in events.filter(|event| wanted.contains(&event.offset)) {
            if event.offset != next {
                return Err(NotRecovered::Expired);
            }
            frames.push(build::event(self.epoch, event).map_err(|TooLarge| NotRecovered::Expired)?);
            next += 1;
        }
        if next > head { Ok(frames) } else { Err(NotRecovered::Expired) }
    }

    fn snapshot(&mut self, id: SubmissionId, reason: Option<NotRecovered>) -> Result<Frame, End> {
        if let Some(frame) = self.snapshots.get(&(id, reason)) {
            return Ok(frame.clone());
        }
        let row = self.rows.get(&id).ok_or(End::Unknown)?;
        let frame = build::snapshot(self.epoch, row, reason).map_err(|TooLarge| {
            tracing::error!(submission.id = %id, "the snapshot does not fit in a frame");
            End::Unavailable
        })?;
        self.snapshots.insert((id, reason), frame.clone());
        Ok(frame)
    }
}

async fn read_users(store: &Arc<dyn Store>, epoch: Epoch, requests: Vec<Request>) -> Answers {
    let mut by_owner: HashMap<Owner, Vec<Request>> = HashMap::new();
    for request in requests {
        by_owner.entry(request.owner.clone()).or_default().push(request);
    }
    let mut answers = Vec::new();
    for (owner, requests) in by_owner {
        let read = async { Ok((store.store_now().await?, store.recent_submissions(&owner, USER_ITEMS).await?)) }.await;
        let read: herald_domain::store::Result<_> = read;
        if let Err(error) = &read {
            tracing::warn!(%error, "a user's snapshot cannot be read");
        }
        for request in requests {
            let landing = match &read {
                Ok((now, rows)) => land_user(epoch, &request, rows, *now).map(Landing::User),
                Err(_) => Err(End::Unavailable),
            };
            answers.push((request, landing));
        }
    }
    answers
}

fn land_user(
    epoch: Epoch,
    request: &Request,
    rows: &[Submission],
    now: time::OffsetDateTime,
) -> Result<UserLanding, End> {
    let reason = matches!(request.what, What::User(true)).then_some(NotRecovered::SnapshotOnly);
    let frame = build::user_snapshot(epoch, &request.channel(), rows, reason).map_err(|TooLarge| End::Unavailable)?;
    let items = rows
        .iter()
        .map(|row| {
            let floor = Floor { attempt: row.attempt, run: row.tests.run };
            (Base { submission: row.id, offset: row.offset, floor }, row.status.is_final())
        })
        .collect();
    // `at` is set when a transaction begins and seen when it has ended: reach back as far as a catch-up does.
    Ok(UserLanding { frame, items, since: now - REACH })
}

#[cfg(test)]
mod tests {
    use herald_domain::event::raw;
    use uuid::Uuid;

    use super::*;
    use crate::frame::FrameKind;

    const EPOCH: Epoch = Epoch(Uuid::from_u128(1));

    fn id() -> SubmissionId {
        SubmissionId(Uuid::from_u128(2))
    }

    /// A reader that has found the row at `head` and the events of these offsets.
    fn reader(head: u64, offsets: &[u64]) -> Reader {
        let row = Submission { id: id(), offset: head, ..crate::frame::tests::row(0) };
        let event = |offset: &u64| StoredEvent {
            channel: Channel::Submission(id()),
            offset: *offset,
            at: time::OffsetDateTime::UNIX_EPOCH,
            audience: vec![],
            name: "submission.running".into(),
            data: raw(&serde_json::json!({})),
        };
        let events = HashMap::from([(id(), offsets.iter().map(event).collect())]);
        Reader { epoch: EPOCH, rows: HashMap::from([(id(), row)]), events, snapshots: HashMap::new() }
    }

    fn landed(reader: &mut Reader, after: u64) -> Vec<(FrameKind, u64)> {
        let cursor = Cursor { epoch: EPOCH, channel: Channel::Submission(id()), offset: after };
        let owner = Owner::user("alice").unwrap();
        let request = Request { id: SubscriberId(1), owner, what: What::Submission(id(), Some(cursor)) };
        let landing = reader.land(&request).unwrap();
        landing.frames.iter().map(|frame| (frame.kind(), frame.offset())).collect()
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
        let frame = reader.snapshot(id(), Some(NotRecovered::Expired)).unwrap();
        assert!(String::from_utf8_lossy(frame.json()).contains(r#""recovered":false,"reason":"expired""#));
    }
}
