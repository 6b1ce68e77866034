//! Looks at a server at the edges of its load, and in between.

use std::io;

use reports::record::Placement;

use crate::load::Edge;
use crate::measure::after::{Counted, Counting};
use crate::measure::group::{Group, Used};
use crate::measure::noise;
use crate::measure::reading::Reading;
use crate::measure::sampler::{Peaks, Sampler, Sampling};
use crate::measure::tree::Tree;

/// What is under way.
pub(super) struct Watch<'a> {
    tree: Tree,
    group: Option<Group>,
    /// Where the looking is done: not in the server's time.
    placement: &'a Placement,
    looks: Vec<io::Result<Look>>,
    sampler: Option<Sampler>,
    peaks: Peaks,
    counting: Option<Counting>,
    counted: Option<Counted>,
    noise: Option<noise::Watch>,
    met: noise::Seen,
}

/// The server's accounts at one edge of the window: that of its group, and those of its processes.
pub(super) struct Look {
    pub(super) used: Option<Used>,
    pub(super) reading: Reading,
}

/// All that was seen.
pub(super) struct Seen {
    /// At both edges of the window, unless it ended early.
    pub(super) window: Option<[Look; 2]>,
    pub(super) peaks: Peaks,
    /// What was counted after the window.
    pub(super) counted: Option<Counted>,
    /// What else the machine did in the window.
    pub(super) met: noise::Seen,
}

impl<'a> Watch<'a> {
    pub(super) fn new(tree: Tree, group: Option<Group>, placement: &'a Placement) -> Self {
        Self {
            tree,
            group,
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
                self.counting = self.group.as_ref().and_then(|group| Counting::begin(group).ok());
                self.peaks = self.sampler.take().map(Sampler::stop).unwrap_or_default();
            }
            Edge::Ended => {
                self.counted = self.counting.take().and_then(|counting| counting.end().ok());
            }
        }
    }

    fn look(&mut self) {
        let used = self.group.as_ref().map(Group::used).transpose();
        let look = used.and_then(|used| Ok(Look { used, reading: self.tree.reading()? }));
        self.looks.push(look);
    }

    /// # Errors
    /// The server could not be looked at.
    pub(super) fn seen(self) -> io::Result<Seen> {
        let looks = self.looks.into_iter().collect::<io::Result<Vec<_>>>()?;
        Ok(Seen { window: looks.try_into().ok(), peaks: self.peaks, counted: self.counted, met: self.met })
    }
}
