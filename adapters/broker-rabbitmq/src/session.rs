//! One connection from its handshake to its end, and the channels on it.

use std::io;
use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_compat::Compat;
use futures::Stream;
use lapin::tcp::{AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::greeting;
use crate::tasks::Tasks;
use crate::trouble::Trouble;

/// To reach the host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// To be greeted by it.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// For one question and its answer on an open connection.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// To part in good order.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);
const REPLY_SUCCESS: u16 = 200;

/// Opens connections to one broker under one name.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) uri: AMQPUri,
    pub(crate) name: String,
    /// Where the channels' last words are said.
    pub(crate) tasks: Tasks,
}

impl Dial {
    /// Connects, once: trying again is the supervisor's business. lapin has no time-outs here, so the socket is ours.
    pub(crate) async fn open(&self) -> Result<Session, Trouble> {
        let socket = self.socket().await.map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let cutter = Cutter::of(&socket).map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let runtime = lapin::runtime::default_runtime().map_err(|error| Trouble::from_lapin("connecting", &error))?;
        let properties = ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let socket = Mutex::new(Some(socket));
        let hand_over = async move |uri: AMQPUri, _| {
            let socket = socket.lock().unwrap_or_else(PoisonError::into_inner).take();
            let socket = socket.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
            let plain = AsyncTcpStream::Plain(Compat::new(socket));
            match uri.scheme {
                AMQPScheme::AMQP => Ok(plain),
                AMQPScheme::AMQPS => {
                    Ok(plain.into_tls(&uri.authority.host, OwnedTLSConfig::default().as_ref()).await?)
                }
            }
        };
        let handshake = Connection::connector(self.uri.clone(), runtime, hand_over, properties);
        // On a time-out the cutter is dropped, which ends lapin's thread for this socket too.
        let connection = match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(connection) => connection.map_err(|error| Trouble::from_lapin("connecting", &error))?,
            Err(_) => return Err(Trouble::Unreachable("the broker does not greet back".to_owned())),
        };
        Ok(Session {
            connection,
            cutter,
            lost: CancellationToken::new(),
            blocked: watch::Sender::new(None),
            tasks: self.tasks.clone(),
        })
    }

    /// What the broker says it is. Of one behind TLS only that.
    pub(crate) async fn ask(&self) -> Result<String, Trouble> {
        if self.uri.scheme == AMQPScheme::AMQPS {
            return Ok("AMQP broker behind TLS".to_owned());
        }
        let asking = async { greeting::ask(&mut self.socket().await?).await };
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, asking).await {
            Ok(answer) => answer.map_err(|error| Trouble::Unreachable(error.to_string())),
            Err(_) => Err(Trouble::Unreachable("the broker does not greet back".to_owned())),
        }
    }

    async fn socket(&self) -> io::Result<TcpStream> {
        let host = (self.uri.authority.host.as_str(), self.uri.authority.port);
        let limit = self.uri.query.connection_timeout.map_or(CONNECT_TIMEOUT, Duration::from_millis);
        let socket = tokio::time::timeout(limit, TcpStream::connect(host)).await??;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// A second handle on the socket, which ends the connection whatever state lapin is in. Cuts when dropped.
struct Cutter(std::net::TcpStream);

impl Cutter {
    fn of(socket: &TcpStream) -> io::Result<Self> {
        Ok(Self(socket.as_fd().try_clone_to_owned()?.into()))
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        // An error means that it is cut already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// An open connection. Once lost it never comes back; the next one is another session.
pub(crate) struct Session {
    connection: Connection,
    cutter: Cutter,
    lost: CancellationToken,
    /// Why the broker takes no publishes on this connection now.
    blocked: watch::Sender<Option<String>>,
    tasks: Tasks,
}

impl Session {
    pub(crate) async fn channel(&self) -> Result<OwnChannel, Trouble> {
        let channel = answered("opening a channel", &self.lost, self.connection.create_channel()).await?;
        Ok(OwnChannel { channel, lost: self.lost.clone(), tasks: self.tasks.clone() })
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.lost.is_cancelled() && self.connection.status().connected()
    }

    /// Returns once the connection is known to be lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    pub(crate) fn blocked(&self) -> Option<String> {
        self.blocked.borrow().clone()
    }

    pub(crate) fn set_blocked(&self, reason: Option<String>) {
        self.blocked.send_replace(reason);
    }

    /// Returns once publishes have been blocked without a break for `patience`.
    pub(crate) async fn blocked_for(&self, patience: Duration) -> Trouble {
        let mut blocked = self.blocked.subscribe();
        loop {
            // The sender lives as long as the session.
            let reason = blocked.wait_for(Option::is_some).await.map(|reason| reason.clone()).ok().flatten();
            if tokio::time::timeout(patience, blocked.wait_for(Option::is_none)).await.is_err() {
                return Trouble::Blocked(reason.unwrap_or_default());
            }
        }
    }

    pub(crate) fn events(&self) -> impl Stream<Item = Event> + Send {
        self.connection.events_listener()
    }

    /// Ends it: in good order if it still works, and in any case.
    pub(crate) async fn end(&self) {
        if self.is_alive() {
            let farewell = self.connection.close(REPLY_SUCCESS, "closed".into());
            // Whatever comes of it, the socket is cut below.
            let _ = tokio::time::timeout(FAREWELL_TIMEOUT, farewell).await;
        }
        self.lost.cancel();
        let _ = self.cutter.0.shutdown(Shutdown::Both);
    }
}

/// A channel that is closed in so many words when its last user lets go of it. (lapin closes a forgotten one too, but an error
/// on that way takes the whole connection with it.)
pub(crate) struct OwnChannel {
    channel: Channel,
    /// The session's.
    lost: CancellationToken,
    tasks: Tasks,
}

impl OwnChannel {
    /// Returns once the connection under it is known to be lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Waits for the broker's answer to a question on this channel, but not for ever.
    pub(crate) async fn answered<T>(
        &self,
        what: &str,
        question: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, Trouble> {
        answered(what, &self.lost, question).await
    }
}

impl Deref for OwnChannel {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for OwnChannel {
    fn drop(&mut self) {
        if self.channel.status().connected() {
            let channel = self.channel.clone();
            self.tasks.spawn(async move {
                // It fails if the connection is lost, and then the channel is gone as well.
                let _ = tokio::time::timeout(FAREWELL_TIMEOUT, channel.close(REPLY_SUCCESS, "done".into())).await;
            });
        }
    }
}

/// lapin can leave a question hanging whose connection broke in that very moment, so its own error is not relied upon.
async fn answered<T>(
    what: &str,
    lost: &CancellationToken,
    question: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Trouble> {
    tokio::select! {
        biased;
        answer = question => answer.map_err(|error| Trouble::from_lapin(what, &error)),
        () = lost.cancelled() => Err(Trouble::Unreachable(format!("{what}: the connection was lost"))),
        () = tokio::time::sleep(ANSWER_TIMEOUT) => {
            Err(Trouble::Unreachable(format!("{what}: no answer within {ANSWER_TIMEOUT:?}")))
        }
    }
}
