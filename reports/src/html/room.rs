//! How much a page has room for: it is mailed, put on a stick and opened on a telephone, so it stays below 400 KB, of which style,
//! scripts and words take a third.

use std::collections::BTreeSet;

/// The room for pictures with their data, in bytes of the page.
pub(super) const PICTURES: usize = 166_000;
/// The room for tables.
pub(super) const TABLES: usize = 90_000;
/// What the markup of a table's cell takes, in bytes.
pub(super) const CELL: usize = 22;

/// Of which kind something of this title is: what it says before the first colon; behind it stands in which setting.
pub(super) fn kind(title: &str) -> String {
    title.split(':').next().unwrap_or(title).to_owned()
}

/// What there is room for, and what not, both in the order in which they came. One of each kind goes before the second of any: one
/// that `is_main`, if there is one, else the first.
pub(super) fn shared<T>(
    things: Vec<T>,
    room: usize,
    kind: impl Fn(&T) -> String,
    is_main: impl Fn(&T) -> bool,
    size: impl Fn(&T) -> usize,
) -> (Vec<T>, Vec<T>) {
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by_key(|&place| !is_main(&things[place]));
    let mut kinds = BTreeSet::new();
    let mut is_first = vec![false; things.len()];
    for &place in &order {
        is_first[place] = kinds.insert(kind(&things[place]));
    }
    order.sort_by_key(|&place| (!is_first[place], place));
    let mut left = room;
    let mut stays = vec![false; things.len()];
    for place in order {
        let needed = size(&things[place]);
        if needed <= left {
            left -= needed;
            stays[place] = true;
        }
    }
    let mut stays = stays.into_iter();
    things.into_iter().partition(|_| stays.next().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(things: &[(&str, usize)], room: usize) -> Vec<usize> {
        let (kind, is_main) =
            (|(kind, _): &(&str, usize)| kind[..1].to_owned(), |(kind, _): &(&str, usize)| kind.len() > 1);
        let (stay, go) = shared(things.to_vec(), room, kind, is_main, |(_, size)| *size);
        assert_eq!(stay.len() + go.len(), things.len());
        stay.into_iter().map(|(_, size)| size).collect()
    }

    #[test]
    fn all_stay_where_there_is_room() {
        assert_eq!(shown(&[("a", 1), ("a", 2), ("b", 3)], 6), [1, 2, 3]);
    }

    #[test]
    fn what_is_of_the_main_thing_goes_before_others_of_its_kind() {
        assert_eq!(shown(&[("a", 4), ("a main", 3), ("b", 3)], 6), [3, 3]);
    }

    #[test]
    fn the_first_of_each_kind_goes_before_the_second_of_any() {
        assert_eq!(shown(&[("a", 4), ("a", 3), ("b", 3)], 7), [4, 3]);
        assert_eq!(shown(&[("a", 1), ("a", 5), ("a", 2), ("b", 3)], 6), [1, 2, 3]);
    }
}
