//! The good client: it asks all the time, on connections of its own, and counts what it did not get.
//!
//! What it counts, and what a loss is, stands in the essay of [`torture`](super).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fastrand::Rng;
use reports::record::GoodClient;

use super::menu::Menu;
use super::talk::{Talk, Trouble};

/// Between two requests, so that the server has to deal with the others.
const BETWEEN: Duration = Duration::from_millis(4);
/// After a trouble.
const AFTER_TROUBLE: Duration = Duration::from_millis(50);
/// A newcomer who is not served so soon comes again.
const NEWCOMER_WAITS: Duration = Duration::from_secs(1);
/// How often one who is to be quiet looks whether it still is.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// In which way a good client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is there before the others, and keeps its connection.
    Kept,
    /// It connects for each request.
    Fresh,
    /// It connects for each request while the server has nothing left for one more: it may be turned away.
    Newcomer,
}

/// Good clients at work, each in a thread of its own.
pub(super) struct Good {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    menu: Arc<Menu>,
    /// How long an answer may take.
    limit: Duration,
    /// Between two requests of one client.
    between: Duration,
    over: AtomicBool,
    hush: AtomicBool,
    /// How many of them heed `hush` just now.
    quiet: AtomicUsize,
    tally: Mutex<Tally>,
}

/// What they saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) counts: GoodClient,
    /// The first trouble that counts as a loss, in words.
    pub(super) first: Option<String>,
}

impl Good {
    /// Has a client of each role ask from now on. Who keeps a connection has had an answer on it when this returns.
    pub(super) fn begin(
        roles: &[Role],
        address: SocketAddr,
        menu: &Arc<Menu>,
        limit: Duration,
        seed: u64,
    ) -> Self {
        Self::begin_with(roles, address, menu, limit, seed, BETWEEN)
    }

    /// The same, with this between two requests.
    pub(super) fn begin_with(
        roles: &[Role],
        address: SocketAddr,
        menu: &Arc<Menu>,
        limit: Duration,
        seed: u64,
        between: Duration,
    ) -> Self {
        let counts = GoodClient { limit_ms: limit.as_secs_f64() * 1e3, ..GoodClient::default() };
        let shared = Arc::new(Shared {
            address,
            menu: Arc::clone(menu),
            limit,
            between,
            over: AtomicBool::new(false),
            hush: AtomicBool::new(false),
            quiet: AtomicUsize::new(0),
            tally: Mutex::new(Tally { counts, first: None }),
        });
        let begin = |(index, role): (usize, &Role)| {
            let mut client = Client {
                role: *role,
                shared: Arc::clone(&shared),
                talk: None,
                rng: Rng::with_seed(seed ^ index as u64),
            };
            if *role == Role::Kept {
                client.ask();
            }
            thread::spawn(move || client.ask_all_the_time())
        };
        let clients = roles.iter().enumerate().map(begin).collect();
        Self { shared, clients }
    }

    /// Nobody asks while `act` runs. Who is still waiting for an answer is waited for.
    pub(super) fn hushed<T>(&self, act: impl FnOnce() -> T) -> T {
        self.shared.hush.store(true, Ordering::SeqCst);
        let deadline = Instant::now() + self.shared.limit;
        while self.shared.quiet.load(Ordering::SeqCst) < self.clients.len() && Instant::now() < deadline {
            thread::sleep(LOOK_EVERY);
        }
        let outcome = act();
        self.shared.hush.store(false, Ordering::SeqCst);
        outcome
    }

    /// What they saw so far.
    pub(super) fn so_far(&self) -> Tally {
        self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets each get its last answer, and gives what they saw.
    pub(super) fn end(mut self) -> Tally {
        self.shared.over.store(true, Ordering::SeqCst);
        for client in std::mem::take(&mut self.clients) {
            let _ = client.join(); // a panic has said on stderr what it had to say
        }
        self.so_far()
    }
}

impl Drop for Good {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for client in std::mem::take(&mut self.clients) {
            let _ = client.join();
        }
    }
}

struct Client {
    role: Role,
    shared: Arc<Shared>,
    talk: Option<Talk>,
    rng: Rng,
}

impl Client {
    fn ask_all_the_time(mut self) {
        while !self.shared.over.load(Ordering::SeqCst) {
            if self.shared.hush.load(Ordering::SeqCst) {
                self.be_quiet();
                continue;
            }
            let pause = if self.ask() { self.shared.between } else { AFTER_TROUBLE };
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
    }

    fn be_quiet(&self) {
        self.shared.quiet.fetch_add(1, Ordering::SeqCst);
        while self.shared.hush.load(Ordering::SeqCst) && !self.shared.over.load(Ordering::SeqCst) {
            thread::sleep(LOOK_EVERY);
        }
        self.shared.quiet.fetch_sub(1, Ordering::SeqCst);
    }

    /// Asks once, and says whether the answer was right.
    fn ask(&mut self) -> bool {
        let begun = Instant::now();
        let limit = match self.role {
            Role::Newcomer => self.shared.limit.min(NEWCOMER_WAITS),
            Role::Kept | Role::Fresh => self.shared.limit,
        };
        let outcome = self.answer(begun + limit);
        let mut tally = self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(()) => {
                tally.counts.answered += 1;
                let took = begun.elapsed().as_secs_f64() * 1e3;
                tally.counts.slowest_ms = tally.counts.slowest_ms.max(took);
            }
            Err(trouble) => tally.add(trouble, self.role),
        }
        outcome.is_ok()
    }

    fn answer(&mut self, until: Instant) -> Result<(), Trouble> {
        let stays = self.role == Role::Kept;
        let question = self.shared.menu.any(&mut self.rng, stays);
        let mut talk = match self.talk.take() {
            Some(talk) => talk,
            None => Talk::connect(self.shared.address, until.saturating_duration_since(Instant::now()))?,
        };
        talk.ask(&question, until)?;
        self.talk = Some(talk).filter(|talk| stays && talk.goes_on());
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, trouble: &Trouble, role: Role) {
        let counts = &mut self.counts;
        match trouble {
            Trouble::Wrong(_) | Trouble::Long(_) => counts.wrong += 1,
            Trouble::Cut(_) => counts.cut += 1,
            Trouble::Unmade(_) | Trouble::Unanswered(_) | Trouble::Late(_) if role == Role::Newcomer => {
                counts.turned_away += 1;
                return;
            }
            Trouble::Unmade(_) | Trouble::Unanswered(_) | Trouble::Late(_) => counts.lost += 1,
        }
        self.first.get_or_insert_with(|| trouble.words().to_owned());
    }
}
