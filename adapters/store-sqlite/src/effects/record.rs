//! Recording what came of effects: each with its deed and its event, once.

use std::collections::HashMap;
use std::sync::Arc;

use herald_domain::id::{LeaseToken, MessageId, TransferId};
use herald_domain::money::{
    Deed, EffectOutcome, EffectState, MAX_EFFECT_ATTEMPTS, Service, Transfer, error_detail, reason_detail,
};
use herald_domain::store::{Recorded, Result};
use serde_json::value::RawValue;

use super::deeds::{Carried, Deeds};
use super::row::{Ended, Held, end, held};
use crate::SqliteStore;
use crate::ledger::load;
use crate::row::{ms, time};
use crate::write::Write;

pub(super) async fn record(
    store: &SqliteStore,
    service: Service,
    token: LeaseToken,
    outcomes: &[(TransferId, EffectOutcome)],
    message: fn() -> MessageId,
) -> Result<Recorded> {
    if outcomes.is_empty() {
        return Ok(Recorded::default());
    }
    let mut write = store.write().await?;
    let ids: Vec<_> = outcomes.iter().map(|(id, _)| *id).collect();
    let mut held = held(&mut write, service, &ids).await?;
    held.retain(|_, effect| effect.lease_token == Some(token));
    if held.is_empty() {
        return Ok(Recorded::default());
    }
    let found = load::transfers_by_id(&mut write.tx, held.keys().copied()).await?;
    let transfers: HashMap<_, _> = found.into_iter().map(|transfer| (transfer.id, transfer)).collect();
    let planned: Vec<_> =
        outcomes.iter().filter_map(|(id, outcome)| Some((transfers.get(id)?, deed(outcome)?))).collect();
    let deeds = Deeds::open(&mut write, &planned, message).await?;
    let mut recording = Recording { service, deeds, ended: Vec::new(), recorded: Recorded::default(), now: write.now };
    for (id, outcome) in outcomes {
        // What stands in the list twice is no longer held the second time.
        let (Some(effect), Some(transfer)) = (held.remove(id), transfers.get(id)) else { continue };
        recording.take(transfer.clone(), &effect, outcome)?;
    }
    let recorded = recording.write(&mut write).await?;
    write.commit().await?;
    Ok(recorded)
}

fn deed(outcome: &EffectOutcome) -> Option<&Deed> {
    match outcome {
        EffectOutcome::Done { deed, .. } => Some(deed),
        EffectOutcome::Skipped { .. } | EffectOutcome::Again { .. } | EffectOutcome::Failed { .. } => None,
    }
}

/// One transaction's outcomes, taken one after the other.
struct Recording {
    service: Service,
    deeds: Deeds,
    ended: Vec<Ended>,
    recorded: Recorded,
    now: i64,
}

impl Recording {
    fn take(&mut self, mut transfer: Transfer, effect: &Held, outcome: &EffectOutcome) -> Result<()> {
        let ended = self.end(&mut transfer, effect, outcome)?;
        if ended.state != EffectState::Pending {
            let view = ended.view(effect.attempts, time(self.now)?);
            let event = self.deeds.desk.tell_effect(&mut transfer, self.service, view)?;
            self.recorded.events.push(event);
        }
        self.recorded.transfers.push(transfer.id);
        self.ended.push(ended);
        Ok(())
    }

    fn end(&mut self, transfer: &mut Transfer, effect: &Held, outcome: &EffectOutcome) -> Result<Ended> {
        let id = transfer.id;
        let ended = |state, detail: Arc<RawValue>| Ended { transfer: id, state, run_at: None, error: None, detail };
        let skipped = |reason: &str| ended(EffectState::Skipped, reason_detail(reason));
        Ok(match outcome {
            EffectOutcome::Done { detail, deed } => {
                match self.deeds.carry_out(transfer, deed, detail, &mut self.recorded)? {
                    Carried::Out(detail) => ended(EffectState::Done, detail),
                    Carried::Not(reason) => skipped(reason),
                }
            }
            EffectOutcome::Skipped { reason } => skipped(reason),
            EffectOutcome::Again { error, delay_ms } if effect.fresh_attempts() < MAX_EFFECT_ATTEMPTS => Ended {
                run_at: Some(self.now + ms(*delay_ms)),
                error: Some(error.clone()),
                ..ended(EffectState::Pending, error_detail(error))
            },
            EffectOutcome::Again { error, .. } | EffectOutcome::Failed { error } => Ended::failed(id, error),
        })
    }

    async fn write(self, write: &mut Write) -> Result<Recorded> {
        end(write, self.service, &self.ended).await?;
        self.deeds.write(write).await?;
        Ok(self.recorded)
    }
}
