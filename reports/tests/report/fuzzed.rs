//! Records that nobody measured: what the fuzz target `record` tries, and figures that are far out in records that are right
//! otherwise. All are read or refused, and every report on what was read is drawn.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{corpus, record_file};

#[test]
fn every_record_that_is_kept_is_refused_or_drawn() {
    corpus::replay("record", record_file::check);
}

/// The kinds of values that a writer with a fault might leave.
fn far_out() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(0),
        json!(1),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(u32::MAX),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(0.1),
        json!(null),
        json!(""),
        json!("primes"),
        json!([]),
        json!([0, 0]),
        json!({}),
    ])
}

/// Puts a value in the place of one of those within, the one that is the `at`-th of all.
fn put(into: &mut Value, at: &mut usize, value: &Value) {
    let within: Vec<&mut Value> = match into {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        _ => {
            if *at == 0 {
                *into = value.clone();
            }
            *at = at.wrapping_sub(1);
            return;
        }
    };
    for one in within {
        put(one, at, value);
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 1,
    }
}

/// A few cells of every suite.
fn some_cells() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/run.json");
    let mut run: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let Value::Array(cells) = run["cells"].take() else { panic!("a list") };
    let mut kept: Vec<Value> = Vec::new();
    for cell in cells {
        if kept.iter().filter(|other| other["suite"] == cell["suite"]).count() < 3 {
            kept.push(cell);
        }
    }
    run["cells"] = Value::Array(kept);
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_record_with_figures_far_out_is_refused_or_drawn(
        changes in prop::collection::vec((any::<prop::sample::Index>(), far_out()), 1..4),
    ) {
        let mut run = some_cells();
        for (at, value) in changes {
            let places = count(&run);
            put(&mut run, &mut at.index(places), &value);
        }
        record_file::check(&serde_json::to_vec(&run).unwrap());
    }
}
