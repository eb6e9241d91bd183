use herald_domain::id::{Epoch, SubmissionId, TransferId};
use herald_domain::owner::Owner;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use herald_domain::channel::Cursor;
use herald_domain::event::{StoredEvent, raw};
use time::OffsetDateTime;

/// A ticket is the channel's own name; `expired` and `revoked` are what they say.
struct Names;

impl Tickets for Names {
    fn check(&self, ticket: &str) -> Result<Grant, TicketRefusal> {
        match ticket {
            "expired" => Err(TicketError::Expired.into()),
            "revoked" => Err(TicketRefusal::Revoked),
            name => {
                let channel = Channel::parse(name).map_err(|_| TicketError::Bad)?;
                Ok(Grant { owner: Owner::user("alice").unwrap(), channel, expires: 0, key: None })
            }
        }
    }
}

/// Of both kinds in turn.
fn channel(n: u128) -> Channel {
    let id = Uuid::from_u128(n);
    if n.is_multiple_of(2) { Channel::Transfer(TransferId(id)) } else { Channel::Submission(SubmissionId(id)) }
}

fn user() -> Channel {
    Channel::parse("user:alice").unwrap()
}

fn frame(n: u128, offset: u64) -> Frame {
    let event = StoredEvent {
        channel: channel(n),
        offset,
        at: OffsetDateTime::UNIX_EPOCH,
        audience: vec![],
        name: "submission.running".into(),
        data: raw(&json!({})),
    };
    build::event(Epoch(Uuid::nil()), &event).unwrap()
}

fn snapshot(n: u128, offset: u64) -> Frame {
    build::resumed(&Cursor { epoch: Epoch(Uuid::nil()), channel: channel(n), offset }).unwrap()
}

fn sent(actions: &[Action]) -> Vec<Value> {
    let frames = actions.iter().filter_map(|action| match action {
        Action::Send(frame) => Some(serde_json::from_slice(frame.json()).unwrap()),
        _ => None,
    });
    frames.collect()
}

fn code(actions: &[Action]) -> String {
    sent(actions).first().and_then(|frame| frame["code"].as_str().map(str::to_owned)).unwrap_or_default()
}

fn say(session: &mut Session, message: &Value) -> Vec<Action> {
    session.on_text(&message.to_string(), &Names)
}

#[test]
fn each_bad_message_is_answered_by_its_own_code() {
    let mut session = Session::opened(channel(1));
    for (text, expected) in [
        ("no json", "bad_frame"),
        ("[]", "bad_frame"),
        ("{\"type\":1}", "bad_frame"),
        ("{\"type\":\"dance\"}", "unknown_type"),
        ("{\"type\":\"subscribe\"}", "bad_frame"),
        ("{\"type\":\"unsubscribe\"}", "bad_frame"),
        ("{\"type\":\"subscribe\",\"ticket\":\"x\"}", "bad_ticket"),
        ("{\"type\":\"subscribe\",\"ticket\":\"expired\"}", "expired_ticket"),
        ("{\"type\":\"subscribe\",\"ticket\":\"revoked\"}", "revoked_ticket"),
        ("{\"type\":\"subscribe\",\"ticket\":\"user:bob\",\"channel\":\"user:eve\"}", "wrong_channel"),
        ("{\"type\":\"subscribe\",\"ticket\":\"user:bob\",\"after\":\"?\"}", "bad_cursor"),
        ("{\"type\":\"unsubscribe\",\"channel\":\"user:bob\"}", "not_subscribed"),
    ] {
        let actions = session.on_text(text, &Names);
        assert_eq!((code(&actions).as_str(), actions.len()), (expected, 1), "{text}");
    }
    let again = say(&mut session, &json!({"type": "subscribe", "ticket": channel(1)}));
    assert_eq!(code(&again), "already_subscribed");
    let cursor = Cursor { epoch: Epoch(Uuid::nil()), channel: channel(3), offset: 1 }.encode();
    let foreign = say(&mut session, &json!({"type": "subscribe", "ticket": channel(2), "after": cursor}));
    assert_eq!(code(&foreign), "bad_cursor", "a cursor of another channel");
}

/// An event stream of a user sends back the last cursor that it saw, which is an entity's.
#[test]
fn a_user_channel_takes_the_cursors_of_its_entities() {
    for n in [1, 2] {
        let mut session = Session::opened(channel(9));
        let cursor = Cursor { epoch: Epoch(Uuid::nil()), channel: channel(n), offset: 1 }.encode();
        let actions = say(&mut session, &json!({"type": "subscribe", "ticket": user(), "after": cursor}));
        assert!(matches!(&actions[..], [Action::Subscribe { after: Some(_), .. }]), "{actions:?}");
    }
}

#[test]
fn a_binary_message_is_answered_and_then_the_socket_is_closed() {
    let actions = Session::opened(channel(1)).on_binary();
    assert_eq!(code(&actions), "binary_frame");
    assert!(matches!(actions[1], Action::Close(Close::Binary)));
}

#[test]
fn a_ping_is_answered() {
    let mut session = Session::opened(channel(1));
    let answer = sent(&session.on_text(r#"{"type": "ping"}"#, &Names));
    assert_eq!(answer, [json!({"v": 1, "type": "pong"})]);
}

#[test]
fn a_flood_of_errors_ends_in_a_close() {
    let mut session = Session::opened(channel(1));
    let close =
        (0..100).flat_map(|_| session.on_text("x", &Names)).position(|action| matches!(action, Action::Close(_)));
    assert_eq!(close, Some(MAX_ERRORS as usize + 1));
}

#[test]
fn a_channel_can_be_subscribed_left_and_subscribed_again() {
    let mut session = Session::opened(channel(1));
    let subscribe = json!({"type": "subscribe", "ticket": channel(2)});
    assert!(matches!(&say(&mut session, &subscribe)[..], [Action::Subscribe { after: None, .. }]));
    assert!(session.on_subscribed(&channel(2)));
    let left = say(&mut session, &json!({"type": "unsubscribe", "channel": channel(2)}));
    assert!(matches!(&left[..], [Action::Unsubscribe(left)] if *left == channel(2)));
    let answer = sent(&session.on_left(&channel(2)));
    assert_eq!(answer, [json!({"v": 1, "type": "unsubscribed", "channel": channel(2)})]);
    assert!(!session.on_frame(&channel(2), &frame(2, 9)), "nothing of it goes out any more");
    assert!(!session.on_subscribed(&channel(2)), "one that comes too late is not wanted");
    assert!(matches!(&say(&mut session, &subscribe)[..], [Action::Subscribe { .. }]));
    let refused = session.on_refused(&channel(2), SubscribeError::UnknownChannel);
    assert_eq!(code(&refused), "unknown_channel");
    assert!(matches!(&say(&mut session, &subscribe)[..], [Action::Subscribe { .. }]));
}

#[test]
fn a_connection_has_at_most_128_channels() {
    let mut session = Session::opened(channel(0));
    for n in 1..MAX_CHANNELS as u128 {
        say(&mut session, &json!({"type": "subscribe", "ticket": channel(n)}));
    }
    assert_eq!(code(&say(&mut session, &json!({"type": "subscribe", "ticket": channel(999)}))), "too_many_channels");
}

/// What may happen between a `user:` subscription and one of its entities' own, on one socket.
#[derive(Clone, Debug)]
enum Step {
    /// One more event, put into both queues, the own one first, as the hub does.
    Commit,
    TakeUser,
    TakeOwn,
    Subscribe,
    Unsubscribe,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Commit), 3 => Just(Step::TakeUser), 3 => Just(Step::TakeOwn),
        1 => Just(Step::Subscribe), 1 => Just(Step::Unsubscribe),
    ]
}

struct Socket {
    session: Session,
    /// Which entity moves on.
    of: u128,
    user: Vec<Frame>,
    own: Option<Vec<Frame>>,
    head: u64,
    out: Vec<(FrameKind, u64)>,
}

impl Socket {
    /// Subscribed to the user's channel.
    fn new(of: u128) -> Self {
        Self { session: Session::opened(user()), of, user: vec![], own: None, head: 0, out: vec![] }
    }

    fn take(&mut self, from: &Channel) {
        let queue = match from {
            Channel::User(_) => &mut self.user,
            Channel::Submission(_) | Channel::Transfer(_) => match &mut self.own {
                Some(own) => own,
                None => return,
            },
        };
        if queue.is_empty() {
            return;
        }
        let frame = queue.remove(0);
        let drained = queue.is_empty();
        if self.session.on_frame(from, &frame) {
            self.out.push((frame.kind(), frame.offset()));
        }
        if drained {
            self.session.on_drained(from);
        }
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Commit => {
                self.head += 1;
                let frame = frame(self.of, self.head);
                if let Some(own) = &mut self.own {
                    own.push(frame.clone());
                }
                self.user.push(frame);
            }
            Step::TakeUser => self.take(&user()),
            Step::TakeOwn => self.take(&channel(self.of)),
            Step::Subscribe if self.own.is_none() && self.head > 0 => {
                say(&mut self.session, &json!({"type": "subscribe", "ticket": channel(self.of)}));
                self.session.on_subscribed(&channel(self.of));
                self.own = Some(vec![snapshot(self.of, self.head)]);
                self.take(&channel(self.of));
            }
            Step::Unsubscribe if self.own.is_some() => {
                while self.own.as_ref().is_some_and(|own| !own.is_empty()) {
                    self.take(&channel(self.of));
                }
                self.session.on_left(&channel(self.of));
                self.own = None;
            }
            Step::Subscribe | Step::Unsubscribe => {}
        }
    }
}

proptest! {
    /// Between two snapshots of the entity its events go out by offset, each once; and in the end none is missing.
    #[test]
    fn an_event_of_two_subscriptions_goes_out_once(of in 1..=2u128, steps in prop::collection::vec(step(), 1..80)) {
        let mut socket = Socket::new(of);
        steps.iter().for_each(|step| socket.apply(step));
        while !socket.user.is_empty() || socket.own.as_ref().is_some_and(|own| !own.is_empty()) {
            socket.apply(&Step::TakeOwn);
            socket.apply(&Step::TakeUser);
        }
        let mut last = 0;
        for (kind, offset) in &socket.out {
            match kind {
                FrameKind::Event => prop_assert_eq!(*offset, last + 1, "in {:?}", &socket.out),
                _ => prop_assert!(*offset >= last),
            }
            last = *offset;
        }
        prop_assert_eq!(last, socket.head);
    }

    #[test]
    fn every_text_is_answered(text in ".{0,200}") {
        prop_assert!(!Session::opened(channel(1)).on_text(&text, &Names).is_empty());
    }
}

/// Found by the simulation: a channel left twice is remembered by where it was left last.
#[test]
fn a_channel_left_twice_is_not_told_twice() {
    let mut socket = Socket::new(1);
    let steps = [Step::Commit, Step::Subscribe, Step::Unsubscribe, Step::Commit, Step::Subscribe, Step::Unsubscribe];
    steps.iter().for_each(|step| socket.apply(step));
    socket.apply(&Step::TakeUser);
    socket.apply(&Step::TakeUser);
    assert_eq!(socket.out, [(FrameKind::Resumed, 1), (FrameKind::Resumed, 2)]);
}
