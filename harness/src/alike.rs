//! Finds the cells of a block that met their processors elsewhere than its last cells did.
//!
//! A hypervisor moves its processors nearer to each other or further apart, for seconds or minutes at a time, and what a
//! request costs changes with that by a third (see [`hop`](crate::measure::hop)). Where it happens within a block, half of the
//! rows can't be compared with the other half there. So the cells from before are measured once more, in the state that the
//! block ended in: whatever their figures are, and only if that state lasts.

use reports::distance;
use reports::record::{Cell, Verdict};

/// A block within which the processors were moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The place in it of the last cell whose distance is known.
    pub end: usize,
    /// The places of the cells that met another distance than that one.
    pub before: Vec<usize>,
}

impl Moved {
    /// Looks at a block's cells, of each step the last; none if they can all be compared.
    pub fn within(block: &[&Cell]) -> Option<Self> {
        let end = block.iter().rposition(|cell| distance_ns(cell).is_some())?;
        let before: Vec<usize> = (0..end).filter(|place| !alike(block[*place], block[end])).collect();
        (!before.is_empty()).then_some(Self { end, before })
    }
}

/// Whether two cells that count met their processors equally far apart, as far as is known.
pub fn alike(one: &Cell, other: &Cell) -> bool {
    distance::alike(distance_ns(one), distance_ns(other))
}

/// How far apart the processors were for a cell that counts; what does not count would gain nothing.
fn distance_ns(cell: &Cell) -> Option<f64> {
    let counts = matches!(cell.verdict(), Verdict::Valid | Verdict::ClientBound);
    distance::of(cell.noise().filter(|_| counts)?)
}

#[cfg(test)]
mod tests {
    use reports::record::{Noise, ServerCell};

    use super::*;

    fn cell(distance: f64, verdict: Verdict) -> Cell {
        let hop = Some(distance);
        let noise = Some(Noise { hop_before_ns: hop, hop_after_ns: hop, ..Noise::default() });
        Cell::Servers(Box::new(ServerCell { noise, verdict, ..ServerCell::default() }))
    }

    fn found(cells: &[Cell]) -> Option<(usize, Vec<usize>)> {
        Moved::within(&cells.iter().collect::<Vec<_>>()).map(|moved| (moved.end, moved.before))
    }

    #[test]
    fn cells_from_before_the_processors_were_moved_are_found() {
        let near = || cell(140.0, Verdict::Valid);
        let far = || cell(210.0, Verdict::ClientBound);
        let task = || Cell::Tasks(Box::default());
        assert_eq!(found(&[near(), task(), near(), far(), task()]), Some((3, vec![0, 2])));
        assert_eq!(found(&[far(), near(), near()]), Some((2, vec![0])));
        for cells in [vec![near(), near()], vec![task()], vec![]] {
            assert_eq!(found(&cells), None);
        }
        assert!(alike(&near(), &near()) && alike(&near(), &task()) && !alike(&near(), &far()));
    }

    #[test]
    fn what_does_not_count_is_not_looked_for_and_says_nothing_of_the_end() {
        let near = || cell(140.0, Verdict::Valid);
        let none = |distance| [Verdict::Unstable, Verdict::Errors].map(|verdict| cell(distance, verdict));
        let [unstable, errors] = none(210.0);
        assert_eq!(found(&[unstable, near(), errors]), None);
    }
}
