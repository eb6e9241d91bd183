//! Following a submission: what its frames come to.

use herald_domain::id::SubmissionId;
use herald_domain::submission::{CaseResult, Status, Tests, Verdict};
use herald_domain::view::{OutputChunk, ProgressData, StatusView, SubmissionEventData};
use time::OffsetDateTime;

use super::frame::{Frame, read};
use super::watch::Story;
use super::{Client, Error, Result, poll};

/// How a submission stands, as far as the watcher knows.
#[derive(Clone, PartialEq, Debug)]
pub struct Update {
    pub status: Status,
    pub verdict: Option<Verdict>,
    pub tests: Tests,
    pub case: Option<CaseResult>,
    pub attempt: u32,
    pub finished_at: Option<OffsetDateTime>,
    /// What the program has just written.
    pub output: Option<OutputChunk>,
}

/// A submission that is followed.
pub struct Followed {
    id: SubmissionId,
    seen: Seen,
}

impl Followed {
    pub fn new(id: SubmissionId) -> Self {
        Self { id, seen: Seen::default() }
    }
}

impl Story for Followed {
    type Update = Update;

    fn take(&mut self, frame: Frame) -> Option<Update> {
        self.seen.take(frame)
    }

    async fn ask(&mut self, client: &Client) -> Result<Option<Update>> {
        let status = poll::status(client, self.id).await?;
        Ok(self.seen.take_status(&status))
    }

    fn cursor(&self) -> Option<&str> {
        self.seen.cursor.as_deref()
    }

    fn is_end(&self, update: &Update) -> bool {
        update.status.is_final()
    }

    fn lost(&self, cause: String) -> Error {
        Error::Lost { what: "the submission", cause, look: format!("herald status {}", self.id) }
    }
}

/// What has been seen so far: turns frames from any transport, repeated or late ones among them, into updates that only
/// ever go forward.
#[derive(Default, Debug)]
pub struct Seen {
    /// Where to resume.
    pub cursor: Option<String>,
    offset: u64,
    attempt: u32,
    seq: u64,
    /// Test cases run, as last shown for this attempt.
    run: u32,
    ended: bool,
}

impl Seen {
    /// What the frame adds; `None`: nothing new.
    pub fn take(&mut self, frame: Frame) -> Option<Update> {
        match frame {
            Frame::Snapshot { offset, cursor, recovered, data } => {
                let view: StatusView = read(data)?;
                if !recovered {
                    // What was seen belongs to a history that the server no longer has.
                    (self.offset, self.attempt, self.seq, self.run) = (0, 0, 0, 0);
                }
                self.cursor = Some(cursor);
                self.stored(offset, Update::from(&view))
            }
            Frame::Event { offset, cursor, data } => {
                let data: SubmissionEventData = read(data)?;
                self.cursor = Some(cursor);
                self.stored(offset, Update::from(&data))
            }
            Frame::Progress { attempt, seq, data } => self.passing(attempt, seq, read(data)?),
            Frame::Resumed { cursor } => {
                self.cursor = cursor.or(self.cursor.take());
                None
            }
            Frame::Error { .. } | Frame::Other => None,
        }
    }

    /// What a polled status adds; `None`: nothing new.
    fn take_status(&mut self, status: &StatusView) -> Option<Update> {
        self.stored(status.offset, Update::from(status))
    }

    /// At the same offset only more test cases run are news.
    fn stored(&mut self, offset: u64, update: Update) -> Option<Update> {
        let repeat = offset == self.offset && update.tests.run <= self.run;
        if self.ended || offset < self.offset || repeat {
            return None;
        }
        if update.attempt != self.attempt {
            self.seq = 0;
        }
        (self.offset, self.attempt, self.run) = (offset, update.attempt, update.tests.run);
        self.ended = update.status.is_final();
        Some(update)
    }

    fn passing(&mut self, attempt: u32, seq: u64, data: ProgressData) -> Option<Update> {
        let late =
            attempt < self.attempt || (attempt == self.attempt && (seq <= self.seq || data.tests.run < self.run));
        if self.ended || late {
            return None;
        }
        (self.attempt, self.seq, self.run) = (attempt, seq, data.tests.run);
        let ProgressData { status, tests, case, output, .. } = data;
        Some(Update { status, verdict: None, tests, case, attempt, finished_at: None, output })
    }
}

impl From<&StatusView> for Update {
    fn from(view: &StatusView) -> Self {
        Self {
            status: view.status,
            verdict: view.verdict,
            tests: view.tests,
            case: view.cases.last().cloned(),
            attempt: view.attempt,
            finished_at: view.finished_at,
            output: None,
        }
    }
}

impl From<&SubmissionEventData> for Update {
    fn from(data: &SubmissionEventData) -> Self {
        Self {
            status: data.status,
            verdict: data.verdict,
            tests: data.tests,
            case: None,
            attempt: data.attempt,
            finished_at: data.finished_at,
            output: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "0190a6f0-0000-7000-8000-000000000001";

    fn event(offset: u64, status: &str, attempt: u32) -> Value {
        let data = json!({"id": ID, "status": status, "problem": null, "language": "c", "attempt": attempt,
            "tests": {"passed": 0, "run": 0, "total": 3}});
        json!({"v": 1, "type": "event", "channel": format!("submission:{ID}"), "offset": offset,
            "cursor": format!("c{offset}"), "event": format!("submission.{status}"), "data": data})
    }

    fn snapshot(offset: u64, recovered: bool, run: u32) -> Value {
        let data = json!({"id": ID, "status": "running", "language": "c", "attempt": 1, "offset": offset, "cases": [],
            "tests": {"passed": run, "run": run, "total": 3}, "created_at": "2026-01-01T00:00:00Z", "finished_at": null});
        json!({"v": 1, "type": "snapshot", "offset": offset, "cursor": "c", "recovered": recovered, "data": data})
    }

    fn progress(attempt: u32, seq: u64, run: u32) -> Value {
        json!({"v": 1, "type": "progress", "channel": format!("submission:{ID}"), "attempt": attempt, "seq": seq,
            "data": {"id": ID, "status": "running", "tests": {"passed": run, "run": run, "total": 3}}})
    }

    fn take(seen: &mut Seen, frame: Value) -> Option<(Status, u32)> {
        seen.take(serde_json::from_value(frame).unwrap()).map(|update| (update.status, update.tests.run))
    }

    #[test]
    fn repeats_and_latecomers_show_nothing_and_the_end_is_the_end() {
        let mut seen = Seen::default();
        assert_eq!(take(&mut seen, event(1, "queued", 0)), Some((Status::Queued, 0)));
        assert_eq!(take(&mut seen, event(1, "queued", 0)), None);
        assert_eq!(take(&mut seen, event(3, "running", 2)), Some((Status::Running, 0)));
        assert_eq!(take(&mut seen, event(2, "compiling", 2)), None);
        assert_eq!(take(&mut seen, progress(2, 2, 2)), Some((Status::Running, 2)));
        assert_eq!(take(&mut seen, progress(2, 1, 1)), None, "progress went backwards");
        assert_eq!(take(&mut seen, progress(1, 9, 3)), None, "progress of an older attempt");
        assert_eq!(take(&mut seen, event(4, "finished", 2)), Some((Status::Finished, 0)));
        assert_eq!(take(&mut seen, progress(2, 3, 3)), None);
        assert_eq!(seen.cursor.as_deref(), Some("c4"));
    }

    #[test]
    fn late_progress_never_undoes_what_a_snapshot_told() {
        let mut seen = Seen::default();
        assert_eq!(take(&mut seen, snapshot(3, true, 2)), Some((Status::Running, 2)));
        assert_eq!(take(&mut seen, progress(1, 1, 1)), None);
        assert_eq!(take(&mut seen, progress(1, 3, 3)), Some((Status::Running, 3)));
        assert_eq!(take(&mut seen, snapshot(3, true, 2)), None);
        assert_eq!(take(&mut seen, snapshot(2, false, 0)), Some((Status::Running, 0)), "another history starts afresh");
    }

    #[test]
    fn a_new_attempt_counts_afresh_and_unknown_frames_are_ignored() {
        let mut seen = Seen::default();
        take(&mut seen, event(2, "compiling", 1));
        take(&mut seen, progress(1, 5, 2));
        assert_eq!(take(&mut seen, event(4, "compiling", 2)), Some((Status::Compiling, 0)));
        assert_eq!(take(&mut seen, progress(2, 1, 1)), Some((Status::Running, 1)));
        assert_eq!(take(&mut seen, json!({"v": 1, "type": "weather", "sun": true})), None);
    }
}
