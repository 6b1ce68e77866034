//! The room over a stream: a command a line, ended by LF or CR LF, and a line for each thing that is heard.

use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::BytesMut;

use super::room::{Counts, Room, Stays};
use super::{LINE_BYTES, Rules};
use crate::outlet::Outlet;
use crate::session::{Done, Limits, Next, Peer, Service, Session};

/// After so many lines of one client the others get their turn: each may be said to a thousand.
const LINES_A_TURN: usize = 16;

/// The chat room as a stream service. It says everything through [`Outlet`]s, also what answers a command: so nothing that
/// one member hears overtakes anything else, and a member who reads nothing is cut off while the others go on.
///
/// As over UDP, everything is said while the room is locked, and so heard in one order by all. To push does not wait.
pub struct Lines {
    room: Arc<Mutex<Room<Connection>>>,
    rules: Rules,
    clock: fn() -> Instant,
    next: AtomicU64,
}

/// One client, by a number that no other ever has.
#[derive(Clone)]
struct Connection {
    number: u64,
    outlet: Arc<dyn Outlet>,
}

impl PartialEq for Connection {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Connection {}

impl Hash for Connection {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl Lines {
    /// An empty room, which looks at `clock` for the time.
    pub fn new(rules: Rules, clock: fn() -> Instant) -> Self {
        let room = Arc::new(Mutex::new(Room::new(rules, "\n")));
        Self { room, rules, clock, next: AtomicU64::new(0) }
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        lock(&self.room).counts()
    }
}

fn lock(room: &Mutex<Room<Connection>>) -> MutexGuard<'_, Room<Connection>> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who can't be told is cut off by its outlet, and its session then ends as any other.
fn say(to: &Connection, line: &[u8]) {
    to.outlet.push(line);
}

impl Service for Lines {
    /// Without an outlet nobody can be told anything, and models give one to services that push.
    fn session(&self, peer: Peer) -> Box<dyn Session> {
        self.open(peer, Box::new(Nowhere))
    }

    fn open(&self, _: Peer, outlet: Box<dyn Outlet>) -> Box<dyn Session> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Box::new(Seat {
            connection: Connection { number, outlet: Arc::from(outlet) },
            room: Arc::clone(&self.room),
            clock: self.clock,
            is_skipping: false,
            is_unfinished: false,
        })
    }

    fn pushes(&self) -> bool {
        true
    }

    /// A member who says nothing for so long that it is taken for gone is disconnected by the model.
    fn limits(&self) -> Limits {
        Limits { idle_time: self.rules.silence, ..Limits::default() }
    }

    fn console(&self, line: &str) {
        lock(&self.room).proclaim(line, &mut say);
    }

    fn begins_to_close(&self) {
        lock(&self.room).begin_to_close();
    }

    fn closes(&self) -> Option<String> {
        let mut room = lock(&self.room);
        room.close(&mut say);
        Some(room.counts().to_string())
    }
}

/// An outlet that leads nowhere.
struct Nowhere;

impl Outlet for Nowhere {
    fn push(&self, _: &[u8]) -> bool {
        false
    }

    fn cut(&self) {}
}

/// One connection: it finds the lines in what comes, and leaves the room when it goes.
struct Seat {
    connection: Connection,
    room: Arc<Mutex<Room<Connection>>>,
    clock: fn() -> Instant,
    /// What comes until the next line's end belongs to a line that was refused.
    is_skipping: bool,
    /// A line has begun to come.
    is_unfinished: bool,
}

impl Seat {
    fn hear(&self, line: &[u8]) -> Stays {
        if line.trim_ascii().is_empty() {
            return Stays::Here; // a return key pressed once too often
        }
        lock(&self.room).hear(&self.connection, line, (self.clock)(), &mut say)
    }

    /// What is left has no end so far. One that is too long is refused before it comes, and passed over when it does.
    fn keep_or_refuse(&mut self, input: &mut BytesMut) {
        if !self.is_skipping && input.len() > LINE_BYTES + 1 {
            self.hear(&input[..LINE_BYTES + 2]);
            self.is_skipping = true;
        }
        if self.is_skipping {
            input.clear();
        }
        self.is_unfinished = self.is_skipping || !input.is_empty();
    }
}

impl Session for Seat {
    fn receive(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Next {
        for _ in 0..LINES_A_TURN {
            let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                self.keep_or_refuse(input);
                return Next::Read;
            };
            let line = input.split_to(end + 1);
            if mem::take(&mut self.is_skipping) {
                continue;
            }
            // Of what is too long no more is looked at than it takes to see that.
            if self.hear(&line[..line.len().min(LINE_BYTES + 3)]) == Stays::Gone {
                return Next::Close;
            }
        }
        Next::Flush
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Read // what else has come is received at once
    }

    /// A last line may lack its end.
    fn end(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Next {
        if !self.is_skipping {
            self.hear(input);
        }
        Next::Close
    }

    fn pending(&self) -> bool {
        self.is_unfinished
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.room).gone(&self.connection, &mut say);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Conversation;

    /// What was pushed to somebody, who has room for so many bytes.
    #[derive(Clone)]
    struct Ear(Arc<Mutex<Vec<u8>>>, usize);

    impl Ear {
        fn new() -> Self {
            Self(Arc::default(), usize::MAX)
        }

        fn heard(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Outlet for Ear {
        fn push(&self, bytes: &[u8]) -> bool {
            let mut heard = self.0.lock().unwrap();
            let has_room = heard.len() + bytes.len() <= self.1;
            if has_room {
                heard.extend_from_slice(bytes);
            }
            has_room
        }

        fn cut(&self) {}
    }

    fn room() -> Lines {
        Lines::new(Rules::default(), Instant::now)
    }

    fn enter(room: &Lines, ear: &Ear) -> Conversation {
        Conversation::with_outlet(room, Peer::default(), Box::new(ear.clone()))
    }

    /// Lets a conversation go on until it wants to read, and says whether it does.
    fn settle(it: &mut Conversation, mut next: Next) -> bool {
        loop {
            match next {
                Next::Read => return true,
                Next::Flush => next = it.resumed(Done::Flushed),
                _ => return false,
            }
        }
    }

    fn say_to(it: &mut Conversation, text: &[u8]) -> bool {
        let next = it.arrived(text);
        settle(it, next)
    }

    #[test]
    fn lines_are_said_to_the_others_through_their_outlets() {
        let (room, anna, bob) = (room(), Ear::new(), Ear::new());
        let (mut first, mut second) = (enter(&room, &anna), enter(&room, &bob));
        assert!(say_to(&mut first, b"L anna\r\n") && say_to(&mut second, b"L bob\nC bob hello\n"));
        assert!(!say_to(&mut second, b"Q bob\n"), "who leaves is disconnected");
        assert_eq!(anna.heard(), "OK\nbob entered\nbob said: hello\nbob left\n");
        assert_eq!(bob.heard(), "OK\nEXIT\n");
        assert!(first.output().is_empty() && second.output().is_empty());
    }

    #[test]
    fn a_connection_that_ends_has_left() {
        let (room, anna, bob) = (room(), Ear::new(), Ear::new());
        let (mut first, mut second) = (enter(&room, &anna), enter(&room, &bob));
        assert!(say_to(&mut first, b"L anna\n") && say_to(&mut second, b"L bob\n"));
        assert!(say_to(&mut second, b"C bob bye"));
        assert!(matches!(second.ended(), Next::Close));
        drop(second);
        assert_eq!(anna.heard(), "OK\nbob entered\nbob said: bye\nbob left\n");
        assert_eq!(room.counts().members, 1);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_once_and_passed_over() {
        let (room, ear) = (room(), Ear::new());
        let mut it = enter(&room, &ear);
        for _ in 0..10 {
            assert!(say_to(&mut it, &[b'x'; 1_000]));
            assert!(it.pending());
        }
        assert!(say_to(&mut it, b"and its end\nL anna\n") && !it.pending());
        assert_eq!(ear.heard(), "NO that is too long: a line has 4096 bytes at most\nOK\n");
    }

    #[test]
    fn a_crowd_of_lines_gives_the_others_their_turn() {
        let (room, ear) = (room(), Ear::new());
        let mut it = enter(&room, &ear);
        let next = it.arrived("S\n".repeat(2 * LINES_A_TURN).as_bytes());
        assert!(matches!(next, Next::Flush));
        assert_eq!(ear.heard().lines().count(), LINES_A_TURN);
        assert!(settle(&mut it, next));
        assert_eq!(ear.heard().lines().count(), 2 * LINES_A_TURN);
    }

    #[test]
    fn empty_lines_are_no_commands() {
        let (room, ear) = (room(), Ear::new());
        assert!(say_to(&mut enter(&room, &ear), b"\n\r\n  \n"));
        assert_eq!(ear.heard(), "");
    }

    #[test]
    fn the_console_and_the_end_are_heard_by_all() {
        let (room, anna) = (room(), Ear::new());
        let mut first = enter(&room, &anna);
        assert!(say_to(&mut first, b"L anna\n"));
        room.console("a break");
        let (mut second, bob) = (enter(&room, &Ear::new()), "L bob\n");
        assert!(say_to(&mut second, bob.as_bytes()));
        room.begins_to_close();
        drop(second);
        assert!(room.closes().is_some());
        assert_eq!(anna.heard(), "OK\nadministrator said: a break\nbob entered\nEXIT\n");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_lines_are_split(
            lines in prop::collection::vec("(L|C|Q|S|x)( (a|b|A|))?( [a-z]{0,8})?\r?\n?", 0..12),
            cuts in prop::collection::vec(1..20_usize, 1..20),
        ) {
            let text = lines.concat().into_bytes();
            let hear = |pieces: Vec<&[u8]>| {
                let (room, ear, other) = (room(), Ear::new(), Ear::new());
                let mut there = enter(&room, &other);
                say_to(&mut there, b"L b\n");
                let mut it = enter(&room, &ear);
                if pieces.into_iter().all(|piece| say_to(&mut it, piece)) {
                    it.ended();
                }
                drop(it);
                (ear.heard(), other.heard())
            };
            let (mut pieces, mut rest) = (Vec::new(), &text[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            prop_assert_eq!(hear(vec![&text]), hear(pieces));
        }

        #[test]
        fn random_bytes_do_no_harm(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3_000), 0..8)) {
            let (room, ear) = (room(), Ear::new());
            let mut it = enter(&room, &ear);
            // A farewell may be among them.
            if pieces.iter().all(|piece| say_to(&mut it, piece)) {
                it.ended();
            }
            let is_answer = |line: &str| ["NO ", "OK", "STATUS ", "EXIT"].iter().any(|word| line.starts_with(word));
            prop_assert!(ear.heard().lines().all(is_answer));
        }
    }
}
