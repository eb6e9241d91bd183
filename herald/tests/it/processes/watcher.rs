//! Watchers: a stock WebSocket client and a plain HTTP reader of Server-Sent Events, each of which comes back after a cut with
//! the cursor of the last frame, to whichever notifier is next.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::client::{Accepted, Client, PATIENCE};
use super::story::Story;

pub type Told = Result<Story, String>;

/// A watcher in the background.
pub struct Watcher {
    pub accepted: Accepted,
    news: watch::Receiver<Story>,
    task: JoinHandle<Told>,
}

impl Watcher {
    /// Watches by WebSocket, first at the `n`th notifier.
    pub fn start(client: &Client, accepted: Accepted, n: usize) -> Self {
        let (tell, news) = watch::channel(Story::default());
        let (client, own) = (client.clone(), accepted.clone());
        let task = tokio::spawn(async move { follow(&client, &own, n, &tell).await });
        Self { accepted, news, task }
    }

    pub fn now(&self) -> Story {
        self.news.borrow().clone()
    }

    /// Waits until it has been told so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Story) -> bool) -> Story {
        let waited = timeout(PATIENCE, self.news.wait_for(|story| is_so(story))).await;
        let story = waited.ok().and_then(|story| Some(story.ok()?.clone()));
        story.unwrap_or_else(|| panic!("{} was never {what}: {:?}", self.accepted.id, self.now()))
    }

    /// What it was told in all.
    pub async fn end(self) -> Told {
        self.task.await.unwrap()
    }
}

/// Watches to the end. Every cut, close and refusal is answered by coming back.
async fn follow(client: &Client, accepted: &Accepted, n: usize, tell: &watch::Sender<Story>) -> Told {
    let (mut story, mut heard) = (Story::default(), Instant::now());
    for turn in n.. {
        let url = client.at_notifier(&accepted.ws_url, turn);
        if let Ok(mut socket) = Socket::connect(&url, &mut story).await {
            while let Some(frame) = socket.next().await {
                story.take(&frame, &accepted.channel).map_err(|broken| format!("{}: {broken}", accepted.id))?;
                tell.send_replace(story.clone());
                heard = Instant::now();
                if story.is_over() {
                    return Ok(story);
                }
            }
        }
        if heard.elapsed() > PATIENCE {
            return Err(format!("{} has not been told for {PATIENCE:?}, after {story:?}", accepted.id));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    unreachable!()
}

/// A stock client: it knows the URL, and no more.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects, going on after what the story knows already.
    pub async fn connect(url: &str, story: &mut Story) -> Result<Self, String> {
        let after = story.connected().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let connected = timeout(Duration::from_secs(10), connect_async(format!("{url}{after}"))).await;
        let (stream, _) = connected.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())?;
        Ok(Self(stream))
    }

    /// The next frame; `None` at the end of the connection, however it comes. A server pings more often than this waits.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.ok()?? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    /// The close code and reason that end the connection.
    pub async fn goodbye(mut self) -> Option<(u16, String)> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.ok()?? {
                Ok(Message::Close(Some(frame))) => return Some((frame.code.into(), frame.reason.to_string())),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}

/// Reads `events_url` as `curl -N` does, until the end is told; a cut is answered with `Last-Event-ID`.
pub async fn follow_events(client: &Client, accepted: &Accepted, n: usize) -> Told {
    let (mut story, since) = (Story::default(), Instant::now());
    for turn in n.. {
        let url = client.at_notifier(&accepted.events_url, turn);
        let mut request = client.http().get(&url).timeout(PATIENCE);
        if let Some(cursor) = story.connected() {
            request = request.header("last-event-id", cursor);
        }
        if let Ok(answer) = request.send().await
            && answer.status().is_success()
        {
            read_events(answer, &mut story, &accepted.channel).await?;
        }
        if story.is_over() {
            return Ok(story);
        }
        if since.elapsed() > PATIENCE {
            return Err(format!("{} has not been told to the end, only {story:?}", accepted.id));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    unreachable!()
}

async fn read_events(answer: reqwest::Response, story: &mut Story, channel: &str) -> Result<(), String> {
    let (mut body, mut text) = (answer.bytes_stream(), String::new());
    while let Some(Ok(bytes)) = body.next().await {
        text.push_str(std::str::from_utf8(&bytes).map_err(|error| error.to_string())?);
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let (data, id) = (field("data: "), field("id: "));
            text = rest.to_owned();
            let Some(data) = data else { continue };
            let frame: Value = serde_json::from_str(&data).map_err(|error| error.to_string())?;
            story.take(&frame, channel)?;
            if frame["type"] != "progress" && id.as_ref() != story.cursor.as_ref() {
                return Err(format!("the id {id:?} is not the cursor of {frame}"));
            }
            if story.is_over() {
                return Ok(());
            }
        }
    }
    Ok(())
}
