//! Looks at a server at the edges of its load, and in between.

use std::io;

use reports::record::Placement;

use crate::load::Edge;
use crate::measure::account::{Account, Moment};
use crate::measure::calls::{CallCounters, Counted};
use crate::measure::noise;
use crate::measure::reading::Reading;
use crate::measure::sampler::{Peaks, Sampler, Sampling};
use crate::measure::tree::Tree;

/// What is under way.
pub(super) struct Watch<'a> {
    tree: Tree,
    account: Option<Account>,
    /// Where the looking is done: not in the server's time.
    placement: &'a Placement,
    looks: Vec<io::Result<Look>>,
    sampler: Option<Sampler>,
    peaks: Peaks,
    counting: Option<CallCounters>,
    counted: Option<Counted>,
    noise: Option<noise::Watch>,
    met: noise::Seen,
}

/// The server's accounts at one edge of the window: that of its group, and those of its processes.
pub(super) struct Look {
    pub(super) moment: Option<Moment>,
    pub(super) reading: Reading,
}

/// All that was seen.
pub(super) struct Seen {
    /// At both edges of the window, unless it ended early.
    pub(super) window: Option<[Look; 2]>,
    pub(super) peaks: Peaks,
    /// The system calls after the window.
    pub(super) counted: Option<Counted>,
    /// What else the machine did in the window.
    pub(super) met: noise::Seen,
}

impl<'a> Watch<'a> {
    pub(super) fn new(tree: Tree, account: Option<Account>, placement: &'a Placement) -> Self {
        Self {
            tree,
            account,
            placement,
            looks: Vec::new(),
            sampler: None,
            peaks: Peaks::default(),
            counting: None,
            counted: None,
            noise: None,
            met: noise::Seen::default(),
        }
    }

    /// What there is to do at an edge.
    pub(super) fn at(&mut self, edge: Edge) {
        match edge {
            Edge::Opens => {
                let sampling = Sampling { processors: self.placement.client.clone(), ..Sampling::default() };
                self.sampler = Sampler::start(self.tree, sampling).ok();
                self.noise = Some(noise::Watch::start(&noise::in_use(self.placement)));
                self.look();
            }
            Edge::Closes => {
                self.look();
                self.met = self.noise.take().map(noise::Watch::stop).unwrap_or_default();
                // As soon as nothing is measured any more: what comes next takes its time.
                self.counting = self.account.as_ref().and_then(|account| account.count_calls().ok());
                self.peaks = self.sampler.take().map(Sampler::stop).unwrap_or_default();
            }
            Edge::Ended => {
                self.counted = self.counting.take().and_then(|counting| counting.end().ok());
            }
        }
    }

    fn look(&mut self) {
        let moment = self.account.as_mut().map(Account::moment).transpose();
        let look = moment.and_then(|moment| Ok(Look { moment, reading: self.tree.reading()? }));
        self.looks.push(look);
    }

    /// # Errors
    /// The server could not be looked at.
    pub(super) fn seen(self) -> io::Result<Seen> {
        let looks = self.looks.into_iter().collect::<io::Result<Vec<_>>>()?;
        Ok(Seen { window: looks.try_into().ok(), peaks: self.peaks, counted: self.counted, met: self.met })
    }
}
