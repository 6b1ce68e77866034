//! The servers' table in words: what stands in its columns and below it.

use reports::document::Document;
use reports::record::ServerCell;

use crate::found::{document, expected, filled, row, table};
use crate::sample::{run_of, server, servers_cell};

#[test]
fn every_column_of_a_server_shows_its_own_figure() {
    // The medians of the cells with the numbers 11, 21 and 31: the figures of number 21 but for the CPU time, whose
    // three rounds take 8.4, 8.0 and 8.2 µs.
    let expected = expected(&[
        ("rank", "1"),
        ("model", "epoll"),
        ("CPU/req (µs)", "8.20 ±3%"), // 0.2 of 8.2
        ("interval (µs)", "8.00..8.40"),
        ("× first", ""),
        ("interval (×)", ""),
        ("rate (req/s)", "70,262 ±14%"),        // 142,000 in 2.021 s
        ("interval (req/s)", "60,666..79,764"), // 122,000 in 2.011 s, 162,000 in 2.031 s
        ("of ceiling", "71%"),                  // the greatest rate is 99,415: nothing was tried before
        ("p50", "322 µs"),                      // 321.5
        ("p99", "1.41 ms"),                     // 1,410
        ("p99.9", "7.40 ms"),                   // 7,400
        ("memory (MiB)", "8.25"),               // 3 + 21 / 4
        ("processes (peak)", "131"),            // 110 + 21
        ("threads (peak)", "251"),              // 230 + 21
        ("switches (per req)", "0.51"),         // (71,000 + 357 + 921) by 142,000
        ("involuntary (of switches)", "1.3%"),  // 921 of these
        ("errors", "0"),
        ("rounds", "3/3"),
    ]);
    assert_eq!(row(&table(&document(), "echo"), &["1", "epoll"]), expected);
}

#[test]
fn a_failed_server_shows_its_verdict_in_the_figures_place() {
    let document = document();
    let table = table(&document, "echo");
    let failed =
        [("rank", "–"), ("model", "fork"), ("CPU/req (µs)", "errors"), ("errors", "306"), ("rounds", "0/3")];
    assert_eq!(filled(&table, &["–", "fork"]), expected(&failed));
    let unsupported = [
        ("rank", "–"),
        ("model", "select"),
        ("CPU/req (µs)", "unsupported"),
        ("errors", "0"),
        ("rounds", "0/3"),
    ];
    assert_eq!(filled(&table, &["–", "select"]), expected(&unsupported));
}

#[test]
fn a_row_with_one_round_has_no_interval() {
    let document = document();
    let table = table(&document, "http");
    let row = row(&table, &["–", "thread"]);
    assert!(row.iter().all(|(heading, text)| !heading.starts_with("interval") || text.is_empty()), "{row:?}");
    assert!(row.iter().all(|(_, text)| !text.contains('±')), "{row:?}");
}

#[test]
fn a_client_bound_rate_is_marked_as_a_lower_bound() {
    let document = document();
    let table = table(&document, "echo");
    let row = row(&table, &["–", "coroutine"]);
    assert_eq!(row[2].1, "7.70 ±3%");
    assert_eq!(row[6].1, "≥ 76,923 ±13%"); // 156,000 in 2.028 s
    assert_eq!(row[7].1, "≥ 67,393..86,359"); // 136,000 in 2.018 s, 176,000 in 2.038 s
}

#[test]
fn a_note_stands_below_for_each_row_that_has_something_to_say() {
    let notes = table(&document(), "echo").notes;
    let expected = [
        "thread-pool:queue=1024,workers=4: 2 of 3 rounds count. Unstable: steal time was 12% (round 2).",
        "loop: not ranked, as connections starved: 1 of 64 were served. A client is served to its end before the \
         next one.",
        "coroutine: not ranked, as the load generator was the limit: the rate is a lower bound, CPU per request \
         stands. The load generator used 99% of its core.",
        "fork: errors. The server ended with status 1 (round 1). The server ended with status 2 (round 2). The \
         server ended with status 3 (round 3). Errors over all rounds: 6 connect, 30 reset, 60 timeout, 90 short, \
         120 wrong.",
        "select: unsupported. Select can't watch a descriptor above 1023.",
        "Nothing was measured twice under such a load in this run, so how far a server is from itself is not known; 1.0% is taken as the \
         least difference.",
        "An interval from 2 rounds is their range; it holds the true median in 50% of all cases.",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn many_different_reasons_are_told_in_part() {
    let cell = |round: u32| {
        servers_cell(ServerCell {
            reason: Some(format!("reason {round}")),
            ..server("epoll", round, 8.0, u64::from(round))
        })
    };
    let document = Document::of(&run_of((1..=5).map(cell).collect()));
    let expected =
        "epoll: reason 1 (round 1). Reason 2 (round 2). Reason 3 (round 3). 2 more remarks in the record.";
    assert_eq!(document.tables[0].notes, [expected]);
}
