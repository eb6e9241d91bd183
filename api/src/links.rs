//! Absolute URLs and the tickets in them.

use herald_domain::channel::Channel;
use herald_domain::id::TransferId;
use herald_domain::money::Transfer;
use herald_domain::money::view::{BookedView, TransferView};
use herald_domain::owner::Owner;
use herald_domain::submission::{Status, Submission};
use herald_domain::ticket::{ENTITY_TICKET_SECS, Grant, USER_TICKET_SECS};
use herald_domain::view::AcceptedView;
use time::OffsetDateTime;

use crate::App;
use crate::caller::Caller;
use crate::http::context::RequestContext;
use crate::views::TicketView;

impl App {
    /// A fresh ticket for the channel, and where it opens it. `owner`: whose channel it is.
    pub(crate) fn ticket(
        &self,
        channel: Channel,
        owner: &Owner,
        caller: &Caller,
        context: &RequestContext,
    ) -> TicketView {
        let lasts = match channel {
            Channel::Submission(_) | Channel::Transfer(_) => ENTITY_TICKET_SECS,
            Channel::User(_) => USER_TICKET_SECS,
        };
        let expires = self.deps.clock.now().unix_timestamp() + lasts;
        let grant = Grant { owner: owner.clone(), channel, expires, key: caller.key };
        let ticket = self.deps.signing_key.sign(&grant);
        let base = &context.base_url;
        // "http" → "ws", "https" → "wss".
        let ws_base = format!("ws{}", base.strip_prefix("http").unwrap_or(base));
        let partition = owner.partition();
        TicketView {
            ws_url: format!("{ws_base}/ws/p/{partition}?ticket={ticket}"),
            events_url: format!("{base}/events/p/{partition}?ticket={ticket}"),
            channel: grant.channel.to_string(),
            expires_at: OffsetDateTime::from_unix_timestamp(expires).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            ticket,
        }
    }

    /// The answer to a POST that was accepted, now or before: always as it first was, `queued`.
    pub(crate) fn accepted(&self, submission: &Submission, caller: &Caller, context: &RequestContext) -> AcceptedView {
        let ticket = self.ticket(Channel::Submission(submission.id), &submission.owner, caller, context);
        AcceptedView {
            id: submission.id,
            status: Status::Queued,
            channel: ticket.channel,
            status_url: format!("{}{}", context.base_url, status_path(submission)),
            ws_url: ticket.ws_url,
            events_url: ticket.events_url,
            ticket: ticket.ticket,
        }
    }
}

impl App {
    /// The answer to a request that booked a transfer, now or before. An admin who is no party to it watches it as the payee
    /// would.
    pub(crate) fn booked(
        &self,
        transfer: &Transfer,
        view: TransferView,
        caller: &Caller,
        context: &RequestContext,
    ) -> BookedView {
        let is_party = [&transfer.payer, &transfer.payee].contains(&&caller.owner);
        let watcher = if is_party { &caller.owner } else { &transfer.payee };
        let ticket = self.ticket(Channel::Transfer(transfer.id), watcher, caller, context);
        BookedView {
            id: transfer.id,
            state: view.state,
            services: view.services,
            channel: ticket.channel,
            status_url: format!("{}{}", context.base_url, transfer_path(transfer.id)),
            ws_url: ticket.ws_url,
            events_url: ticket.events_url,
            ticket: ticket.ticket,
        }
    }
}

/// Also what `Location` says.
pub(crate) fn transfer_path(id: TransferId) -> String {
    format!("/transactions/{id}")
}

/// Also what `Location` says.
pub(crate) fn status_path(submission: &Submission) -> String {
    format!("/status/{}", submission.id)
}
