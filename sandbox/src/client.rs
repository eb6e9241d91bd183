//! The worker's side: questions to the launcher, answered whenever it gets to it.

mod link;
mod supervisor;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags};

use crate::wire::{Answer, Ask, Job, Outcome, Settings};
use crate::{Config, Layer, Report, Run, SandboxError};
use link::Link;
use supervisor::Supervisor;

/// How long after a run's own limit the launcher may still be silent before it is given up.
const ANSWER_GRACE: Duration = Duration::from_secs(15);

/// Without these nothing ever starts; without any other only if told so.
const INDISPENSABLE: [&str; 3] = ["namespaces", "seccomp", "no_new_privs"];

/// The client of the launcher; cheap to clone. The launcher ends with the last clone and the last box.
#[derive(Clone)]
pub struct Sandbox {
    supervisor: Arc<Supervisor>,
    layers: Arc<[Layer]>,
}

impl Sandbox {
    /// Starts the launcher (a re-exec of this binary) and its self-test; call it before the runtime is busy.
    pub async fn start(config: Config) -> Result<Self, SandboxError> {
        let Config { slots, allow_weak, first_uid, box_kb, cgroups, cgroup_parent } = config;
        let settings = Settings { slots: slots.max(1), first_uid, box_kb, cgroups, cgroup_parent };
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
    /// Writes plain files into the box (names without `/`), as the box's own user. A file of that name is replaced.
    pub async fn write_files(&self, files: &[(String, Vec<u8>)]) -> Result<(), SandboxError> {
        if let Some((name, _)) = files.iter().find(|(name, _)| !is_plain(name)) {
            return Err(SandboxError::Setup(format!("{name:?} is not a plain file name")));
        }
        let contents = sealed(files.iter().map(|(_, contents)| contents.as_slice()))?;
        let files = files.iter().map(|(name, contents)| (name.clone(), contents.len() as u64)).collect();
        let _turn = self.turn.lock().await;
        let ask = Ask::Write { box_id: self.box_id, files };
        match self.link.ask(ask, &[contents.as_fd()])?.answer_within(ANSWER_GRACE * 2).await? {
            (Answer::Written, _) => Ok(()),
            (other, _) => Err(unexpected(other)),
        }
    }

    /// Runs a program to its end or a limit. Dropping the future kills it.
    pub async fn run(&self, run: Run) -> Result<Report, SandboxError> {
        let stdin = sealed(std::iter::once(run.stdin.as_slice()))?;
        let patience = Duration::from_millis(run.limits.wall_ms).saturating_add(ANSWER_GRACE);
        let Run { argv, env, limits, writable, mounts, .. } = run;
        let ask = Ask::Run { box_id: self.box_id, job: Job { argv, env, limits, writable, mounts } };
        let _turn = self.turn.lock().await;
        match self.link.ask(ask, &[stdin.as_fd()])?.answer_within(patience).await? {
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
    match work.link.ask(ask, &[])?.answer_within(ANSWER_GRACE * 2).await? {
        (Answer::Probed(layers), _) => Ok(layers),
        (other, _) => Err(unexpected(other)),
    }
}

/// An error for the first layer that must be there and is not.
fn refuse_without(layers: &[Layer], allow_weak: bool) -> Result<(), SandboxError> {
    let required = |name: &str| !allow_weak || INDISPENSABLE.contains(&name);
    match layers.iter().find(|layer| !layer.live && required(&layer.name)) {
        None => Ok(()),
        Some(Layer { name, note, .. }) => {
            Err(SandboxError::Setup(format!("{name}: {}", note.as_deref().unwrap_or("not live"))))
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// A memory file that nobody can change any more.
fn sealed<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Result<OwnedFd, SandboxError> {
    let complain = |e: std::io::Error| SandboxError::Setup(format!("could not make a memory file: {e}"));
    let memory = rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let file = File::from(memory.map_err(|e| complain(e.into()))?);
    let mut at = 0;
    for part in parts {
        file.write_all_at(part, at).map_err(complain)?;
        at += part.len() as u64;
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals).map_err(|e| complain(e.into()))?;
    Ok(file.into())
}

fn report(outcome: Outcome, outputs: Vec<OwnedFd>) -> Result<Report, SandboxError> {
    let mut outputs = outputs.into_iter();
    let mut read = |length: u64| {
        let mut bytes = vec![0; length as usize];
        if length > 0 {
            let file = outputs.next().ok_or_else(|| SandboxError::Gone("an output did not arrive".into()))?;
            File::from(file)
                .read_exact_at(&mut bytes, 0)
                .map_err(|e| SandboxError::Gone(format!("an output could not be read: {e}")))?;
        }
        Ok::<_, SandboxError>(bytes)
    };
    let (stdout, stderr) = (read(outcome.stdout_bytes)?, read(outcome.stderr_bytes)?);
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
    fn a_missing_layer_refuses_unless_weakness_is_allowed() {
        for name in ["own user", "landlock", "cgroup"] {
            let layers = [layer("namespaces", true), layer(name, false)];
            assert!(refuse_without(&layers, false).unwrap_err().to_string().contains(name));
            assert!(refuse_without(&layers, true).is_ok());
        }
    }

    #[test]
    fn an_indispensable_layer_cannot_be_waived() {
        for name in INDISPENSABLE {
            assert!(refuse_without(&[layer(name, false)], true).is_err(), "{name}");
        }
    }

    #[test]
    fn only_plain_names_are_written() {
        for good in ["main.c", "Main.java", "a b", "..."] {
            assert!(is_plain(good), "{good:?}");
        }
        for bad in ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\0b"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }
}
