//! What the parties of a transfer are written.

use std::time::SystemTime;

use herald_domain::money::{Transfer, TransferKind, TransferState};
use herald_domain::owner::Owner;
use lettre::Address;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};

use super::post::BadMail;

/// A side of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    Payer,
    Payee,
}

impl Party {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payer => "payer",
            Self::Payee => "payee",
        }
    }
}

impl std::str::FromStr for Party {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "payer" => Ok(Self::Payer),
            "payee" => Ok(Self::Payee),
            _ => Err(()),
        }
    }
}

/// A mail that is ready to go.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub party: Party,
    /// The Message-ID without its angle brackets.
    pub id: String,
    pub message: Message,
}

/// Writes letters.
pub(super) struct Letters {
    domain: String,
    from: Mailbox,
}

impl Letters {
    pub(super) fn new(domain: &str, from: Option<&str>) -> Result<Self, BadMail> {
        let own = Address::new("herald", domain).map_err(|_| BadMail::Domain(domain.to_owned()))?;
        let from = match from {
            None => Mailbox::new(Some("Herald".to_owned()), own),
            Some(from) => from.parse().map_err(|_| BadMail::From(from.to_owned()))?,
        };
        Ok(Self { domain: domain.to_owned(), from })
    }

    /// To each party that there is something to tell; else why there is none, in a word. The server itself (from whose accounts
    /// money enters and rewards come) is told nothing, and somebody who pays himself gets one letter.
    pub(super) fn about(&self, transfer: &Transfer) -> Result<Vec<Letter>, &'static str> {
        let mut parties = vec![(Party::Payer, &transfer.payer), (Party::Payee, &transfer.payee)];
        parties.dedup_by_key(|(_, owner)| *owner);
        parties.retain(|(_, owner)| **owner != Owner::herald());
        let mut letters = Vec::new();
        for (party, owner) in parties {
            let Some((subject, opening)) = said(transfer, party) else { return Err("not_settled") };
            let Some(to) = self.mailbox(owner) else { continue };
            letters.extend(self.letter(transfer, party, to, subject, &opening));
        }
        if letters.is_empty() { Err("no_address") } else { Ok(letters) }
    }

    /// None where the user's name makes no address.
    fn mailbox(&self, owner: &Owner) -> Option<Mailbox> {
        let name = owner.user_name();
        let address = if name.contains('@') { name.parse().ok()? } else { Address::new(name, &self.domain).ok()? };
        Some(Mailbox::new(None, address))
    }

    fn letter(&self, transfer: &Transfer, party: Party, to: Mailbox, subject: String, opening: &str) -> Option<Letter> {
        let id = format!("{}.{}@{}", transfer.id, party.as_str(), self.domain);
        let at = transfer.settled_at.unwrap_or(transfer.created_at);
        let message = Message::builder()
            .message_id(Some(format!("<{id}>")))
            .date(SystemTime::from(at))
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text(transfer, opening));
        match message {
            Ok(message) => Some(Letter { party, id, message }),
            Err(error) => {
                tracing::error!(transfer.id = %transfer.id, error = %error, "a mail could not be made");
                None
            }
        }
    }
}

/// Subject and first sentence; none while nothing is decided.
fn said(transfer: &Transfer, party: Party) -> Option<(String, String)> {
    let asked = format!("{} {}", transfer.currency.format(signed(transfer.amount)), transfer.currency);
    let moved = format!("{} {}", transfer.currency.format(signed(transfer.posted)), transfer.currency);
    let (from, to) = (&transfer.from_handle, &transfer.to_handle);
    let payer = party == Party::Payer;
    Some(match transfer.state {
        TransferState::Pending => return None,
        TransferState::Completed | TransferState::PartlyRefunded | TransferState::Refunded => {
            let sentence = moved_sentence(transfer.kind, payer, &moved);
            let other = if payer { format!("to {to}") } else { format!("from {from}") };
            (format!("{sentence} {other}"), format!("{sentence} {other}."))
        }
        TransferState::Failed => {
            let subject = format!("A payment of {asked} was refused");
            (subject, format!("The payment of {asked} from {from} to {to} was refused. No money has moved."))
        }
        TransferState::Voided => {
            let subject = format!("A hold of {asked} was given up");
            let end = if payer { "The money is yours to spend again." } else { "Nothing will be paid from it." };
            (subject, format!("The hold of {asked} on {from} for {to} was given up. {end}"))
        }
        TransferState::Expired => {
            let subject = format!("A hold of {asked} has expired");
            let end = if payer { "The money is yours to spend again." } else { "It was not captured in time." };
            (subject, format!("The hold of {asked} on {from} for {to} has expired. {end}"))
        }
    })
}

fn moved_sentence(kind: TransferKind, payer: bool, moved: &str) -> String {
    match (kind, payer) {
        (TransferKind::Payment, true) => format!("You paid {moved}"),
        (TransferKind::Payment, false) => format!("You received {moved}"),
        (TransferKind::Refund, true) => format!("You refunded {moved}"),
        (TransferKind::Refund, false) => format!("You were refunded {moved}"),
        (TransferKind::Reward, true) => format!("You granted a reward of {moved}"),
        (TransferKind::Reward, false) => format!("You earned a reward of {moved}"),
        (TransferKind::Funding, _) => format!("Your account was funded with {moved}"),
    }
}

/// Amounts are at most [`herald_domain::money::MAX_AMOUNT`].
fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn text(transfer: &Transfer, opening: &str) -> String {
    let mut lines = vec![opening.to_owned(), String::new(), format!("Transfer:  {}", transfer.id)];
    let more = [("Reference", &transfer.reference), ("Note", &transfer.note), ("Reason", &transfer.reason)];
    for (name, value) in more {
        if let Some(value) = value {
            lines.push(format!("{:<10} {value}", format!("{name}:")));
        }
    }
    if let Some(parent) = transfer.parent {
        lines.push(format!("Concerns:  {parent}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests;
