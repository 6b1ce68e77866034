//! A good client beside 200 slow ones, whom slowhttptest plays: their heads, or their bodies, come in crumbs. Where it is not
//! installed, the test is skipped, and says so.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::server::Server;
use models::server::{Room, server};
use tempfile::NamedTempFile;

use crate::common::{PATIENCE, eventually, ip, serve, side_by_side, stop};
use crate::serve::models::all;

/// How many slow clients there are at the least ...
const SLOW: usize = 200;
/// ... and how many slowhttptest is asked for: on a busy machine it takes one of them for the client with which it looks whether
/// the server is still there, and closes it.
const ASKED_FOR: &str = "210";

/// What slowhttptest is to do, and the path it does it to.
const WAYS: [(&str, &str); 2] = [("-H", "/hello"), ("-B", "/echo")];

/// So many slow clients, until it is dropped.
struct Crowd {
    tool: Child,
    /// What slowhttptest says.
    said: NamedTempFile,
}

impl Crowd {
    /// Lets them connect, until there are so many at once; none if there is no slowhttptest here.
    fn gather(address: SocketAddr, (way, path): (&str, &str), least: usize) -> Option<Self> {
        let url = format!("http://{address}{path}");
        // It would end by itself after a minute; here it is ended before.
        let arguments = [
            way, "-c", ASKED_FOR, "-r", ASKED_FOR, "-i", "1", "-x", "16", "-p", "60", "-l", "60", "-u", &url,
        ];
        let said = NamedTempFile::new().unwrap();
        let mut command = Command::new("slowhttptest");
        let started = command.args(arguments).stdin(Stdio::null()).stdout(said.reopen().unwrap()).spawn();
        let Ok(tool) = started else {
            skipped!("slowhttptest is not installed here; .ci/run installs it");
            return None;
        };
        let mut crowd = Self { tool, said };
        eventually("the slow clients are connected", || {
            crowd.is_there();
            crowd.sockets() >= least
        });
        Some(crowd)
    }

    /// How many it has. The kernel's list of all connections, in which thousands may stand that others have closed, takes too
    /// long to read.
    fn sockets(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.tool.id())).into_iter().flatten();
        let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    }

    /// Insists that slowhttptest has not ended.
    fn is_there(&mut self) {
        if let Some(status) = self.tool.try_wait().unwrap() {
            let said = std::fs::read_to_string(self.said.path()).unwrap();
            let end: Vec<&str> = said.lines().rev().take(12).collect();
            panic!(
                "slowhttptest ended too early, with {status}; its last lines, the last one first: {end:?}"
            );
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.tool.kill(); // it may have ended by itself
        let _ = self.tool.wait();
    }
}

/// Asks as a good client does, and says how long the answer took.
fn ask(address: SocketAddr, patience: Duration) -> Option<Duration> {
    let limit = patience.as_secs().to_string();
    let url = format!("http://{address}/hello");
    let curl = Command::new("curl").args(["-sS", "-m", &limit, "-w", "%{time_total}", &url]).output();
    let Ok(output) = curl else {
        skipped!("curl is not installed here; .ci/run installs it");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let seconds = text.strip_prefix("Hello World\n").unwrap_or_else(|| panic!("{text}{said}"));
    Some(Duration::from_secs_f64(seconds.parse().unwrap()))
}

/// The slowest of so many answers that a good client gets beside all slow ones; none if a tool is missing.
fn slowest_beside(server: &Server, way: (&str, &str), answers: usize) -> Option<Duration> {
    let mut crowd = Crowd::gather(ip(server), way, SLOW)?;
    let times: Option<Vec<Duration>> = (0..answers).map(|_| ask(ip(server), PATIENCE)).collect();
    crowd.is_there();
    times?.into_iter().max()
}

/// How long a good client takes for its answer behind slow ones, all of whom the server lets go of one after the other.
fn time_behind(server: &Server, way: (&str, &str)) -> Option<Duration> {
    // Some are gone by the time that the last ones come.
    let _crowd = Crowd::gather(ip(server), way, SLOW / 4)?;
    ask(ip(server), 4 * PATIENCE)
}

#[test]
fn a_good_client_is_answered_beside_slow_heads_and_slow_bodies() {
    side_by_side(["thread", "epoll"], |model| {
        // The slow ones stay as long as they like: on a busy machine all this may take longer than a request may.
        let server = serve(model, &["--request-time", "2m"]);
        for way in WAYS {
            if slowest_beside(&server, way, 3).is_none() {
                break;
            }
        }
        stop(server);
    });
}

/// Each model under both ways, in a table. Those with room for more clients answer within a second; the others once each slow
/// client before has had the time that a request may take, which is short here.
#[test]
#[ignore = "takes minutes: cargo test -p harness --test lab -- --ignored --nocapture slow"]
fn every_model_answers_a_good_client_beside_slow_ones() {
    println!("{:34} {:16} {:>8} {:>12}", "model", "slow clients", "answers", "slowest");
    for model in all() {
        let name = model.split(':').next().unwrap();
        let room = server(name).unwrap().usual_room();
        let has_room = matches!(room, Room::Many | Room::Descriptors(_));
        // Many slow clients have their time at once where there are workers, and only one where there are none.
        let options: &[&str] = match room {
            Room::Many | Room::Descriptors(_) => &[],
            Room::One => &["--request-time", "200ms"],
            Room::Workers(_) | Room::DealtOut(_) => &["--request-time", "3s"],
        };
        let server = serve(model, options);
        for way in WAYS {
            let answers = if has_room { 20 } else { 1 };
            let slowest =
                if has_room { slowest_beside(&server, way, answers) } else { time_behind(&server, way) };
            let Some(slowest) = slowest else { return };
            println!("{model:34} {SLOW:>4} with {:6} {answers:>8} {:>9.3} s", way.0, slowest.as_secs_f64());
            assert!(!has_room || slowest < Duration::from_secs(1), "{model} {}: {slowest:?}", way.0);
        }
        stop(server);
    }
}
