//! Deciding what becomes of each of a batch: new, known or one too many; in the order given, from what two reads found.
//!
//! Open submissions are counted with or before the reads that know a twin: whoever does not see a twin's row has not counted
//! it either, so a replay is never refused for the limit.

use std::collections::{HashMap, HashSet};

use herald_domain::id::SubmissionId;
use herald_domain::store::Intake;
use herald_domain::submission::NewSubmission;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::fault::{Fault, Result};
use crate::row::{self, clean};

/// What is to become of one of the batch.
pub(super) enum Plan {
    /// To be written with this turn.
    Insert {
        turn: u64,
    },
    TooManyOpen {
        open: u64,
    },
    /// Accepted before, perhaps by an earlier one of this batch: to be looked up.
    Known,
}

/// What the store holds that bears on a batch.
#[derive(Default)]
pub(super) struct Known {
    /// Unfinished submissions of each owner.
    open: HashMap<String, u64>,
    ids: HashSet<SubmissionId>,
    /// (owner, idempotency key) pairs that are taken.
    keys: HashSet<(String, String)>,
}

impl Known {
    pub(super) async fn look(connection: &mut PgConnection, batch: &[Intake]) -> Result<Self, Fault> {
        let mut known = Self::default();
        known.count(connection, batch).await?;
        known.find_keys(connection, batch).await?;
        Ok(known)
    }

    async fn count(&mut self, connection: &mut PgConnection, batch: &[Intake]) -> Result<(), Fault> {
        let owners: HashSet<_> = batch.iter().map(|intake| intake.submission.owner.as_str().to_owned()).collect();
        let owners: Vec<_> = owners.into_iter().collect();
        let ids: Vec<_> = batch.iter().map(|intake| intake.submission.id.0).collect();
        let rows = sqlx::query!(
            r#"-- accept_submissions, open by owner
            select o.owner as "owner!", (
                select count(*) from submissions s
                where s.owner = o.owner and s.status in ('queued', 'compiling', 'running') and not s.rejudged) as "open!",
                array(select s.id from submissions s where s.id = any($2)) as "ids!: Vec<Uuid>"
            from unnest($1::text[]) as o(owner)"#,
            &owners,
            &ids,
        )
        .fetch_all(connection)
        .await?;
        for row in rows {
            self.open.insert(row.owner, row::unsigned("count", row.open)?);
            self.ids.extend(row.ids.into_iter().map(SubmissionId));
        }
        Ok(())
    }

    async fn find_keys(&mut self, connection: &mut PgConnection, batch: &[Intake]) -> Result<(), Fault> {
        let (owners, keys): (Vec<_>, Vec<_>) = batch.iter().filter_map(|intake| own_key(&intake.submission)).unzip();
        if keys.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            r#"-- accept_submissions, known keys
            select s.owner, s.idempotency_key as "key!"
            from unnest($1::text[], $2::text[]) as i(owner, key)
            join submissions s on s.owner = i.owner and s.idempotency_key = i.key"#,
            &owners,
            &keys
        )
        .fetch_all(connection)
        .await?;
        self.keys.extend(rows.into_iter().map(|row| (row.owner, row.key)));
        Ok(())
    }

    /// The plan for each of the batch; what it plans to write counts as known for those that come after.
    pub(super) fn plan(mut self, batch: &[Intake], user_limit: u64) -> Vec<Plan> {
        batch.iter().map(|intake| self.plan_one(&intake.submission, user_limit)).collect()
    }

    fn plan_one(&mut self, new: &NewSubmission, user_limit: u64) -> Plan {
        let key = own_key(new);
        if self.ids.contains(&new.id) || key.as_ref().is_some_and(|key| self.keys.contains(key)) {
            return Plan::Known;
        }
        let open = self.open.entry(new.owner.as_str().to_owned()).or_default();
        if *open >= user_limit {
            return Plan::TooManyOpen { open: *open };
        }
        let turn = *open;
        *open += 1;
        self.keys.extend(key);
        self.ids.insert(new.id);
        Plan::Insert { turn }
    }
}

/// What an idempotency key is unique with.
pub(super) fn own_key(submission: &NewSubmission) -> Option<(String, String)> {
    let idempotency = submission.idempotency.as_ref()?;
    Some((submission.owner.as_str().to_owned(), clean(&idempotency.key).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::id::MessageId;
    use herald_domain::owner::Owner;
    use herald_domain::submission::{Idempotency, Limits};

    fn intake(n: u128, owner: &str, key: Option<&str>) -> Intake {
        let submission = NewSubmission {
            id: SubmissionId(Uuid::from_u128(n)),
            owner: Owner::user(owner).unwrap(),
            problem: None,
            language: "c".to_owned(),
            files: Vec::new(),
            stdin: None,
            limits: Limits::default(),
            flags: Vec::new(),
            class: "any".to_owned(),
            priority: 0,
            traceparent: None,
            idempotency: key.map(|key| Idempotency { key: key.to_owned(), request_hash: "h".to_owned() }),
        };
        Intake { submission, message: MessageId(Uuid::from_u128(n)) }
    }

    #[test]
    fn turns_count_per_owner_and_replays_cost_nothing() {
        let batch = [
            intake(1, "ann", Some("k")),
            intake(2, "ann", Some("k")),
            intake(3, "bob", Some("k")),
            intake(4, "ann", None),
            intake(5, "ann", Some("old")),
            intake(6, "ann", None),
            intake(7, "ann", None),
        ];
        let known = Known {
            open: HashMap::from([("main/ann".to_owned(), 3)]),
            ids: HashSet::from([SubmissionId(Uuid::from_u128(7))]),
            keys: HashSet::from([("main/ann".to_owned(), "old".to_owned())]),
        };
        let words: Vec<_> = known
            .plan(&batch, 5)
            .iter()
            .map(|plan| match plan {
                Plan::Insert { turn } => format!("turn {turn}"),
                Plan::TooManyOpen { open } => format!("{open} open"),
                Plan::Known => "known".to_owned(),
            })
            .collect();
        assert_eq!(words, ["turn 3", "known", "turn 0", "turn 4", "known", "5 open", "known"]);
    }
}
