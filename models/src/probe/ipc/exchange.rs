//! Round trips and bursts over any way: what the side that measures does, and what the other one does.
//!
//! The two have the way itself, and beside it three pipes of their own ([`Control`]): for the order to begin a burst, for
//! the answer how much of it arrived, and for the reason why the other side gave up.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::ops::Range;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};

use super::super::placing::{Side, bind};
use super::super::{Measured, Operation, Samples, Setting, Trouble};
use super::contents::Contents;
use super::stream::{read_whole, write_whole};
use super::ticks::uninterrupted;
use super::{End, Peer};

/// What the side that measures has of the pipes beside the way.
pub(super) struct Control {
    orders: PipeWriter,
    answers: PipeReader,
    complaints: PipeReader,
}

/// What the other side has of them.
pub(super) struct Obedience {
    orders: PipeReader,
    answers: PipeWriter,
    complaints: PipeWriter,
}

/// The pipes for one measurement.
///
/// # Errors
/// There are no descriptors left for them.
pub(super) fn control() -> io::Result<(Control, Obedience)> {
    let (orders, give) = io::pipe()?;
    let (answers, answer) = io::pipe()?;
    let (complaints, complain) = io::pipe()?;
    let control = Control { orders: give, answers, complaints };
    Ok((control, Obedience { orders, answers: answer, complaints: complain }))
}

/// What is done, of what.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) setting: &'a Setting,
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Measures, once the other side is ready.
///
/// # Errors
/// The way's own, a message that came wrong, or another side that has ended.
pub(super) fn measure<E: End>(
    end: &mut E,
    job: Job<'_>,
    control: &mut Control,
    peer: &Peer<'_>,
) -> Result<Measured, Trouble> {
    bind(job.setting.sides, Side::One)?;
    let mut contents = Contents::new(job.bytes);
    control.answer(peer)?;
    match job.setting.operation {
        Operation::RoundTrip => round_trips(end, job, &mut contents, peer),
        Operation::Bandwidth => bandwidth(end, job, &mut contents, control, peer),
        _ => Err(Trouble::Unsupported(
            "between two sides there are round-trip and bandwidth; ask for one of them".to_owned(),
        )),
    }
}

fn round_trips<E: End>(
    end: &mut E,
    job: Job<'_>,
    contents: &mut Contents,
    peer: &Peer<'_>,
) -> Result<Measured, Trouble> {
    let mut reply = vec![0; job.bytes];
    let mut number = 0;
    let times = Samples::take(job.time, E::ROUND_TRIPS_EACH, || {
        end.send(contents.of(number), peer)?;
        end.receive(&mut reply, peer)?;
        contents.check(number, &reply)?;
        number += 1;
        Ok(())
    })?;
    Ok(Measured { times: Some(times), ..Measured::default() })
}

/// Bursts that grow until one takes most of the time, since what begins and ends it counts as well. That one is the figure. How
/// long one will take is told from the best so far: a short one that was disturbed says little.
fn bandwidth<E: End>(
    end: &mut E,
    job: Job<'_>,
    contents: &mut Contents,
    control: &mut Control,
    peer: &Peer<'_>,
) -> Result<Measured, Trouble> {
    const GROWTH: f64 = 16.0;
    let (begun, wanted) = (Instant::now(), job.time.as_secs_f64() * 0.8);
    let (mut number, mut messages, mut least_seconds_each) = (0, 1, f64::INFINITY);
    loop {
        let (right, seconds) = burst(end, number..number + messages, contents, control, peer)?;
        least_seconds_each = least_seconds_each.min(seconds / messages as f64);
        let enough = wanted / least_seconds_each;
        if messages as f64 > enough / 2.0 || begun.elapsed() > 2 * job.time {
            let lost = messages - right;
            return Ok(Measured {
                bytes_per_second: Some(right as f64 * job.bytes as f64 / seconds),
                remark: (lost > 0).then(|| loss(lost, messages)),
                ..Measured::default()
            });
        }
        number += messages;
        messages = (messages as f64 * GROWTH).min(enough).ceil() as u64;
    }
}

/// Sends the messages of these numbers, and gives how many arrived and were right, and the seconds until that was said.
fn burst<E: End>(
    end: &mut E,
    numbers: Range<u64>,
    contents: &mut Contents,
    control: &mut Control,
    peer: &Peer<'_>,
) -> Result<(u64, f64), Trouble> {
    control.order(numbers.end - numbers.start, peer)?;
    let first = Instant::now();
    for number in numbers {
        end.send(contents.of(number), peer)?;
    }
    if E::LOSSY {
        insist_on_an_end(end, control, peer)?;
    }
    let right = control.answer(peer)?;
    Ok((right, first.elapsed().as_secs_f64()))
}

/// How many were lost, to a power of ten: the exact number is another one each time, and says no more.
fn loss(lost: u64, messages: u64) -> String {
    let mut one_in = 1_u64;
    while lost.saturating_mul(one_in * 10) < messages {
        one_in *= 10;
    }
    match one_in {
        1 => "more than a tenth of the messages were lost on the way".to_owned(),
        _ => format!("fewer than 1 in {one_in} messages were lost on the way"),
    }
}

/// Where messages may be lost, the last one may be too. So an empty one says that there are no more, again and again until
/// the answer comes.
fn insist_on_an_end<E: End>(end: &mut E, control: &Control, peer: &Peer<'_>) -> Result<(), Trouble> {
    loop {
        end.send(&[], peer)?;
        let mut answers = [PollFd::new(control.answers.as_fd(), PollFlags::POLLIN)];
        if uninterrupted(peer, || poll(&mut answers, 1_u8))? > 0 {
            return Ok(());
        }
        peer.look()?;
    }
}

/// What the other side does: it says that it is ready, and then sends everything back, or counts what comes, until it is ended.
/// What goes wrong, it complains about.
///
/// # Errors
/// The same: a thread can be asked for it as well.
pub(super) fn obey<E: End>(
    end: &mut E,
    job: Job<'_>,
    obedience: &mut Obedience,
    peer: &Peer<'_>,
) -> Result<(), Trouble> {
    let mut obeyed = || {
        bind(job.setting.sides, Side::Other)?;
        obedience.answer(0, peer)?;
        match job.setting.operation {
            Operation::RoundTrip => send_back(end, job.bytes, peer),
            _ => count(end, job.bytes, obedience, peer),
        }
    };
    let result = obeyed();
    if let Err(trouble) = &result {
        let _ = obedience.complain(trouble); // nobody may be there any more to hear it
    }
    result
}

fn send_back<E: End>(end: &mut E, bytes: usize, peer: &Peer<'_>) -> Result<(), Trouble> {
    let (mut contents, mut message) = (Contents::new(bytes), vec![0; bytes]);
    for number in 0.. {
        end.receive(&mut message, peer)?;
        contents.check(number, &message)?;
        end.send(&message, peer)?;
    }
    Ok(())
}

fn count<E: End>(
    end: &mut E,
    bytes: usize,
    obedience: &mut Obedience,
    peer: &Peer<'_>,
) -> Result<(), Trouble> {
    let (mut contents, mut message) = (Contents::new(bytes), vec![0; bytes]);
    let mut next = 0;
    loop {
        let last = next + obedience.order(peer)?;
        let mut right = 0;
        while next < last {
            end.receive(&mut message, peer)?;
            if E::LOSSY {
                // An empty one ends a burst of which something has come. Before that it is an earlier burst's.
                match (message.is_empty(), right) {
                    (true, 0) => continue,
                    (true, _) => break,
                    (false, _) => next = Contents::number(next, &message),
                }
            }
            contents.check(next, &message)?;
            (next, right) = (next + 1, right + 1);
        }
        next = last;
        obedience.answer(right, peer)?;
    }
}

impl Control {
    fn order(&mut self, messages: u64, peer: &Peer<'_>) -> Result<(), Trouble> {
        write_whole(&self.orders, &messages.to_le_bytes(), peer)
    }

    fn answer(&mut self, peer: &Peer<'_>) -> Result<u64, Trouble> {
        read_number(&self.answers, peer)
    }

    /// Why the other side gave up, if it said so before it ended.
    pub(super) fn complaint(mut self) -> Option<Trouble> {
        let mut said = String::new();
        self.complaints.read_to_string(&mut said).ok()?;
        match said.split_at_checked(1)? {
            (UNSUPPORTED, why) => Some(Trouble::Unsupported(why.to_owned())),
            (_, why) => Some(Trouble::Failed(why.to_owned())),
        }
    }
}

const UNSUPPORTED: &str = "u";
const FAILED: &str = "f";

impl Obedience {
    fn order(&mut self, peer: &Peer<'_>) -> Result<u64, Trouble> {
        read_number(&self.orders, peer)
    }

    fn answer(&mut self, number: u64, peer: &Peer<'_>) -> Result<(), Trouble> {
        write_whole(&self.answers, &number.to_le_bytes(), peer)
    }

    /// A sentence is shorter than a pipe, so this does not wait.
    fn complain(&mut self, trouble: &Trouble) -> io::Result<()> {
        let kind = if matches!(trouble, Trouble::Unsupported(_)) { UNSUPPORTED } else { FAILED };
        self.complaints.write_all(format!("{kind}{trouble}").as_bytes())
    }
}

fn read_number(pipe: &PipeReader, peer: &Peer<'_>) -> Result<u64, Trouble> {
    let mut number = [0; size_of::<u64>()];
    read_whole(pipe, &mut number, peer)?;
    Ok(u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_to_a_power_of_ten() {
        let told = [(1, 11), (7, 11_765), (211, 20_925), (1, 10), (9, 9)].map(|(lost, of)| loss(lost, of));
        assert!(
            told[0].contains("1 in 10 ") && told[1].contains("1 in 1000 ") && told[2].contains("1 in 10 "),
            "{told:?}"
        );
        assert!(told[3..].iter().all(|told| told.contains("more than a tenth")), "{told:?}");
    }
}
