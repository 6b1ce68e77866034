//! Under what two runs were measured: what differs there shows in every ratio and is no server's doing.

use std::collections::BTreeSet;

use crate::record::{Host, Run, ServerCell};
use crate::statistics::median;
use crate::units::{count, figure, gibibytes, placement, plural};

/// Windows of one length are never equally long to the last microsecond.
const SAME_LENGTH: f64 = 0.1;

/// What differs between the cells of two runs, over all rows that both have.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// Where server and load generator ran, in words, each difference once.
    pub(crate) placements: BTreeSet<String>,
    /// How long the measured windows were.
    windows: Lengths,
    /// How long the load had gone on before.
    warm_ups: Lengths,
}

/// A length that is not the same in all rows: the first such row's, and how many there are.
#[derive(Debug, Default)]
struct Lengths {
    first: Option<(f64, f64)>,
    rows: usize,
}

impl Conditions {
    /// Takes the cells of one row into account.
    pub(crate) fn note(&mut self, old: &[&ServerCell], new: &[&ServerCell]) {
        let (one, other) = (places(old), places(new));
        if one != other {
            self.placements.insert(format!("placement ({one} and {other})"));
        }
        self.windows.note(old, new, |cell| Some(cell.seconds));
        self.warm_ups.note(old, new, |cell| cell.warm_up_s);
    }

    /// What a reader should know of lengths, one sentence each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let told = [("measured windows", &self.windows), ("warm-ups", &self.warm_ups)];
        told.into_iter().filter_map(|(what, lengths)| lengths.told(what)).collect()
    }
}

impl Lengths {
    fn note(&mut self, old: &[&ServerCell], new: &[&ServerCell], length: fn(&ServerCell) -> Option<f64>) {
        let usual = |cells: &[&ServerCell]| median(cells.iter().filter_map(|cell| length(cell)));
        let Some((one, other)) = usual(old).zip(usual(new)) else { return };
        // What never ran had no window.
        if one > 0.0 && other > 0.0 && (one - other).abs() > SAME_LENGTH * one.max(other) {
            self.first.get_or_insert((one, other));
            self.rows += 1;
        }
    }

    fn told(&self, what: &str) -> Option<String> {
        self.first.map(|(old, new)| {
            format!(
                "The {what} are not equally long in both runs ({} s and {} s; in {}).",
                figure(old),
                figure(new),
                plural(self.rows, "row")
            )
        })
    }
}

/// Where the cells of a row were measured; a record may have them in several places.
fn places(cells: &[&ServerCell]) -> String {
    let places: BTreeSet<String> = cells.iter().map(|cell| placement(&cell.placement)).collect();
    places.into_iter().collect::<Vec<_>>().join(" or ")
}

/// What differs between two runs as a whole, or is missing in one, one sentence each.
pub(crate) fn of_runs(old: &Run, new: &Run) -> Vec<String> {
    let mut warnings = Vec::new();
    for (which, run) in [("earlier", old), ("later", new)] {
        if !run.complete {
            let measured = count(run.measured() as f64);
            let planned = plural(run.planned, "planned cell");
            warnings.push(format!("The {which} run is not complete: it holds {measured} of its {planned}."));
        }
    }
    if old.concur != new.concur {
        warnings.push(format!(
            "The runs were measured by different versions of concur ({} and {}), whose load generator and accounting may \
             differ as well.",
            old.concur, new.concur
        ));
    }
    warnings
}

/// Memory that differs by less is the same: the kernel keeps a little more or less of it for itself at each start.
const MEMORY_TOLERANCE: f64 = 0.01;

/// What differs between two hosts, as far as it changes figures.
pub(crate) fn hosts_differ(old: &Host, new: &Host) -> Vec<String> {
    let mut differ = Vec::new();
    let mut note = |what: &str, one: String, other: String| {
        if one != other {
            differ.push(format!("{what} ({one} and {other})"));
        }
    };
    note("processor", old.cpu.clone(), new.cpu.clone());
    note("cores", old.cores.to_string(), new.cores.to_string());
    note("kernel", old.kernel.clone(), new.kernel.clone());
    note("mitigations", mitigations(old, new), mitigations(new, old));
    let (one, other) = (old.memory_bytes as f64, new.memory_bytes as f64);
    if (one - other).abs() > MEMORY_TOLERANCE * one.max(other) {
        differ.push(format!("memory ({} and {})", gibibytes(old.memory_bytes), gibibytes(new.memory_bytes)));
    }
    differ
}

/// The mitigations of a host that the other one does not have in the same way.
fn mitigations(host: &Host, other: &Host) -> String {
    let own: Vec<&str> =
        host.mitigations.iter().filter(|one| !other.mitigations.contains(one)).map(String::as_str).collect();
    if own.is_empty() && other.mitigations.iter().all(|one| host.mitigations.contains(one)) {
        String::new()
    } else if own.is_empty() {
        "others".to_owned()
    } else {
        own.join(", ")
    }
}
