//! One run: the busy part, in which everything may go wrong, and the calm after it, in which everything has to end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tebura_hub::Hub;
use tebura_hub::memory::MemoryStore;
use tebura_hub::ports::{Clock, ReadError, Store};
use tebura_ledger::{OperationId, Timestamp};

use crate::ask::{Ask, Request, Told, send};
use crate::callers::Callers;
use crate::city::{City, FUNDS, settle};
use crate::far_end::FarEnd;
use crate::model::{Came, Doing, What};
use crate::parley::Parley;
use crate::plan::{Faults, Plan, Sweep};
use crate::ports::SimClock;
use crate::process::Process;
use crate::signers::{SIGNERS, Signer, purse};
use crate::world::{BEGIN, Event, ProcessClock, World};

/// Moves of one run at most: reaching it means that something never ends.
const MOST_MOVES: u64 = 400_000;
/// Looks at what is still due, once the world is calm.
const MOST_ROUNDS: u32 = 3_000;

/// What went wrong, if anything did.
pub type Outcome = Result<(), String>;

/// What a process does besides answering requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duties {
    /// Nothing.
    Requests,
    /// Takes up what another left.
    Recovery,
    /// That, and regular sweeps.
    All,
}

/// A run under way.
pub struct Run {
    pub world: Arc<World>,
    pub store: Arc<MemoryStore>,
    pub plan: Plan,
    pub city: City,
    pub callers: Callers,
    pub requests: Rc<RefCell<Vec<Request>>>,
    pub signers: Vec<Signer>,
    pub parley: Rc<RefCell<Parley>>,
    processes: Vec<Option<Process>>,
    deaths_left: u32,
    moves: u64,
}

impl Run {
    /// A run at its beginning.
    pub fn new(world: Arc<World>, plan: Plan) -> Run {
        world.with(|state| {
            state.say(format!("{plan:?}"));
            state.keeps_books = plan.contracts > 0;
            for nature in &plan.rails {
                let mut far_end = FarEnd::new(*nature);
                far_end.forgets_keys = state.defect == Some(crate::defect::Defect::ForgottenKeys);
                (0..plan.payers).for_each(|number| far_end.books.fill(&format!("purse{number}"), FUNDS));
                let signers = if plan.contracts > 0 { SIGNERS } else { 0 };
                (0..signers).for_each(|number| far_end.books.fill(&purse(number), FUNDS));
                state.far_ends.insert(nature.rail().to_owned(), far_end);
            }
        });
        Run {
            store: Arc::new(MemoryStore::new(plan.shards)),
            city: City::default(),
            callers: Callers::default(),
            requests: Rc::default(),
            signers: Vec::new(),
            parley: Rc::default(),
            processes: (0..plan.processes).map(|_| None).collect(),
            deaths_left: plan.deaths,
            moves: 0,
            world,
            plan,
        }
    }

    /// Sets everybody up, with nothing going wrong.
    pub fn set_up(&mut self) -> Outcome {
        self.start(0, Duties::Requests)?;
        let city = Rc::new(RefCell::new(None));
        let (hub, made, plan) = (self.hub(0).ok_or("no hub")?, Rc::clone(&city), self.plan.clone());
        let work = async move { *made.borrow_mut() = Some(settle(&hub, plan.merchants, plan.payers).await) };
        self.process(0).ok_or("no process")?.begin(None, work);
        while city.borrow().is_none() {
            self.step()?;
        }
        let made = city.take().ok_or("nobody was set up")?;
        self.city = made.map_err(|error| format!("the set-up failed: {error}"))?;
        self.settle_signers()?;
        self.processes[0] = None;
        Ok(())
    }

    /// The busy part.
    pub fn bustle(&mut self) -> Outcome {
        let plan = self.plan.clone();
        self.world.with(|state| {
            state.faults = plan.faults;
            for process in 0..plan.processes {
                state.in_ms(0, Event::Start { process });
                for _ in 0..state.dice.place(3) {
                    let at = state.dice.between(0, plan.length_ms);
                    let ms = state.dice.one_of(&[300, 5_000, 20_000, 90_000]);
                    let event = match state.dice.place(3) {
                        0 => Event::Stall { process, ms },
                        1 if plan.skew_ms > 0 => Event::Leap { process, ms: ms % plan.skew_ms },
                        _ => Event::Sweep { process },
                    };
                    state.in_ms(at, event);
                }
            }
            for _ in 0..plan.words {
                let at = state.dice.between(1, plan.length_ms);
                state.in_ms(at, Event::Deal);
            }
            for _ in 0..plan.asks {
                let at = state.dice.between(1, plan.length_ms);
                state.in_ms(at, Event::Ask);
                // Callers are impatient: some ask several times at once.
                if state.dice.chance(250) {
                    state.in_ms(at, Event::Ask);
                }
            }
        });
        let end = self.world.with(|state| state.time) + plan.length_ms;
        while self.world.with(|state| state.time) < end {
            self.step()?;
        }
        Ok(())
    }

    /// The calm: one new process, nothing goes wrong any more, every caller asks until there is an answer, and all that
    /// is due is done.
    pub fn calm_down(&mut self) -> Outcome {
        (0..self.processes.len()).for_each(|number| self.die(number));
        self.world.with(|state| {
            state.say("calm");
            state.faults = Faults::default();
            state.calm();
        });
        self.start(0, Duties::Recovery)?;
        for round in 0..MOST_ROUNDS {
            self.until_idle()?;
            self.end_disputes();
            self.repeat_unanswered(round)?;
            self.end_dealings(round)?;
            self.sweep(0);
            self.until_idle()?;
            if !self.move_to_next_due()? && !self.end_disputes() {
                return Ok(());
            }
        }
        Err("the hub is still at work after the calm".to_owned())
    }

    /// One move: an event, or one task up to its next pause; time goes on when nothing can move.
    pub(crate) fn step(&mut self) -> Outcome {
        self.moves += 1;
        if self.moves > MOST_MOVES {
            return Err("the run does not end".to_owned());
        }
        let (time, events) = self.world.with(|state| (state.time, state.events_due()));
        let ready: Vec<(usize, usize)> = (self.processes.iter().enumerate())
            .filter_map(|(number, process)| process.as_ref().map(|process| (number, process)))
            .flat_map(|(number, process)| process.ready(time).into_iter().map(move |place| (number, place)))
            .collect();
        if events + ready.len() == 0 {
            return self.pass_time();
        }
        let choice = self.world.with(|state| state.dice.place(events + ready.len()));
        match choice.checked_sub(events) {
            None => {
                if let Some(event) = self.world.with(|state| state.take_due(choice)) {
                    self.happen(event)?;
                }
            }
            Some(task) => self.go_on(ready[task].0, ready[task].1)?,
        }
        self.world.with(|state| state.wrong.take()).map_or(Ok(()), Err)
    }

    fn pass_time(&mut self) -> Outcome {
        let tasks = self.processes.iter().flatten().filter_map(Process::next_at).min();
        self.world.with(|state| {
            let next = state.next_event_at().into_iter().chain(tasks).min();
            // With nothing to wait for, a second passes.
            state.time = next.unwrap_or(state.time + 1_000).max(state.time);
        });
        Ok(())
    }

    fn go_on(&mut self, number: usize, place: usize) -> Outcome {
        let world = Arc::clone(&self.world);
        let Some(process) = self.process(number) else { return Ok(()) };
        process.go_on(place, &world)?;
        if self.deaths_left > 0 && world.with(|state| state.dice.chance(state.faults.death)) {
            self.deaths_left -= 1;
            self.die(number);
            let after = world.with(|state| state.dice.between(1, 5_000));
            world.with(|state| state.in_ms(after, Event::Start { process: number }));
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Outcome {
        match event {
            Event::Arrive { call, rail, path, body } => {
                self.world.with(|state| state.arrive(call, &rail, &path, &body));
            }
            Event::Act { rail, operation } => self.world.with(|state| state.act(&rail, &operation)),
            Event::Ask => self.ask(),
            Event::Deal => self.deal(false)?,
            Event::Start { process } => self.start(process, Duties::All)?,
            Event::Die { process } => self.die(process),
            Event::Stall { process, ms } => {
                let until = self.world.with(|state| {
                    state.say(format!("process {process} stalls for {ms} ms"));
                    state.time + ms
                });
                if let Some(process) = self.process(process) {
                    process.stalled_until = until;
                }
            }
            Event::Leap { process, ms } => self.world.with(|state| {
                state.say(format!("the clock of process {process} leaps {ms} ms"));
                if let Some(clock) = state.clocks.get_mut(process) {
                    clock.showed += ms;
                }
            }),
            Event::Sweep { process } => self.sweep(process),
        }
        Ok(())
    }

    fn ask(&mut self) {
        let alive: Vec<usize> = (0..self.processes.len()).filter(|number| self.processes[*number].is_some()).collect();
        let Some(request) = self.callers.choose(&self.world, &self.city, &mut self.requests.borrow_mut()) else {
            return;
        };
        if !alive.is_empty() {
            let number = self.world.with(|state| state.dice.one_of(&alive));
            self.send(number, request);
        }
    }

    fn send(&mut self, number: usize, place: usize) {
        let (world, requests) = (Arc::clone(&self.world), Rc::clone(&self.requests));
        let Some(hub) = self.hub(number) else { return };
        let request = requests.borrow()[place].clone();
        world.with(|state| state.say(format!("process {number} is asked {}: {:?}", request.key, request.ask)));
        {
            let mut all = requests.borrow_mut();
            all[place].sent += 1;
            all[place].under_way += 1;
        }
        let work = async move {
            let told = send(&hub, &request).await;
            world.with(|state| state.say(format!("{} was told {told:?}", request.key)));
            let mut all = requests.borrow_mut();
            all[place].under_way -= 1;
            all[place].told.push(told);
        };
        if let Some(process) = self.process(number) {
            process.begin(Some(place), work);
        }
    }

    fn start(&mut self, number: usize, duties: Duties) -> Outcome {
        if self.processes[number].is_some() {
            return Ok(());
        }
        let plan = &self.plan;
        let clock = self.world.with(|state| {
            let skew = state.dice.between(-plan.skew_ms, plan.skew_ms);
            let rate = if plan.skew_ms > 0 { state.dice.between(995, 1005) } else { 1000 };
            let ahead = if plan.sweep == Sweep::Early && number > 0 { 1_000 } else { 0 };
            state.say(format!("process {number} starts, {} ms off, at {rate}/1000", skew + ahead));
            ProcessClock { since: state.time, showed: state.time + skew + ahead, rate }
        });
        let mut process = Process::start(&self.world, &self.store, number, clock).ok_or("no process")?;
        if duties != Duties::Requests {
            let (hub, world) = (Arc::clone(&process.hub), Arc::clone(&self.world));
            let alone = duties == Duties::Recovery || plan.processes == 1;
            process.begin(None, async move {
                let recovered = hub.recover(alone).await;
                world.with(|state| state.say(format!("recovered {recovered:?}")));
            });
        }
        let (loops, every_ms) = match plan.sweep {
            Sweep::Absent => (0, 0),
            Sweep::Steady | Sweep::Early => (1, 1_000),
            Sweep::Twice => (2, 1_000),
            Sweep::Late => (1, 60_000),
        };
        for _ in 0..if duties == Duties::All { loops } else { 0 } {
            let clock = SimClock { world: Arc::clone(&self.world), process: number };
            process.begin(None, sweeps(Arc::clone(&process.hub), clock, every_ms));
        }
        self.processes[number] = Some(process);
        Ok(())
    }

    fn die(&mut self, number: usize) {
        let Some(process) = self.processes[number].take() else { return };
        self.world.with(|state| state.say(format!("process {number} dies")));
        let mut requests = self.requests.borrow_mut();
        for place in process.tasks.iter().filter_map(|task| task.request) {
            requests[place].under_way -= 1;
            requests[place].cut_off = true;
        }
    }

    fn sweep(&mut self, number: usize) {
        let world = Arc::clone(&self.world);
        if let Some(process) = self.process(number) {
            let hub = Arc::clone(&process.hub);
            process.begin(None, async move {
                let tick = hub.tick().await;
                world.with(|state| state.say(format!("a sweep: {tick:?}")));
            });
        }
    }

    /// Lets the calm process work until it only waits.
    pub(crate) fn until_idle(&mut self) -> Outcome {
        while self.processes.iter().flatten().any(|process| !process.tasks.is_empty()) {
            self.step()?;
        }
        Ok(())
    }

    /// The operator hears how every dispute ended; false when there is none that is open.
    fn end_disputes(&mut self) -> bool {
        let open: Vec<OperationId> = self.world.with(|state| {
            let open = |doing: &Doing| matches!(doing.what, What::Dispute { .. }) && doing.came == Came::Open;
            state.model.operations().iter().filter(|(_, doing)| open(doing)).map(|(id, _)| *id).collect()
        });
        let asked: BTreeSet<String> = self.requests.borrow().iter().map(|request| request.key.clone()).collect();
        for dispute in open.iter().filter(|dispute| !asked.contains(&format!("end {dispute}"))) {
            let (merchant, lost) = (self.city.merchants[0], self.world.with(|state| state.dice.chance(500)));
            let ask = Ask::EndDispute { dispute: *dispute, lost };
            let place = {
                let mut requests = self.requests.borrow_mut();
                requests.push(Request::new(merchant, format!("end {dispute}"), 0, ask));
                requests.len() - 1
            };
            self.send(0, place);
        }
        !open.is_empty()
    }

    fn repeat_unanswered(&mut self, round: u32) -> Outcome {
        let open: Vec<usize> = {
            let requests = self.requests.borrow();
            let waits = |request: &Request| match request.told.last() {
                _ if request.is_answered() => false,
                None | Some(Told::AskAgain { .. }) => true,
                _ if request.cut_off => round == 0,
                Some(Told::Operation { .. }) => round.is_multiple_of(8),
                Some(Told::Refused { .. } | Told::KeyReused) => false,
            };
            (0..requests.len()).filter(|place| requests[*place].sent > 0 && waits(&requests[*place])).collect()
        };
        open.into_iter().for_each(|place| self.send(0, place));
        Ok(())
    }

    /// Moves time to what is due next; false when nothing is.
    fn move_to_next_due(&mut self) -> Result<bool, String> {
        let end = Timestamp::from_millis(i64::MAX);
        let exchanges = at_once(self.store.due_exchanges(end, u16::MAX))?;
        let mut holds = at_once(self.store.due_holds(end, u16::MAX))?;
        let kept = self.kept_standing()?;
        holds.retain(|hold| !kept.contains(&hold.id()));
        let dues = exchanges.iter().map(|exchange| exchange.due_at).chain(holds.iter().map(|hold| hold.expires_at()));
        let dues = dues.chain(self.next_contract_due()?);
        let next = dues.map(Timestamp::millis).min();
        let events = self.world.with(|state| state.next_event_at());
        let waits = self.requests.borrow().iter().any(|request| {
            request.sent > 0
                && !request.is_answered()
                && matches!(request.told.last(), None | Some(Told::AskAgain { .. }))
        });
        if next.is_none() && events.is_none() && !waits {
            return Ok(false);
        }
        self.world.with(|state| {
            let wanted = next.map_or(state.time + 1_000, |next| next + 2_100);
            // What is overdue already waits for its own reasons: a minute passes.
            let wanted = if wanted <= state.time { state.time + 60_000 } else { wanted };
            let wanted = events.map_or(wanted, |at| wanted.min(at.max(state.time)));
            state.say(format!("time passes to {}", wanted - BEGIN));
            state.time = wanted;
        });
        Ok(true)
    }

    pub(crate) fn process(&mut self, number: usize) -> Option<&mut Process> {
        self.processes.get_mut(number)?.as_mut()
    }

    pub(crate) fn hub(&self, number: usize) -> Option<Arc<Hub>> {
        Some(Arc::clone(&self.processes.get(number)?.as_ref()?.hub))
    }
}

/// Regular sweeps, as a server makes them.
async fn sweeps(hub: Arc<Hub>, clock: SimClock, every_ms: i64) {
    loop {
        // What fails is due again at the next sweep.
        drop(hub.tick().await);
        clock.wait_until(clock.now().plus_ms(every_ms)).await;
    }
}

/// The answer of a future that waits for nothing.
pub fn at_once<T>(future: impl Future<Output = Result<T, ReadError>>) -> Result<T, String> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.map_err(|error| error.to_string()),
        Poll::Pending => Err("the memory store waits".to_owned()),
    }
}
