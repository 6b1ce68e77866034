//! Which cells of probes are of one setting, and which of one row.

use std::collections::BTreeMap;

use crate::record::ProbeCell;

/// The operations in the order of reading.
const OPERATIONS: [&str; 6] = ["create", "hand-off", "switch", "round-trip", "bandwidth", "sleep"];

/// Those of them that are of messages.
const MESSAGES: [&str; 2] = ["round-trip", "bandwidth"];
/// What carries nothing, or a word at most, is compared with messages of one byte: how much a signal or a counter carries is in its
/// nature, and what all of them do is to wake the other side.
pub const WORD: u64 = 8;

/// What must be the same for two ways to be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) operation: Operation,
    pub(super) touched_bytes: Option<u64>,
    pub(super) message_bytes: Option<u64>,
    pub(super) number: Option<u64>,
}

/// What was timed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Operation {
    place: usize,
    pub(super) name: String,
}

impl Key {
    pub(super) fn of(cell: &ProbeCell) -> Self {
        let place = OPERATIONS.iter().position(|name| *name == cell.operation);
        Self {
            operation: Operation { place: place.unwrap_or(OPERATIONS.len()), name: cell.operation.clone() },
            touched_bytes: cell.touched_bytes.filter(|bytes| *bytes > 0),
            message_bytes: MESSAGES
                .contains(&&*cell.operation)
                .then(|| cell.message_bytes.unwrap_or(0).max(WORD)),
            number: cell.number,
        }
    }

    /// Whether it is this operation without anything special.
    pub(super) fn is_plain(&self, operation: &str) -> bool {
        self.operation.name == operation && self.touched_bytes.is_none()
    }
}

/// The cells of one setting, in rows.
pub(super) struct Group<'a> {
    pub(super) key: Key,
    pub(super) rows: Vec<Vec<&'a ProbeCell>>,
}

/// All of `cells` by setting and row.
pub(super) fn groups<'a>(cells: impl Iterator<Item = &'a ProbeCell>) -> Vec<Group<'a>> {
    let mut settings: BTreeMap<Key, BTreeMap<_, Vec<&ProbeCell>>> = BTreeMap::new();
    for cell in cells {
        let row = (&cell.way, cell.stack_bytes, cell.message_bytes, &cell.sides, cell.copy.unwrap_or(1));
        settings.entry(Key::of(cell)).or_default().entry(row).or_default().push(cell);
    }
    let group = |(key, rows): (Key, BTreeMap<_, Vec<&'a ProbeCell>>)| Group {
        key,
        rows: rows.into_values().collect(),
    };
    settings.into_iter().map(group).collect()
}
