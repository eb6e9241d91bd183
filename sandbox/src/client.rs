//! The worker's side: questions to the launcher, answered whenever it gets to it.

mod files;
mod link;
mod live;
mod supervisor;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use crate::wire::{Answer, Ask, Job, JobFds, Outcome, Settings};
use crate::{BoxFile, Config, Layer, Report, Run, SandboxError, Streams, listing};
use files::sealed;
use link::Link;
use live::Live;
use supervisor::Supervisor;

/// How long after a run's own limit the launcher may still be silent before it is given up.
const ANSWER_GRACE: Duration = Duration::from_secs(15);

/// Without these nothing ever starts.
const INDISPENSABLE: [&str; 3] = ["namespaces", "seccomp", "no_new_privs"];
/// Without these it starts only if told so; the layers named in neither list are welcome where there are any.
const MANDATORY: [&str; 4] = ["no capabilities", "own user", "read-only root", "rlimits"];

/// The client of the launcher; cheap to clone. The launcher ends with the last clone and the last box.
#[derive(Clone)]
pub struct Sandbox {
    supervisor: Arc<Supervisor>,
    layers: Arc<[Layer]>,
}

impl Sandbox {
    /// Starts the launcher (a re-exec of this binary) and its self-test; call it before the runtime is busy.
    pub async fn start(config: Config) -> Result<Self, SandboxError> {
        let Config { slots, allow_weak, first_uid, box_kb, cgroups } = config;
        let settings = Settings { slots: slots.max(1), first_uid, box_kb, cgroups };
        let supervisor = Supervisor::start(settings).await?;
        let layers = probe(&supervisor).await?;
        refuse_without(&layers, allow_weak)?;
        Ok(Self { supervisor, layers: layers.into() })
    }

    /// What the self-test found.
    pub fn layers(&self) -> Vec<Layer> {
        self.layers.to_vec()
    }

    /// The process id of the launcher, unless it is being restarted.
    pub fn launcher_pid(&self) -> Option<u32> {
        self.supervisor.current().map(|link| link.launcher_pid())
    }

    /// A fresh, empty work folder for one submission, a size-capped tmpfs, removed when dropped. Waits for a free slot.
    pub async fn open_box(&self) -> Result<WorkBox, SandboxError> {
        open_box(&self.supervisor).await
    }
}

/// The work folder of one submission: `/box` of every run in it. One thing happens in it at a time; more are queued.
pub struct WorkBox {
    link: Arc<Link>,
    box_id: u64,
    turn: tokio::sync::Mutex<()>,
    /// Keeps the launcher alive.
    _supervisor: Arc<Supervisor>,
}

impl WorkBox {
    /// Writes plain files into the box as the box's own user, with the folders on the way. A file of that name is replaced.
    pub async fn write_files(&self, files: &[BoxFile]) -> Result<(), SandboxError> {
        let entries = files::entries(files)?;
        let contents = sealed(files.iter().map(|file| file.content.as_slice()))?;
        let _turn = self.turn.lock().await;
        let ask = Ask::Write { box_id: self.box_id, files: entries };
        match self.link.ask(ask, &[contents.as_fd()])?.answer_within(ANSWER_GRACE * 2).await? {
            (Answer::Written, _) => Ok(()),
            (other, _) => Err(unexpected(other)),
        }
    }

    /// The contents of one file. `None`: it is not there, is not a plain file of one name, or is larger than this.
    pub async fn read_file(&self, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, SandboxError> {
        if !files::is_plain(path) {
            return Ok(None);
        }
        let read = self.read(Some(path.to_owned()), max_bytes).await?;
        Ok(read.and_then(|files| files.into_iter().next()).map(|file| file.content))
    }

    /// Every file of the box, folders that have none left out. `None`: they are more than this, or there is something else
    /// than plain files, so that a copy would not be the same.
    pub async fn files(&self, max_bytes: u64) -> Result<Option<Vec<BoxFile>>, SandboxError> {
        self.read(None, max_bytes).await
    }

    async fn read(&self, path: Option<String>, max_bytes: u64) -> Result<Option<Vec<BoxFile>>, SandboxError> {
        let memory = files::memory()?;
        let _turn = self.turn.lock().await;
        let ask = Ask::Read { box_id: self.box_id, path, max_bytes };
        match self.link.ask(ask, &[memory.as_fd()])?.answer_within(ANSWER_GRACE * 2).await? {
            (Answer::Read(None), _) => Ok(None),
            (Answer::Read(Some(length)), _) => {
                let listing = files::contents(&mut std::iter::once(memory), length)?;
                listing::parse(&listing).map(Some).map_err(|e| SandboxError::Gone(e.to_string()))
            }
            (other, _) => Err(unexpected(other)),
        }
    }

    /// Runs a program to its end or a limit. Dropping the future kills it.
    pub async fn run(&self, run: Run) -> Result<Report, SandboxError> {
        self.run_with(run, Streams::default()).await
    }

    /// The same, with input and output of the caller's own.
    pub async fn run_with(&self, run: Run, streams: Streams) -> Result<Report, SandboxError> {
        let patience = Duration::from_millis(run.limits.wall_ms).saturating_add(ANSWER_GRACE);
        let Run { argv, env, limits, writable, mounts, stdin } = run;
        let stdin = match streams.stdin {
            Some(given) => given,
            None => sealed(std::iter::once(stdin.as_slice()))?,
        };
        let live = streams.live.map(Live::new).transpose()?;
        let fds = JobFds { stdout: streams.stdout.is_some(), kept: live.is_some() };
        let ask = Ask::Run { box_id: self.box_id, job: Job { argv, env, limits, writable, mounts, fds } };
        let _turn = self.turn.lock().await;
        let call = {
            let kept = live.as_ref().map(Live::files);
            let sent = std::iter::once(stdin.as_fd()).chain(streams.stdout.as_ref().map(AsFd::as_fd));
            let sent: Vec<_> = sent.chain(kept.into_iter().flatten()).collect();
            self.link.ask(ask, &sent)?
        };
        // The launcher has them now; the other end of a pipe must see when the program's own is gone.
        drop((stdin, streams.stdout));
        let answer = call.answer_within(patience);
        let answer = match live {
            Some(live) => live.send_until(answer).await?,
            None => answer.await?,
        };
        match answer {
            (Answer::Ran(outcome), outputs) => report(outcome, outputs),
            (other, _) => Err(unexpected(other)),
        }
    }
}

impl Drop for WorkBox {
    fn drop(&mut self) {
        self.link.close_box(self.box_id);
    }
}

async fn open_box(supervisor: &Arc<Supervisor>) -> Result<WorkBox, SandboxError> {
    let link = supervisor.link().await?;
    match link.ask(Ask::Open, &[])?.answer().await? {
        (Answer::Opened { box_id }, _) => {
            Ok(WorkBox { link, box_id, turn: tokio::sync::Mutex::new(()), _supervisor: supervisor.clone() })
        }
        (other, _) => Err(unexpected(other)),
    }
}

async fn probe(supervisor: &Arc<Supervisor>) -> Result<Vec<Layer>, SandboxError> {
    let work = open_box(supervisor).await?;
    let ask = Ask::Probe { box_id: work.box_id };
    match work.link.ask(ask, &[files::memory()?.as_fd()])?.answer_within(ANSWER_GRACE * 2).await? {
        (Answer::Probed(layers), _) => Ok(layers),
        (other, _) => Err(unexpected(other)),
    }
}

/// An error for the first layer that must be live and is not.
fn refuse_without(layers: &[Layer], allow_weak: bool) -> Result<(), SandboxError> {
    let required = |name: &str| INDISPENSABLE.contains(&name) || (!allow_weak && MANDATORY.contains(&name));
    match layers.iter().find(|layer| !layer.live && required(&layer.name)) {
        None => Ok(()),
        Some(Layer { name, note, .. }) => {
            Err(SandboxError::Setup(format!("{name}: {}", note.as_deref().unwrap_or("not live"))))
        }
    }
}

fn report(outcome: Outcome, outputs: Vec<OwnedFd>) -> Result<Report, SandboxError> {
    let mut outputs = outputs.into_iter();
    let stdout = files::contents(&mut outputs, outcome.stdout_bytes)?;
    let stderr = files::contents(&mut outputs, outcome.stderr_bytes)?;
    let Outcome { exit, stopped_by, cpu_ms, wall_ms, memory_kb, memory_source, .. } = outcome;
    Ok(Report { exit, stopped_by, cpu_ms, wall_ms, memory_kb, memory_source, stdout, stderr })
}

fn unexpected(answer: Answer) -> SandboxError {
    match answer {
        Answer::Failed(reason) => SandboxError::Setup(reason),
        Answer::Lost(reason) => SandboxError::Gone(reason),
        other => SandboxError::Gone(format!("the launcher gave an answer to another question: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, live: bool) -> Layer {
        Layer { name: name.into(), live, note: None }
    }

    #[test]
    fn a_missing_mandatory_layer_refuses_unless_weakness_is_allowed() {
        let layers = [layer("namespaces", true), layer("own user", false), layer("landlock", false)];
        assert!(refuse_without(&layers, false).unwrap_err().to_string().contains("own user"));
        assert!(refuse_without(&layers, true).is_ok());
    }

    #[test]
    fn an_indispensable_layer_cannot_be_waived() {
        for name in INDISPENSABLE {
            assert!(refuse_without(&[layer(name, false)], true).is_err(), "{name}");
        }
    }
}
