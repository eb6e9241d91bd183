//! What a service's sweeper asks for.

use herald_domain::money::{Service, TransferStep};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{StepRow, concerns};
use crate::fault::{Fault, Result};

/// How many settled transfers one look reads at most, and how many looks one call takes.
const LOOK: i64 = 10_000;
const MOST_LOOKS: u32 = 100;

pub(super) async fn due(
    connection: &mut PgConnection,
    service: Service,
    limit: u32,
) -> Result<Vec<TransferStep>, Fault> {
    // A lease that was renewed is not over: look again at its end, and hand nothing out.
    let rows = sqlx::query_as!(
        StepRow,
        r#"-- due_effects
        with due as (
            select transfer_id, wake_at as since, coalesce(lease_until > herald_now(), false) as leased
            from effects where service = $1 and wake_at <= herald_now()
            order by wake_at limit $2 for no key update skip locked
        ), woken as (
            update effects e
            set wake_at = case when due.leased then e.lease_until else herald_now() + interval '10 s' end
            from due where e.transfer_id = due.transfer_id and e.service = $1
            returning e.transfer_id, due.since, due.leased
        )
        select t.id, t.kind, t.state from woken w join transfers t on t.id = w.transfer_id
        where not w.leased order by w.since"#,
        service.as_str(),
        i64::from(limit),
    );
    rows.fetch_all(connection).await?.into_iter().map(TransferStep::try_from).collect()
}

/// Goes on from the service's mark, before which nothing is missing, so that history is read once and not each minute.
pub(super) async fn missing(
    connection: &mut PgConnection,
    service: Service,
    older_than_ms: u64,
    limit: u32,
) -> Result<Vec<TransferStep>, Fault> {
    let mut missing = held(connection, service, older_than_ms, limit).await?;
    let mut from = None;
    for _ in 0..MOST_LOOKS {
        let look = look(connection, service, older_than_ms, from, limit).await?;
        let over = look.last.is_none() || !look.missing.is_empty();
        missing.extend(look.missing);
        if over {
            break;
        }
        from = look.last;
    }
    missing.sort_by_key(|(since, step)| (*since, step.transfer));
    Ok(missing.into_iter().map(|(_, step)| step).take(limit as usize).collect())
}

/// With the time from which on it is missing.
type Since = (OffsetDateTime, TransferStep);

/// Of the holds by fraud.
async fn held(
    connection: &mut PgConnection,
    service: Service,
    older_than_ms: u64,
    limit: u32,
) -> Result<Vec<Since>, Fault> {
    let rows = sqlx::query!(
        "-- missing_effects, held
        select t.id, t.kind, t.state, t.created_at from transfers t
        where t.state = 'pending' and t.held_by = 'fraud' and t.kind || '.' || t.state = any($2)
            and t.created_at <= herald_now() - $3 * interval '1 ms'
            and not exists (select from effects e where e.transfer_id = t.id and e.service = $1)
        order by t.created_at, t.id limit $4",
        service.as_str(),
        &concerns(service),
        older_than_ms as f64,
        i64::from(limit),
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    rows.map(|row| Ok((row.created_at, StepRow { id: row.id, kind: row.kind, state: row.state }.try_into()?))).collect()
}

struct Look {
    missing: Vec<Since>,
    /// When the last one was settled that was read; none where there is no more that is old enough.
    last: Option<OffsetDateTime>,
}

/// The next so many that were settled, `from` some time or the mark on. The mark goes to the first that is missing, else to the
/// last that was read, but stays a minute behind the clock: what was settled by a transaction that is still open cannot be
/// seen. A clock that was set back takes the mark along.
async fn look(
    connection: &mut PgConnection,
    service: Service,
    older_than_ms: u64,
    from: Option<OffsetDateTime>,
    limit: u32,
) -> Result<Look, Fault> {
    let rows = sqlx::query!(
        r#"-- missing_effects
        with seen as (
            select t.id, t.kind, t.state, t.settled_at, t.kind || '.' || t.state = any($2)
                and not exists (select from effects e where e.transfer_id = t.id and e.service = $1) as missing
            from transfers t
            where t.settled_at >= coalesce($4,
                    (select least(m.settled_from, herald_now() - interval '1 minute')
                    from effect_marks m where m.service = $1), '-infinity')
                and t.settled_at <= herald_now() - $3 * interval '1 ms'
            order by t.settled_at, t.id limit $5
        ), far as (
            select count(*) as seen, max(settled_at) as last, least(herald_now() - interval '1 minute',
                coalesce(min(settled_at) filter (where missing), max(settled_at))) as settled_from
            from seen
        ), marked as (
            insert into effect_marks (service, settled_from)
            select $1, far.settled_from from far where far.seen > 0
            on conflict (service) do update set settled_from = excluded.settled_from
            where effect_marks.settled_from is distinct from excluded.settled_from
        )
        select s.id as "id?", s.kind as "kind?", s.state as "state?", s.settled_at as "settled_at?",
            case when far.seen = $5 then far.last end as last
        from far left join seen s on s.missing
        order by s.settled_at, s.id limit $6"#,
        service.as_str(),
        &concerns(service),
        older_than_ms as f64,
        from,
        LOOK,
        i64::from(limit),
    );
    let rows = rows.fetch_all(connection).await?;
    let last = rows.first().and_then(|row| row.last);
    let mut missing = Vec::new();
    for row in rows {
        if let (Some(id), Some(kind), Some(state), Some(since)) = (row.id, row.kind, row.state, row.settled_at) {
            missing.push((since, StepRow { id, kind, state }.try_into()?));
        }
    }
    Ok(Look { missing, last })
}
