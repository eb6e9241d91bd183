//! What the watchers of a transfer are told: its own steps, and what each service has made of it. All of it goes out on the
//! transfer's channel, so its offset rises with every one.

use std::sync::Arc;

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::view::{EffectEventData, EffectView, TransferEventData};
use super::{Service, Transfer};
use crate::channel::Channel;
use crate::event::StoredEvent;

impl Transfer {
    /// The event of the step that has just been taken; its offset is the transfer's.
    pub fn event(&self, at: OffsetDateTime) -> StoredEvent {
        self.told(self.state.event_name().to_owned(), TransferEventData::of(self), at)
    }

    /// The event of an effect that has just been recorded; its offset is the transfer's, which has been raised for it.
    pub fn effect_event(&self, service: Service, effect: EffectView, at: OffsetDateTime) -> StoredEvent {
        let name = service.event_name(effect.status);
        self.told(name, EffectEventData::of(self, service, effect.status, effect.attempts, effect.detail), at)
    }

    fn told(&self, name: String, data: Arc<RawValue>, at: OffsetDateTime) -> StoredEvent {
        let channel = Channel::Transfer(self.id);
        StoredEvent { channel, offset: self.offset, at, audience: self.audience(), name, data }
    }
}
