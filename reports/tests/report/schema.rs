//! The schema says what the types say.

use serde_json::Value;

use crate::sample;

const COMMITTED: &str = include_str!("../../schema.json");

fn schema() -> Value {
    serde_json::from_str(COMMITTED).expect("schema.json is JSON")
}

#[test]
fn the_committed_schema_is_the_one_the_types_have() {
    let generated: Value = serde_json::from_str(&reports::schema::text()).unwrap();
    assert!(
        generated == schema(),
        "record.rs has changed; write schema.json anew with: cargo run -p reports --example schema"
    );
}

#[test]
fn a_record_keeps_to_the_schema() {
    let record = serde_json::to_value(sample::run()).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&record).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_schema_refuses_what_is_no_record() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let record = serde_json::to_value(sample::run()).unwrap();
    assert!(validator.is_valid(&record));
    for (pointer, wrong) in [
        ("/cells/0/suite", Value::from("ponies")),
        ("/cells/0/verdict", Value::from("fine")),
        ("/cells/0/latency_us/p99", Value::from("fast")),
        ("/cells/0/requests", Value::from(-1)),
        ("/host/cores", Value::Null),
    ] {
        let mut changed = record.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&changed), "{pointer}");
    }
}
