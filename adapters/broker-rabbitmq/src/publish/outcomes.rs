//! What came of one call's messages.

use std::collections::BTreeSet;

use herald_domain::broker::{BrokerError, Result};
use lapin::Confirmation;
use lapin::types::ShortString;

use super::late;
use crate::letter::Letter;
use crate::trouble::Trouble;

pub(super) struct Outcomes {
    each: Vec<Option<Result<()>>>,
    /// Keys of messages that came back.
    unroutable: BTreeSet<ShortString>,
    pub(super) exchange_gone: bool,
    /// Why the rest is unknown.
    pub(super) cut_short: Option<Trouble>,
}

impl Outcomes {
    pub(super) fn new(count: usize) -> Self {
        Self {
            each: std::iter::repeat_with(|| None).take(count).collect(),
            unroutable: BTreeSet::new(),
            exchange_gone: false,
            cut_short: None,
        }
    }

    pub(super) fn refuse(&mut self, index: usize, why: &str) {
        self.each[index] = Some(Err(BrokerError::Refused(why.to_owned())));
    }

    pub(super) fn note(&mut self, index: usize, confirmation: lapin::Result<Confirmation>) {
        let outcome = match confirmation {
            Ok(Confirmation::Ack(returned)) => {
                self.unroutable.extend(returned.map(|returned| returned.delivery.routing_key));
                Ok(())
            }
            Ok(Confirmation::Nack(_)) => {
                Err(BrokerError::Refused("queue full, or the broker could not store it".to_owned()))
            }
            Ok(Confirmation::NotRequested) => Err(BrokerError::Refused("the broker does not confirm".to_owned())),
            Err(error) => {
                let trouble = Trouble::from_lapin("publishing", &error);
                self.exchange_gone |= matches!(trouble, Trouble::Missing(_));
                Err(trouble.into())
            }
        };
        self.each[index] = Some(outcome);
    }

    pub(super) fn came_back(&self, letter: &Letter) -> bool {
        letter.mandatory && self.unroutable.contains(&letter.key)
    }

    /// Routes are the key's, not the message's: if one came back, all with its key in this call count as refused. Some may have
    /// arrived; publishing them again is legal.
    pub(super) fn into_results(mut self, letters: &[Option<Letter>]) -> Vec<Result<()>> {
        let each = std::mem::take(&mut self.each);
        let unknown = self.cut_short.take().unwrap_or_else(late);
        let results = each.into_iter().zip(letters).map(|(outcome, letter)| match (outcome, letter) {
            (Some(Ok(())), Some(letter)) if self.came_back(letter) => {
                Err(BrokerError::Refused(format!("no queue for '{}'", letter.key)))
            }
            (Some(outcome), _) => outcome,
            (None, _) => Err(unknown.clone().into()),
        });
        results.collect()
    }
}

pub(super) fn all_unavailable(count: usize, trouble: &Trouble) -> Vec<Result<()>> {
    std::iter::repeat_with(|| Err(trouble.clone().into())).take(count).collect()
}

pub(super) fn count(counter: &'static str, results: &[Result<()>]) {
    let (mut confirmed, mut refused, mut unavailable) = (0, 0, 0);
    for result in results {
        match result {
            Ok(()) => confirmed += 1,
            Err(BrokerError::Refused(_)) => refused += 1,
            Err(BrokerError::Unavailable(_) | BrokerError::Stale) => unavailable += 1,
        }
    }
    for (outcome, count) in [("confirmed", confirmed), ("refused", refused), ("unavailable", unavailable)] {
        if count > 0 {
            metrics::counter!(counter, "outcome" => outcome).increment(count);
        }
    }
}
