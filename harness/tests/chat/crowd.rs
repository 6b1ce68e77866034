//! Many members and many lines: each line reaches each of the others once, in its speaker's order, and what is tried under
//! another's name reaches nobody and is counted.

use std::time::{Duration, Instant};

use harness::transport::Transport;
use models::datagram::datagram_servers;
use models::server::Room;
use workloads::chat::client::Heard;

use crate::common::{runnable, stop};
use crate::members::{Member, room};

/// So many members speak in one batch, this many lines each: what waits for one who listens fits the smallest buffer.
const SPEAKERS: usize = 25;
const LINES_EACH: usize = 2;
/// A crowd that takes longer is taken for stuck.
const LIMIT: Duration = Duration::from_secs(900);

/// A crowd of so many members, who say so many lines between them.
fn crowd(model: &str, transport: Transport, members: usize, lines: usize) {
    let begun = Instant::now();
    let server = room(model, transport, &["--max-members", "1000"]);
    let mut all: Vec<Member> = Vec::new();
    for number in 0..members {
        let newcomer = Member::enter(&server, transport, &format!("m{number}"));
        for member in &mut all {
            member.expect(&format!("m{number} entered"));
        }
        all.push(newcomer);
    }
    let mut outsider = Member::connect(&server, transport);
    // How many lines of each speaker have been said, and each has heard all of those.
    let mut said = vec![0; members];
    let batches = lines / (SPEAKERS * LINES_EACH);
    for batch in 0..batches {
        assert!(begun.elapsed() < LIMIT, "{model} over {transport}: batch {batch} of {batches}");
        let speakers: Vec<usize> = (0..SPEAKERS).map(|index| (batch * SPEAKERS + index) % members).collect();
        outsider.say(&format!("C m{} this is forged", speakers[0]));
        for line in 0..LINES_EACH {
            for &speaker in &speakers {
                all[speaker].say(&format!("C m{speaker} line {}", said[speaker] + line));
            }
        }
        outsider.expect("NO that name is not yours");
        for (listener, member) in all.iter_mut().enumerate() {
            let mut heard = [0; SPEAKERS];
            let own = if speakers.contains(&listener) { LINES_EACH } else { 0 };
            for _ in 0..SPEAKERS * LINES_EACH - own {
                let line = member.hear();
                let (name, number) =
                    line.split_once(" said: line ").unwrap_or_else(|| panic!("m{listener} heard {line:?}"));
                let speaker: usize = name[1..].parse().unwrap();
                let index = speakers.iter().position(|other| *other == speaker).unwrap();
                assert_eq!(
                    number.parse(),
                    Ok(said[speaker] + heard[index]),
                    "{model}: m{listener} heard {line:?}"
                );
                assert_ne!(speaker, listener);
                heard[index] += 1;
            }
        }
        for speaker in speakers {
            said[speaker] += LINES_EACH;
        }
    }
    assert_eq!(said.iter().sum::<usize>(), lines);
    outsider.say("S");
    let status = outsider.hear();
    let Heard::Status(status) = Heard::of(&status) else { panic!("{status}") };
    let expected = (Some(members as u64), Some(lines as u64), Some(batches as u64));
    assert_eq!((status.members, status.lines, status.spoofed), expected);
    // Nothing more has come to anybody: what each hears next is the answer to its own question.
    for (number, member) in all.iter_mut().enumerate() {
        member.say("S");
        let next = member.hear();
        assert!(next.starts_with("STATUS "), "{model}: m{number} heard {next:?}");
    }
    drop(all);
    drop(outsider);
    stop(server);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{model} over {transport}: {members} members, {lines} lines, {batches} forged and refused: {seconds:.1} s"
    );
}

/// Whether a large crowd is to be tried with this model: `CONCUR_CROWD=epoll,mio` tries it with some of them alone.
fn is_asked_for(model: &str) -> bool {
    let Ok(asked) = std::env::var("CONCUR_CROWD") else { return true };
    asked.split(',').any(|name| name == model.split(':').next().unwrap_or_default())
}

/// The stream models that have room for so many clients.
fn with_room_for(clients: usize) -> impl Iterator<Item = &'static str> {
    let has_room = move |room: Room| match room {
        Room::One | Room::DealtOut(_) => false,
        Room::Workers(workers) => workers > clients,
        // A client takes two descriptors: its own, and one for what is said to it.
        Room::Descriptors(limit) => limit > 2 * clients + 20,
        Room::Many => true,
    };
    let models = runnable().filter(|model| model.family != "processes");
    models.filter(move |model| has_room(model.usual_room())).map(|model| model.name)
}

#[test]
fn each_line_of_a_small_crowd_reaches_each_member_once_and_in_order_over_udp() {
    for model in datagram_servers() {
        crowd(model.name, Transport::Udp, 30, 500);
    }
}

#[test]
fn each_line_of_a_small_crowd_reaches_each_member_once_and_in_order_over_a_stream() {
    for model in with_room_for(30) {
        crowd(model, Transport::Tcp, 30, 500);
    }
}

#[test]
#[ignore = "it takes minutes: five million lines are heard for each model"]
fn each_of_10_000_lines_reaches_each_of_500_members_once_and_in_order_over_udp() {
    for model in datagram_servers().iter().filter(|model| is_asked_for(model.name)) {
        crowd(model.name, Transport::Udp, 500, 10_000);
    }
}

#[test]
#[ignore = "it takes minutes: five million lines are heard for each model"]
fn each_of_10_000_lines_reaches_each_of_500_members_once_and_in_order_over_tcp() {
    let workers = ["prethread:workers=510", "thread-pool:workers=510"];
    for model in with_room_for(500).chain(workers).filter(|model| is_asked_for(model)) {
        crowd(model, Transport::Tcp, 500, 10_000);
    }
}
