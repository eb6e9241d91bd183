//! What one watcher was told of one submission, and the rules that it must be told by: snapshot or resumed first, every stored
//! event once and in offset order, progress never backwards, one end.

use serde_json::Value;
use tokio::time::Instant;

type Rule = Result<(), String>;

#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The offset of the last thing heard.
    pub offset: u64,
    pub cursor: Option<String>,
    /// Attempt and cases run.
    progress: (u64, u64),
    /// The names of the stored events that came as events.
    pub events: Vec<String>,
    pub status: String,
    pub verdict: Option<String>,
    pub progress_frames: u32,
    pub connections: u32,
    /// When an attempt after the first was heard of.
    pub ran_again: Option<Instant>,
    /// When it last went on after a cut.
    pub went_on: Option<Instant>,
    /// The first frame of this connection is still to come.
    fresh: bool,
}

impl Story {
    /// A new connection begins; what to resume after.
    pub fn connected(&mut self) -> Option<String> {
        self.connections += 1;
        self.fresh = true;
        self.cursor.clone()
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "finished" | "cancelled")
    }

    /// Takes a frame; `Err` says which rule it broke.
    pub fn take(&mut self, frame: &Value, channel: &str) -> Rule {
        let kind = frame["type"].as_str().unwrap_or_default();
        rule(frame["channel"] == channel && frame["v"] == 1, || format!("a frame of another channel: {frame}"))?;
        rule(self.fresh == matches!(kind, "snapshot" | "resumed"), || format!("{kind} is out of place: {frame}"))?;
        self.fresh = false;
        match kind {
            "snapshot" => self.take_snapshot(frame),
            "resumed" => self.take_resumed(frame),
            "event" => self.take_event(frame),
            "progress" => self.take_progress(frame),
            _ => Err(format!("an unknown frame: {frame}")),
        }
    }

    fn take_snapshot(&mut self, frame: &Value) -> Rule {
        rule(self.cursor.is_none(), || format!("a resume was answered with a snapshot: {frame}"))?;
        rule(frame["recovered"] == true, || format!("not recovered: {frame}"))?;
        self.offset = frame["offset"].as_u64().ok_or("a snapshot without an offset")?;
        self.note(frame)
    }

    fn take_resumed(&mut self, frame: &Value) -> Rule {
        rule(self.cursor.is_some() && frame["recovered"] == true, || format!("not resumed: {frame}"))?;
        self.went_on = Some(Instant::now());
        rule(frame["offset"] == self.offset, || format!("resumed elsewhere than at {}: {frame}", self.offset))
    }

    fn take_event(&mut self, frame: &Value) -> Rule {
        rule(!self.is_over(), || format!("something came after the end: {frame}"))?;
        rule(frame["offset"] == self.offset + 1, || format!("offset {} is not followed by: {frame}", self.offset))?;
        self.offset += 1;
        self.events.push(frame["event"].as_str().unwrap_or_default().to_owned());
        self.note(frame)
    }

    /// Status, verdict and cursor of a snapshot or event.
    fn note(&mut self, frame: &Value) -> Rule {
        let data = &frame["data"];
        self.cursor = Some(frame["cursor"].as_str().ok_or("a frame without a cursor")?.to_owned());
        self.status = data["status"].as_str().unwrap_or_default().to_owned();
        self.verdict = data["verdict"].as_str().map(str::to_owned);
        self.advance(data["attempt"].as_u64().unwrap_or(0), data["tests"]["run"].as_u64().unwrap_or(0), frame)
    }

    fn take_progress(&mut self, frame: &Value) -> Rule {
        rule(!self.is_over(), || format!("progress came after the end: {frame}"))?;
        self.progress_frames += 1;
        let attempt = frame["attempt"].as_u64().ok_or("progress without an attempt")?;
        self.advance(attempt, frame["data"]["tests"]["run"].as_u64().unwrap_or(0), frame)
    }

    fn advance(&mut self, attempt: u64, run: u64, frame: &Value) -> Rule {
        rule((attempt, run) >= self.progress, || format!("{:?} is followed by less: {frame}", self.progress))?;
        if attempt > 1 && self.ran_again.is_none() {
            self.ran_again = Some(Instant::now());
        }
        self.progress = (attempt, run);
        Ok(())
    }
}

fn rule(kept: bool, broken: impl FnOnce() -> String) -> Rule {
    if kept { Ok(()) } else { Err(broken()) }
}

/// A rule that nothing breaks shows nothing: each is broken here once.
mod broken {
    use serde_json::json;

    use super::*;

    fn frame(kind: &str, offset: u64, status: &str, run: u64) -> Value {
        json!({"v": 1, "type": kind, "channel": "c", "offset": offset, "cursor": format!("c{offset}"), "recovered": true,
            "event": "e", "attempt": 1, "data": {"status": status, "attempt": 1, "tests": {"run": run}}})
    }

    fn told(frames: &[Value]) -> Rule {
        let mut story = Story::default();
        for frame in frames {
            if matches!(frame["type"].as_str(), Some("snapshot" | "resumed")) {
                story.connected();
            }
            story.take(frame, "c")?;
        }
        Ok(())
    }

    #[test]
    fn a_good_story_breaks_no_rule() {
        let (first, running) = (frame("snapshot", 1, "queued", 0), frame("event", 2, "running", 0));
        let (progress, again) = (frame("progress", 0, "running", 3), frame("resumed", 2, "", 0));
        assert_eq!(told(&[first, running, progress, again, frame("event", 3, "finished", 4)]), Ok(()));
    }

    #[test]
    fn each_rule_is_seen_to_be_broken() {
        let first = || frame("snapshot", 1, "queued", 0);
        let bad = [
            vec![first(), frame("event", 3, "running", 0)],
            vec![first(), frame("event", 2, "running", 0), frame("event", 2, "running", 0)],
            vec![first(), frame("event", 2, "running", 3), frame("progress", 0, "running", 2)],
            vec![first(), frame("event", 2, "finished", 3), frame("event", 3, "finished", 3)],
            vec![first(), frame("event", 2, "finished", 3), frame("progress", 0, "running", 3)],
            vec![first(), frame("event", 2, "running", 0), first()],
            vec![first(), frame("event", 2, "running", 0), frame("resumed", 1, "", 0)],
            vec![frame("resumed", 1, "", 0)],
        ];
        for frames in bad {
            assert!(told(&frames).is_err(), "{frames:#?}");
        }
        let mut story = Story::default();
        story.connected();
        assert!(story.take(&frame("event", 1, "queued", 0), "c").is_err(), "no first frame");
        assert!(story.take(&frame("snapshot", 1, "queued", 0), "other").is_err(), "another channel");
    }
}
