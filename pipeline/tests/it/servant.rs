//! A servant that does as it is told, and counts. It is statement's, whose receipts are numbered: one made twice would show.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use herald_domain::event::raw;
use herald_domain::id::TransferId;
use herald_domain::money::{Deed, EffectClaim, EffectOutcome, Service};
use herald_pipeline::Servant;
use tokio::sync::Semaphore;

/// What an attempt comes to.
#[derive(Clone)]
pub enum Act {
    Make,
    Panic,
    /// Fails for now.
    Later,
    /// Fails for good.
    Refuse,
    /// Makes it once the gate has a permit.
    Wait(Arc<Semaphore>),
}

pub struct Counting {
    /// Told apart in what they make.
    name: &'static str,
    acts: Mutex<HashMap<TransferId, Vec<Act>>>,
    made: Mutex<HashMap<TransferId, u32>>,
    pub begun: Semaphore,
}

impl Counting {
    pub fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, acts: Mutex::default(), made: Mutex::default(), begun: Semaphore::new(0) })
    }

    /// Of this transfer the attempts to come, in order; what is not told is made.
    pub fn tell(&self, transfer: TransferId, acts: impl Into<Vec<Act>>) {
        let mut acts = acts.into();
        acts.reverse();
        self.acts.lock().unwrap().insert(transfer, acts);
    }

    /// How often it was asked for this transfer.
    pub fn asked(&self, transfer: TransferId) -> u32 {
        self.made.lock().unwrap().get(&transfer).copied().unwrap_or(0)
    }

    fn next_act(&self, transfer: TransferId) -> Act {
        *self.made.lock().unwrap().entry(transfer).or_default() += 1;
        self.acts.lock().unwrap().get_mut(&transfer).and_then(Vec::pop).unwrap_or(Act::Make)
    }
}

#[async_trait]
impl Servant for Counting {
    fn service(&self) -> Service {
        Service::Statement
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        let act = self.next_act(claim.transfer.id);
        self.begun.add_permits(1);
        match act {
            Act::Make => {}
            Act::Panic => panic!("as it was told"),
            Act::Later => return EffectOutcome::Again { error: "not now".into(), delay_ms: 1_000 },
            Act::Refuse => return EffectOutcome::Failed { error: "never".into() },
            Act::Wait(gate) => gate.acquire().await.unwrap().forget(),
        }
        EffectOutcome::Done { detail: raw(&serde_json::json!({ "by": self.name })), deed: Deed::Receipt }
    }
}
