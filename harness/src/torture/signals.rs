//! What comes as a signal: a worker that is killed, a server that is stopped and goes on, one that is asked to end under load.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::menu::Menu;
use super::talk::{Talk, Trouble};
use super::trial::Trial;
use crate::measure::tree::Tree;
use crate::verify::case::{Verdict, ensure, failed, skipped};
use crate::verify::subject::{eventually, send_all, unseen};

/// How long a server is held at most.
const HELD_AT_MOST: Duration = Duration::from_millis(800);
/// Between two times.
const BETWEEN: Duration = Duration::from_millis(300);
/// Between two workers who are killed: a server may make others at most twice a second.
const BETWEEN_KILLS: Duration = Duration::from_millis(700);
/// Where the inode stands in a line of the kernel's list, counted from the first address.
const INODE: usize = 8;
/// Time for a worker to be found that has a client.
const TAKEN_WITHIN: Duration = Duration::from_secs(2);
/// How many ask at once when a server with room for many is to end.
const LOAD: usize = 48;
/// How long before that.
const UNDER_LOAD: Duration = Duration::from_millis(500);
/// What they ask for at most ...
const LOAD_BYTES: usize = 150_000;
/// ... but for every so many of them, who always ask for so much and take it through a narrow socket: that is under way for
/// most of the time.
const LARGE_BYTES: usize = 10_000_000;
const LARGE_EVERY: usize = 8;

/// Holds the whole server, and lets it go on.
pub(super) fn hold(trial: &mut Trial<'_>) -> Verdict {
    while trial.goes_on() {
        let time = HELD_AT_MOST.mul_f64(trial.rng.f64().max(0.2));
        let tree = trial.tree();
        let held = send_all(tree, Signal::SIGSTOP);
        thread::sleep(time);
        let released = send_all(tree, Signal::SIGCONT);
        held.and(released).or_else(|error| skipped(unseen(&error)))?;
        trial.done.signals += 2;
        thread::sleep(BETWEEN);
    }
    Ok(())
}

/// Kills the worker of a client, again and again: that client is lost, and nobody else.
pub(super) fn kill_workers(trial: &mut Trial<'_>) -> Verdict {
    let mut is_first = true;
    while is_first || trial.goes_on() {
        let before = trial.tree().sample().or_else(|error| skipped(unseen(&error)))?;
        kill_one(trial)?;
        is_first = false;
        // A worker that was made beforehand is replaced; one that was made for its client is not needed any more.
        let tree = trial.tree();
        let least = before.processes.min(trial.at_rest.tasks);
        let is_complete = eventually(trial.limit(), || Ok(tree.sample()?.processes >= least))?;
        ensure(is_complete, || "the worker that was killed has not been replaced".to_owned())?;
        thread::sleep(BETWEEN_KILLS);
    }
    Ok(())
}

fn kill_one(trial: &mut Trial<'_>) -> Verdict {
    let limit = trial.limit();
    let mut talk = Talk::connect(trial.address(), limit).or_else(|trouble| failed(trouble.words()))?;
    trial.done.connections += 1;
    let _ = talk.send(b"GET /hello HT"); // the rest never comes, so whoever has it keeps it
    let own = talk.own_address().or_else(|error| failed(error.to_string()))?;
    let (tree, server, mut holder) = (trial.tree(), trial.address(), None);
    eventually(TAKEN_WITHIN.max(limit), || {
        holder = holder_of(tree, server, own)?;
        Ok(holder.is_some())
    })?;
    let Some(pid) = holder else { return failed("no process of the server has taken a client") };
    if pid == trial.pid() {
        return skipped("its first process serves the clients itself: there are no workers to kill");
    }
    kill(Pid::from_raw(pid), Signal::SIGKILL)
        .or_else(|error| failed(format!("a worker can't be killed: {error}")))?;
    trial.done.signals += 1;
    match talk.reply(false, Instant::now() + limit) {
        Err(Trouble::Unanswered(_) | Trouble::Cut(_)) => Ok(()),
        Err(Trouble::Late(_)) => {
            failed("the client of a worker that was killed still waits: somebody else holds its connection")
        }
        _ => failed("the client of a worker that was killed got an answer"),
    }
}

/// The process that has the other end of a connection, and nobody else has. Thousands of connections that are over may stand in
/// the kernel's list, so it is searched and not read.
fn holder_of(tree: Tree, server: SocketAddr, client: SocketAddr) -> std::io::Result<Option<i32>> {
    let list = fs::read_to_string(if client.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" })?;
    // The client's port may be that of other connections too, to other servers.
    let Some(at) = list.find(&format!(" {} {} ", listed(server), listed(client))) else { return Ok(None) };
    let Some(inode) = list[at..].split_whitespace().nth(INODE).filter(|inode| *inode != "0") else {
        return Ok(None);
    };
    let link = format!("socket:[{inode}]");
    let holds = |pid: i32| {
        let Ok(mut entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        entries.any(|fd| {
            fd.is_ok_and(|fd| {
                fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == link.as_str())
            })
        })
    };
    let holders: BTreeSet<i32> =
        tree.living()?.iter().map(|process| process.pid).filter(|pid| holds(*pid)).collect();
    // A parent that has just forked closes its copy in a moment.
    Ok(if holders.len() == 1 { holders.first().copied() } else { None })
}

/// An address as the kernel lists it (`proc_net_tcp(5)`): its words of four bytes as numbers of this machine, and the port.
fn listed(address: SocketAddr) -> String {
    let octets = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = octets.chunks_exact(4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    let words: Vec<String> = words.map(|word| format!("{word:08X}")).collect();
    format!("{}:{:04X}", words.concat(), address.port())
}

/// What one of those saw who asked until the end.
#[derive(Default)]
struct Seen {
    answered: u64,
    wrong: u64,
    cut: u64,
    lost: u64,
    slowest: Duration,
    first: Option<String>,
}

/// SIGTERM while many ask as fast as they can: every answer that has begun comes whole, and the server ends in time.
pub(super) fn terminate(trial: &mut Trial<'_>) -> Verdict {
    let asked = Arc::new(AtomicBool::new(false));
    let number = trial.space.workers.unwrap_or(LOAD).min(LOAD).min(trial.space.at_most);
    let limit = trial.limit() + trial.settings.grace;
    let clients: Vec<_> = (0..number)
        .map(|index| {
            let (menu, asked, address) = (Arc::clone(&trial.menu), Arc::clone(&asked), trial.address());
            let seed = trial.rng.u64(..) ^ index as u64;
            let takes_large = menu.has_bytes && index % LARGE_EVERY == 0;
            thread::spawn(move || {
                ask_to_the_end(&menu, address, limit, &asked, takes_large.then_some(LARGE_BYTES), seed)
            })
        })
        .collect();
    thread::sleep(UNDER_LOAD.max(trial.share() / 2));
    asked.store(true, Ordering::SeqCst);
    let stopped_at = Instant::now();
    let ended = trial.victim.stop(trial.settings.grace);
    let took = stopped_at.elapsed();
    trial.done.signals += 1;
    for client in clients {
        let Ok(seen) = client.join() else { return failed("a client panicked") };
        trial.saw(seen.answered, [seen.wrong, seen.cut, seen.lost], seen.slowest, seen.first);
    }
    let ended = match ended {
        Some(Ok(ended)) => ended,
        Some(Err(error)) => return failed(format!("the server can't be stopped: {error:#}")),
        None => return failed("the server had ended before it was asked to"),
    };
    if let Some(trouble) = ended.trouble() {
        return failed(format!("after SIGTERM the server {trouble}"));
    }
    ensure(ended.status.success() || !trial.is_ours, || {
        format!("after SIGTERM under load the server ended with {} after {took:.1?}", ended.status)
    })
}

/// Asks until the server has gone. What is asked when it is to stop may get no answer, but none that is cut.
fn ask_to_the_end(
    menu: &Menu,
    address: SocketAddr,
    limit: Duration,
    asked: &AtomicBool,
    large: Option<usize>,
    seed: u64,
) -> Seen {
    let mut rng = Rng::with_seed(seed);
    let mut saw = Seen::default();
    let mut kept: Option<Talk> = None;
    loop {
        let was_asked = asked.load(Ordering::SeqCst);
        let begun = Instant::now();
        let question = match large {
            Some(bytes) => menu.bytes(bytes, true),
            None if menu.has_bytes && rng.bool() => menu.bytes(rng.usize(..LOAD_BYTES), true),
            None => menu.any(&mut rng, true),
        };
        let outcome = match kept.take() {
            Some(talk) => Ok(talk),
            None if was_asked => return saw,
            None if large.is_some() => Talk::connect_narrow(address, limit),
            None => Talk::connect(address, limit),
        };
        let outcome = outcome.and_then(|mut talk| talk.ask(&question, begun + limit).map(|()| talk));
        match outcome {
            Ok(talk) => {
                saw.answered += 1;
                saw.slowest = saw.slowest.max(begun.elapsed());
                kept = Some(talk).filter(Talk::goes_on);
            }
            // It need not begin to answer when it is to stop.
            Err(Trouble::Unanswered(_) | Trouble::Unmade(_)) if asked.load(Ordering::SeqCst) => return saw,
            Err(trouble) => {
                match trouble {
                    Trouble::Wrong(_) | Trouble::Long(_) => saw.wrong += 1,
                    Trouble::Cut(_) => saw.cut += 1,
                    _ => saw.lost += 1,
                }
                saw.first.get_or_insert_with(|| trouble.words().to_owned());
                if asked.load(Ordering::SeqCst) {
                    return saw;
                }
                thread::sleep(BETWEEN / 10);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_found_in_the_kernels_list() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(any) else { continue }; // there may be no IPv6
            let server = listener.local_addr().unwrap();
            let client = TcpStream::connect(server).unwrap();
            let taken = listener.accept().unwrap();
            let own = client.local_addr().unwrap();
            let holder = holder_of(Tree::new(std::process::id()), server, own).unwrap();
            assert_eq!(holder, Some(std::process::id().cast_signed()), "{any}");
            drop(taken);
        }
    }
}
