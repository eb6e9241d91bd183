//! What a booking came to, as an answer.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use herald_domain::money::view::TransferView;
use herald_domain::money::{NewTransfer, Refusal, Side, Transfer, TransferKind};
use herald_domain::store::Moved;

use crate::App;
use crate::caller::Caller;
use crate::error::{ApiError, Code, Result};
use crate::http::context::RequestContext;
use crate::http::json::{Findings, Pointer};
use crate::idempotency;
use crate::links::transfer_path;

/// Where the accounts stand in the body of the request: where a refusal points to.
#[derive(Clone, Copy)]
pub(super) enum Named {
    /// At `/from` and `/to`.
    InBody,
    /// Not at all: the path names a transfer or an account.
    InPath,
}

impl App {
    /// Books a new transfer and answers. The key stands for the transfer as it was understood, whatever names the accounts
    /// were called by.
    pub(crate) async fn book(
        &self,
        mut new: NewTransfer,
        key: String,
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<Response> {
        let hold_ms = new.hold.map(|hold| hold.for_ms);
        let request = (new.kind, new.from, new.to, new.amount, new.currency, hold_ms, &new.reference, &new.note);
        new.idempotency = Some(idempotency::of(key, &request));
        let named = if new.kind == TransferKind::Payment { Named::InBody } else { Named::InPath };
        let moved = self.book_or_hold(new).await?;
        self.answer_booked(moved, named, caller, context).await
    }

    /// A payment that fraud's rules may want held is screened where it is booked; all others are booked many at a time.
    async fn book_or_hold(&self, new: NewTransfer) -> Result<Moved> {
        let (rules, amount) = (&self.deps.fraud, new.amount);
        let moved = if new.kind == TransferKind::Payment && new.hold.is_none() && rules.may_hold(amount) {
            self.deps.bookings.book_screened(new, &|past| rules.holds(past, amount)).await?
        } else {
            self.deps.bookings.book(new).await?
        };
        Ok(moved)
    }

    /// `201` with the transfer, or why there is none.
    pub(super) async fn answer_booked(
        &self,
        moved: Moved,
        named: Named,
        caller: &Caller,
        context: &RequestContext,
    ) -> Result<Response> {
        let (transfer, replayed) = settled(moved, named)?;
        tracing::Span::current().record("transfer.id", tracing::field::display(transfer.id));
        tracing::info!(replayed, state = transfer.state.as_str(), "transfer booked");
        // No service can have made anything of a transfer that was not there a moment ago.
        let view = if replayed { self.whole_transfer(&transfer).await? } else { TransferView::new(&transfer, &[]) };
        let body = Json(self.booked(&transfer, view, caller, context));
        let mut response = (StatusCode::CREATED, [(LOCATION, transfer_path(transfer.id))], body).into_response();
        idempotency::tell(&mut response, replayed);
        Ok(response)
    }

    /// The transfer after a change of its hold, or why there was none.
    pub(super) async fn answer_changed(&self, moved: Moved) -> Result<Json<TransferView>> {
        let (transfer, _) = settled(moved, Named::InPath)?;
        Ok(Json(self.whole_transfer(&transfer).await?))
    }

    /// The transfer with what the services have made of it.
    pub(super) async fn whole_transfer(&self, transfer: &Transfer) -> Result<TransferView> {
        let effects = self.deps.store.get_effects(&[transfer.id]).await?;
        Ok(TransferView::new(transfer, &effects))
    }

    /// The same of several, by one query.
    pub(super) async fn with_effects(&self, transfers: &[Transfer]) -> Result<Vec<TransferView>> {
        let ids: Vec<_> = transfers.iter().map(|transfer| transfer.id).collect();
        let effects = if ids.is_empty() { Vec::new() } else { self.deps.store.get_effects(&ids).await? };
        Ok(transfers.iter().map(|transfer| TransferView::new(transfer, &effects)).collect())
    }
}

/// The transfer, and whether it was there before.
fn settled(moved: Moved, named: Named) -> Result<(Transfer, bool)> {
    match moved {
        Moved::Now(booked) => Ok((booked.transfer, false)),
        Moved::Replayed(transfer) => Ok((*transfer, true)),
        Moved::KeyReused => Err(ApiError::plain(Code::IdempotencyKeyReused)),
        Moved::Refused(refusal) => Err(refused(&refusal, named)),
        Moved::Unknown => Err(ApiError::not_found()),
    }
}

fn refused(refusal: &Refusal, named: Named) -> ApiError {
    let told = |code: Code| ApiError::new(code, format!("{refusal}; {}", code.next_step()));
    match refusal {
        Refusal::UnknownAccount(side)
        | Refusal::ClosedAccount(side)
        | Refusal::OtherCurrency(side, _)
        | Refusal::TooMuch(side) => wrong_account(refusal, *side, named),
        Refusal::SameAccount => wrong_account(refusal, Side::To, named),
        Refusal::InsufficientFunds { shortfall } => told(Code::InsufficientFunds).short_of(*shortfall),
        Refusal::OverHold { .. } => told(Code::OverCaptured),
        Refusal::OverRefund { .. } => told(Code::OverRefunded),
        Refusal::WrongState(_) => told(Code::WrongState),
    }
}

fn wrong_account(refusal: &Refusal, side: Side, named: Named) -> ApiError {
    let root = Pointer::root();
    let at = match (named, side) {
        (Named::InPath, _) => root,
        (Named::InBody, Side::From) => root.field("from"),
        (Named::InBody, Side::To) => root.field("to"),
    };
    let mut findings = Findings::default();
    findings.add(&at, refusal.to_string());
    findings.finish().err().unwrap_or_else(|| ApiError::plain(Code::ValidationFailed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::money::TransferState;

    #[test]
    fn every_no_of_the_ledger_says_what_is_wrong_and_where() {
        let inr = "INR".parse().unwrap();
        for (refusal, code, pointer) in [
            (Refusal::UnknownAccount(Side::From), Code::ValidationFailed, Some("/from")),
            (Refusal::ClosedAccount(Side::From), Code::ValidationFailed, Some("/from")),
            (Refusal::ClosedAccount(Side::To), Code::ValidationFailed, Some("/to")),
            (Refusal::OtherCurrency(Side::To, inr), Code::ValidationFailed, Some("/to")),
            (Refusal::TooMuch(Side::To), Code::ValidationFailed, Some("/to")),
            (Refusal::SameAccount, Code::ValidationFailed, Some("/to")),
            (Refusal::InsufficientFunds { shortfall: 5 }, Code::InsufficientFunds, None),
            (Refusal::OverHold { held: 5 }, Code::OverCaptured, None),
            (Refusal::OverRefund { left: 5 }, Code::OverRefunded, None),
            (Refusal::WrongState(TransferState::Voided), Code::WrongState, None),
        ] {
            let error = refused(&refusal, Named::InBody);
            let pointers: Vec<_> = error.errors().iter().map(|fault| fault.pointer.as_str()).collect();
            assert_eq!((error.code(), pointers.first().copied()), (code, pointer), "{refusal:?}");
        }
        // A refund names no accounts: nothing can be pointed at.
        let closed = refused(&Refusal::ClosedAccount(Side::From), Named::InPath);
        assert_eq!((closed.code(), closed.errors()[0].pointer.as_str()), (Code::ValidationFailed, ""));
    }
}
