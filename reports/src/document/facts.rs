//! Where, how and when a run was measured, and whether all of it is there.

use std::collections::BTreeSet;

use super::Fact;
use crate::record::{Cell, Floor, Host, Run, Verdict};
use crate::summary::Ceiling;
use crate::units::{self, count, figure, gibibytes, latency, plural};

/// What must be known before any figure is read.
pub(super) fn warnings(run: &Run) -> Vec<String> {
    let planned = plural(run.planned, "planned cell");
    if run.cells.is_empty() && !run.torture.is_empty() {
        let cut = "The torture was interrupted: its tables hold what had been tried by then.";
        return if run.complete { Vec::new() } else { vec![cut.to_owned()] };
    }
    if run.cells.is_empty() {
        return vec![format!("This run holds no cells of its {planned}, so there is nothing to show.")];
    }
    let mut warnings = Vec::new();
    if !run.complete {
        let measured = count(run.measured() as f64);
        warnings.push(format!(
            "This run is not complete: it holds {measured} of its {planned}. It was interrupted or is still under way."
        ));
    }
    if run.cells.iter().all(|cell| !matches!(cell.verdict(), Verdict::Valid | Verdict::ClientBound)) {
        warnings.push(format!(
            "No cell of this run counts ({}), so there are no figures; the notes say why.",
            listed_verdicts(&all_cells(run))
        ));
    }
    warnings
}

/// The facts, in the order of reading.
pub(super) fn facts(run: &Run) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value, code: false };
    let mut facts = vec![
        fact("Host", host(&run.host)),
        Fact { name: "Command", value: command(&run.command), code: true },
        fact("Version", format!("concur {}", run.concur)),
        fact("Started", run.started.clone()),
    ];
    if !run.host.mitigations.is_empty() {
        facts.insert(1, Fact { name: "Mitigations", value: run.host.mitigations.join("; "), code: true });
    }
    facts.extend(run.floor.as_ref().map(|of| fact("Floor", floor(of, Ceiling::of(run)))));
    if !run.cells.is_empty() {
        facts.extend(placement(run).map(|text| fact("Placement", text)));
        facts.push(fact("Rounds", rounds(run)));
        facts.push(fact("Verdicts", verdicts(run)));
    }
    facts.extend(run.notes.iter().map(|note| fact("Note", note.clone())));
    facts
}

/// The two ends between which the figures lie, and the greatest rate that was measured if it lies beyond what was tried.
fn floor(floor: &Floor, most: Option<Ceiling>) -> String {
    let (cpu_us, round_trip) = (figure(floor.cpu_us), latency(floor.round_trip_us));
    let tried = figure(floor.ceiling_per_second);
    match most {
        Some(Ceiling::Met(met)) => format!(
            "a request costs {cpu_us} µs of CPU and {round_trip} of round trip at the least; tried before the run, the load generator \
             came to {tried} requests/s on one processor, and in it to as many as {}",
            figure(met)
        ),
        Some(Ceiling::Tried(_)) | None => format!(
            "a request costs {cpu_us} µs of CPU and {round_trip} of round trip at the least; tried before the run, the load generator \
             came to {tried} requests/s on one processor"
        ),
    }
}

fn host(host: &Host) -> String {
    let mut parts = vec![
        host.cpu.clone(),
        plural(host.cores, "core"),
        host.kernel.clone(),
        format!("{} of memory", gibibytes(host.memory_bytes)),
        format!("{} descriptors a process", count(host.nofile as f64)),
    ];
    parts.extend(host.loopback_mtu_bytes.map(|bytes| format!("loopback MTU {} bytes", count(bytes as f64))));
    parts.join(", ")
}

/// The command as a shell would take it.
fn command(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = |word: &String| match word.as_str() {
        word if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        word => format!("'{}'", word.replace('\'', r"'\''")),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Where server and load generator ran; a run may have had them in several places.
fn placement(run: &Run) -> Option<String> {
    let places: BTreeSet<String> = run
        .cells
        .iter()
        .filter_map(|cell| cell.server().map(|cell| units::placement(&cell.placement)))
        .collect();
    (!places.is_empty()).then(|| places.into_iter().collect::<Vec<_>>().join("; "))
}

fn rounds(run: &Run) -> String {
    let rounds: BTreeSet<u32> = run.cells.iter().map(Cell::round).collect();
    count(rounds.len() as f64)
}

/// All verdicts, the best first.
const VERDICTS: [Verdict; 5] =
    [Verdict::Valid, Verdict::ClientBound, Verdict::Unstable, Verdict::Errors, Verdict::Unsupported];

/// How many cells got each verdict: `20 valid, 1 unstable of 21 cells`.
fn verdicts(run: &Run) -> String {
    format!("{} of {}", listed_verdicts(&all_cells(run)), plural(run.cells.len(), "cell"))
}

fn all_cells(run: &Run) -> Vec<&Cell> {
    run.cells.iter().collect()
}

/// `20 valid, 1 unstable`.
pub(super) fn listed_verdicts(cells: &[&Cell]) -> String {
    let number = |verdict| cells.iter().filter(|cell| cell.verdict() == verdict).count();
    let listed = VERDICTS.map(|verdict| (number(verdict), name(verdict)));
    let listed = listed.iter().filter(|(number, _)| *number > 0);
    let listed: Vec<_> = listed.map(|(number, name)| format!("{} {name}", count(*number as f64))).collect();
    listed.join(", ")
}

/// A verdict as it stands in the record.
pub(super) fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::ClientBound => "client-bound",
        Verdict::Unstable => "unstable",
        Verdict::Errors => "errors",
        Verdict::Unsupported => "unsupported",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Placement, ServerCell};

    #[test]
    fn the_ceiling_does_not_stand_below_a_rate_that_was_measured() {
        let of = Floor { cpu_us: 4.0, round_trip_us: 20.0, ceiling_per_second: 150_000.0, cpu_us_most: None };
        let cell = |client: &[usize], rate| {
            Cell::Servers(Box::new(ServerCell {
                placement: Placement { server: vec![0], client: client.to_vec() },
                requests_per_second: rate,
                ..ServerCell::default()
            }))
        };
        let cells = vec![cell(&[1], 180_000.0), cell(&[1], 90_000.0), cell(&[1, 2], 300_000.0)];
        let run = Run { floor: Some(of), cells, ..Run::default() };
        let told = facts(&run).into_iter().find(|fact| fact.name == "Floor").unwrap().value;
        assert!(told.ends_with("on one processor, and in it to as many as 180,000"), "{told}");
        assert!(
            floor(&of, Some(Ceiling::Tried(150_000.0)))
                .ends_with("came to 150,000 requests/s on one processor")
        );
    }

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        let words = ["concur", "run", "--cmd", "mine=python3 it's.py {port}", ""].map(str::to_owned);
        assert_eq!(command(&words), r"concur run --cmd 'mine=python3 it'\''s.py {port}' ''");
    }
}
