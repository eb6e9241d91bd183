//! The hub's task: owns the table, and moves between feed, store and subscribers. It never waits for any of them.

use std::collections::VecDeque;
use std::sync::Arc;

use herald_domain::broker::LiveSignal;
use herald_domain::channel::{Channel, Cursor, Entity};
use herald_domain::event::{LiveMessage, StoredEvent};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::catch_up::{self, CaughtUp, REACH};
use crate::feed::{Feed, Report, Wish};
use crate::hub::{Deps, HubConfig};
use crate::partitions::Partitions;
use crate::queue::{End, Leavers, Place, Queue};
use crate::reads::{self, Answers, Landing, Request, What};
use crate::table::{Dropped, Table, Taken};
use crate::watchers::Watcher;

/// How often what failed is tried again, and what is overdue is looked at.
const TICK: Duration = Duration::from_millis(250);
/// Requests answered by one read.
const BATCH: usize = 256;
/// Reads at once.
const MAX_READS: usize = 4;
/// Results, live messages and wishes that wait for the hub, or it for the feed.
const DONE: usize = 64;
const REPORTS: usize = 1024;
const WISHES: usize = 512;

/// Someone comes.
pub(crate) struct Command {
    pub place: Place,
    pub queue: Arc<Queue>,
    pub join: Join,
}

pub(crate) enum Join {
    /// For frames, resuming at a cursor or from a snapshot.
    Watch(Option<Cursor>),
    /// Only to be told of an event beyond an offset.
    Wait(u64),
}

/// What a task that talked to the store brings back.
pub(crate) enum Done {
    Read(Answers),
    Fetched(Vec<(Entity, u64)>, Option<Vec<StoredEvent>>),
    Events(Vec<StoredEvent>),
    /// `None`: the store could not be read.
    CaughtUp(Option<CaughtUp>),
}

pub(crate) struct Worker {
    config: HubConfig,
    deps: Deps,
    tasks: TaskTracker,
    table: Table,
    partitions: Partitions,
    wishes: mpsc::Sender<Wish>,
    done: mpsc::Sender<Done>,
    /// Requests to be read, since when, and how many reads are under way.
    requests: VecDeque<Request>,
    gathering: Option<Instant>,
    reading: usize,
    fetching: bool,
    catch_up: Schedule,
}

/// When to catch up.
struct Schedule {
    /// The store's time when the last one began; `None` while nobody is subscribed.
    last: Option<time::OffsetDateTime>,
    due: Instant,
    /// One more, after a first bind.
    extra: Option<Instant>,
    running: bool,
}

/// What the hub's task listens to.
struct Inlets {
    commands: mpsc::Receiver<Command>,
    leavers: Arc<Leavers>,
    reports: mpsc::Receiver<Report>,
    done: mpsc::Receiver<Done>,
}

impl Worker {
    pub(crate) fn start(
        config: HubConfig,
        deps: Deps,
        commands: mpsc::Receiver<Command>,
        leavers: Arc<Leavers>,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) {
        let (wishes, wished) = mpsc::channel(WISHES);
        let (report, reports) = mpsc::channel(REPORTS);
        let (done, receiver) = mpsc::channel(DONE);
        tasks.spawn(Feed::new(Arc::clone(&deps.broker), wished, report).run(shutdown.clone()));
        let inlets = Inlets { commands, leavers, reports, done: receiver };
        let tracker = tasks.clone();
        tasks.spawn(async move {
            let _vital = shutdown.clone().drop_guard();
            let Some(epoch) = first_epoch(&deps, &shutdown).await else { return turn_away(inlets.commands) };
            let worker = Self {
                table: Table::new(epoch, config.buffer_bytes),
                partitions: Partitions::new(config.bind_patience, config.linger),
                wishes,
                done,
                requests: VecDeque::new(),
                gathering: None,
                reading: 0,
                fetching: false,
                catch_up: Schedule { last: None, due: Instant::now() + config.catch_up, extra: None, running: false },
                tasks: tracker,
                config,
                deps,
            };
            worker.run(inlets, shutdown).await;
        });
    }

    async fn run(mut self, mut inlets: Inlets, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let gathered = self.gathering.filter(|_| self.reading < MAX_READS);
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(command) = inlets.commands.recv() => self.on_command(command),
                () = inlets.leavers.changed.notified() => {
                    // Whoever has left came before: first let in those who wait at the door.
                    while let Ok(command) = inlets.commands.try_recv() {
                        self.on_command(command);
                    }
                    self.on_leavers(inlets.leavers.take());
                }
                Some(report) = inlets.reports.recv() => self.on_report(report),
                Some(done) = inlets.done.recv() => self.on_done(done),
                () = at(gathered) => self.read(),
                _ = tick.tick() => self.on_tick(),
            }
            self.fetch();
        }
        self.table.end_all(End::Stopped, self.table.epoch());
        turn_away(inlets.commands);
    }

    fn on_command(&mut self, Command { place, queue, join }: Command) {
        let Place { id, channel, owner } = place;
        let partition = owner.partition();
        let what = match (channel.entity(), join) {
            (Some(entity), Join::Watch(cursor)) => {
                self.table.add_direct(id, entity, queue);
                What::Entity(entity, cursor)
            }
            (Some(entity), Join::Wait(beyond)) => {
                self.table.add_waiting(id, entity, queue, beyond);
                What::Entity(entity, None)
            }
            (None, Join::Watch(cursor)) => {
                self.table.add_watcher(&owner, Watcher::new(id, queue, false));
                What::User(cursor.is_some())
            }
            (None, Join::Wait(_)) => {
                self.table.add_watcher(&owner, Watcher::new(id, queue, true));
                What::User(false)
            }
        };
        let (request, wish) = self.partitions.enter(partition, Request { id, owner, what }, Instant::now());
        self.ask(wish);
        self.gather(request);
    }

    fn on_leavers(&mut self, leavers: Vec<Place>) {
        let now = Instant::now();
        for place in leavers {
            self.table.remove(place.id, &place.channel);
            self.partitions.leave(place.owner.partition(), now);
        }
    }

    fn on_report(&mut self, report: Report) {
        match report {
            Report::Bound(partition) => {
                let requests = self.partitions.bound(partition);
                self.gather(requests);
                self.catch_up_now();
                self.catch_up.extra = Some(Instant::now() + self.config.catch_up_away);
            }
            Report::Refused(partition) => {
                let requests = self.partitions.refused(partition);
                self.gather(requests);
            }
            Report::Signal(LiveSignal::Message(LiveMessage::Event(event))) => {
                let lag = self.deps.clock.now() - event.at;
                if self.table.on_event(event) == Taken::News {
                    metrics::histogram!("herald_push_lag_seconds").record(lag.as_seconds_f64().max(0.0));
                }
            }
            Report::Signal(LiveSignal::Message(LiveMessage::Progress(progress))) => {
                self.table.on_progress(&progress);
            }
            Report::Signal(LiveSignal::Lost) => {
                let requests = self.partitions.set_away(true);
                self.gather(requests);
                self.catch_up_now();
            }
            Report::Signal(LiveSignal::Restored) => {
                self.partitions.set_away(false);
                self.catch_up_now();
            }
            Report::Signal(LiveSignal::Lagged) => self.catch_up_now(),
        }
    }

    fn on_done(&mut self, done: Done) {
        match done {
            Done::Read(answers) => {
                self.reading -= 1;
                for (request, answer) in answers {
                    self.land(request, answer);
                }
            }
            Done::Fetched(channels, events) => self.on_fetched(channels, events),
            Done::Events(events) => {
                let mut news = 0;
                for event in events {
                    news += u64::from(self.table.on_event(event) == Taken::News);
                }
                metrics::counter!("herald_push_catch_up_events_total").increment(news);
            }
            Done::CaughtUp(outcome) => self.on_caught_up(outcome),
        }
    }

    fn land(&mut self, request: Request, answer: Result<Landing, End>) {
        match (answer, &request.what) {
            (Ok(Landing::Direct(landing)), What::Entity(entity, _)) => {
                self.table.land_direct(request.id, *entity, landing);
            }
            (Ok(Landing::User(landing)), _) => self.table.land_user(request.id, &request.owner, landing),
            (Ok(Landing::Direct(_)), What::User(_)) => {}
            (Err(end), _) => self.table.refuse(request.id, &request.channel(), end),
        }
    }

    fn on_fetched(&mut self, channels: Vec<(Entity, u64)>, events: Option<Vec<StoredEvent>>) {
        self.fetching = false;
        let mut by_channel = events.map(|events| {
            let mut by_channel: std::collections::HashMap<_, Vec<_>> = std::collections::HashMap::new();
            for event in events {
                by_channel.entry(event.channel.clone()).or_default().push(event);
            }
            by_channel
        });
        let mut news = 0;
        for (entity, after) in channels {
            let events = by_channel.as_mut().map(|all| all.remove(&Channel::from(entity)).unwrap_or_default());
            news += self.table.on_fetched(entity, after, events);
        }
        metrics::counter!("herald_push_catch_up_events_total").increment(news);
    }

    fn on_caught_up(&mut self, outcome: Option<CaughtUp>) {
        self.catch_up.running = false;
        let Some(caught_up) = outcome else {
            self.catch_up.due = Instant::now() + self.config.catch_up_away;
            return;
        };
        if caught_up.epoch != self.table.epoch() {
            tracing::warn!("the store has a new epoch; subscribers start anew");
            self.table.end_all(End::Epoch, caught_up.epoch);
        }
        self.catch_up.last = Some(caught_up.began);
        // Twice the reach: well before anything that will be read again.
        self.table.sweep(caught_up.began - REACH * 2);
        let now = Instant::now();
        if now >= self.catch_up.due {
            self.start_catch_up(now);
        }
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        let overdue = self.partitions.overdue(now);
        self.gather(overdue);
        for wish in self.partitions.tick(now) {
            self.ask(Some(wish));
        }
        self.table.tick();
        if !self.partitions.is_live() {
            self.catch_up.due = self.catch_up.due.min(now + self.config.catch_up_away);
        }
        if self.catch_up.extra.is_some_and(|extra| now >= extra) {
            self.catch_up.extra = None;
            self.catch_up_now();
        }
        if now >= self.catch_up.due {
            self.start_catch_up(now);
        }
        let Dropped { slow, stale_progress, conflated_progress } = self.table.take_dropped();
        metrics::counter!("herald_push_dropped_total", "reason" => "slow").increment(slow);
        metrics::counter!("herald_push_dropped_total", "reason" => "stale_progress").increment(stale_progress);
        metrics::counter!("herald_push_dropped_total", "reason" => "conflated_progress").increment(conflated_progress);
    }

    fn ask(&mut self, wish: Option<Wish>) {
        if let Some(wish) = wish
            && self.wishes.try_send(wish).is_err()
        {
            self.partitions.unheard(wish, Instant::now());
        }
    }

    fn catch_up_now(&mut self) {
        let now = Instant::now();
        self.catch_up.due = now;
        self.start_catch_up(now);
    }

    /// Begins a catch-up unless one is running; then it stays due, and begins at the end of that.
    fn start_catch_up(&mut self, now: Instant) {
        if self.catch_up.running {
            return;
        }
        self.catch_up.due = now + self.config.catch_up;
        let watched = self.partitions.watched();
        if watched.is_empty() {
            self.catch_up.last = None;
            return;
        }
        self.catch_up.running = true;
        let (store, last, epoch) = (Arc::clone(&self.deps.store), self.catch_up.last, self.table.epoch());
        self.tasks.spawn(catch_up::run(store, epoch, last, watched, self.done.clone()));
    }

    /// Notes requests; those that come within a few milliseconds are read together.
    fn gather(&mut self, requests: impl IntoIterator<Item = Request>) {
        self.requests.extend(requests);
        if !self.requests.is_empty() && self.gathering.is_none() {
            self.gathering = Some(Instant::now() + self.config.gather);
        }
    }

    fn read(&mut self) {
        while self.reading < MAX_READS && !self.requests.is_empty() {
            let batch: Vec<_> = self.requests.drain(..self.requests.len().min(BATCH)).collect();
            metrics::histogram!("herald_push_read_size").record(batch.len() as f64);
            self.reading += 1;
            let (store, epoch, done) = (Arc::clone(&self.deps.store), self.table.epoch(), self.done.clone());
            self.tasks.spawn(async move {
                let answers = reads::read(&store, epoch, batch).await;
                // Fails only if the hub has stopped.
                let _ = done.send(Done::Read(answers)).await;
            });
        }
        self.gathering = (!self.requests.is_empty()).then(Instant::now);
    }

    /// Fetches missing events at once; those that go missing meanwhile wait for the next.
    fn fetch(&mut self) {
        if self.fetching {
            return;
        }
        let wanted = self.table.take_fetches();
        if wanted.is_empty() {
            return;
        }
        self.fetching = true;
        let (store, done) = (Arc::clone(&self.deps.store), self.done.clone());
        self.tasks.spawn(async move {
            let after: Vec<_> = wanted.iter().map(|(entity, offset)| (Channel::from(*entity), *offset)).collect();
            let events = store.channel_events(&after).await;
            if let Err(error) = &events {
                tracing::warn!(%error, "missing events cannot be read; it is tried again");
            }
            // Fails only if the hub has stopped.
            let _ = done.send(Done::Fetched(wanted, events.ok())).await;
        });
    }
}

/// Nobody comes in any more.
fn turn_away(mut commands: mpsc::Receiver<Command>) {
    commands.close();
    while let Ok(command) = commands.try_recv() {
        command.queue.end(End::Stopped);
    }
}

/// Waits until then; for ever if there is no such time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The store's epoch, asked for until the store answers; subscribers wait meanwhile. `None`: shut down before.
async fn first_epoch(deps: &Deps, shutdown: &CancellationToken) -> Option<herald_domain::id::Epoch> {
    loop {
        match deps.store.epoch().await {
            Ok(epoch) => return Some(epoch),
            Err(error) => tracing::warn!(%error, "the hub waits for the store"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return None,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}
