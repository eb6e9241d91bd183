//! What a client may say on a socket and what comes of it: a pure state machine. The socket code moves bytes, carries out
//! [`Action`]s and reports back; it decides nothing.
//!
//! Invariant: every client message is answered, by a frame or by a close; a channel is subscribed at most once; an event
//! that concerns both a `user:` subscription and one of its entity goes out once.

use herald_domain::channel::Channel;
use herald_domain::ticket::{Grant, TicketError};
use serde::Deserialize;

use crate::close::{Because, Close};
use crate::frame::{Frame, FrameKind, build};
use crate::hub::{SubscribeError, cursor_for};
use crate::queue::End;

/// Channels that one connection may be subscribed to.
pub const MAX_CHANNELS: usize = 128;
/// Messages answered by an error before the connection is closed.
const MAX_ERRORS: u32 = 32;

/// Why a ticket opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TicketRefusal {
    #[error(transparent)]
    Unfit(#[from] TicketError),
    #[error("the ticket's key was revoked; ask for a new ticket with another key")]
    Revoked,
}

impl TicketRefusal {
    pub fn code(self) -> &'static str {
        match self {
            Self::Unfit(TicketError::Bad) => "bad_ticket",
            Self::Unfit(TicketError::Expired) => "expired_ticket",
            Self::Revoked => "revoked_ticket",
        }
    }
}

/// Checks tickets: signature, time and revocation.
pub trait Tickets {
    fn check(&self, ticket: &str) -> Result<Grant, TicketRefusal>;
}

impl SubscribeError {
    pub fn code(self) -> &'static str {
        match self {
            Self::BadCursor => "bad_cursor",
            Self::UnknownChannel => "unknown_channel",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What the socket code is to do.
#[derive(Debug)]
pub enum Action {
    /// Subscribe, then report [`Session::on_subscribed`] or [`Session::on_refused`].
    Subscribe {
        grant: Grant,
        after: Option<String>,
    },
    /// Pass on what waits for the channel, drop its subscription (or the wish for one), then report
    /// [`Session::on_left`].
    Unsubscribe(Channel),
    Send(Frame),
    /// Send what was to be sent, then close.
    Close(Close),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Pending,
    Open,
}

#[derive(Debug)]
struct Entry {
    channel: Channel,
    standing: Standing,
    /// The last offset of the channel that went out, for an entity.
    last: u64,
}

/// One connection's session.
#[derive(Debug, Default)]
pub struct Session {
    entries: Vec<Entry>,
    /// Entities left while a `user:` subscription stays, with the last offset that went out: its queue may still hold
    /// the same events.
    left: Vec<(Channel, u64)>,
    errors: u32,
}

#[derive(Deserialize)]
struct ClientFrame {
    r#type: String,
    ticket: Option<String>,
    channel: Option<String>,
    after: Option<String>,
}

impl Session {
    /// A session whose first channel has been subscribed by its URL.
    pub fn opened(channel: Channel) -> Self {
        let entry = Entry { channel, standing: Standing::Open, last: 0 };
        Self { entries: vec![entry], ..Self::default() }
    }

    /// A text message.
    pub fn on_text(&mut self, text: &str, tickets: &dyn Tickets) -> Vec<Action> {
        let Ok(frame) = serde_json::from_str::<ClientFrame>(text) else {
            return self.error("bad_frame", "a message is a JSON object with a string 'type'", None);
        };
        match frame.r#type.as_str() {
            "subscribe" => self.subscribe(frame, tickets),
            "unsubscribe" => self.unsubscribe(frame),
            "ping" => build::pong().map(Action::Send).into_iter().collect(),
            _ => self.error("unknown_type", "a client sends 'subscribe', 'unsubscribe' or 'ping'", None),
        }
    }

    /// A binary message.
    pub fn on_binary(&mut self) -> Vec<Action> {
        let mut actions = self.error("binary_frame", "send text; every message is JSON", None);
        actions.push(Action::Close(Close::Binary));
        actions
    }

    fn subscribe(&mut self, frame: ClientFrame, tickets: &dyn Tickets) -> Vec<Action> {
        let Some(ticket) = frame.ticket else {
            return self.error("bad_frame", "'subscribe' needs a 'ticket'", None);
        };
        let grant = match tickets.check(&ticket) {
            Ok(grant) => grant,
            Err(refusal) => return self.error(refusal.code(), &refusal.to_string(), None),
        };
        let channel = grant.channel.clone();
        if frame.channel.is_some_and(|asked| asked != channel.to_string()) {
            return self.error("wrong_channel", "the ticket is for this channel; leave 'channel' out", Some(&channel));
        }
        if self.find(&channel).is_some() {
            return self.error("already_subscribed", "unsubscribe first to start anew", Some(&channel));
        }
        if self.entries.len() >= MAX_CHANNELS {
            let message = "a connection has at most 128 channels; unsubscribe one or open another connection";
            return self.error("too_many_channels", message, Some(&channel));
        }
        if let Some(Err(error)) = frame.after.as_deref().map(|after| cursor_for(&channel, after)) {
            return self.error(error.code(), &error.to_string(), Some(&channel));
        }
        self.entries.push(Entry { channel, standing: Standing::Pending, last: 0 });
        vec![Action::Subscribe { grant, after: frame.after }]
    }

    fn unsubscribe(&mut self, frame: ClientFrame) -> Vec<Action> {
        let Some(channel) = frame.channel.and_then(|text| Channel::parse(&text).ok()) else {
            return self.error("bad_frame", "'unsubscribe' needs a 'channel'", None);
        };
        if self.find(&channel).is_none() {
            return self.error("not_subscribed", "this connection has no such channel", Some(&channel));
        }
        vec![Action::Unsubscribe(channel)]
    }

    /// A subscription is there; `false`: it is not wanted any more, drop it.
    pub fn on_subscribed(&mut self, channel: &Channel) -> bool {
        self.find(channel).map(|entry| entry.standing = Standing::Open).is_some()
    }

    /// A subscription could not be had.
    pub fn on_refused(&mut self, channel: &Channel, error: SubscribeError) -> Vec<Action> {
        self.entries.retain(|entry| entry.channel != *channel);
        self.error(error.code(), &error.to_string(), Some(channel))
    }

    /// A channel has been left as asked.
    pub fn on_left(&mut self, channel: &Channel) -> Vec<Action> {
        if let Some(entry) = self.find(channel)
            && entry.standing == Standing::Open
        {
            let last = entry.last;
            self.left.retain(|(left, _)| left != channel);
            self.left.push((channel.clone(), last));
        }
        self.entries.retain(|entry| entry.channel != *channel);
        if !self.watches_user() || self.left.len() > MAX_CHANNELS {
            self.left.clear();
        }
        build::unsubscribed(channel).map(Action::Send).into_iter().collect()
    }

    /// A frame from the subscription of `from`; whether it goes out.
    pub fn on_frame(&mut self, from: &Channel, frame: &Frame) -> bool {
        match from {
            Channel::Submission(_) | Channel::Transfer(_) => self.on_own_frame(from, frame),
            Channel::User(_) => self.on_user_frame(frame),
        }
    }

    fn on_own_frame(&mut self, from: &Channel, frame: &Frame) -> bool {
        let Some(entry) = self.find(from) else { return false };
        match frame.kind() {
            // What was sent before on behalf of the user is told anew from here.
            FrameKind::Snapshot | FrameKind::Resumed => entry.last = frame.offset(),
            FrameKind::Event if frame.offset() <= entry.last => return false,
            FrameKind::Event => entry.last = frame.offset(),
            FrameKind::Progress | FrameKind::Unsubscribed | FrameKind::Pong | FrameKind::Error => {}
        }
        true
    }

    fn on_user_frame(&mut self, frame: &Frame) -> bool {
        let Some(channel) = frame.channel() else { return true };
        let left = self.left.iter().find(|(left, _)| left == channel);
        if left.is_some_and(|(_, last)| frame.kind() == FrameKind::Event && frame.offset() <= *last) {
            return false;
        }
        let Some(own) = self.find(channel).filter(|entry| entry.standing == Standing::Open) else { return true };
        if frame.kind() == FrameKind::Snapshot {
            return true;
        }
        // The entity's own subscription gets the same frames, and gets them first; what is next in turn may go out now,
        // the rest waits there.
        let next = frame.kind() == FrameKind::Event && frame.offset() == own.last + 1 && own.last > 0;
        if next {
            own.last += 1;
        }
        next
    }

    /// Nothing waits in the subscription of `from` any more.
    pub fn on_drained(&mut self, from: &Channel) {
        if matches!(from, Channel::User(_)) {
            self.left.clear();
        }
    }

    fn find(&mut self, channel: &Channel) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.channel == *channel)
    }

    fn watches_user(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.channel, Channel::User(_)))
    }

    fn error(&mut self, code: &str, message: &str, channel: Option<&Channel>) -> Vec<Action> {
        self.errors += 1;
        let mut actions: Vec<_> = build::error(code, message, channel).map(Action::Send).into_iter().collect();
        if self.errors > MAX_ERRORS {
            actions.push(Action::Close(Close::Policy));
        }
        actions
    }
}

/// How a connection is closed whose subscription has ended by itself.
pub fn close_for(end: End) -> Close {
    match end {
        End::Slow => Close::Resume(Because::Slow, 0),
        End::Epoch => Close::Resume(Because::Epoch, 0),
        End::Gap | End::Unknown | End::Unavailable | End::Reached => Close::Resume(Because::Gap, 0),
        End::Stopped => Close::GoingAway { reconnect_in_ms: 0 },
    }
}

#[cfg(test)]
mod tests;
