//! Looks at a server at the edges of its load, and in between.

use std::io;
use std::time::{Duration, Instant};

use reports::record::{Placement, Timeline};

use crate::load::{Edge, Load, Replies};
use crate::measure::after::{After, COUNTED_AT_LEAST, Counting};
use crate::measure::group::{Group, Used};
use crate::measure::noise;
use crate::measure::reading::Reading;
use crate::measure::sampler::{Peaks, Sampler, Sampling};
use crate::measure::timeline::{self, Pace};
use crate::measure::tree::Tree;

/// For how long is counted after the window: as a part of it, and at most. Where there are few requests, it takes longer.
const COUNTED: (u32, Duration) = (5, Duration::from_millis(400));
/// Counting ends so long after the window's close at the latest.
const COUNTED_WITHIN: Duration = Duration::from_millis(900);
/// For how long is looked at what each thread does, after that.
const LOOKED_AT: Duration = Duration::from_millis(250);
/// How long the load goes on for counting at the most: what is counted must not outlast it.
const FOR_COUNTING: Duration = Duration::from_secs(1);
/// The same for the looks.
const FOR_LOOKS: Duration = Duration::from_millis(350);

/// What is to be found out after the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epilogue {
    /// Whether there is something to count over.
    pub(super) counts: bool,
    /// Whether it is looked at what each thread does.
    pub(super) looks: bool,
}

impl Epilogue {
    /// How long the load goes on for it at the most.
    pub(super) fn at_most(self) -> Duration {
        let part = |wanted, time| if wanted { time } else { Duration::ZERO };
        part(self.counts, FOR_COUNTING) + part(self.looks, FOR_LOOKS)
    }
}

/// What is under way.
pub(super) struct Watch<'a> {
    tree: Tree,
    group: Option<Group>,
    /// Where the looking is done: not in the server's time.
    placement: &'a Placement,
    looks: Vec<io::Result<Look>>,
    sampler: Option<Sampler>,
    peaks: Peaks,
    /// How many requests were answered so far.
    replies: Replies,
    window: Duration,
    epilogue: Epilogue,
    after: Option<After>,
    timeline: io::Result<Option<Timeline>>,
    noise: Option<noise::Watch>,
    met: noise::Seen,
}

/// The server's accounts about one edge of the window: that of its group, and those of its processes.
pub(super) struct Look {
    /// When it was taken: not before the edge, and as much later as the thread that looks had to wait for a processor.
    pub(super) at: Instant,
    /// How many requests had been answered by then.
    pub(super) requests: u64,
    pub(super) used: Option<Used>,
    pub(super) reading: Reading,
}

/// All that was seen.
pub(super) struct Seen {
    /// At both edges of the window, unless it ended early.
    pub(super) window: Option<[Look; 2]>,
    pub(super) peaks: Peaks,
    /// What was counted after the window.
    pub(super) after: Option<After>,
    /// What each thread did after that, or why that is not known.
    pub(super) timeline: io::Result<Option<Timeline>>,
    /// What else the machine did in the window.
    pub(super) met: noise::Seen,
}

impl<'a> Watch<'a> {
    /// `load` is what the server is under.
    pub(super) fn new(
        tree: Tree,
        group: Option<Group>,
        placement: &'a Placement,
        epilogue: Epilogue,
        load: &Load,
    ) -> Self {
        Self {
            tree,
            group,
            placement,
            looks: Vec::new(),
            sampler: None,
            peaks: Peaks::default(),
            replies: load.replies.clone(),
            window: load.duration,
            epilogue,
            after: None,
            timeline: Ok(None),
            noise: None,
            met: noise::Seen::default(),
        }
    }

    /// What there is to do at an edge.
    pub(super) fn at(&mut self, edge: Edge) {
        match edge {
            Edge::Opens => {
                // First: starting threads takes its time, and more where the generator is at work.
                self.look();
                let sampling = Sampling { processors: self.placement.client.clone(), ..Sampling::default() };
                self.sampler = Sampler::start(self.tree, sampling).ok();
                self.noise = Some(noise::Watch::start(&noise::in_use(self.placement)));
            }
            Edge::Closes => {
                self.look();
                self.met = self.noise.take().map(noise::Watch::stop).unwrap_or_default();
                self.peaks = self.sampler.take().map(Sampler::stop).unwrap_or_default();
                self.after = self.count(Instant::now() + COUNTED_WITHIN);
                self.timeline = self.look_closely();
                self.replies.enough();
            }
            Edge::Ended => {}
        }
    }

    /// Counts while the load goes on.
    fn count(&self, until: Instant) -> Option<After> {
        let counting = Counting::begin(self.group.as_ref()?).ok()?;
        let (part, at_most) = COUNTED;
        let span = (self.window / part).clamp(COUNTED_AT_LEAST, at_most);
        counting.over(span, until, || self.replies.so_far()).ok()?
    }

    /// Looks at what each thread does, while the load goes on.
    fn look_closely(&self) -> io::Result<Option<Timeline>> {
        if !self.epilogue.looks {
            return Ok(None);
        }
        timeline::over(self.tree, Pace::CLOSE, LOOKED_AT, Instant::now() + FOR_LOOKS)
    }

    fn look(&mut self) {
        let (at, requests) = (Instant::now(), self.replies.so_far());
        let used = self.group.as_ref().map(Group::used).transpose();
        let look = used.and_then(|used| Ok(Look { at, requests, used, reading: self.tree.reading()? }));
        self.looks.push(look);
    }

    /// # Errors
    /// The server could not be looked at.
    pub(super) fn seen(self) -> io::Result<Seen> {
        let looks = self.looks.into_iter().collect::<io::Result<Vec<_>>>()?;
        Ok(Seen {
            window: looks.try_into().ok(),
            peaks: self.peaks,
            after: self.after,
            timeline: self.timeline,
            met: self.met,
        })
    }
}
