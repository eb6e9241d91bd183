//! A scripted sandbox for unit tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use herald_sandbox::{Exit, MemorySource};

use super::*;

/// What a run comes to.
pub(crate) enum Reply {
    Report(Report),
    Error(SandboxError),
    /// Never ends by itself.
    Hang,
}

/// The first folder is the language's probe, where every run prints `ok`; runs in the others get the replies in order.
pub(crate) struct FakeRunner {
    script: std::sync::Arc<Mutex<Script>>,
    neighbours: Neighbours,
}

#[derive(Default)]
struct Script {
    opened: usize,
    replies: VecDeque<Reply>,
    runs: Vec<Run>,
    files: Vec<BoxFile>,
}

/// What was written into it can be read again; a run changes nothing in it.
struct FakeFolder {
    probe: bool,
    contents: Mutex<BTreeMap<String, BoxFile>>,
    script: std::sync::Arc<Mutex<Script>>,
}

/// A run that ended well after 10 ms, having printed this.
pub(crate) fn printed(stdout: &str) -> Report {
    Report {
        exit: Exit::Code(0),
        stopped_by: None,
        cpu_ms: 10,
        wall_ms: 12,
        memory_kb: 1_000,
        memory_source: MemorySource::CgroupV1,
        stdout: stdout.into(),
        stderr: Vec::new(),
    }
}

impl FakeRunner {
    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        let script = Script { replies: replies.into(), ..Script::default() };
        Self { script: std::sync::Arc::new(Mutex::new(script)), neighbours: Neighbours::default() }
    }

    /// The runs so far, without those of the probe.
    pub(crate) fn runs(&self) -> Vec<Run> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).runs.clone()
    }

    /// The files written so far, without those of the probe.
    pub(crate) fn files(&self) -> Vec<BoxFile> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).files.clone()
    }
}

#[async_trait]
impl Runner for FakeRunner {
    async fn open(&self) -> Result<Box<dyn WorkFolder>, SandboxError> {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.opened += 1;
        Ok(Box::new(FakeFolder { probe: script.opened == 1, contents: Mutex::default(), script: self.script.clone() }))
    }

    fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }
}

#[async_trait]
impl WorkFolder for FakeFolder {
    async fn write_files(&self, files: &[BoxFile]) -> Result<(), SandboxError> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.extend(files.iter().map(|file| (file.path.clone(), file.clone())));
        if !self.probe {
            self.script.lock().unwrap_or_else(PoisonError::into_inner).files.extend_from_slice(files);
        }
        Ok(())
    }

    async fn read_file(&self, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, SandboxError> {
        let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let file = contents.get(path).filter(|file| file.content.len() as u64 <= max_bytes);
        Ok(file.map(|file| file.content.clone()))
    }

    async fn files(&self, max_bytes: u64) -> Result<Option<Vec<BoxFile>>, SandboxError> {
        let contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = contents.values().map(|file| file.content.len()).sum();
        Ok((bytes as u64 <= max_bytes).then(|| contents.values().cloned().collect()))
    }

    /// The streams are dropped: their other ends see that nobody is there.
    async fn run_with(&self, run: Run, _: Streams) -> Result<Report, SandboxError> {
        if self.probe {
            return Ok(printed("ok\n"));
        }
        let reply = {
            let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
            script.runs.push(run);
            script.replies.pop_front()
        };
        match reply {
            Some(Reply::Report(report)) => Ok(report),
            Some(Reply::Error(error)) => Err(error),
            Some(Reply::Hang) => std::future::pending().await,
            None => Err(SandboxError::Gone("the script is over".into())),
        }
    }
}
