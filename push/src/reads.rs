//! Reading what new subscribers start from: snapshots, and the events after a cursor. Many requests become few queries.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::channel::{Channel, Cursor, Entity};
use herald_domain::event::StoredEvent;
use herald_domain::id::Epoch;
use herald_domain::owner::Owner;
use herald_domain::store::{Result as StoreResult, Store};

use crate::catch_up::REACH;
use crate::frame::{Frame, NotRecovered, TooLarge, build};
use crate::queue::{End, Landed, SubscriberId};
use crate::row::{self, Row};
use crate::table::{DirectLanding, UserLanding};

/// How many entities the snapshot of a `user:` channel tells of.
const USER_ITEMS: u32 = 50;

/// One subscriber's wish.
pub(crate) struct Request {
    pub id: SubscriberId,
    pub owner: Owner,
    pub what: What,
}

pub(crate) enum What {
    /// An entity's snapshot, or with a cursor the events after it.
    Entity(Entity, Option<Cursor>),
    /// The snapshot of the owner's `user:` channel; with `true`, in answer to a resume.
    User(bool),
}

impl Request {
    pub(crate) fn channel(&self) -> Channel {
        match self.what {
            What::Entity(entity, _) => entity.into(),
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

/// Answers all requests: one query for the rows of each kind and one for effects, one for the events of those who resume, and
/// four for each user.
pub(crate) async fn read(store: &Arc<dyn Store>, epoch: Epoch, requests: Vec<Request>) -> Answers {
    let (entities, users): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|request| matches!(request.what, What::Entity(..)));
    let mut answers = read_entities(store, epoch, entities).await;
    answers.extend(read_users(store, epoch, users).await);
    answers
}

async fn read_entities(store: &Arc<dyn Store>, epoch: Epoch, requests: Vec<Request>) -> Answers {
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
    rows: HashMap<Entity, Row>,
    /// By channel, from the lowest offset that was asked for.
    events: HashMap<Entity, Vec<StoredEvent>>,
    /// Many subscribers of one channel share one snapshot.
    snapshots: HashMap<(Entity, Option<NotRecovered>), Frame>,
}

impl Reader {
    async fn rows(store: &Arc<dyn Store>, epoch: Epoch, requests: &[Request]) -> StoreResult<Self> {
        let mut entities: Vec<_> = requests
            .iter()
            .filter_map(|request| match request.what {
                What::Entity(entity, _) => Some(entity),
                What::User(_) => None,
            })
            .collect();
        entities.sort_unstable();
        entities.dedup();
        let rows = row::get(&**store, &entities).await?;
        Ok(Self { epoch, rows, events: HashMap::new(), snapshots: HashMap::new() })
    }

    /// The row and all who may see it, if the one who asks is among them.
    fn row(&self, request: &Request, entity: Entity) -> Option<(&Row, Vec<Owner>)> {
        let row = self.rows.get(&entity)?;
        let audience = row.audience();
        audience.contains(&request.owner).then_some((row, audience))
    }

    /// The channel and offset behind which events are needed.
    fn resumable(&self, request: &Request) -> Option<(Entity, u64)> {
        let What::Entity(entity, Some(cursor)) = &request.what else { return None };
        let (row, _) = self.row(request, *entity)?;
        (cursor.epoch == self.epoch && cursor.offset < row.offset()).then_some((*entity, cursor.offset))
    }

    async fn events(&mut self, store: &Arc<dyn Store>, resumable: Vec<(Entity, u64)>) -> StoreResult<()> {
        let mut lowest: HashMap<Entity, u64> = HashMap::new();
        for (entity, offset) in resumable {
            lowest.entry(entity).and_modify(|least| *least = offset.min(*least)).or_insert(offset);
        }
        let after: Vec<_> = lowest.into_iter().map(|(entity, offset)| (entity.into(), offset)).collect();
        for event in store.channel_events(&after).await? {
            if let Some(entity) = event.channel.entity() {
                self.events.entry(entity).or_default().push(event);
            }
        }
        Ok(())
    }

    fn land(&mut self, request: &Request) -> Result<DirectLanding, End> {
        let What::Entity(entity, cursor) = &request.what else { return Err(End::Unknown) };
        let (row, audience) = self.row(request, *entity).ok_or(End::Unknown)?;
        let (head, floor, finished) = (row.offset(), row.floor(), row.is_finished());
        let (is_complete, traceparent) = (row.is_complete(), row.traceparent());
        let (frames, resumed) = match cursor.as_ref().map(|cursor| self.resume(cursor, *entity, head)) {
            Some(Ok(frames)) => (frames, true),
            Some(Err(reason)) => (vec![self.snapshot(*entity, Some(reason))?], false),
            None => (vec![self.snapshot(*entity, None)?], false),
        };
        let at = frames.last().map_or(head, Frame::offset);
        let complete = is_complete && resumed && frames.len() == 1;
        let landed = Landed { complete, traceparent };
        Ok(DirectLanding { frames, at, audience, floor, finished, landed })
    }

    /// `resumed` and every event after the cursor up to the head; or why that cannot be had.
    fn resume(&self, cursor: &Cursor, entity: Entity, head: u64) -> Result<Vec<Frame>, NotRecovered> {
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
        let events = self.events.get(&entity).into_iter().flatten();
        for event in events.filter(|event| wanted.contains(&event.offset)) {
            if event.offset != next {
                return Err(NotRecovered::Expired);
            }
            frames.push(build::event(self.epoch, event).map_err(|TooLarge| NotRecovered::Expired)?);
            next += 1;
        }
        if next > head { Ok(frames) } else { Err(NotRecovered::Expired) }
    }

    fn snapshot(&mut self, entity: Entity, reason: Option<NotRecovered>) -> Result<Frame, End> {
        if let Some(frame) = self.snapshots.get(&(entity, reason)) {
            return Ok(frame.clone());
        }
        let row = self.rows.get(&entity).ok_or(End::Unknown)?;
        let frame = build::snapshot(self.epoch, row, reason).map_err(|TooLarge| {
            tracing::error!(channel = %entity, "the snapshot does not fit in a frame");
            End::Unavailable
        })?;
        self.snapshots.insert((entity, reason), frame.clone());
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
        let read: StoreResult<_> =
            async { Ok((store.store_now().await?, row::newest(&**store, &owner, USER_ITEMS).await?)) }.await;
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

fn land_user(epoch: Epoch, request: &Request, rows: &[Row], now: time::OffsetDateTime) -> Result<UserLanding, End> {
    let reason = matches!(request.what, What::User(true)).then_some(NotRecovered::SnapshotOnly);
    let frame = build::user_snapshot(epoch, &request.channel(), rows, reason).map_err(|TooLarge| End::Unavailable)?;
    let items = rows.iter().map(Row::standing).collect();
    // `at` is set when a transaction begins and seen when it has ended: reach back as far as a catch-up does.
    Ok(UserLanding { frame, items, since: now - REACH })
}

#[cfg(test)]
mod tests;
