//! Idle connections: who grows with them, and from where on that matters.

use reports::summary::{Growth, IdleTable};

use super::{summary, table};

fn idle() -> IdleTable {
    let mut tables = summary().idle;
    assert_eq!(tables.len(), 1);
    tables.remove(0)
}

#[test]
fn growth_is_fitted_through_all_rounds() {
    let table = idle();
    assert_eq!(table.idle, [0, 1_000, 10_000]);
    let row = |model: &str| table.rows.iter().find(|row| row.model == model).unwrap();
    assert_eq!((row("epoll").growth, row("poll").growth), (Growth::Flat, Growth::Grows));
    let line = row("poll").line.unwrap();
    // 3 µs for each thousand, and as much more as the rounds are noisy: 3% on average.
    assert!((3.0..3.3).contains(&line.slope), "{line:?}");
    let interval = line.interval.unwrap();
    assert!(interval.low < line.slope && line.slope < interval.high && interval.low > 0.0);
    assert_eq!(row("select").growth, Growth::Unknown);
    assert_eq!(table.best_flat.as_deref(), Some("epoll"));
}

#[test]
fn a_growing_model_is_left_where_its_line_crosses_the_flat_one() {
    let crossings = idle().crossings;
    assert_eq!(crossings.len(), 1);
    assert_eq!((crossings[0].model.as_str(), crossings[0].beyond), ("poll", false));
    // 6 + 3 n and 8: the same noise on both lines moves the crossing little.
    assert!((550.0..750.0).contains(&crossings[0].idle), "{crossings:?}");
}

#[test]
fn the_limit_of_select_is_told() {
    let notes = table("What idle connections cost").notes;
    let expected =
        "select beside 1,000 idle connections: unsupported: select can't watch a descriptor above 1023.";
    assert!(notes.iter().any(|note| note == expected), "{notes:?}");
}
