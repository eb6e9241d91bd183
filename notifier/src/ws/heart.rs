//! When a socket is to be pinged, given up, or sent to a fresh one. One timer per socket, set anew only when it fires.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Times;
use crate::jittered;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    Ping,
    /// A ping was not answered in time.
    NoPong,
    /// It has lived its time.
    Lifetime,
    /// A write has made no progress for too long.
    Stuck,
}

pub(super) struct Heart {
    times: Times,
    /// The last sign of life.
    heard: Instant,
    pinged: Option<Instant>,
    stuck: Option<Instant>,
    ends: Instant,
    /// Silence before a ping, a little different for each socket.
    patience: std::time::Duration,
    timer: Pin<Box<Sleep>>,
}

impl Heart {
    pub(super) fn new(times: Times) -> Self {
        let now = Instant::now();
        let patience = jittered(times.ping);
        let ends = now + jittered(times.lifetime);
        let timer = Box::pin(sleep_until((now + patience).min(ends)));
        Self { times, heard: now, pinged: None, stuck: None, ends, patience, timer }
    }

    /// The client gave a sign of life.
    pub(super) fn beats(&mut self) {
        self.heard = Instant::now();
        self.pinged = None;
    }

    /// Whether what was to be written could not all be.
    pub(super) fn set_stuck(&mut self, stuck: bool) {
        if stuck == self.stuck.is_some() {
            return;
        }
        self.stuck = stuck.then(Instant::now);
        if let Some(since) = self.stuck {
            self.wake_by(since + self.times.patience);
        }
    }

    fn wake_by(&mut self, time: Instant) {
        if time < self.timer.deadline() {
            self.timer.as_mut().reset(time);
        }
    }

    /// What is due now.
    fn due(&mut self, now: Instant) -> Option<Due> {
        if now >= self.ends {
            return Some(Due::Lifetime);
        }
        if self.stuck.is_some_and(|since| now >= since + self.times.patience) {
            return Some(Due::Stuck);
        }
        match self.pinged {
            Some(pinged) if now >= pinged + self.times.pong => Some(Due::NoPong),
            None if now >= self.heard + self.patience => {
                self.pinged = Some(now);
                Some(Due::Ping)
            }
            _ => None,
        }
    }

    fn next(&self) -> Instant {
        let beat = match self.pinged {
            Some(pinged) => pinged + self.times.pong,
            None => self.heard + self.patience,
        };
        let stuck = self.stuck.map_or(self.ends, |since| since + self.times.patience);
        beat.min(stuck).min(self.ends)
    }

    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let due = self.due(Instant::now());
            let next = self.next();
            self.timer.as_mut().reset(next);
            if let Some(due) = due {
                return Poll::Ready(due);
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn next(heart: &mut Heart) -> (Due, u64) {
        let began = Instant::now();
        let due = std::future::poll_fn(|cx| heart.poll_due(cx)).await;
        (due, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_pinged_and_a_missing_answer_ends_it() {
        let mut heart = Heart::new(Times::default());
        let (due, after) = next(&mut heart).await;
        assert!(due == Due::Ping && (22..=25).contains(&after), "{due:?} after {after}");
        heart.beats();
        assert_eq!(next(&mut heart).await.0, Due::Ping);
        assert_eq!(next(&mut heart).await, (Due::NoPong, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn traffic_puts_the_ping_off() {
        let mut heart = Heart::new(Times::default());
        for _ in 0..10 {
            let idle = tokio::time::timeout(Duration::from_secs(20), next(&mut heart)).await;
            assert!(idle.is_err(), "{idle:?}");
            heart.beats();
        }
        assert_eq!(next(&mut heart).await.0, Due::Ping);
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_lives_an_hour_at_most() {
        let mut heart = Heart::new(Times::default());
        let began = Instant::now();
        while next(&mut heart).await.0 != Due::Lifetime {
            heart.beats();
        }
        let lived = began.elapsed().as_secs();
        assert!((3_240..=3_600).contains(&lived), "{lived}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_makes_no_progress_ends_it() {
        let mut heart = Heart::new(Times::default());
        heart.set_stuck(true);
        heart.set_stuck(false);
        heart.set_stuck(true);
        assert_eq!(next(&mut heart).await, (Due::Stuck, 5));
    }
}
