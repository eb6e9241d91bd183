//! What the hub has for one subscriber and the subscriber has not yet taken.
//!
//! Invariant: stored events leave in the order they came in, each once, and never more than the limit in bytes waits here:
//! one too many ends the subscription ([`End::Slow`]) and frees what waited. Progress is conflated, the newest per
//! channel, and leaves when no event waits; an event takes its channel's waiting progress away. A piece of output keeps its
//! place between the events while less than half the limit waits, and is left out beyond. So a slow subscriber costs the others
//! nothing, and itself only what it can fetch again by its cursor.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use herald_domain::channel::Channel;
use herald_domain::owner::Owner;
use tokio::sync::Notify;

use crate::frame::Frame;

/// Progress of so many channels waits at most; a `user:` subscriber may watch more.
const MAX_PROGRESS: usize = 64;

/// Names a subscription within its hub; rises.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct SubscriberId(pub u64);

/// Why a subscription ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// More waited than may: resume with the last cursor.
    Slow,
    /// Events are missing that the store does not give any more: resume with the last cursor.
    Gap,
    /// The store was restored: every cursor given out so far is void.
    Epoch,
    /// The channel does not exist or is another's; which of the two is not told.
    Unknown,
    /// The store cannot be read now.
    Unavailable,
    /// The hub is shutting down.
    Stopped,
    /// For [`crate::Hub::wait_beyond`]: what was waited for has happened.
    Reached,
}

/// What was found when the subscription came into force.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Landed {
    /// It resumed at the head of a submission that is finished: nothing more is to be expected. Never of a transfer, which
    /// may always get another event.
    pub complete: bool,
    /// The trace that the entity belongs to.
    pub traceparent: Option<String>,
}

#[derive(Default)]
struct State {
    landed: Option<Box<Landed>>,
    events: VecDeque<Frame>,
    bytes: usize,
    progress: Vec<Frame>,
    end: Option<End>,
}

impl State {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.progress.is_empty()
    }
}

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    waker: AtomicWaker,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock can panic half-way, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first frames, whatever their size; the subscription is in force from here.
    pub(crate) fn land(&self, landed: Landed, frames: Vec<Frame>) {
        let mut state = self.state();
        state.bytes += frames.iter().map(|frame| frame.wire().len()).sum::<usize>();
        state.events.extend(frames);
        state.landed = Some(Box::new(landed));
        drop(state);
        self.waker.wake();
    }

    /// A stored event; `false` if the limit was passed and the subscription ended by it.
    pub(crate) fn push_event(&self, frame: &Frame, limit: usize) -> bool {
        let mut state = self.state();
        if state.end.is_some() {
            return true;
        }
        let was_empty = state.is_empty();
        let fits = state.bytes + frame.wire().len() <= limit;
        if fits {
            state.bytes += frame.wire().len();
            state.progress.retain(|waiting| waiting.channel() != frame.channel());
            state.events.push_back(frame.clone());
        } else {
            *state = State { landed: state.landed.take(), end: Some(End::Slow), ..State::default() };
        }
        drop(state);
        if was_empty || !fits {
            self.waker.wake();
        }
        fits
    }

    /// Something passing; `false` if by it something was left out.
    pub(crate) fn push_passing(&self, frame: &Frame, is_output: bool, limit: usize) -> bool {
        if is_output { self.push_output(frame, limit) } else { self.push_progress(frame) }
    }

    /// A passing state; `false` if it took the place of one that had not been taken.
    fn push_progress(&self, frame: &Frame) -> bool {
        let mut state = self.state();
        if state.end.is_some() {
            return true;
        }
        let was_empty = state.is_empty();
        let before = state.progress.len();
        state.progress.retain(|waiting| waiting.channel() != frame.channel());
        if state.progress.len() == MAX_PROGRESS {
            state.progress.remove(0);
        }
        let conflated = state.progress.len() < before;
        state.progress.push(frame.clone());
        drop(state);
        if was_empty {
            self.waker.wake();
        }
        !conflated
    }

    /// A piece of a program's output, in its place among the events; `false` if it was left out for want of room.
    fn push_output(&self, frame: &Frame, limit: usize) -> bool {
        let mut state = self.state();
        if state.end.is_some() {
            return true;
        }
        let was_empty = state.is_empty();
        let fits = state.bytes + frame.wire().len() <= limit / 2;
        if fits {
            // What was told before it would otherwise be told after it.
            state.progress.retain(|waiting| waiting.channel() != frame.channel());
            state.bytes += frame.wire().len();
            state.events.push_back(frame.clone());
        }
        drop(state);
        if was_empty && fits {
            self.waker.wake();
        }
        fits
    }

    /// Ends the subscription after what already waits; the first reason stays.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(end);
        }
        drop(state);
        self.waker.wake();
    }
}

/// Where a subscription is listed in the hub.
#[derive(Clone)]
pub(crate) struct Place {
    pub id: SubscriberId,
    pub channel: Channel,
    /// Whose partition it needs.
    pub owner: Owner,
}

/// Subscriptions that were dropped and are still listed in the hub. Bounded by the number of subscriptions.
#[derive(Default)]
pub(crate) struct Leavers {
    places: Mutex<Vec<Place>>,
    pub(crate) changed: Notify,
}

impl Leavers {
    fn push(&self, place: Place) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        self.changed.notify_one();
    }

    pub(crate) fn take(&self) -> Vec<Place> {
        std::mem::take(&mut *self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A subscriber's end. Dropping it leaves the channel.
pub struct Subscription {
    queue: Arc<Queue>,
    leavers: Arc<Leavers>,
    place: Place,
}

impl Subscription {
    pub(crate) fn new(queue: Arc<Queue>, leavers: Arc<Leavers>, place: Place) -> Self {
        Self { queue, leavers, place }
    }

    pub fn channel(&self) -> &Channel {
        &self.place.channel
    }

    /// Waits until it is in force, or has ended.
    pub(crate) async fn landed(&mut self) -> Result<(), End> {
        std::future::poll_fn(|cx| {
            self.queue.waker.register(cx.waker());
            let state = self.queue.state();
            match (state.end, &state.landed) {
                (Some(end), None) => Poll::Ready(Err(end)),
                (_, Some(_)) => Poll::Ready(Ok(())),
                (None, None) => Poll::Pending,
            }
        })
        .await
    }

    /// What was found when it came into force; once.
    pub fn take_landed(&mut self) -> Landed {
        self.queue.state().landed.as_mut().map(|landed| std::mem::take(&mut **landed)).unwrap_or_default()
    }

    /// Moves what waits to `out`, at most about `budget` bytes; `Err` when it has ended and nothing waits any more.
    pub fn poll_frames(&mut self, cx: &mut Context<'_>, out: &mut Vec<Frame>, budget: usize) -> Poll<Result<(), End>> {
        self.queue.waker.register(cx.waker());
        let mut state = self.queue.state();
        if state.is_empty() {
            return state.end.map_or(Poll::Pending, |end| Poll::Ready(Err(end)));
        }
        let mut taken = 0;
        while taken < budget
            && let Some(frame) = state.events.pop_front()
        {
            taken += frame.wire().len();
            state.bytes -= frame.wire().len();
            out.push(frame);
        }
        if state.events.is_empty() {
            // An idle subscriber keeps no buffer.
            state.events = VecDeque::new();
            out.append(&mut state.progress);
            state.progress = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Ready if it was cut off for being slow: what was taken from it before is all there will be.
    pub fn poll_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.queue.waker.register(cx.waker());
        if self.queue.state().end == Some(End::Slow) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Moves all that waits to `out`, for one who is about to leave.
    pub fn take_waiting(&mut self, out: &mut Vec<Frame>) {
        let mut state = self.queue.state();
        state.bytes = 0;
        out.extend(std::mem::take(&mut state.events));
        out.append(&mut state.progress);
    }

    /// The next frame; for those who take one at a time.
    pub async fn next(&mut self) -> Result<Frame, End> {
        let mut one = Vec::with_capacity(1);
        std::future::poll_fn(|cx| self.poll_one(cx, &mut one)).await?;
        one.pop().ok_or(End::Stopped)
    }

    fn poll_one(&mut self, cx: &mut Context<'_>, out: &mut Vec<Frame>) -> Poll<Result<(), End>> {
        self.queue.waker.register(cx.waker());
        let mut state = self.queue.state();
        let next = match state.events.pop_front() {
            Some(frame) => {
                state.bytes -= frame.wire().len();
                Some(frame)
            }
            None if state.progress.is_empty() => None,
            None => Some(state.progress.remove(0)),
        };
        match (next, state.end) {
            (Some(frame), _) => {
                out.push(frame);
                Poll::Ready(Ok(()))
            }
            (None, Some(end)) => Poll::Ready(Err(end)),
            (None, None) => Poll::Pending,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.leavers.push(self.place.clone());
    }
}
