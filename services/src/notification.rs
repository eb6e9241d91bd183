//! The notification service: one mail to the payer and one to the payee of a transfer that was settled.
//!
//! Each mail's Message-ID is made of the transfer's id and the party, so it is the same however often it is sent. A party whose
//! mail was taken is not written to again when the other's has to be tried again: the error that is kept between two attempts
//! says who was reached. So a mail goes out twice only where the process died between sending and recording.

mod letter;
mod post;
mod progress;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Args;
use herald_domain::event::raw;
use herald_domain::money::{Deed, EffectClaim, EffectOutcome, Service};
use herald_domain::store::{Effects, StoreError};
use herald_pipeline::{Servant, insist_for, retry_delay_ms};
use tokio_util::sync::CancellationToken;

use crate::outcome::{skipped, store_failed};
use crate::retry::delay_ms;
use letter::{Letter, Letters};
use post::{NotSent, Post};
use progress::Progress;

pub use letter::Party;
pub use post::BadMail;

/// When mail that was not taken is sent again. RFC 5321, 4.5.4.1: soon at first, as most outages are short, then at intervals of
/// half an hour at least, for days: the tenth and last attempt is two days after the first.
const DELAYS_S: [u64; 9] = [1, 15, 120, 900, 3_600, 14_400, 28_800, 43_200, 86_400];
/// How long the store is asked who was reached before.
const ASK_WITHIN: Duration = Duration::from_secs(10);

#[derive(Args, Clone)]
#[group(skip)]
#[command(next_help_heading = "Notification")]
pub struct Config {
    /// The mail server, such as smtps://USER:PASSWORD@HOST, or smtp://HOST:587?tls=required (without it each mail becomes a file
    /// in mail/ of the data folder)
    #[arg(long = "smtp-url", env = "HERALD_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Where users have their mailboxes: NAME@DOMAIN, unless a user's name is an address itself
    #[arg(long = "mail-domain", env = "HERALD_MAIL_DOMAIN", default_value = "localhost", value_name = "DOMAIN")]
    pub mail_domain: String,
    /// Whom mails come from (default: herald at the mail domain)
    #[arg(long = "mail-from", env = "HERALD_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
}

impl std::fmt::Debug for Config {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let smtp = self.smtp_url.as_ref().map(|_| "…");
        f.debug_struct("Config")
            .field("smtp_url", &smtp)
            .field("mail_domain", &self.mail_domain)
            .finish_non_exhaustive()
    }
}

/// Makes the effects of notification.
pub struct Notification {
    letters: Letters,
    post: Post,
    effects: Arc<dyn Effects + Send + Sync>,
}

impl Notification {
    /// `data`: the data folder, for mails that are written to files.
    pub fn open(config: &Config, data: &Path, effects: Arc<dyn Effects + Send + Sync>) -> Result<Self, BadMail> {
        let letters = Letters::new(&config.mail_domain, config.mail_from.as_deref())?;
        let post = match &config.smtp_url {
            Some(url) => Post::server(url)?,
            None => Post::folder(data.join("mail"))?,
        };
        Ok(Self { letters, post, effects })
    }

    /// Who was reached by earlier attempts.
    async fn progress(&self, claim: &EffectClaim) -> Result<Progress, StoreError> {
        if claim.attempts == 1 {
            return Ok(Progress::default());
        }
        let (ids, never) = ([claim.transfer.id], CancellationToken::new());
        let effects = match insist_for(ASK_WITHIN, &never, || self.effects.get_effects(&ids)).await {
            Some(answer) => answer?,
            None => return Err(StoreError::Busy),
        };
        let mine = effects.iter().find(|effect| effect.service == Service::Notification);
        Ok(mine.map(|effect| Progress::read(&effect.detail)).unwrap_or_default())
    }

    /// Sends what is left to send; the first error, and whether another attempt could help.
    async fn send(&self, letters: &[Letter], progress: &mut Progress) -> Option<NotSent> {
        let mut failure: Option<NotSent> = None;
        for letter in letters {
            if progress.reached(letter.party) {
                continue;
            }
            match self.post.send(letter).await {
                Ok(()) => progress.note(letter.party),
                Err(error) => failure = Some(NotSent::worse(failure, error.of(letter.party))),
            }
        }
        failure
    }
}

fn next_delay_ms(attempt: u32) -> u64 {
    delay_ms(&DELAYS_S, attempt, Duration::ZERO)
}

#[async_trait]
impl Servant for Notification {
    fn service(&self) -> Service {
        Service::Notification
    }

    async fn serve(&self, claim: &EffectClaim) -> EffectOutcome {
        let letters = match self.letters.about(&claim.transfer) {
            Ok(letters) => letters,
            Err(reason) => return skipped(reason),
        };
        let mut progress = match self.progress(claim).await {
            Ok(progress) => progress,
            Err(error) => return store_failed(&error, retry_delay_ms(claim.attempt)),
        };
        match self.send(&letters, &mut progress).await {
            None => {
                let sent: Vec<_> = letters.iter().map(|letter| letter.party.as_str()).collect();
                EffectOutcome::Done { detail: raw(&serde_json::json!({ "sent": sent })), deed: Deed::Nothing }
            }
            Some(NotSent { error, for_good: false }) => {
                EffectOutcome::Again { error: progress.write(&error), delay_ms: next_delay_ms(claim.attempt) }
            }
            Some(NotSent { error, for_good: true }) => EffectOutcome::Failed { error: progress.write(&error) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An evening without a mail server loses no mail.
    #[test]
    fn a_mail_server_may_be_away_for_two_days() {
        let waits = 1..herald_domain::submission::MAX_ATTEMPTS;
        let all: u64 = waits.map(next_delay_ms).sum();
        assert!(all >= 48 * 3_600_000, "it gives up after {} minutes", all / 60_000);
        assert!((1_000..=1_100).contains(&next_delay_ms(1)), "a server that was restarted is asked again at once");
        assert!(next_delay_ms(u32::MAX) >= 86_400_000);
    }
}
