//! How a mail leaves: by SMTP, or into a folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::Party;
use super::letter::Letter;

/// A whole talk with the server, the wait for one's turn included. Two of them fit into the minute that an effect may take.
/// (lettre itself waits for ever once it is connected.)
const TIMEOUT: Duration = Duration::from_secs(25);
/// Talks at a time; each mail has a connection of its own.
const CONNECTIONS: usize = 16;

/// Settings that cannot work. Never holds the URL: it may have a password in it.
#[derive(Debug, thiserror::Error)]
pub enum BadMail {
    #[error(
        "HERALD_SMTP_URL cannot be read; it looks like smtps://USER:PASSWORD@HOST, smtp://HOST:25 or \
         smtp://HOST:587?tls=required"
    )]
    Url,
    #[error("HERALD_MAIL_DOMAIN '{0}' is no domain that mail could go to, such as example.com")]
    Domain(String),
    #[error("HERALD_MAIL_FROM '{0}' is no address, such as Shop <shop@example.com>")]
    From(String),
    #[error("the folder {path} for mails cannot be made")]
    Folder { path: PathBuf, source: std::io::Error },
}

/// Why a mail did not go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NotSent {
    pub error: String,
    /// The server has refused it; asking again would not help.
    pub for_good: bool,
}

impl NotSent {
    pub(super) fn of(self, party: Party) -> Self {
        Self { error: format!("{}: {}", party.as_str(), self.error), ..self }
    }

    /// Of two failures the one that another attempt could mend, as long as there is one; else the first.
    pub(super) fn worse(first: Option<Self>, second: Self) -> Self {
        match first {
            Some(first) if !first.for_good || second.for_good => first,
            _ => second,
        }
    }
}

/// Takes mails.
pub(super) enum Post {
    Server { server: AsyncSmtpTransport<Tokio1Executor>, turns: Semaphore },
    Folder(PathBuf),
}

impl Post {
    pub(super) fn server(url: &str) -> Result<Self, BadMail> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| BadMail::Url)?;
        Ok(Self::Server { server: builder.timeout(Some(TIMEOUT)).build(), turns: Semaphore::new(CONNECTIONS) })
    }

    pub(super) fn folder(path: PathBuf) -> Result<Self, BadMail> {
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(Self::Folder(path)),
            Err(source) => Err(BadMail::Folder { path, source }),
        }
    }

    /// Returns when the mail has been taken.
    pub(super) async fn send(&self, letter: &Letter) -> Result<(), NotSent> {
        match self {
            Self::Server { server, turns } => {
                let talk = async {
                    let _turn = turns.acquire().await;
                    server.send(letter.message.clone()).await
                };
                match tokio::time::timeout(TIMEOUT, talk).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(NotSent { for_good: error.is_permanent(), error: words(&error) }),
                    Err(_) => {
                        Err(NotSent { error: format!("no answer within {} s", TIMEOUT.as_secs()), for_good: false })
                    }
                }
            }
            Self::Folder(folder) => {
                let (path, bytes) = (folder.join(format!("{}.eml", letter.id)), letter.message.formatted());
                let written = tokio::task::spawn_blocking(move || write(&path, &bytes)).await;
                let again = |error: &dyn std::fmt::Display| NotSent { error: error.to_string(), for_good: false };
                written.map_err(|error| again(&error))?.map_err(|error| again(&error))
            }
        }
    }
}

/// The error with its causes: the server's own words are among them.
fn words(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |all, cause| {
        let cause = cause.to_string();
        if all.ends_with(&cause) { all } else { format!("{all}: {cause}") }
    })
}

/// All of it or nothing: nobody finds half a mail.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension(Uuid::new_v4().as_simple().to_string());
    let mut file = std::fs::File::create(&unfinished)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_data()).and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_smtp_url_is_read_and_never_shown() {
        // Needs no server: nothing connects before the first mail.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        for good in ["smtp://localhost:2525", "smtps://u:p%40ss@mail.example", "smtp://mail.example:587?tls=required"] {
            assert!(Post::server(good).is_ok(), "{good}");
        }
        for bad in ["", "mail.example", "http://u:secret@mail.example", "smtp://u:secret@h?tls=maybe"] {
            let error = Post::server(bad).err().unwrap().to_string();
            assert!(error.contains("HERALD_SMTP_URL") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_mail_appears_whole_and_replaces_its_like() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.payer@localhost.eml");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something unfinished was left");
        assert!(write(&folder.path().join("no/such/folder.eml"), b"x").is_err());
    }

    #[test]
    fn the_failure_that_can_be_mended_counts() {
        let failure = |error: &str, for_good| NotSent { error: error.to_owned(), for_good };
        let (later, never) = (failure("later", false), failure("never", true));
        assert_eq!(NotSent::worse(Some(never.clone()), later.clone()), later);
        assert_eq!(NotSent::worse(Some(later.clone()), never.clone()), later);
        assert_eq!(NotSent::worse(None, never.clone()), never);
    }
}
