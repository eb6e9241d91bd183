//! The statement service: a numbered receipt for whatever has moved money. The number is the store's and joins the effect's
//! detail; the paper itself is drawn when somebody asks for it, as HTML or PDF.
//!
//! A receipt says how the transfer was settled. What has come back since is on the refund's own receipt, so a receipt never
//! changes: the same input gives the same bytes.

mod html;
mod pdf;

use async_trait::async_trait;
use herald_domain::event::raw;
use herald_domain::id::TransferId;
use herald_domain::money::{Deed, EffectClaim, EffectOutcome, Service, Transfer, TransferKind};
use herald_pipeline::Servant;
use time::OffsetDateTime;
use time::macros::format_description;

pub use html::html;
pub use pdf::pdf;

use crate::outcome::skipped;

/// Makes the effects of statement.
#[derive(Clone, Copy, Default, Debug)]
pub struct Statement;

#[async_trait]
impl Servant for Statement {
    fn service(&self) -> Service {
        Service::Statement
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        if !claim.transfer.state.is_posted() {
            return skipped("not_posted");
        }
        EffectOutcome::Done { detail: raw(&serde_json::json!({})), deed: Deed::Receipt }
    }
}

/// What a receipt is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// From the effect's detail, as `receipt`.
    pub number: u64,
    /// When the effect was recorded.
    pub issued_at: OffsetDateTime,
    pub transfer: &'a Transfer,
}

impl Receipt<'_> {
    fn title(&self) -> String {
        format!("Receipt no. {}", self.number)
    }

    /// What has moved, in the currency's own digits.
    fn amount(&self) -> String {
        let (posted, currency) = (self.transfer.posted, self.transfer.currency);
        format!("{} {currency}", currency.format(i64::try_from(posted).unwrap_or(i64::MAX)))
    }

    /// Name and value of each line, in order; what there is nothing to say of is left out.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let t = self.transfer;
        let kind = match t.kind {
            TransferKind::Payment => "Payment",
            TransferKind::Refund => "Refund",
            TransferKind::Reward => "Reward",
            TransferKind::Funding => "Funding",
        };
        let captured = (t.posted != t.amount).then(|| {
            let asked = t.currency.format(i64::try_from(t.amount).unwrap_or(i64::MAX));
            format!("{asked} {}", t.currency)
        });
        let all = [
            ("Kind", Some(kind.to_owned())),
            ("From", Some(t.from_handle.to_string())),
            ("To", Some(t.to_handle.to_string())),
            ("Amount", Some(self.amount())),
            ("Asked for", captured),
            ("Settled", t.settled_at.map(moment)),
            ("Issued", Some(moment(self.issued_at))),
            ("Transfer", Some(t.id.to_string())),
            ("Concerns", t.parent.map(|TransferId(parent)| parent.to_string())),
            ("Reference", t.reference.clone()),
            ("Note", t.note.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// `2026-03-01 12:00:00 UTC`.
fn moment(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, claim, payment};
    use herald_domain::money::TransferState;

    #[tokio::test]
    async fn what_has_moved_money_gets_a_receipt() {
        let outcome = Statement.serve(&claim(payment())).await;
        assert!(matches!(outcome, EffectOutcome::Done { deed: Deed::Receipt, .. }), "{outcome:?}");
        let voided = Transfer { state: TransferState::Voided, posted: 0, ..payment() };
        let outcome = Statement.serve(&claim(voided)).await;
        assert!(matches!(&outcome, EffectOutcome::Skipped { reason } if reason == "not_posted"), "{outcome:?}");
    }

    #[test]
    fn a_receipt_says_what_was_settled_whatever_came_back() {
        let paid = Transfer { amount: 2_000, ..payment() };
        let lines = |transfer: &Transfer| Receipt { number: 7, issued_at: at(), transfer }.lines();
        let told = lines(&paid);
        assert!(
            told.contains(&("Amount", "12.50 INR".to_owned())) && told.contains(&("Asked for", "20.00 INR".to_owned()))
        );
        assert!(told.contains(&("Settled", "2026-03-01 12:00:00 UTC".to_owned())), "{told:?}");
        let refunded = Transfer { state: TransferState::Refunded, refunded: 1_250, offset: 12, ..paid.clone() };
        assert_eq!(lines(&refunded), told);
        let names: Vec<_> = lines(&payment()).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["Kind", "From", "To", "Amount", "Settled", "Issued", "Transfer", "Reference", "Note"]);
    }
}
