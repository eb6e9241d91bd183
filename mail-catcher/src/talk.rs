//! One connection: RFC 5321's minimum (4.5.1) with EHLO's SIZE (RFC 1870) and 8BITMIME (RFC 6152).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::{Mail, Mailbox, Manner};

const MAX_MAIL_BYTES: usize = 1 << 20;
/// A mail that is too large is read on so far, for the sake of an answer; then the client is cut off.
const MAX_READ_BYTES: usize = 4 * MAX_MAIL_BYTES;
/// RFC 5321 lets a line of text be 1,000 bytes long; nothing is gained by being as strict.
const MAX_LINE_BYTES: u64 = 64 << 10;
const MAX_RECIPIENTS: usize = 100;
/// How long a client may be silent, or leave an answer unread (RFC 5321, 4.5.3.2.7).
const SILENCE: Duration = Duration::from_secs(300);

pub(crate) struct Talk {
    client: BufReader<TcpStream>,
    mailbox: Arc<dyn Mailbox>,
    from: Option<String>,
    to: Vec<String>,
}

/// What came after `DATA`.
enum Data {
    Text(String),
    TooMuch,
    /// The client went away.
    Cut,
}

impl Talk {
    pub(crate) fn new(client: TcpStream, mailbox: Arc<dyn Mailbox>) -> Self {
        Self { client: BufReader::new(client), mailbox, from: None, to: Vec::new() }
    }

    pub(crate) async fn run(mut self) -> io::Result<()> {
        self.say("220 mail-catcher ESMTP").await?;
        while let Some(line) = self.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.forget();
                    self.say(&format!("250-mail-catcher\r\n250-SIZE {MAX_MAIL_BYTES}\r\n250 8BITMIME")).await?;
                }
                "HELO" => {
                    self.forget();
                    self.say("250 mail-catcher").await?;
                }
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" if self.to.is_empty() => self.say("503 5.5.1 nobody to send it to").await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 nothing done").await?,
                "VRFY" => self.say("252 2.5.0 send it, and see").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("502 5.5.1 not that").await?,
            }
        }
        Ok(())
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        let text = format!("{line}\r\n");
        tokio::time::timeout(SILENCE, self.client.write_all(text.as_bytes())).await?
    }

    /// Without its end; `None` when the client is gone, was silent for too long, or sends no lines.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.client).take(MAX_LINE_BYTES);
        match tokio::time::timeout(SILENCE, limited.read_until(b'\n', &mut line)).await {
            Ok(read) => read?,
            Err(_) => return Ok(None),
        };
        let text = String::from_utf8_lossy(&line);
        Ok(text.strip_suffix("\r\n").map(str::to_owned))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        match (address(rest, "FROM:"), &self.from) {
            (Some(from), None) => {
                self.from = Some(from);
                self.say("250 2.1.0 from there").await
            }
            (_, Some(_)) => self.say("503 5.5.1 one at a time").await,
            (None, None) => self.say("501 5.5.4 from whom?").await,
        }
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        let (Some(to), Some(_)) = (address(rest, "TO:"), &self.from) else {
            return self.say("503 5.5.1 to whom, from whom?").await;
        };
        if self.to.len() >= MAX_RECIPIENTS {
            return self.say("452 4.5.3 too many recipients").await;
        }
        match self.mailbox.manner(&to) {
            Manner::Later => self.say("451 4.3.0 try again later").await,
            Manner::Never => self.say("550 5.1.1 nobody here by that name").await,
            Manner::Hang => std::future::pending().await,
            Manner::Take | Manner::TakeAndBreak => {
                self.to.push(to);
                self.say("250 2.1.5 to there").await
            }
        }
    }

    /// Takes the mail; `false`: and breaks off.
    async fn data(&mut self) -> io::Result<bool> {
        self.say("354 go on").await?;
        let text = match self.text().await? {
            Data::Text(text) => text,
            Data::TooMuch => {
                self.forget();
                self.say("552 5.3.4 too large").await?;
                return Ok(true);
            }
            Data::Cut => return Ok(false),
        };
        let breaks = self.to.iter().any(|to| self.mailbox.manner(to) == Manner::TakeAndBreak);
        let mail = Mail { from: self.from.take().unwrap_or_default(), to: std::mem::take(&mut self.to), text };
        let mailbox = self.mailbox.clone();
        match tokio::task::spawn_blocking(move || mailbox.keep(mail)).await {
            _ if breaks => return Ok(false),
            Ok(Ok(())) => self.say("250 2.0.0 taken").await?,
            Ok(Err(_)) | Err(_) => self.say("451 4.3.0 it could not be kept").await?,
        }
        Ok(true)
    }

    /// Up to the line that is a dot alone; one dot in front of a line is the client's stuffing (RFC 5321, 4.5.2).
    async fn text(&mut self) -> io::Result<Data> {
        let (mut text, mut read) = (String::new(), 0);
        while read <= MAX_READ_BYTES {
            let Some(line) = self.line().await? else { return Ok(Data::Cut) };
            if line == "." {
                return Ok(if read > MAX_MAIL_BYTES { Data::TooMuch } else { Data::Text(text) });
            }
            read += line.len() + 2;
            if read <= MAX_MAIL_BYTES {
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                text.push_str("\r\n");
            }
        }
        Ok(Data::Cut)
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// `FROM:<a@b> SIZE=…` → `a@b`.
fn address(rest: &str, before: &str) -> Option<String> {
    let start = rest.get(..before.len()).filter(|start| start.eq_ignore_ascii_case(before))?;
    let path = rest[start.len()..].trim_start().strip_prefix('<')?;
    path.split_once('>').map(|(address, _)| address.to_owned())
}
