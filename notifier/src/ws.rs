//! WebSocket: the handshake, and the task that each socket is. It moves bytes; `herald_push::session` decides.

mod heart;
mod socket;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use herald_domain::channel::Channel;
use herald_domain::id::KeyId;
use herald_push::close::{Because, Close};
use herald_push::session::{Action, Session, close_for};
use herald_push::{End, Frame, SubscribeError, Subscription};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::App;
use crate::connections::Place;
use crate::counters::Transport;
use crate::entrance::{Entered, enter};
use crate::refusal::Refusal;
use heart::{Due, Heart};
use socket::{Heard, Socket};

/// Bytes that one turn takes from a subscription, to go out in one write.
const TURN: usize = 64 * 1024;

/// `GET /ws`
pub(crate) async fn upgrade(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (parts, _) = request.into_parts();
    let handshake = match accept_key(&parts.method, &parts.headers) {
        Ok(accept) => upgrade.map(|upgrade| (accept, upgrade)).ok_or(Refusal::NotAnUpgrade),
        Err(refusal) => Err(refusal),
    };
    let (accept, upgrade) = match handshake {
        Ok(handshake) => handshake,
        Err(refusal) => return refusal.into_response(&parts.headers),
    };
    let entered = match enter(&app, &parts.headers, &parts.uri, None, Transport::WebSocket).await {
        Ok(entered) => entered,
        Err(refusal) => return refusal.into_response(&parts.headers),
    };
    app.tasks.spawn(serve(Arc::clone(&app), upgrade, entered));
    switching_protocols(accept)
}

/// Checks the handshake (RFC 6455, 4.2.1) and answers its key.
fn accept_key(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let says = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    if method != Method::GET || !says(header::CONNECTION, "upgrade") || !says(header::UPGRADE, "websocket") {
        return Err(Refusal::NotAnUpgrade);
    }
    if !says(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(Refusal::Version);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or(Refusal::NotAnUpgrade)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| Refusal::NotAnUpgrade)
}

fn switching_protocols(accept: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// A socket's life. What only its beginning and its end need is boxed and gone before and after: while idle, its task is
/// little more than one box.
async fn serve(app: Arc<App>, upgrade: OnUpgrade, entered: Entered) {
    if let Some(mut connection) = Box::pin(Connection::open(app, upgrade, entered)).await {
        let code = connection.run().await;
        connection.tell_gone(code);
    }
}

/// A subscription that is on its way.
struct Wish {
    channel: Channel,
    key: Option<KeyId>,
    coming: Pin<Box<dyn Future<Output = Result<Subscription, SubscribeError>> + Send>>,
}

struct Connection {
    app: Arc<App>,
    /// The one that its URL subscribed.
    channel: Channel,
    socket: Socket,
    session: Session,
    subscriptions: Vec<Subscription>,
    wishes: Vec<Wish>,
    heart: Heart,
    place: Place,
}

/// What one turn of a connection came to.
enum Turn {
    /// The client said something.
    Heard(Heard),
    /// A wished-for subscription is there, or is not to be had.
    Come(Wish, Result<Subscription, SubscribeError>),
    Due(Due),
    Close(Close),
    /// There is nobody to say goodbye to.
    Gone,
}

impl Connection {
    /// `None`: the client left in the middle of the handshake.
    async fn open(app: Arc<App>, upgrade: OnUpgrade, entered: Entered) -> Option<Box<Self>> {
        let upgraded = upgrade.await.ok()?;
        let Entered { subscription, place, .. } = entered;
        let channel = subscription.channel().clone();
        app.counters.opened(Transport::WebSocket);
        Some(Box::new(Self {
            session: Session::opened(channel.clone()),
            channel,
            socket: Socket::new(upgraded).await,
            subscriptions: vec![subscription],
            wishes: Vec::new(),
            heart: Heart::new(app.times),
            place,
            app,
        }))
    }

    fn tell_gone(&self, code: &'static str) {
        self.app.counters.closed(Transport::WebSocket, code);
        let span = tracing::info_span!("push.session", channel = %self.channel, transport = "websocket");
        span.in_scope(|| tracing::info!(code, "subscriber gone"));
    }

    /// Until it ends; the close code, or `gone`.
    async fn run(&mut self) -> &'static str {
        loop {
            let turn = std::future::poll_fn(|cx| self.poll_turn(cx)).await;
            let close = match turn {
                Turn::Heard(heard) => {
                    self.heart.beats();
                    self.on_heard(heard)
                }
                Turn::Come(wish, result) => self.on_come(wish, result),
                Turn::Due(Due::Ping) => {
                    self.socket.ping();
                    None
                }
                Turn::Due(Due::NoPong) => Some(Close::Resume(Because::NoPong, 0)),
                Turn::Due(Due::Lifetime) => Some(Close::Resume(Because::Lifetime, 0)),
                Turn::Due(Due::Stuck) => Some(Close::Resume(Because::Slow, 0)),
                Turn::Close(close) => Some(close),
                Turn::Gone => return "gone",
            };
            if let Some(close) = close {
                // From here on nothing more is put out, so nothing of the hub's is held.
                self.subscriptions.clear();
                self.wishes.clear();
                return Box::pin(self.socket.close(close, self.app.times.patience)).await;
            }
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if let Poll::Ready(close) = self.place.poll_order(cx) {
            return Poll::Ready(Turn::Close(close));
        }
        let written = loop {
            match self.socket.poll_write_out(cx) {
                Poll::Pending => break false,
                Poll::Ready(Err(_)) => return Poll::Ready(Turn::Gone),
                Poll::Ready(Ok(())) => {}
            }
            match self.poll_fill(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(end)) => return Poll::Ready(Turn::Close(close_for(end))),
                Poll::Pending => break true,
            }
        };
        self.heart.set_stuck(!written);
        if !written && self.subscriptions.iter_mut().any(|subscription| subscription.poll_slow(cx).is_ready()) {
            return Poll::Ready(Turn::Close(Close::Resume(Because::Slow, 0)));
        }
        for index in 0..self.wishes.len() {
            if let Poll::Ready(result) = self.wishes[index].coming.as_mut().poll(cx) {
                return Poll::Ready(Turn::Come(self.wishes.swap_remove(index), result));
            }
        }
        // While a write is stuck nothing is read: its answer would have to wait as well.
        if written {
            match self.socket.poll_heard(cx) {
                Poll::Ready(Some(heard)) => return Poll::Ready(Turn::Heard(heard)),
                Poll::Ready(None) => return Poll::Ready(Turn::Gone),
                Poll::Pending => {}
            }
        }
        self.heart.poll_due(cx).map(Turn::Due)
    }

    /// Takes what waits in the subscriptions into the socket; pending if nothing does.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let mut any = false;
        for subscription in &mut self.subscriptions {
            let mut frames = Vec::new();
            match subscription.poll_frames(cx, &mut frames, TURN) {
                Poll::Pending => self.session.on_drained(subscription.channel()),
                Poll::Ready(Err(end)) => return Poll::Ready(Err(end)),
                Poll::Ready(Ok(())) => any = true,
            }
            for frame in frames {
                if self.session.on_frame(subscription.channel(), &frame) {
                    put(&self.app, &mut self.socket, frame);
                }
            }
        }
        if any { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn on_heard(&mut self, heard: Heard) -> Option<Close> {
        match heard {
            Heard::Text(text) => {
                let actions = self.session.on_text(text.as_str(), &*self.app.tickets);
                self.carry_out(actions)
            }
            Heard::Binary => {
                let actions = self.session.on_binary();
                self.carry_out(actions)
            }
            Heard::Life => None,
            Heard::Close(close) => Some(close),
        }
    }

    fn on_come(&mut self, wish: Wish, result: Result<Subscription, SubscribeError>) -> Option<Close> {
        match result {
            Ok(subscription) => {
                if self.session.on_subscribed(&wish.channel) {
                    self.place.add_key(wish.key);
                    self.subscriptions.push(subscription);
                }
                None
            }
            Err(error) => {
                let actions = self.session.on_refused(&wish.channel, error);
                self.carry_out(actions)
            }
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Close> {
        for action in actions {
            match action {
                Action::Send(frame) => put(&self.app, &mut self.socket, frame),
                Action::Close(close) => return Some(close),
                Action::Subscribe { grant, after } => {
                    let (hub, channel, key) = (self.app.hub.clone(), grant.channel.clone(), grant.key);
                    let coming = Box::pin(async move { hub.subscribe(&grant, after.as_deref()).await });
                    self.wishes.push(Wish { channel, key, coming });
                }
                Action::Unsubscribe(channel) => {
                    self.unsubscribe(&channel);
                    let answer = self.session.on_left(&channel);
                    self.carry_out(answer);
                }
            }
        }
        None
    }

    /// Puts out what the subscription still has, and drops it.
    fn unsubscribe(&mut self, channel: &Channel) {
        self.wishes.retain(|wish| wish.channel != *channel);
        let Some(index) = self.subscriptions.iter().position(|one| one.channel() == channel) else { return };
        let mut subscription = self.subscriptions.swap_remove(index);
        let mut frames = Vec::new();
        subscription.take_waiting(&mut frames);
        for frame in frames {
            if self.session.on_frame(channel, &frame) {
                put(&self.app, &mut self.socket, frame);
            }
        }
    }
}

fn put(app: &App, socket: &mut Socket, frame: Frame) {
    app.counters.count(&frame);
    socket.put(frame);
}
