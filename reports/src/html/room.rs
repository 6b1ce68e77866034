//! How much a page has room for: it is mailed, put on a stick and opened on a telephone, so it stays below 400 KB, of which style,
//! scripts and words take a third. Sizes are guessed before anything is written, so a page that came out longer is written anew
//! with less in it.

use std::collections::BTreeSet;

/// A page has fewer bytes than these, as it is written.
pub(super) const PAGE: usize = 400_000;
/// What the markup of a table's cell takes, in bytes.
pub(super) const CELL: usize = 22;

/// The room for what a record has more or less of, in bytes of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// For pictures with their data.
    pub(super) pictures: usize,
    /// For tables.
    pub(super) tables: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { pictures: 166_000, tables: 90_000 }
    }
}

impl Room {
    /// What is left of it for a page that came out so many bytes too long, from either by its share; none if it was empty already.
    pub(super) fn less(self, bytes: usize) -> Option<Self> {
        let all = self.pictures + self.tables;
        let without = |room: usize| room.saturating_sub((bytes * room).div_ceil(all));
        (all > 0).then(|| Self { pictures: without(self.pictures), tables: without(self.tables) })
    }
}

/// Things that are shown together or not at all, those of `pairs` in twos. Who is in a pair comes right after the other.
pub(super) fn together<T>(things: impl Iterator<Item = (usize, T)>, pairs: &[[usize; 2]]) -> Vec<Vec<T>> {
    let mut last = None;
    things.fold(Vec::new(), |mut all: Vec<Vec<T>>, (place, thing)| {
        match all.last_mut().filter(|_| last.is_some_and(|last| pairs.contains(&[last, place]))) {
            Some(pair) => pair.push(thing),
            None => all.push(vec![thing]),
        }
        last = Some(place);
        all
    })
}

/// Of which kind something of this title is: what it says before the first colon, in either language; behind it stands in which setting.
pub(super) fn kind(title: &str) -> String {
    title.split([':', '：']).next().unwrap_or(title).to_owned()
}

/// What there is room for, and what not, both in the order in which they came. One of each kind goes before the second of any: one
/// that `is_main`, if there is one, else the first. What stands together is of one kind, its first one's, and takes what all of it takes.
pub(super) fn shared<T>(
    things: Vec<Vec<T>>,
    room: usize,
    kind: impl Fn(&T) -> String,
    is_main: impl Fn(&T) -> bool,
    size: impl Fn(&T) -> usize,
) -> (Vec<T>, Vec<T>) {
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by_key(|&place| !things[place].iter().any(&is_main));
    let mut kinds = BTreeSet::new();
    let mut is_first = vec![false; things.len()];
    for &place in &order {
        is_first[place] = kinds.insert(things[place].first().map(&kind));
    }
    order.sort_by_key(|&place| (!is_first[place], place));
    let mut left = room;
    let mut stays = vec![false; things.len()];
    for place in order {
        let needed: usize = things[place].iter().map(&size).sum();
        if needed <= left {
            left -= needed;
            stays[place] = true;
        }
    }
    let mut stays = stays.into_iter();
    let (stay, go): (Vec<_>, Vec<_>) = things.into_iter().partition(|_| stays.next().unwrap_or(false));
    (stay.into_iter().flatten().collect(), go.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(things: &[(&str, usize)], room: usize) -> Vec<usize> {
        let (kind, is_main) =
            (|(kind, _): &(&str, usize)| kind[..1].to_owned(), |(kind, _): &(&str, usize)| kind.len() > 1);
        let alone = things.iter().map(|thing| vec![*thing]).collect();
        let (stay, go) = shared(alone, room, kind, is_main, |(_, size)| *size);
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

    #[test]
    fn what_stands_together_stays_or_goes_together() {
        let pairs = together((0..).zip([("a", 3), ("b", 4), ("c", 1), ("d", 1)]), &[[0, 1], [2, 3]]);
        assert_eq!(pairs, [[("a", 3), ("b", 4)], [("c", 1), ("d", 1)]]);
        let (stay, go) = shared(pairs, 6, |(kind, _)| (*kind).to_owned(), |_| false, |(_, size)| *size);
        assert_eq!((stay, go), (vec![("c", 1), ("d", 1)], vec![("a", 3), ("b", 4)]));
    }

    #[test]
    fn a_page_that_is_too_long_has_less_room_until_it_has_none() {
        let room = Room { pictures: 100, tables: 50 };
        assert_eq!(room.less(30), Some(Room { pictures: 80, tables: 40 }));
        assert_eq!(room.less(1), Some(Room { pictures: 99, tables: 49 }));
        assert_eq!(room.less(1_000), Some(Room { pictures: 0, tables: 0 }));
        assert_eq!(Room { pictures: 0, tables: 0 }.less(1), None);
    }
}
