//! Several offered rates: up to which one a model keeps up, and what is said of each.

use reports::document::Document;
use reports::record::{Offered, ServerCell, Verdict};
use reports::summary::{Knee, Percentile, RateRow, Summary};
use reports::table::Column;

use super::{changed, close, server, summary};
use crate::sample::loads;

#[test]
fn the_knee_is_the_highest_rate_that_is_answered_in_full_and_in_time() {
    let sweeps = summary().rates;
    assert_eq!(sweeps.len(), 1);
    assert_eq!(sweeps[0].rates, [10_000.0, 20_000.0, 40_000.0]);
    let knees: Vec<_> = sweeps[0].rows.iter().map(|row| (row.model.as_str(), row.knee)).collect();
    // fork's p99 at 20,000 is just below ten times that at 10,000.
    assert_eq!(knees, [("epoll", Knee::AtLeast(40_000.0)), ("fork", Knee::At(20_000.0))]);
}

#[test]
fn replies_that_come_ten_times_as_late_are_beyond_the_knee() {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.model == "fork" && cell.rate == Some(20_000.0) {
            cell.latency_us.as_mut().unwrap().p99 = Some(4_001.0);
        }
    });
    assert_eq!(Summary::of(&run).rates[0].rows[1].knee, Knee::At(10_000.0));
}

#[test]
fn what_the_generator_could_not_offer_says_nothing_of_the_model() {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.model == "fork" && cell.rate == Some(40_000.0) {
            cell.verdict = Verdict::ClientBound;
        }
    });
    let rows = &Summary::of(&run).rates[0].rows;
    let fork = rows.iter().find(|row| row.model == "fork").unwrap();
    assert_eq!(fork.knee, Knee::AtLeast(20_000.0));
}

#[test]
fn a_model_that_never_keeps_up_has_its_knee_below_the_lowest_rate() {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.rate.is_some() && cell.model == "fork" {
            cell.requests_per_second /= 2.0;
        }
    });
    let rows = &Summary::of(&run).rates[0].rows;
    assert_eq!(rows.iter().map(|row| row.knee).collect::<Vec<_>>()[1], Knee::Below(10_000.0));
}

/// What became of the sweep's row of fork once `change` was made to the cells of one of its rates.
fn fork_with(rate: f64, change: impl Fn(&mut ServerCell)) -> RateRow {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.model == "fork" && cell.rate == Some(rate) {
            change(cell);
        }
    });
    let rows = Summary::of(&run).rates.remove(0).rows;
    rows.into_iter().find(|row| row.model == "fork").unwrap()
}

#[test]
fn a_rate_where_the_generator_was_the_limit_is_no_base_for_the_others() {
    // A generator that is late at the lowest rate would make room for a p99 of ten times as much.
    let row = fork_with(10_000.0, |cell| {
        cell.verdict = Verdict::ClientBound;
        cell.latency_us.as_mut().unwrap().p99 = Some(90_000.0);
    });
    assert_eq!((row.base().unwrap().rate, row.knee), (20_000.0, Knee::At(20_000.0)));
    let late = fork_with(20_000.0, |cell| cell.verdict = Verdict::ClientBound);
    assert_eq!(late.knee, Knee::At(10_000.0));
}

#[test]
fn where_no_rate_counts_nothing_is_known_and_the_table_says_so() {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.model == "fork" && cell.rate.is_some() {
            cell.verdict = Verdict::ClientBound;
        }
    });
    let document = Document::of(&run);
    let found = document.tables.iter().find(|table| table.title.starts_with("Up to which"));
    let table = found.unwrap();
    let row = table.rows.iter().find(|row| row[0] == "fork").unwrap();
    assert_eq!(row[1], "unknown");
    assert!(row[4].starts_with("~ "), "{row:?}");
    assert_eq!(table.notes, ["fork: no rate counts, so nothing is known of its knee."]);
}

#[test]
fn the_knee_is_before_the_first_rate_that_was_too_much() {
    let too_much = fork_with(20_000.0, |cell| cell.requests_per_second /= 2.0);
    assert_eq!(too_much.knee, Knee::At(10_000.0));
    // That it kept up with a higher one makes no difference.
    let lucky = fork_with(40_000.0, |cell| {
        cell.requests_per_second = 40_000.0;
        cell.latency_us.as_mut().unwrap().p99 = Some(500.0);
    });
    assert_eq!(lucky.knee, Knee::AtLeast(40_000.0));
    let run = changed(|cell| {
        let cell = server(cell);
        match cell.rate {
            Some(20_000.0) => cell.requests_per_second /= 2.0,
            Some(40_000.0) => cell.requests_per_second = 40_000.0,
            _ => {}
        }
    });
    for row in &Summary::of(&run).rates[0].rows {
        assert_eq!(row.knee, Knee::At(10_000.0), "{}", row.model);
    }
    let failed = fork_with(20_000.0, |cell| cell.verdict = Verdict::Errors);
    assert_eq!(failed.knee, Knee::At(10_000.0));
}

#[test]
fn where_there_is_no_p99_a_lower_percentile_tells_and_is_named() {
    let few = |without_p90: bool| {
        changed(move |cell| {
            let cell = server(cell);
            if let (Some(10_000.0), Some(latency)) = (cell.rate, cell.latency_us.as_mut()) {
                latency.p99 = None;
                latency.p90 = latency.p90.filter(|_| !without_p90);
            }
        })
    };
    for (without_p90, percentile, name) in [(false, Percentile::P90, "p90"), (true, Percentile::P50, "p50")] {
        let run = few(without_p90);
        let rows = &Summary::of(&run).rates[0].rows;
        let fork = rows.iter().find(|row| row.model == "fork").unwrap();
        assert_eq!((fork.judged_by, fork.knee), (Some(percentile), Knee::At(20_000.0)));
        let document = Document::of(&run);
        let found = document.tables.iter().find(|table| table.title.starts_with("Up to which"));
        let table = found.unwrap();
        let headings: Vec<String> = table.columns.iter().map(Column::heading).collect();
        // The knee has a p99, the lowest rate has none.
        assert_eq!(headings[2..4], ["p99 (at the knee)", "latency (lowest rate)"]);
        assert!(table.rows.iter().all(|row| !row[2].contains("(p")), "{:?}", table.rows);
        assert!(table.rows[0][3].ends_with(&format!("({name})")), "{:?}", table.rows);
        assert!(table.notes[0].contains(&format!("the {name} is what was compared")), "{:?}", table.notes);
    }
}

#[test]
fn a_rate_that_was_not_answered_in_full_needs_no_p99() {
    let row = fork_with(40_000.0, |cell| cell.latency_us.as_mut().unwrap().p99 = None);
    assert_eq!((row.judged_by, row.knee), (Some(Percentile::P99), Knee::At(20_000.0)));
}

#[test]
fn what_was_answered_is_a_part_of_what_was_due() {
    let offered = |due, left, unanswered| {
        let row = fork_with(20_000.0, |cell| {
            cell.offered = Some(Offered { due, left, unanswered });
            // Replies to what was due in the warm-up are in the window as well.
            cell.requests_per_second = 30_000.0;
        });
        let step = row.steps[1].as_ref().unwrap();
        (step.answered.unwrap(), step.left, row.knee)
    };
    let (answered, left, knee) = offered(1_000, 1_040, 0);
    close(answered, 1.0);
    assert_eq!((left, knee), (Some(1.0), Knee::At(20_000.0)));
    let (answered, left, knee) = offered(1_000, 1_000, 20);
    close(answered, 0.98);
    assert_eq!((left, knee), (Some(1.0), Knee::At(10_000.0)));
    // In the end all were answered, but they had to wait for a connection.
    let (answered, left, knee) = offered(1_000, 700, 0);
    close(answered, 1.0);
    assert_eq!((left, knee), (Some(0.7), Knee::At(10_000.0)));
    // A record that does not say what became of them.
    let step = fork_with(20_000.0, |cell| cell.requests_per_second = 30_000.0).steps[1].clone().unwrap();
    assert_eq!((step.answered, step.left), (Some(1.0), None));
}

#[test]
fn at_each_rate_verdicts_are_marked_and_what_went_wrong_is_noted() {
    let run = changed(|cell| {
        let cell = server(cell);
        if cell.model != "fork" || cell.rate.is_none() {
            return;
        }
        match (cell.rate, cell.round) {
            (Some(10_000.0), _) => {
                cell.verdict = Verdict::ClientBound;
                cell.reason = Some("the generator was late".into());
            }
            (Some(20_000.0), 2) => {
                cell.verdict = Verdict::Unstable;
                cell.reason = Some("steal was 9%".into());
            }
            (Some(40_000.0), _) => {
                cell.verdict = Verdict::Errors;
                cell.errors.reset = 7;
            }
            _ => {}
        }
        cell.rate = cell.rate.map(|rate| rate + 1.0);
    });
    let document = Document::of(&run);
    let found = document.tables.iter().find(|table| table.title.starts_with("At each rate"));
    let table = found.unwrap();
    let column = |title: &str| table.columns.iter().position(|column| column.heading() == title).unwrap();
    let row = |offered: &str| table.rows.iter().find(|row| row[0] == "fork" && row[1] == offered).unwrap();
    assert_eq!(row("10,001")[column("p99")], "~ 400 µs");
    assert_eq!(row("20,001")[column("rounds")], "1/2");
    // This record does not say what became of the requests that were offered.
    assert!(table.columns.iter().all(|column| column.title != "left"));
    assert_eq!((&row("40,001")[2][..], &row("40,001")[column("errors")][..]), ("errors", "14"));
    let expected = [
        "fork at 10,001 req/s: the load generator was the limit: what is marked ~ is the generator's as well. The generator \
         was late.",
        "fork at 20,001 req/s: 1 of 2 rounds count. Unstable: steal was 9% (round 2).",
        "fork at 40,001 req/s: errors. Errors over all rounds: 14 reset.",
    ];
    for note in expected {
        assert!(table.notes.iter().any(|other| other == note), "{note} is not in {:?}", table.notes);
    }
}

#[test]
fn models_with_rates_of_their_own_share_one_table_of_all_figures() {
    let open = |document: &Document| {
        let titles = document.tables.iter().map(|table| table.title.clone());
        titles.filter(|title| title.starts_with("http /hello")).count()
    };
    assert_eq!(open(&Document::of(&loads::run())), 3);
    let own = changed(|cell| {
        let cell = server(cell);
        if cell.model == "fork" {
            cell.rate = cell.rate.map(|rate| rate / 2.0 + 1.0);
            cell.requests_per_second /= 2.0;
        }
    });
    let document = Document::of(&own);
    assert_eq!(open(&document), 0);
    let all = document.tables.iter().find(|table| table.title.starts_with("At each rate"));
    assert_eq!(all.unwrap().rows.len(), 6);
}
