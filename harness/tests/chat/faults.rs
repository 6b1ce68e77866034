//! Rooms with a fault each, written with nothing of the lab, and the case that finds it.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::rooms::graded;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    None,
    TellsItself,
    AnnouncesTwice,
    LetsTakenIn,
    KeepsNames,
    LetsAdministratorIn,
    LetsEmptyIn,
    LetsOverlongIn,
    LetsHiddenIn,
    HearsOutsiders,
    BelievesSpeakers,
    BelievesLeavers,
    CountsNothing,
    EchoesSpeaker,
    SwapsLines,
    DoublesLines,
    LosesALine,
    SaysNoExit,
    SaysNoLeft,
    CutsCharacters,
    MendsUtf8,
    PassesControl,
    IgnoresGarbage,
    ObeysGarbage,
    // Over a stream only.
    TakesPieces,
    MissesEnds,
    WaitsForTheDeaf,
}

/// The room, for clients by number.
struct Hall {
    fault: Fault,
    names: HashMap<usize, String>,
    gone: BTreeSet<String>,
    spoofed: usize,
    lines: usize,
    held_back: Option<(usize, Vec<u8>)>,
}

type Said = Vec<(usize, Vec<u8>)>;

impl Hall {
    fn new(fault: Fault) -> Self {
        Self { fault, names: HashMap::new(), gone: BTreeSet::new(), spoofed: 0, lines: 0, held_back: None }
    }

    fn others(&self, but: usize, line: &[u8]) -> Said {
        self.names.keys().filter(|to| **to != but).map(|to| (*to, line.to_vec())).collect()
    }

    fn hear(&mut self, from: usize, bytes: &[u8]) -> Said {
        let no = |reason: &str| vec![(from, format!("NO {reason}").into_bytes())];
        let fault = self.fault;
        if bytes.len() > 4_000 {
            return no("too long");
        }
        let text = match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if fault == Fault::MendsUtf8 => String::from_utf8_lossy(bytes).into_owned(),
            Err(_) => return no("that is not UTF-8"),
        };
        let (letter, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match letter {
            "L" => self.enter(from, rest).unwrap_or_else(no),
            "C" => self.speak(from, rest).unwrap_or_else(no),
            "Q" => self.leave(from, rest).unwrap_or_else(no),
            "S" => {
                let spoofed = if fault == Fault::CountsNothing { 0 } else { self.spoofed };
                vec![(from, format!("STATUS members=0 lines=0 refused=0 spoofed={spoofed}").into_bytes())]
            }
            _ if fault == Fault::IgnoresGarbage => vec![],
            _ if fault == Fault::ObeysGarbage => vec![(from, b"OK".to_vec())],
            _ => no("what?"),
        }
    }

    fn enter(&mut self, from: usize, name: &str) -> Result<Said, &'static str> {
        let fault = self.fault;
        let is_taken = self.names.values().any(|other| other == name);
        if self.names.get(&from).is_some_and(|own| own == name) && fault != Fault::AnnouncesTwice {
            return Ok(vec![(from, b"OK".to_vec())]);
        }
        if is_taken && !matches!(fault, Fault::LetsTakenIn | Fault::AnnouncesTwice) {
            return Err("taken");
        }
        if fault == Fault::KeepsNames && self.gone.contains(name) {
            return Err("taken for ever");
        }
        if name.to_lowercase().contains("administrator") && fault != Fault::LetsAdministratorIn {
            return Err("the administrator's");
        }
        if name.trim().is_empty() && fault != Fault::LetsEmptyIn {
            return Err("empty");
        }
        if name.len() > 96 && fault != Fault::LetsOverlongIn {
            return Err("too long");
        }
        if name.contains(char::is_control) && fault != Fault::LetsHiddenIn {
            return Err("hidden");
        }
        self.names.insert(from, name.to_owned());
        let mut said = vec![(from, b"OK".to_vec())];
        let entered = format!("{name} entered").into_bytes();
        said.extend(self.others(from, &entered));
        if fault == Fault::TellsItself {
            said.push((from, entered));
        }
        Ok(said)
    }

    fn speak(&mut self, from: usize, rest: &str) -> Result<Said, &'static str> {
        let fault = self.fault;
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_own = self.names.get(&from).is_some_and(|own| own == name);
        if !is_own && fault != Fault::BelievesSpeakers {
            self.spoofed += usize::from(self.names.values().any(|other| other == name));
            if fault != Fault::HearsOutsiders || self.names.contains_key(&from) {
                return Err("not yours");
            }
        }
        let mut line: Vec<u8> = format!("{name} said: {text}").into_bytes();
        if fault == Fault::PassesControl {
        } else {
            line = String::from_utf8(line).unwrap().replace(char::is_control, "?").into_bytes();
        }
        if line.len() > 600 {
            let text = String::from_utf8(line.clone()).unwrap();
            let mut end = 600;
            while fault != Fault::CutsCharacters && !text.is_char_boundary(end) {
                end -= 1;
            }
            line.truncate(end);
        }
        self.lines += 1;
        let mut said = self.others(from, &line);
        match fault {
            Fault::EchoesSpeaker => said.push((from, line)),
            Fault::DoublesLines if self.lines % 100 == 50 => said.extend(said.clone()),
            Fault::LosesALine if self.lines % 100 == 50 => said.clear(),
            Fault::SwapsLines if self.lines % 100 == 50 => {
                self.held_back = said.pop();
            }
            Fault::SwapsLines => said.extend(self.held_back.take()),
            _ => {}
        }
        Ok(said)
    }

    fn leave(&mut self, from: usize, name: &str) -> Result<Said, &'static str> {
        let fault = self.fault;
        let whose = self.names.iter().find(|(_, other)| *other == name).map(|(who, _)| *who);
        let is_own = self.names.get(&from).is_some_and(|own| own == name);
        if !is_own && (fault != Fault::BelievesLeavers || whose.is_none()) {
            self.spoofed += usize::from(whose.is_some());
            return Err("not yours");
        }
        let mut said = if fault == Fault::SaysNoExit { vec![] } else { vec![(from, b"EXIT".to_vec())] };
        said.extend(self.gone(whose.unwrap_or(from)));
        Ok(said)
    }

    fn gone(&mut self, who: usize) -> Said {
        let Some(name) = self.names.remove(&who) else { return vec![] };
        self.gone.insert(name.clone());
        if self.fault == Fault::SaysNoLeft {
            vec![]
        } else {
            self.others(who, format!("{name} left").as_bytes())
        }
    }
}

fn over_udp(fault: Fault) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let (mut hall, mut known): (Hall, Vec<SocketAddr>) = (Hall::new(fault), Vec::new());
        let mut buffer = vec![0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let number = known.iter().position(|other| *other == from).unwrap_or_else(|| {
                known.push(from);
                known.len() - 1
            });
            for (to, line) in hall.hear(number, &buffer[..length]) {
                let _ = socket.send_to(&line, known[to]);
            }
        }
    });
    address
}

fn over_tcp(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared: Arc<Mutex<(Hall, Vec<TcpStream>)>> = Arc::new(Mutex::new((Hall::new(fault), Vec::new())));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let shared = Arc::clone(&shared);
            thread::spawn(move || serve(&shared, stream, fault));
        }
    });
    address
}

fn serve(shared: &Mutex<(Hall, Vec<TcpStream>)>, stream: TcpStream, fault: Fault) {
    let number = {
        let mut shared = shared.lock().unwrap();
        shared.1.push(stream.try_clone().unwrap());
        shared.1.len() - 1
    };
    // Whoever has no room for a line within this time is passed over.
    let patience =
        if fault == Fault::WaitsForTheDeaf { Duration::from_secs(60) } else { Duration::from_millis(20) };
    stream.set_write_timeout(Some(patience)).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        if fault == Fault::TakesPieces {
            let piece = reader.fill_buf().unwrap_or_default().to_vec();
            reader.consume(piece.len());
            line.extend(piece);
        } else {
            let _ = reader.read_until(b'\n', &mut line);
        }
        let mut shared = shared.lock().unwrap();
        let (hall, streams) = &mut *shared;
        let is_end = line.is_empty();
        if is_end && fault == Fault::MissesEnds {
            return;
        }
        while line.ends_with(b"\n") || line.ends_with(b"\r") {
            line.pop();
        }
        let said = if is_end { hall.gone(number) } else { hall.hear(number, &line) };
        let mut is_over = is_end;
        for (to, mut line) in said {
            is_over |= to == number && line == b"EXIT";
            line.push(b'\n');
            if streams[to].write_all(&line).is_err() {
                let _ = streams[to].shutdown(std::net::Shutdown::Both);
            }
        }
        if is_over {
            let _ = streams[number].shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

/// The cases that a room with this fault fails, of those that are not large.
fn failed(fault: Fault, transport: &str, cases: &str) -> BTreeSet<String> {
    let address = if transport == "udp" { over_udp(fault) } else { over_tcp(fault) }.to_string();
    // A fault is often that nothing comes; where there is none nothing is waited for but a busy machine.
    let patience = if fault == Fault::None { "30s" } else { "5s" };
    let mut arguments = vec![address.as_str(), "--transport", transport, "--patience", patience];
    if !cases.is_empty() {
        arguments.extend(["--case", cases]);
    }
    let (answer, with) = graded(&arguments);
    assert!(with("passed").contains("starts"), "{answer:#}");
    let failed = with("failed");
    if !failed.is_empty() {
        println!("{answer:#}"); // shown if the test fails
    }
    failed
}

#[test]
fn a_strangers_room_without_a_fault_passes_every_case_that_can_be_tried() {
    for transport in ["udp", "tcp"] {
        assert_eq!(failed(Fault::None, transport, ""), BTreeSet::new(), "{transport}");
    }
}

#[test]
fn each_fault_is_found_by_the_case_that_is_meant_for_it() {
    let found_by = [
        (Fault::TellsItself, "enter"),
        (Fault::AnnouncesTwice, "enter-again"),
        (Fault::LetsTakenIn, "taken"),
        (Fault::KeepsNames, "taken"),
        (Fault::LetsAdministratorIn, "console-name"),
        (Fault::LetsEmptyIn, "empty-name"),
        (Fault::LetsOverlongIn, "overlong-name"),
        (Fault::LetsHiddenIn, "hidden-name"),
        (Fault::HearsOutsiders, "outsider"),
        (Fault::BelievesSpeakers, "spoofed-speak"),
        (Fault::BelievesLeavers, "spoofed-leave"),
        (Fault::CountsNothing, "spoofed-counted"),
        (Fault::EchoesSpeaker, "speak"),
        (Fault::SwapsLines, "order"),
        (Fault::DoublesLines, "order"),
        (Fault::LosesALine, "order"),
        (Fault::SaysNoExit, "leave"),
        (Fault::SaysNoLeft, "leave"),
        (Fault::CutsCharacters, "utf8-cut"),
        (Fault::MendsUtf8, "invalid-utf8"),
        (Fault::PassesControl, "no-forged-lines"),
        (Fault::IgnoresGarbage, "garbage"),
        (Fault::ObeysGarbage, "garbage"),
    ];
    crate::common::side_by_side(found_by, |(fault, case)| {
        for transport in ["udp", "tcp"] {
            assert!(
                failed(fault, transport, case).contains(case),
                "{fault:?} over {transport} passes {case}"
            );
        }
    });
}

#[test]
fn what_only_a_stream_can_get_wrong_is_found_there() {
    let found_by = [
        (Fault::TakesPieces, "split-lines"),
        (Fault::MissesEnds, "gone-without-a-word"),
        (Fault::WaitsForTheDeaf, "never-listens"),
    ];
    crate::common::side_by_side(found_by, |(fault, case)| {
        assert!(failed(fault, "tcp", case).contains(case), "{fault:?} passes {case}");
    });
}
