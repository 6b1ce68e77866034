//! How much a page has room for: it is mailed, put on a stick and opened on a telephone, so it stays below 400 KB, of which style,
//! scripts and words take a third. Sizes are guessed before anything is written, so a page that came out longer is written anew
//! with less in it.

use std::collections::BTreeSet;

/// A page has fewer bytes than these, as it is written.
pub(super) const PAGE: usize = 400_000;
/// What the markup of a table's cell takes, in bytes.
pub(super) const CELL: usize = 22;

/// Tables keep so many bytes as long as pictures have any.
const LEAST_OF_TABLES: usize = 50_000;

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
    /// What is left of it for a page that came out so many bytes too long; none if it was empty already. Tables give first, down to
    /// [`LEAST_OF_TABLES`], as the record's other forms have them all, and the rest is of either by its share.
    pub(super) fn less(self, bytes: usize) -> Option<Self> {
        let of_tables = bytes.min(self.tables.saturating_sub(LEAST_OF_TABLES));
        let (left, tables) = (bytes - of_tables, self.tables - of_tables);
        let all = self.pictures + tables;
        let without = |room: usize| room.saturating_sub((left * room).div_ceil(all.max(1)));
        (self.pictures + self.tables > 0)
            .then(|| Self { pictures: without(self.pictures), tables: without(tables) })
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

/// What there is room for, and what not, both in the order in which they came. Each is of a kind (a timeline), and of one within that
/// (a timeline of threads). One of each kind goes before one of each kind within, and that before the second of any: one that
/// `is_main`, if there is one, else the first. What stands together is of one kind, its first one's, and takes what all of it takes.
pub(super) fn shared<T>(
    things: Vec<Vec<T>>,
    room: usize,
    kinds: impl Fn(&T) -> [String; 2],
    is_main: impl Fn(&T) -> bool,
    size: impl Fn(&T) -> usize,
) -> (Vec<T>, Vec<T>) {
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by_key(|&place| !things[place].iter().any(&is_main));
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    let mut turn = vec![0; things.len()];
    for &place in &order {
        let [kind, within] = things[place].first().map(&kinds).unwrap_or_default();
        let is_new = [seen[0].insert(kind), seen[1].insert(within)];
        turn[place] = is_new.iter().position(|is_new| *is_new).unwrap_or(is_new.len());
    }
    order.sort_by_key(|&place| (turn[place], place));
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
            (|(kind, _): &(&str, usize)| within(kind), |(kind, _): &(&str, usize)| kind.ends_with("main"));
        let alone = things.iter().map(|thing| vec![*thing]).collect();
        let (stay, go) = shared(alone, room, kind, is_main, |(_, size)| *size);
        assert_eq!(stay.len() + go.len(), things.len());
        stay.into_iter().map(|(_, size)| size).collect()
    }

    /// `a of b main` is an `a`, and an `a of b` within that.
    fn within(kind: &str) -> [String; 2] {
        [kind[..1].to_owned(), kind.trim_end_matches(" main").to_owned()]
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
    fn the_first_of_each_kind_goes_before_the_first_of_each_within_and_that_before_others() {
        let things = [("a of b", 4), ("a of b", 2), ("a of c", 1), ("d", 3)];
        assert_eq!(shown(&things, 7), [4, 3]);
        assert_eq!(shown(&things, 8), [4, 1, 3]);
        assert_eq!(shown(&things, 9), [4, 1, 3]);
        assert_eq!(shown(&things, 10), [4, 2, 1, 3]);
    }

    #[test]
    fn what_stands_together_stays_or_goes_together() {
        let pairs = together((0..).zip([("a", 3), ("b", 4), ("c", 1), ("d", 1)]), &[[0, 1], [2, 3]]);
        assert_eq!(pairs, [[("a", 3), ("b", 4)], [("c", 1), ("d", 1)]]);
        let (stay, go) = shared(pairs, 6, |(kind, _)| within(kind), |_| false, |(_, size)| *size);
        assert_eq!((stay, go), (vec![("c", 1), ("d", 1)], vec![("a", 3), ("b", 4)]));
    }

    #[test]
    fn a_page_that_is_too_long_has_less_room_until_it_has_none() {
        let room = Room { pictures: 100, tables: 50 };
        assert_eq!(room.less(30), Some(Room { pictures: 80, tables: 40 }));
        assert_eq!(room.less(1), Some(Room { pictures: 99, tables: 49 }));
        assert_eq!(room.less(1_000), Some(Room { pictures: 0, tables: 0 }));
        let room = Room { pictures: 100, tables: LEAST_OF_TABLES + 40 };
        assert_eq!(room.less(30), Some(Room { pictures: 100, tables: LEAST_OF_TABLES + 10 }));
        assert_eq!(Room { pictures: 0, tables: 0 }.less(1), None);
    }
}
