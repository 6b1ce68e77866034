//! Whatever is said in a chat room, over UDP and over a stream: everybody hears what docs/chat.md says, nobody speaks under a name
//! that is somebody else's, and nothing goes out that could steer a terminal or be taken for the server's own word.
//!
//! A line of the input is a command, behind a digit that says from whom it comes. Behind `!` it is typed at the console, and
//! `>` lets time pass.

mod expected;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use workloads::chat::{Datagrams, Lines, Rules};
use workloads::{DatagramService, Done, Next, Outlet, Peer, Service, Session};

use self::expected::Model;

/// How many may be in the room: less than there are who want to.
const MEMBERS: usize = 3;
/// After so long a silence a member is gone ...
const SILENCE: Duration = Duration::from_secs(600);
/// ... and so long it is from one look to the next.
const PASSES: u64 = 350;

/// Who hears something, and what.
type Said = Vec<(u8, Vec<u8>)>;

/// What happens in the room.
#[derive(Debug, Clone, Copy)]
enum Event<'a> {
    Command(u8, &'a [u8]),
    Console(&'a str),
    TimePasses,
}

thread_local! {
    /// How many seconds have passed. Each thread has a time of its own, as tests run side by side.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

fn clock() -> Instant {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    *BEGIN + Duration::from_secs(NOW.get())
}

/// Tries any bytes.
pub(crate) fn check(bytes: &[u8]) {
    let events: Vec<Event<'_>> = bytes.split(|byte| *byte == b'\n').filter_map(event).collect();
    NOW.set(0);
    let heard = over_udp(&events);
    // A member who is silent for too long is disconnected by the model, which is not here.
    if !events.iter().any(|event| matches!(event, Event::TimePasses)) {
        assert_eq!(over_streams(&events), heard, "the same is heard over streams as over UDP: {events:?}");
    }
}

/// Lines of blanks alone are no command over a stream, and a wrong one over UDP: they are left out.
fn event(line: &[u8]) -> Option<Event<'_>> {
    match line {
        [who @ b'1'..=b'4', command @ ..] if !command.trim_ascii().is_empty() => {
            Some(Event::Command(who - b'0', command))
        }
        [b'!', words @ ..] => std::str::from_utf8(words).ok().map(Event::Console),
        [b'>'] => Some(Event::TimePasses),
        _ => None,
    }
}

/// All that each one hears, a line for each thing, once it was compared with what is to be expected.
fn over_udp(events: &[Event<'_>]) -> BTreeMap<u8, Vec<u8>> {
    let room = Datagrams::new(Rules { members: MEMBERS, silence: SILENCE }, clock);
    let mut model = Model::default();
    let mut heard: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for event in events {
        let mut said: Said = Vec::new();
        let mut send = |to: Peer, line: &[u8]| {
            let port = to.address.expect("an address").port();
            said.push((port as u8, line.to_vec()));
        };
        match event {
            Event::Command(who, command) => room.datagram(peer(*who), command, &mut send),
            Event::Console(words) => room.console(words, &mut send),
            Event::TimePasses => {
                NOW.set(NOW.get() + PASSES);
                room.time_passes(&mut send);
            }
        }
        model.compare(*event, &said, NOW.get());
        for (to, line) in said {
            let heard = heard.entry(to).or_default();
            heard.extend_from_slice(&line);
            heard.push(b'\n');
        }
    }
    let counts = room.counts();
    assert_eq!((counts.members, counts.spoofed), model.counts(), "{events:?}");
    heard
}

fn peer(who: u8) -> Peer {
    Peer { address: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, u16::from(who)))) }
}

/// Where what is said to somebody stands.
struct Ear(u8, Arc<Mutex<BTreeMap<u8, Vec<u8>>>>);

impl Outlet for Ear {
    fn push(&self, bytes: &[u8]) -> bool {
        self.1.lock().expect("a lock").entry(self.0).or_default().extend_from_slice(bytes);
        true
    }

    fn cut(&self) {}
}

/// The same over a connection each, which who leaves opens anew.
fn over_streams(events: &[Event<'_>]) -> BTreeMap<u8, Vec<u8>> {
    let room = Lines::new(Rules { members: MEMBERS, silence: SILENCE }, clock);
    let heard: Arc<Mutex<BTreeMap<u8, Vec<u8>>>> = Arc::default();
    let mut seats: BTreeMap<u8, Box<dyn Session>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Command(who, command) => {
                let open = || room.open(Peer::default(), Box::new(Ear(*who, Arc::clone(&heard))));
                let seat = seats.entry(*who).or_insert_with(open);
                if !says(&mut **seat, command) {
                    seats.remove(who);
                }
            }
            Event::Console(words) => room.console(words),
            Event::TimePasses => {}
        }
    }
    // Before the connections end, of which the others would hear.
    heard.lock().expect("a lock").clone()
}

/// Says a command in two pieces; whether the connection goes on.
fn says(seat: &mut dyn Session, command: &[u8]) -> bool {
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let (one, other) = command.split_at(command.len() / 2);
    for piece in [one, other, b"\n"] {
        input.extend_from_slice(piece);
        let mut next = seat.receive(&mut input, &mut output);
        while matches!(next, Next::Flush) {
            next = seat.resume(Done::Flushed, &mut output);
            if matches!(next, Next::Read) && !input.is_empty() {
                next = seat.receive(&mut input, &mut output);
            }
        }
        assert!(output.is_empty(), "all is said through outlets");
        if !matches!(next, Next::Read) {
            return false;
        }
    }
    true
}
