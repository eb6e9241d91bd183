//! Following a transfer: its own state, and each service as it gets done. Over once nothing is pending any more.

use std::collections::BTreeMap;

use herald_domain::id::TransferId;
use herald_domain::money::view::TransferView;
use herald_domain::money::{EffectState, Service, TransferKind, TransferState};
use serde::Deserialize;
use serde_json::Value;

use super::frame::{Frame, read};
use super::watch::Story;
use super::{Client, Error, Result};

/// How a transfer stands, as far as the watcher knows.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    pub state: TransferState,
    /// Always all five, by name.
    pub services: BTreeMap<String, EffectState>,
    kind: TransferKind,
}

impl Standing {
    fn is_pending(&self) -> bool {
        self.state == TransferState::Pending || self.services.values().any(|effect| *effect == EffectState::Pending)
    }
}

/// A transfer that is followed.
pub struct Followed {
    id: TransferId,
    cursor: Option<String>,
    offset: u64,
    standing: Option<Standing>,
}

/// What the data of an event has, of a transfer's own or of a service's.
#[derive(Deserialize)]
struct Told {
    status: TransferState,
    service: Option<Service>,
    effect: Option<EffectState>,
}

impl Followed {
    pub fn new(id: TransferId) -> Self {
        Self { id, cursor: None, offset: 0, standing: None }
    }

    /// Takes the whole state, if it is news.
    fn whole(&mut self, view: &TransferView) -> Option<Standing> {
        let services = view.services.iter().map(|(name, effect)| (name.clone(), effect.status)).collect();
        let standing = Standing { state: view.state, services, kind: view.kind };
        // Attempts that failed for now have no event of their own.
        let repeat = view.offset == self.offset && self.standing.as_ref() == Some(&standing);
        if view.offset < self.offset || repeat {
            return None;
        }
        self.offset = view.offset;
        self.standing = Some(standing.clone());
        Some(standing)
    }

    fn step(&mut self, offset: u64, data: Value) -> Option<Standing> {
        let told: Told = read(data)?;
        let standing = self.standing.as_mut().filter(|_| offset > self.offset)?;
        self.offset = offset;
        standing.state = told.status;
        match (told.service, told.effect) {
            (Some(service), Some(effect)) => {
                standing.services.insert(service.to_string(), effect);
            }
            // Some have nothing to do with a transfer that has ended so, and will not say so.
            _ => standing.skip_idle(),
        }
        Some(standing.clone())
    }
}

impl Standing {
    fn skip_idle(&mut self) {
        for service in Service::ALL.iter().filter(|service| !service.concerns(self.kind, self.state)) {
            if let Some(effect) = self.services.get_mut(service.as_str())
                && *effect == EffectState::Pending
                && self.state != TransferState::Pending
            {
                *effect = EffectState::Skipped;
            }
        }
    }
}

/// The transfer as it stands now.
pub async fn get(client: &Client, id: TransferId) -> Result<TransferView> {
    client.get(&format!("/transactions/{id}")).await
}

impl Story for Followed {
    type Update = Standing;

    fn take(&mut self, frame: Frame) -> Option<Standing> {
        match frame {
            Frame::Snapshot { cursor, recovered, data, .. } => {
                let view: TransferView = read(data)?;
                if !recovered {
                    // What was seen belongs to a history that the server no longer has.
                    (self.offset, self.standing) = (0, None);
                }
                self.cursor = Some(cursor);
                self.whole(&view)
            }
            Frame::Event { offset, cursor, data } => {
                let news = self.step(offset, data);
                self.cursor = Some(cursor);
                news
            }
            Frame::Resumed { cursor } => {
                self.cursor = cursor.or(self.cursor.take());
                None
            }
            Frame::Progress { .. } | Frame::Error { .. } | Frame::Other => None,
        }
    }

    async fn ask(&mut self, client: &Client) -> Result<Option<Standing>> {
        let view = get(client, self.id).await?;
        Ok(self.whole(&view))
    }

    fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn is_end(&self, update: &Standing) -> bool {
        !update.is_pending()
    }

    fn lost(&self, cause: String) -> Error {
        Error::Lost { what: "the transfer", cause, look: format!("GET /transactions/{}", self.id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0190a6f0-0000-7000-8000-000000000001";

    fn snapshot(offset: u64, recovered: bool, state: &str, services: [&str; 5]) -> Value {
        let names = ["fraud", "notification", "rewards", "statement", "webhook"];
        let effect = |status| json!({"status": status, "attempts": 0, "at": null, "detail": {"a": [1]}});
        let services: serde_json::Map<_, _> =
            names.iter().zip(services).map(|(name, status)| ((*name).to_owned(), effect(status))).collect();
        let data = json!({"id": ID, "kind": "payment", "state": state, "status": state, "from": "a", "to": "b",
            "amount": 1, "currency": "INR", "posted": 0, "refunded": 0, "services": services,
            "created_at": "2026-01-01T00:00:00Z", "settled_at": null, "hold_until": null, "offset": offset});
        json!({"v": 1, "type": "snapshot", "offset": offset, "cursor": format!("c{offset}"), "recovered": recovered,
            "data": data})
    }

    fn event(offset: u64, data: Value) -> Value {
        json!({"v": 1, "type": "event", "offset": offset, "cursor": format!("c{offset}"), "event": "x", "data": data})
    }

    fn take(story: &mut Followed, frame: Value) -> Option<(TransferState, Vec<EffectState>, bool)> {
        let update = story.take(serde_json::from_value(frame).unwrap())?;
        let end = story.is_end(&update);
        Some((update.state, update.services.into_values().collect(), end))
    }

    #[test]
    fn services_add_up_whatever_comes_twice_or_late() {
        use EffectState::{Done, Pending, Skipped};
        let mut story = Followed::new(ID.parse().unwrap());
        let done = |service: &str| json!({"id": ID, "status": "completed", "service": service, "effect": "done"});
        assert_eq!(take(&mut story, event(2, done("fraud"))), None, "nothing can be added to nothing");
        let first = take(&mut story, snapshot(1, true, "completed", ["pending"; 5])).unwrap();
        assert_eq!(first, (TransferState::Completed, vec![Pending; 5], false));
        let (_, services, end) = take(&mut story, event(2, done("fraud"))).unwrap();
        assert_eq!((services, end), (vec![Done, Pending, Pending, Pending, Pending], false));
        assert_eq!(take(&mut story, event(2, done("fraud"))), None);
        let whole = snapshot(5, true, "completed", ["done", "done", "skipped", "done", "pending"]);
        assert!(take(&mut story, whole.clone()).is_some());
        assert_eq!(take(&mut story, whole), None);
        assert_eq!(take(&mut story, event(4, done("webhook"))), None, "late");
        let (_, services, end) = take(&mut story, event(6, done("webhook"))).unwrap();
        assert_eq!((services, end), (vec![Done, Done, Skipped, Done, Done], true));
        assert_eq!(story.cursor(), Some("c6"));
        assert!(take(&mut story, snapshot(1, false, "completed", ["pending"; 5])).is_some(), "another history");
    }

    #[test]
    fn a_hold_that_ends_in_nothing_leaves_services_without_work() {
        let mut story = Followed::new(ID.parse().unwrap());
        take(&mut story, snapshot(1, true, "pending", ["pending"; 5])).unwrap();
        let voided = json!({"id": ID, "status": "voided", "kind": "payment"});
        let (state, services, end) = take(&mut story, event(2, voided)).unwrap();
        let still = services.iter().filter(|effect| **effect == EffectState::Pending).count();
        assert_eq!((state, still, end), (TransferState::Voided, 2, false), "mail and webhook tell of it");
    }
}
