//! The numbers of receipts: 1, 2, 3 … without a gap, one per transfer. The write lock is what keeps two from taking the same.

use std::collections::HashMap;

use herald_domain::id::TransferId;
use herald_domain::store::Result;
use uuid::Uuid;

use crate::fault::fault;
use crate::row::{hex, id_list, integer, number, to_json};
use crate::write::Write;

#[derive(Default)]
pub(super) struct Receipts {
    last: u64,
    /// Those that are there, and those given since.
    numbers: HashMap<TransferId, u64>,
    new: Vec<(TransferId, u64)>,
}

impl Receipts {
    pub(super) async fn open(write: &mut Write, wanted: &[TransferId]) -> Result<Self> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let last = sqlx::query_scalar!(
            r#"-- record_effects: last receipt
            select coalesce(max(number), 0) as "last!: i64" from receipts"#
        )
        .fetch_one(&mut *write.tx)
        .await
        .map_err(fault)?;
        let ids = id_list(wanted.iter().map(|id| id.0))?;
        let rows = sqlx::query!(
            r#"-- record_effects: receipts
            select number as "number!: i64", transfer_id as "transfer_id!: Uuid" from receipts
            where transfer_id in (select unhex(value) from json_each(?1))"#,
            ids
        )
        .fetch_all(&mut *write.tx)
        .await
        .map_err(fault)?;
        let mut numbers = HashMap::with_capacity(rows.len());
        for row in rows {
            numbers.insert(TransferId(row.transfer_id), number(row.number)?);
        }
        Ok(Self { last: number(last)?, numbers, new: Vec::new() })
    }

    pub(super) fn number(&mut self, transfer: TransferId) -> u64 {
        if let Some(number) = self.numbers.get(&transfer) {
            return *number;
        }
        self.last += 1;
        self.numbers.insert(transfer, self.last);
        self.new.push((transfer, self.last));
        self.last
    }

    pub(super) async fn write(self, write: &mut Write) -> Result<()> {
        if self.new.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = self.new.iter().map(|(transfer, number)| (integer(*number), hex(transfer.0))).collect();
        let rows = to_json(&rows)?;
        sqlx::query!(
            "-- record_effects: new receipts
            insert into receipts (number, transfer_id, issued_at) select value->>0, unhex(value->>1), ?2 from json_each(?1)",
            rows,
            write.now
        )
        .execute(&mut *write.tx)
        .await
        .map_err(fault)?;
        Ok(())
    }
}
