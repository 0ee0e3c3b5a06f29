//! Hub processes: what one remembers is lost with it, what it committed is not. Its tasks are polled one at a time, in
//! the order that the dice say; nothing runs beside them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tebura_hub::memory::MemoryStore;
use tebura_hub::{HouseRail, Hub, Ports};
use tebura_ledger::RailId;

use crate::papers::{BOOKS, REGISTER, THINGS};
use crate::ports::{NoFaces, SimClock, SimEgress, SimIds};
use crate::rails::SimRail;
use crate::store::SimStore;
use crate::world::{ProcessClock, World};

/// Work under way in a process.
pub struct Task {
    /// The caller's request, by its place in the list; none for the hub's own work.
    pub request: Option<usize>,
    future: Pin<Box<dyn Future<Output = ()>>>,
    wake: i64,
}

/// One hub process.
pub struct Process {
    pub hub: Arc<Hub>,
    pub tasks: Vec<Task>,
    /// It gets no processor time until then.
    pub stalled_until: i64,
}

impl Process {
    /// Starts a process with a clock of its own on the common store.
    pub fn start(world: &Arc<World>, store: &Arc<MemoryStore>, number: usize, clock: ProcessClock) -> Option<Process> {
        world.with(|state| {
            while state.clocks.len() <= number {
                state.clocks.push(clock);
            }
            state.clocks[number] = clock;
        });
        let hub = Hub::new(Ports {
            store: Arc::new(SimStore { world: Arc::clone(world), inner: Arc::clone(store) }),
            faces: Arc::new(NoFaces::new()?),
            egress: Arc::new(SimEgress(Arc::clone(world))),
            clock: Arc::new(SimClock { world: Arc::clone(world), process: number }),
            ids: Arc::new(SimIds(Arc::clone(world))),
        });
        let natures: Vec<_> = world.with(|state| state.far_ends.values().map(|far_end| far_end.nature).collect());
        for nature in natures {
            hub.add_rail(Arc::new(SimRail::new(Arc::clone(world), nature).ok()?));
        }
        for (rail, unit) in [(BOOKS, "JPY"), (REGISTER, THINGS)] {
            if world.with(|state| state.keeps_books) {
                hub.add_rail(Arc::new(HouseRail::new(RailId::new(rail).ok()?, vec![unit.to_owned()])));
            }
        }
        Some(Process { hub: Arc::new(hub), tasks: Vec::new(), stalled_until: 0 })
    }

    /// Begins some work.
    pub fn begin(&mut self, request: Option<usize>, future: impl Future<Output = ()> + 'static) {
        self.tasks.push(Task { request, future: Box::pin(future), wake: 0 });
    }

    /// Places of the tasks that can go on at `time`.
    pub fn ready(&self, time: i64) -> Vec<usize> {
        let runs = time >= self.stalled_until;
        (0..self.tasks.len()).filter(|place| runs && self.tasks[*place].wake <= time).collect()
    }

    /// When the next task can go on.
    pub fn next_at(&self) -> Option<i64> {
        self.tasks.iter().map(|task| task.wake.max(self.stalled_until)).min()
    }

    /// Lets a task go on to its next pause; says which request ended, if one did.
    ///
    /// # Errors
    /// When the task waits for something that is not of this world.
    pub fn go_on(&mut self, place: usize, world: &World) -> Result<Option<Option<usize>>, String> {
        let task = &mut self.tasks[place];
        let mut context = Context::from_waker(Waker::noop());
        match task.future.as_mut().poll(&mut context) {
            Poll::Ready(()) => Ok(Some(self.tasks.swap_remove(place).request)),
            Poll::Pending => {
                task.wake = world.take_wake().ok_or("a task waits for something outside the simulation")?;
                Ok(None)
            }
        }
    }
}
