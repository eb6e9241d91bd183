//! Which of what is asked was booked before. Looked up after the accounts are locked: whoever moves money of the same accounts
//! has committed by then. A twin on other accounts may still come in between; the write finds it (`write.rs`).

use std::collections::HashMap;

use herald_domain::id::TransferId;
use herald_domain::money::NewTransfer;
use herald_domain::owner::Owner;
use herald_domain::store::NewRefund;
use herald_domain::submission::Idempotency;
use sqlx::PgConnection;

use crate::fault::{Fault, Result};
use crate::row::clean;

/// What names a request.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub id: TransferId,
    pub by: &'a Owner,
    pub idempotency: Option<&'a Idempotency>,
}

impl<'a> From<&'a NewTransfer> for Asked<'a> {
    fn from(new: &'a NewTransfer) -> Self {
        Self { id: new.id, by: &new.asked_by, idempotency: new.idempotency.as_ref() }
    }
}

impl<'a> From<&'a NewRefund> for Asked<'a> {
    fn from(new: &'a NewRefund) -> Self {
        Self { id: new.id, by: &new.asked_by, idempotency: new.idempotency.as_ref() }
    }
}

impl Asked<'_> {
    /// What an idempotency key is unique with.
    fn key(&self) -> Option<(String, String)> {
        Some((self.by.as_str().to_owned(), clean(&self.idempotency?.key).into_owned()))
    }
}

/// What stands in the way of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Twin {
    /// The same request was booked as this.
    Same(TransferId),
    /// The key or the id was used for something else.
    Other,
}

/// Ids and keys that are taken, as far as they bear on what is asked.
#[derive(Default)]
pub(super) struct Known {
    by_id: HashMap<TransferId, String>,
    by_key: HashMap<(String, String), (TransferId, Option<String>)>,
}

impl Known {
    pub(super) async fn look(connection: &mut PgConnection, asked: &[Asked<'_>]) -> Result<Self, Fault> {
        let ids: Vec<_> = asked.iter().map(|one| one.id.0).collect();
        let (owners, keys): (Vec<_>, Vec<_>) = asked.iter().filter_map(Asked::key).unzip();
        let rows = sqlx::query!(
            r#"-- book_transfers, known
            select t.id as "id!", t.asked_by as "asked_by!", t.idempotency_key, t.request_hash
            from transfers t where t.id = any($1)
            union all
            select t.id, t.asked_by, t.idempotency_key, t.request_hash
            from unnest($2::text[], $3::text[]) as i(asked_by, key)
            join transfers t on t.asked_by = i.asked_by and t.idempotency_key = i.key"#,
            &ids,
            &owners,
            &keys,
        );
        let mut known = Self::default();
        for row in rows.fetch_all(connection).await? {
            let key = row.idempotency_key.map(|key| (row.asked_by.clone(), key));
            known.insert(TransferId(row.id), row.asked_by, key, row.request_hash);
        }
        Ok(known)
    }

    /// From now on this is known too.
    pub(super) fn add(&mut self, asked: Asked<'_>) {
        let hash = asked.idempotency.map(|idempotency| idempotency.request_hash.clone());
        self.insert(asked.id, asked.by.as_str().to_owned(), asked.key(), hash);
    }

    fn insert(&mut self, id: TransferId, by: String, key: Option<(String, String)>, hash: Option<String>) {
        self.by_id.insert(id, by);
        if let Some(key) = key {
            self.by_key.insert(key, (id, hash));
        }
    }

    pub(super) fn twin(&self, asked: Asked<'_>) -> Option<Twin> {
        if let (Some(key), Some(idempotency)) = (asked.key(), asked.idempotency)
            && let Some((id, hash)) = self.by_key.get(&key)
        {
            let same = hash.as_deref() == Some(&idempotency.request_hash);
            return Some(if same { Twin::Same(*id) } else { Twin::Other });
        }
        let by = self.by_id.get(&asked.id)?;
        Some(if by == asked.by.as_str() { Twin::Same(asked.id) } else { Twin::Other })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_twin_is_known_by_its_key_first_and_by_its_id_to_its_asker_only() {
        let (ann, bob) = (Owner::user("ann").unwrap(), Owner::user("bob").unwrap());
        let id = |n| TransferId(Uuid::from_u128(n));
        let key = |key: &str, hash: &str| Idempotency { key: key.to_owned(), request_hash: hash.to_owned() };
        let (one, other) = (key("k", "h"), key("k", "other"));
        let mut known = Known::default();
        known.add(Asked { id: id(1), by: &ann, idempotency: Some(&one) });
        let twin = |n, by, idempotency| known.twin(Asked { id: id(n), by, idempotency });
        assert_eq!(twin(2, &ann, Some(&one)), Some(Twin::Same(id(1))));
        assert_eq!(twin(1, &ann, Some(&other)), Some(Twin::Other));
        assert_eq!(twin(2, &bob, Some(&one)), None, "a key belongs to its asker");
        assert_eq!(twin(1, &ann, None), Some(Twin::Same(id(1))));
        assert_eq!(twin(1, &bob, None), Some(Twin::Other));
    }
}
