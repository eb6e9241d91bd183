//! Rows of entities, as snapshots are made of them: what differs between a submission and a transfer is told here, and the
//! rest of the hub need not know.

use std::collections::HashMap;

use herald_domain::channel::Entity;
use herald_domain::id::TransferId;
use herald_domain::money::{Effect, Transfer};
use herald_domain::owner::Owner;
use herald_domain::store::{Result, Store};
use herald_domain::submission::Submission;
use time::OffsetDateTime;

use crate::log::Floor;
use crate::table::Standing;
use crate::watchers::Base;

/// An entity as it stands.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    Submission(Submission),
    /// With what services have made of it.
    Transfer(Transfer, Vec<Effect>),
}

impl Row {
    pub(crate) fn entity(&self) -> Entity {
        match self {
            Self::Submission(row) => Entity::Submission(row.id),
            Self::Transfer(row, _) => Entity::Transfer(row.id),
        }
    }

    /// Its channel's head.
    pub(crate) fn offset(&self) -> u64 {
        match self {
            Self::Submission(row) => row.offset,
            Self::Transfer(row, _) => row.offset,
        }
    }

    /// All who may see it.
    pub(crate) fn audience(&self) -> Vec<Owner> {
        match self {
            Self::Submission(row) => vec![row.owner.clone()],
            Self::Transfer(row, _) => row.audience(),
        }
    }

    pub(crate) fn floor(&self) -> Floor {
        match self {
            Self::Submission(row) => Floor { attempt: row.attempt, run: row.tests.run },
            Self::Transfer(..) => Floor::default(),
        }
    }

    /// No progress is to be expected.
    pub(crate) fn is_finished(&self) -> bool {
        match self {
            Self::Submission(row) => row.status.is_final(),
            Self::Transfer(..) => true,
        }
    }

    /// No event is to be expected either. Of a transfer one always is: services finish after it, and a refund may come at
    /// any time.
    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Self::Submission(row) => row.status.is_final(),
            Self::Transfer(..) => false,
        }
    }

    pub(crate) fn traceparent(&self) -> Option<String> {
        match self {
            Self::Submission(row) => row.traceparent.clone(),
            Self::Transfer(row, _) => row.traceparent.clone(),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        let base = Base { entity: self.entity(), offset: self.offset(), floor: self.floor() };
        Standing { base, audience: self.audience(), finished: self.is_finished() }
    }

    fn created_at(&self) -> OffsetDateTime {
        match self {
            Self::Submission(row) => row.created_at,
            Self::Transfer(row, _) => row.created_at,
        }
    }
}

/// Those that there are: one query for each kind, and one for the effects.
pub(crate) async fn get(store: &dyn Store, entities: &[Entity]) -> Result<HashMap<Entity, Row>> {
    let (mut submissions, mut transfers) = (Vec::new(), Vec::new());
    for entity in entities {
        match entity {
            Entity::Submission(id) => submissions.push(*id),
            Entity::Transfer(id) => transfers.push(*id),
        }
    }
    let mut rows = Vec::new();
    if !submissions.is_empty() {
        rows.extend(store.get_submissions(&submissions).await?.into_iter().map(Row::Submission));
    }
    if !transfers.is_empty() {
        let transfers = store.get_transfers(&transfers).await?;
        rows.extend(with_effects(store, transfers).await?);
    }
    Ok(rows.into_iter().map(|row| (row.entity(), row)).collect())
}

/// The newest of both kinds that concern the owner, newest first.
pub(crate) async fn newest(store: &dyn Store, owner: &Owner, limit: u32) -> Result<Vec<Row>> {
    let submissions = store.recent_submissions(owner, limit).await?;
    let transfers = store.recent_transfers(owner, limit).await?;
    let mut rows: Vec<_> = submissions.into_iter().map(Row::Submission).collect();
    rows.extend(with_effects(store, transfers).await?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at()));
    rows.truncate(limit.try_into().unwrap_or(usize::MAX));
    Ok(rows)
}

/// Effects are read after their transfers: an effect that is newer than its row comes again as an event, whereas one that
/// is older would be missing, as the row's offset says that it was told.
async fn with_effects(store: &dyn Store, transfers: Vec<Transfer>) -> Result<Vec<Row>> {
    if transfers.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = transfers.iter().map(|transfer| transfer.id).collect();
    let mut effects: HashMap<TransferId, Vec<Effect>> = HashMap::new();
    for effect in store.get_effects(&ids).await? {
        effects.entry(effect.transfer).or_default().push(effect);
    }
    let row = |transfer: Transfer| {
        let effects = effects.remove(&transfer.id).unwrap_or_default();
        Row::Transfer(transfer, effects)
    };
    Ok(transfers.into_iter().map(row).collect())
}
