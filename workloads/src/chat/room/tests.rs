//! The room by itself: what is said to whom, and what stays true whatever is said to it.

use proptest::prelude::*;

use super::*;

/// A room whose addresses are numbers, and what was said in it.
struct Hall {
    room: Room<u8>,
    now: Instant,
    said: Vec<(u8, String)>,
}

impl Hall {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        Self { room: Room::new(rules, ""), now: Instant::now(), said: Vec::new() }
    }

    fn act(&mut self, act: impl FnOnce(&mut Room<u8>, Instant, &mut Say<'_, u8>)) -> Vec<(u8, String)> {
        let mut said = Vec::new();
        act(&mut self.room, self.now, &mut |to, line| {
            said.push((*to, String::from_utf8(line.to_vec()).unwrap()));
        });
        said.sort();
        self.said.extend(said.clone());
        said
    }

    fn hear(&mut self, from: u8, line: &str) -> Vec<(u8, String)> {
        self.act(|room, now, say| {
            room.hear(&from, line.as_bytes(), now, say);
        })
    }

    /// What the sender is told.
    fn answer(&mut self, from: u8, line: &str) -> String {
        let said = self.hear(from, line);
        let own: Vec<_> = said.into_iter().filter(|(to, _)| *to == from).collect();
        assert!(own.len() <= 1, "{own:?}");
        own.into_iter().next().map(|(_, line)| line).unwrap_or_default()
    }
}

fn said(all: &[(u8, &str)]) -> Vec<(u8, String)> {
    all.iter().map(|(to, line)| (*to, (*line).to_owned())).collect()
}

/// Three who are in the room.
fn three() -> Hall {
    let mut hall = Hall::new();
    for (from, line) in [(1, "L anna"), (2, "L bob"), (3, "L carl")] {
        assert_eq!(hall.answer(from, line), "OK");
    }
    hall
}

#[test]
fn who_enters_speaks_and_leaves_is_heard_by_the_others() {
    let mut hall = three();
    assert_eq!(
        hall.hear(4, "L dora"),
        said(&[(1, "dora entered"), (2, "dora entered"), (3, "dora entered"), (4, "OK")])
    );
    assert_eq!(
        hall.hear(2, "C bob hi all"),
        said(&[(1, "bob said: hi all"), (3, "bob said: hi all"), (4, "bob said: hi all")])
    );
    assert_eq!(
        hall.hear(1, "Q anna"),
        said(&[(1, "EXIT"), (2, "anna left"), (3, "anna left"), (4, "anna left")])
    );
    assert_eq!(hall.answer(5, "L anna"), "OK", "the name is free again");
}

#[test]
fn a_taken_name_is_refused_in_any_case() {
    let mut hall = three();
    for name in ["anna", "Anna", "ANNA"] {
        assert_eq!(hall.answer(4, &format!("L {name}")), "NO that name is taken; try another");
    }
    assert_eq!(hall.room.counts().refused, 3);
}

#[test]
fn who_asks_again_is_answered_again_and_heard_of_once() {
    let mut hall = three();
    assert_eq!(hall.hear(1, "L anna"), said(&[(1, "OK")]));
    assert_eq!(hall.answer(1, "L anna2"), "NO you are here already, under another name");
    assert_eq!(hall.hear(1, "Q anna").len(), 3);
    assert_eq!(hall.hear(1, "Q anna"), said(&[(1, "EXIT")]));
}

#[test]
fn nobody_speaks_or_leaves_for_somebody_else() {
    let mut hall = three();
    for (from, line) in
        [(2, "C anna I am a fool"), (2, "Q anna"), (9, "C anna me too"), (9, "Q ANNA"), (2, "C nobody hi")]
    {
        assert_eq!(hall.hear(from, line), said(&[(from, "NO that name is not yours")]), "{line}");
    }
    assert_eq!(
        hall.room.counts(),
        Counts { members: 3, most_members: 3, refused: 5, spoofed: 5, ..Counts::default() }
    );
    assert_eq!(hall.hear(9, "C zoe hello"), said(&[(9, "NO you are not in the room; enter with L name")]));
    assert_eq!(hall.room.counts().spoofed, 5);
}

#[test]
fn the_console_speaks_to_all_as_the_administrator() {
    let mut hall = three();
    let heard = hall.act(|room, _, say| room.proclaim("a break at ten\n", say));
    let line = "administrator said: a break at ten";
    assert_eq!(heard, said(&[(1, line), (2, line), (3, line)]));
    assert_eq!(hall.act(|room, _, say| room.proclaim("  ", say)), said(&[]));
}

#[test]
fn who_is_silent_for_too_long_has_left() {
    let mut hall = three();
    hall.now += Duration::from_secs(400);
    assert!(hall.hear(1, "S").len() == 1 && hall.hear(3, "C carl hm").len() == 2);
    assert_eq!(hall.act(|room, now, say| room.expire(now, say)), said(&[]));
    hall.now += Duration::from_secs(200);
    let gone = said(&[(1, "bob left"), (2, "EXIT"), (3, "bob left")]);
    assert_eq!(hall.act(|room, now, say| room.expire(now, say)), gone);
    assert_eq!(hall.act(|room, now, say| room.expire(now, say)), said(&[]));
    hall.now += Duration::from_secs(400);
    assert_eq!(hall.act(|room, now, say| room.expire(now, say)), said(&[(1, "EXIT"), (3, "EXIT")]));
    assert_eq!(
        hall.room.counts(),
        Counts { members: 0, most_members: 3, lines: 1, expired: 3, ..Counts::default() }
    );
}

#[test]
fn those_who_are_gone_are_not_told_of_each_other() {
    let mut hall = three();
    hall.now += Duration::from_secs(300);
    assert_eq!(hall.hear(1, "S").len(), 1);
    hall.now += Duration::from_secs(300);
    let gone = said(&[(1, "bob left"), (1, "carl left"), (2, "EXIT"), (3, "EXIT")]);
    assert_eq!(hall.act(|room, now, say| room.expire(now, say)), gone);
}

#[test]
fn a_full_room_takes_nobody_until_somebody_leaves() {
    let mut hall = Hall::with(Rules { members: 2, ..Rules::default() });
    assert_eq!((hall.answer(1, "L a"), hall.answer(2, "L b")), ("OK".to_owned(), "OK".to_owned()));
    assert_eq!(hall.answer(3, "L c"), "NO the room is full; try again later");
    assert_eq!(hall.answer(1, "L a"), "OK");
    assert_eq!(hall.answer(2, "Q b"), "EXIT");
    assert_eq!(hall.answer(3, "L c"), "OK");
}

#[test]
fn a_room_that_closes_tells_everybody() {
    let mut hall = three();
    assert_eq!(hall.act(|room, _, say| room.close(say)), said(&[(1, "EXIT"), (2, "EXIT"), (3, "EXIT")]));
    assert_eq!(hall.answer(1, "L bob"), "OK");
}

#[test]
fn in_a_room_that_will_close_ends_are_told_to_nobody_and_farewells_are() {
    let mut hall = three();
    hall.room.begin_to_close();
    assert_eq!(hall.act(|room, _, say| room.gone(&1, say)), said(&[]));
    assert_eq!(hall.hear(2, "C bob still here"), said(&[(3, "bob said: still here")]));
    assert_eq!(hall.hear(2, "Q bob"), said(&[(2, "EXIT"), (3, "bob left")]));
    assert_eq!(hall.room.counts().members, 1);
}

#[test]
fn the_state_of_the_room_is_told_to_anybody() {
    let mut hall = three();
    hall.hear(2, "Q anna");
    let expected = "STATUS members=3 lines=0 refused=1 spoofed=1 expired=0 silence_ms=600000";
    assert_eq!(hall.answer(9, "S"), expected);
}

/// Something that can happen to a room with addresses 0 to 7 and a few names.
fn event() -> impl Strategy<Value = (u8, u8, String)> {
    let name =
        prop_oneof![Just("a"), Just("A"), Just("b"), Just("c"), Just("administrator"), Just(""), Just("x y")];
    (0..10_u8, 0..8_u8, name.prop_map(str::to_owned))
}

proptest! {
    #[test]
    fn whatever_happens_names_and_members_belong_together(events in prop::collection::vec(event(), 0..120)) {
        let mut hall = Hall::with(Rules { members: 3, silence: Duration::from_secs(10) });
        let mut inside: HashMap<u8, String> = HashMap::new();
        for (kind, from, name) in events {
            let before = hall.room.counts().lines;
            let heard = match kind {
                0..=3 => hall.hear(from, &format!("L {name}")),
                4 | 5 => hall.hear(from, &format!("C {name} hello")),
                6 => hall.hear(from, &format!("Q {name}")),
                7 => hall.act(|room, _, say| room.gone(&from, say)),
                8 => { hall.now += Duration::from_secs(3); hall.act(|room, now, say| room.expire(now, say)) }
                _ => hall.act(|room, _, say| room.proclaim("hear", say)),
            };
            // What was said is what a list of who is inside, kept by the words alone, makes of it.
            for (to, line) in &heard {
                if line == "OK" { inside.insert(*to, name.clone()); }
                if line == "EXIT" || (kind == 7 && line.ends_with(" left")) { inside.remove(to); }
            }
            if kind == 7 { inside.remove(&from); inside.extend(heard.iter().filter_map(|(to, _)| Some((*to, hall.room.members.get(to)?.name.clone())))); }
            let addresses: Vec<u8> = { let mut all: Vec<_> = hall.room.members.keys().copied().collect(); all.sort_unstable(); all };
            let expected: Vec<u8> = { let mut all: Vec<_> = inside.keys().copied().collect(); all.sort_unstable(); all };
            prop_assert_eq!(&addresses, &expected);
            prop_assert!(addresses.len() <= 3);
            prop_assert_eq!(hall.room.names.len(), addresses.len());
            for (address, member) in &hall.room.members {
                prop_assert_eq!(hall.room.names.get(&name::folded(&member.name)), Some(address));
            }
            // A line that counts was heard by all the others, each once.
            if hall.room.counts().lines > before {
                let mut hearers: Vec<u8> = heard.iter().map(|(to, _)| *to).collect();
                hearers.sort_unstable();
                let others: Vec<u8> = addresses.iter().copied().filter(|to| kind == 9 || *to != from).collect();
                prop_assert_eq!(hearers, others);
            }
        }
    }

    #[test]
    fn random_bytes_are_answered_and_never_heard_by_others(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..40)) {
        let mut hall = three();
        for line in lines {
            let mut heard = Vec::new();
            hall.room.hear(&9, &line, hall.now, &mut |to, line| heard.push((*to, line.to_vec())));
            prop_assert!(heard.iter().filter(|(to, _)| *to == 9).count() == 1);
            for (_, line) in &heard {
                prop_assert!(str::from_utf8(line).is_ok_and(|line| !line.chars().any(char::is_control)));
            }
        }
    }
}
